"""What is told of the totals: the JSON report, the mail and the metadata, from plain values. No I/O, no decisions."""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import dagster as dg

from crawler_core.values import SHANGHAI
from jobdata_assets.metadata import markdown_table
from jobdata_resources.control import PlatformTotal, Totals
from jobdata_resources.mail import Mail

if TYPE_CHECKING:
    from jinja2 import Template

__all__ = ["FIGURES", "Comparison", "compare", "report_json", "report_mail", "report_metadata", "sums"]

FIGURES = ("rows", "jobs", "companies", "new_24h")
"""Fields of ``PlatformTotal``, in the order they are told."""

_TITLES = {"rows": "rows", "jobs": "distinct jobs", "companies": "companies", "new_24h": "new in 24 h"}
_WEEK = dt.timedelta(days=7)
_WEEK_TOLERANCE = dt.timedelta(hours=3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Totals beside earlier ones.

    Attributes:
        previous: those before; ``last_week``: those of the same hour a week before, three hours more or less.
    """

    now: Totals
    previous: Totals | None
    last_week: Totals | None

    @property
    def others(self) -> list[tuple[str, Totals]]:
        """The earlier ones that there are, with their names."""
        found = (("previous", self.previous), ("last_week", self.last_week))
        return [(name, totals) for name, totals in found if totals is not None]


def compare(now: Totals, history: Sequence[Totals]) -> Comparison:
    """Find the totals to compare with; ``history`` oldest first, it may hold ``now`` and later ones."""
    earlier = [one for one in history if one.taken_at < now.taken_at]
    wanted = now.taken_at - _WEEK
    near = [one for one in earlier if abs(one.taken_at - wanted) <= _WEEK_TOLERANCE]
    return Comparison(
        now=now,
        previous=earlier[-1] if earlier else None,
        last_week=min(near, key=lambda one: abs(one.taken_at - wanted)) if near else None,
    )


def sums(totals: Totals) -> dict[str, int]:
    """The figures over all platforms; a company on several platforms counts on each."""
    return {name: sum(getattr(one, name) for one in totals.platforms) for name in FIGURES}


def report_json(comparison: Comparison) -> dict[str, Any]:
    """The report for the receiver; times carry their zone, ``change`` is now minus then."""
    now = comparison.now
    report: dict[str, Any] = {
        "report": "stats_total",
        "key": now.key,
        "taken_at": now.taken_at.astimezone(SHANGHAI).isoformat(timespec="seconds"),
        "platforms": {one.platform: _figures(one) for one in now.platforms},
        "total": sums(now),
    }
    for name, other in comparison.others:
        report[name] = {
            "taken_at": other.taken_at.astimezone(SHANGHAI).isoformat(timespec="seconds"),
            "total": sums(other),
            "change": _change(now, other),
        }
    return report


def report_metadata(comparison: Comparison) -> dict[str, Any]:
    """For the UI, which plots numbers over the runs."""
    now = comparison.now
    figures: dict[str, Any] = dict(sums(now))
    for one in now.platforms:
        figures |= {f"{one.platform}_jobs": one.jobs, f"{one.platform}_new_24h": one.new_24h}
    for name, other in comparison.others:
        figures |= {f"{figure}_since_{name}": change for figure, change in _change(now, other).items()}
    columns, rows = _table(comparison)
    return {
        **figures,
        "taken_at": dg.MetadataValue.timestamp(now.taken_at),
        "table": dg.MetadataValue.md(markdown_table(columns, rows)),
    }


def report_mail(comparison: Comparison) -> Mail:
    """The mail: a table of all platforms, and what has changed."""
    now = comparison.now
    columns, rows = _table(comparison)
    total = sums(now)
    values = {
        "taken": f"{now.taken_at.astimezone(SHANGHAI):%Y-%m-%d %H:%M} (Asia/Shanghai)",
        "total": total,
        "columns": columns,
        "rows": rows,
        "widths": [max(len(str(row[place])) for row in (columns, *rows)) for place in range(len(columns))],
        "compared": {
            name: f"{other.taken_at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}" for name, other in comparison.others
        },
    }
    text, html = _templates()
    return Mail(
        subject=f"[JobData] {total['jobs']:,} jobs, {total['new_24h']:,} new in 24 h",
        text=text.render(values),
        html=html.render(values),
        topic="stats_total",
    )


def _table(comparison: Comparison) -> tuple[list[str], list[list[str]]]:
    """One row per platform, their sum, and the changes of the sum."""
    now = comparison.now
    rows = [[one.platform, *(f"{getattr(one, name):,}" for name in FIGURES)] for one in now.platforms]
    rows.append(["total", *(f"{value:,}" for value in sums(now).values())])
    for name, other in comparison.others:
        title = {"previous": "since the last run", "last_week": "since last week"}[name]
        rows.append([title, *(f"{value:+,}" for value in _change(now, other).values())])
    return ["", *(_TITLES[name] for name in FIGURES)], rows


def _figures(one: PlatformTotal) -> dict[str, int]:
    return {name: getattr(one, name) for name in FIGURES}


def _change(now: Totals, other: Totals) -> dict[str, int]:
    before = sums(other)
    return {name: value - before[name] for name, value in sums(now).items()}


@functools.cache
def _templates() -> tuple[Template, Template]:
    from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

    environment = Environment(
        loader=PackageLoader("jobdata_assets.reports", ""),
        autoescape=select_autoescape(enabled_extensions=("html",)),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("stats_report.txt"), environment.get_template("stats_report.html")
