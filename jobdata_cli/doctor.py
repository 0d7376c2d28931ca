"""``jobdata doctor``: what is wrong, and what to do about it."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Annotated

import typer

from jobdata_cli.output import AsJson, print_json

if TYPE_CHECKING:
    from jobdata_resources.doctor.check import Report

__all__ = ["register"]

_UNHEALTHY = 1
_COLOURS = {"ok": typer.colors.GREEN, "warn": typer.colors.YELLOW, "fail": typer.colors.RED}


def register(app: typer.Typer) -> None:
    """Add ``doctor``."""
    app.command("doctor")(_doctor)


def _doctor(
    online: Annotated[bool, typer.Option("--online", help="also connect to the hosts of the platforms")] = False,
    as_json: AsJson = False,
) -> None:
    """Check every configured component and say what to do: settings, disk, clock, databases, landing zone, mail, keys.

    Writes and removes one probe object in the landing zone, and changes nothing else. Exit code 0 when nothing failed,
    1 otherwise.
    """
    from jobdata_resources.doctor.check import examine
    from jobdata_resources.doctor.registry import CHECKS

    # the driver logs what it also raises
    logging.getLogger("clickhouse_connect").addHandler(logging.NullHandler())
    report = examine(CHECKS, online=online)
    if as_json:
        fields = ("status", "text", "remedy")
        rows = [{"check": name} | {field: getattr(one, field) for field in fields} for name, one in report.findings]
        print_json({"healthy": report.healthy, "findings": rows})
    else:
        _print(report)
    if not report.healthy:
        raise typer.Exit(_UNHEALTHY)


def _print(report: Report) -> None:
    for name, finding in report.findings:
        status = typer.style(f"{finding.status:<5}", fg=_COLOURS[finding.status])
        typer.echo(f"{status} {name:<10} {finding.text}" + (f" -> {finding.remedy}" if finding.remedy else ""))
