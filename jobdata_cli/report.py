"""``jobdata report``: the reports that were written for people."""

from __future__ import annotations

import webbrowser
from pathlib import Path
from typing import Annotated

import typer

from jobdata_cli.failure import INCOMPLETE, fail
from jobdata_cli.output import AsJson, DateOption, day, print_json

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True, help="Reports: open.")


@app.callback()
def _group() -> None:
    """Reports: open."""


@app.command("open")
def open_(
    date: DateOption = None,
    path_only: Annotated[bool, typer.Option("--path", help="print the path, open nothing")] = False,
    as_json: AsJson = False,
) -> None:
    """Open the newest HTML report, or that of a day, in the browser. Exit code 3 when there is none.

    With **--json** the files of the report are printed, and nothing is opened.
    """
    from crawler_core.settings import CrawlSettings, load

    folder = load(CrawlSettings).jobdata_home.absolute() / "reports"
    wanted = day(date)
    pages = sorted((folder / wanted.isoformat() if wanted else folder).rglob("*.html"), key=_age)
    if not pages:
        which = f"of {wanted} " if wanted else ""
        fail(f"there is no report {which}yet under {folder}; the `market_report` asset writes one", INCOMPLETE)
    newest = pages[-1]
    if as_json:
        beside = sorted(path for path in newest.parent.iterdir() if not path.name.startswith("."))
        files = {kind: [str(path) for path in beside if path.suffix == f".{kind}"] for kind in ("xlsx", "csv")}
        print_json({"date": newest.parent.name, "html": str(newest), **files})
        return
    typer.echo(str(newest))
    if not path_only and not webbrowser.open(newest.as_uri()):
        typer.echo("no browser was found; open the file yourself", err=True)


def _age(path: Path) -> tuple[str, float, str]:
    """Reports are in folders of their day; a report of an older day that was written again is no newer one."""
    return path.parent.name, path.stat().st_mtime, path.name
