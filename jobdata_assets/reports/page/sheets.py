"""The tables of a report in full, as values: what becomes a CSV file and a sheet of the workbook."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from jobdata_assets.reports.page.charts import ceiling, nice_ceiling
from jobdata_assets.reports.page.model import MarketReport, SalaryLine

__all__ = ["Chart", "Column", "Kind", "Sheet", "sheets"]

Kind = Literal["text", "day", "count", "money", "share", "points", "milliseconds"]

_CHARTED = 15


@dataclass(frozen=True, slots=True)
class Column:
    """A column; ``name`` is its head in both kinds of file."""

    name: str
    kind: Kind = "count"
    width: int = 11


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart beside a sheet: the first column against others, given by place, of at most ``rows`` rows.

    ``top`` is the end of the scale; None leaves it to the spreadsheet.
    """

    kind: Literal["line", "column", "bar"]
    title: str
    columns: tuple[int, ...]
    rows: int = _CHARTED
    top: int | None = None


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table: ``name`` is the CSV file's stem, ``title`` the sheet's."""

    name: str
    title: str
    columns: tuple[Column, ...]
    rows: Sequence[tuple[object, ...]]
    chart: Chart | None = None


def sheets(report: MarketReport) -> tuple[Sheet, ...]:
    """All tables of a report, in the order of the page. Money is CNY a month."""
    titles = {line.platform: line.title for line in report.platforms}
    top = nice_ceiling(ceiling([value for day in report.trend for value in (day.new, day.closed)]))
    return (
        Sheet(
            "trend",
            "Trend",
            (
                Column("day", "day", 12),
                *(Column("new"), Column("closed")),
                *(Column(f"{title} {what}", width=15) for title in titles.values() for what in ("new", "closed")),
            ),
            [
                (
                    *(day.day, day.new, day.closed),
                    *(
                        value
                        for name in titles
                        for one in (report.trend_by_platform[name][place],)
                        for value in (one.new, one.closed)
                    ),
                )
                for place, day in enumerate(report.trend)
            ],
            Chart("line", "New and closed postings", (1, 2), rows=len(report.trend), top=top),
        ),
        Sheet(
            "platforms",
            "Platforms",
            (
                Column("platform", "text", 16),
                *(Column("open"), Column("new"), Column("new 7 days", width=13), Column("closed")),
                *(Column("closed 7 days", width=14), Column("companies"), Column("median", "money")),
            ),
            [
                (one.title, one.open, one.new, one.new_week, one.closed, one.closed_week, one.companies, one.median)
                for one in (*report.platforms, report.total)
            ],
            Chart("bar", "Open postings", (1,), rows=len(report.platforms)),
        ),
        Sheet(
            "salary_bands",
            "Salary bands",
            (Column("band", "text", 18), Column("postings")),
            [
                (f"{one.low:,.0f} – {one.high:,.0f}" if one.high else f"{one.low:,.0f} and more", one.jobs)
                for one in report.bands
            ],
            Chart("column", "Open postings by salary, CNY a month", (1,)),
        ),
        _salaries("salary_by_keyword", "Salary by keyword", "keyword", report.keywords_salary),
        _salaries("salary_by_city", "Salary by city", "city", report.cities),
        Sheet(
            "salary_by_city_and_keyword",
            "City and keyword",
            (Column("city", "text", 14), Column("keyword", "text", 22), Column("postings"), Column("median", "money")),
            [(one.city, one.keyword, one.jobs, one.median) for one in report.cells],
        ),
        Sheet(
            "companies",
            "Companies",
            (
                Column("company", "text", 40),
                *(Column("open"), Column("new 7 days", width=13), Column("cities")),
                *(Column("platforms", "text", 22), Column("median", "money")),
            ),
            [(one.name, one.open, one.new_week, one.cities, one.platforms, one.median) for one in report.companies],
            Chart("bar", "Companies with most open postings", (1,)),
        ),
        Sheet(
            "skills",
            "Skills",
            (
                *(Column("skill", "text", 26), Column("postings"), Column("share", "share")),
                *(Column("new 7 days", width=13), Column("share of new", "share", 14)),
                *(Column("trend points", "points", 14), Column("median", "money")),
            ),
            [
                (
                    *(one.name, one.open, one.share, one.new_week, one.share_week),
                    *(None if one.momentum is None else 100 * one.momentum, one.median),
                )
                for one in report.skills
            ],
            Chart("bar", "Skills asked for most", (1,)),
        ),
        Sheet(
            "keywords",
            "Keywords",
            (
                *(Column("keyword", "text", 24), Column("open"), Column("new"), Column("new 7 days", width=13)),
                Column("closed 7 days", width=14),
            ),
            [(one.name, one.open, one.new, one.new_week, one.closed_week) for one in report.keywords],
            Chart("bar", "New postings in seven days", (3,)),
        ),
        Sheet(
            "crawl_health",
            "Crawl health",
            (
                *(Column("day", "day", 12), Column("platform", "text", 14), Column("pages"), Column("answered")),
                *(Column("answered share", "share", 16), Column("records"), Column("keywords"), Column("identities")),
                *(Column("bytes", width=14), Column("latency p50", "milliseconds", 13)),
                Column("latency p95", "milliseconds", 13),
            ),
            [
                (
                    *(one.day, titles.get(one.platform, one.platform), one.pages, one.answered, one.answered_share),
                    *(one.records, one.keywords, one.identities, one.bytes, one.latency_p50, one.latency_p95),
                )
                for one in report.health
            ],
        ),
        Sheet(
            "crawl_outcomes",
            "Outcomes",
            (Column("platform", "text", 14), Column("outcome", "text", 18), Column("pages")),
            [(titles.get(one.platform, one.platform), one.outcome, one.pages) for one in report.outcomes],
        ),
    )


def _salaries(name: str, title: str, label: str, lines: Sequence[SalaryLine]) -> Sheet:
    return Sheet(
        name,
        title,
        (
            *(Column(label, "text", 24), Column("postings"), Column("with salary", width=13)),
            *(Column(quantile, "money") for quantile in ("p25", "median", "p75", "p90")),
        ),
        [(one.name, one.jobs, one.with_salary, one.p25, one.median, one.p75, one.p90) for one in lines],
        Chart("bar", f"Median salary by {label}, CNY a month", (4,)),
    )
