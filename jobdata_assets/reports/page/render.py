"""A report as a page, as plain text and as Markdown. Pure: a report goes in, text comes out."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cache
from statistics import fmean
from typing import TYPE_CHECKING

from jobdata_assets.metadata import markdown_table
from jobdata_assets.reports.page import charts, words
from jobdata_assets.reports.page.model import MarketReport, PlatformLine

if TYPE_CHECKING:
    from jinja2 import Template

__all__ = ["headline", "render_html", "render_markdown", "render_text", "subject"]

_CITIES, _KEYWORDS, _COMPANIES, _SKILLS, _TREND_ROWS = 12, 12, 15, 15, 14
_MATRIX_CITIES, _MATRIX_KEYWORDS = 8, 7
_GOOD = frozenset({"ok", "last", "empty"})


@dataclass(frozen=True, slots=True)
class _Tile:
    """A figure at the top of the page, with what it stands to and a small line of its days."""

    label: str
    value: str
    note: str
    spark: str = ""
    color: str = ""


def subject(report: MarketReport) -> str:
    """One line that says what happened."""
    if report.empty:
        return f"Job market {report.date}: nothing loaded yet"
    return (
        f"Job market {report.date}: {report.total.new:,} new, {report.total.closed:,} closed,"
        f" {report.total.open:,} open"
    )


def headline(report: MarketReport) -> str:
    """The day in two sentences."""
    if report.empty:
        return "No posting has been loaded yet. The report fills with the first crawled day."
    total = report.total
    if report.first_day:
        start = f"The first day: {total.new:,} postings were found"
    else:
        start = f"{total.new:,} new postings, {words.change(total.new, _usual_new(report))}; {total.closed:,} closed"
    busiest = max(report.keywords, key=lambda line: line.new, default=None)
    most = f" Most new ones under {busiest.name} ({busiest.new:,})." if busiest and busiest.new else ""
    return f"{start}.{most}"


def render_html(report: MarketReport) -> str:
    """The self-contained page: no script, no image, no font and no link to anywhere but the platforms."""
    first = min((line.day for line in report.health), default=None)
    crawled = [first + dt.timedelta(days=place) for place in range((report.date - first).days + 1)] if first else []
    return _template().render(
        report=report,
        words=words,
        charts=charts,
        subject=subject(report),
        headline=headline(report),
        tiles=_tiles(report),
        chart=charts.trend_chart(report.trend),
        trend=[]
        if report.empty
        else [day for day in reversed(report.trend) if day.day >= _first_active(report)][:_TREND_ROWS],
        platforms=[line for line in report.platforms if line.open or line.new or line.closed],
        titles={line.platform: line.title for line in report.platforms},
        cities=[line for line in report.cities if line.median is not None][:_CITIES],
        keywords_salary=[line for line in report.keywords_salary if line.median is not None][:_KEYWORDS],
        matrix=_matrix(report),
        companies=report.companies[:_COMPANIES],
        skills=report.skills[:_SKILLS],
        keywords=report.keywords[:_KEYWORDS],
        health_days=crawled,
        health={(line.platform, line.day): line for line in report.health},
        outcomes=_outcomes(report),
    )


def render_text(report: MarketReport) -> str:
    """The report for readers of plain text: the headline and the first lines of each part."""
    lines = [f"Job market, {words.long_day(report.date)}", "", headline(report)]
    if report.uncrawled and not report.empty:
        lines += ["", f"Not crawled on this day: {', '.join(report.uncrawled)}."]
    if not report.empty:
        lines += ["", *(f"{tile.label}: {tile.value} ({tile.note})" for tile in _tiles(report)), "", "Platforms"]
        lines += [
            f"  {one.title}: {one.open:,} open, {one.new:,} new, {one.closed:,} closed" for one in report.platforms
        ]
        lines += ["", "Salaries by keyword (median, CNY a month)"]
        lines += [f"  {one.name}: {words.money(one.median)}" for one in report.keywords_salary[:8]]
        lines += ["", "Hiring most"] + [f"  {one.name}: {one.open:,} open" for one in report.companies[:8]]
        lines += ["", "Asked for most"] + [f"  {one.name}: {words.percent(one.share)}" for one in report.skills[:8]]
        lines += ["", "Last days (new / closed)"]
        lines += [f"  {words.day(one.day)}: {one.new:,} / {one.closed:,}" for one in report.trend[-7:]]
    lines += ["", "The page and the tables are attached."]
    return "\n".join(lines) + "\n"


def render_markdown(report: MarketReport) -> str:
    """A preview for the metadata of the asset."""
    parts = [f"**{words.long_day(report.date)}**", headline(report)]
    platforms = [
        (one.title, one.open, one.new, one.closed, one.companies, words.money(one.median))
        for one in (*report.platforms, report.total)
    ]
    parts.append(markdown_table(("platform", "open", "new", "closed", "companies", "median CNY"), platforms))
    if report.companies:
        rows = [(one.name, one.open, one.new_week, words.money(one.median)) for one in report.companies[:5]]
        parts.append(markdown_table(("hiring most", "open", "new this week", "median CNY"), rows))
    if report.skills:
        skills = [
            (one.name, one.open, words.percent(one.share), words.points(one.momentum)) for one in report.skills[:5]
        ]
        parts.append(markdown_table(("skill", "open", "share", "trend, points"), skills))
    return "\n\n".join(parts)


def _tiles(report: MarketReport) -> list[_Tile]:
    active = [day for day in report.trend if day.day >= _first_active(report)]
    new, closed = [day.new for day in active], [day.closed for day in active]
    total: PlatformLine = report.total
    return [
        _Tile(
            "New postings",
            words.count(total.new),
            "first day" if report.first_day else words.change(total.new, _usual_new(report)),
            charts.sparkline(new) if len(new) > 1 else "",
            "#2563a8",
        ),
        _Tile(
            "Closed postings",
            words.count(total.closed),
            f"{total.closed_week:,} in seven days",
            charts.sparkline(closed) if len(new) > 1 and any(closed) else "",
            "#d07a3c",
        ),
        _Tile("Open postings", words.count(total.open), f"of {total.companies:,} companies"),
        _Tile("Median salary", words.money(total.median), "CNY a month, open postings"),
    ]


def _usual_new(report: MarketReport) -> float:
    """The mean of the last two weeks before the day, without the days before the first crawl and that one itself."""
    first = _first_active(report)
    values = [day.new for day in report.trend[:-1] if day.day > first][-14:]
    return fmean(values) if values else 0.0


def _first_active(report: MarketReport) -> dt.date:
    """The first day of the trend with a movement."""
    return next((day.day for day in report.trend if day.new or day.closed), report.date)


def _matrix(report: MarketReport) -> list[tuple[str, list[tuple[str, int, str]]]]:
    """Rows of the cities with their keywords' medians: text, postings, background; empty with fewer than two."""
    cities = [line.name for line in report.cities[:_MATRIX_CITIES]]
    keywords = [line.name for line in report.keywords_salary[:_MATRIX_KEYWORDS]]
    if len(cities) < 2 or len(keywords) < 2:
        return []
    cells = {(cell.city, cell.keyword): cell for cell in report.cells}
    known = [cell.median for cell in report.cells if cell.median and cell.city in cities and cell.keyword in keywords]
    low, high = min(known, default=0.0), max(known, default=0.0)

    def shown(city: str, keyword: str) -> tuple[str, int, str]:
        cell = cells.get((city, keyword))
        if cell is None or cell.median is None:
            return words.NOTHING, cell.jobs if cell else 0, "#ffffff"
        share = (cell.median - low) / (high - low) if high > low else 0.0
        return words.money(cell.median), cell.jobs, charts.shade(share)

    head = ("", [(keyword, 0, "") for keyword in keywords])
    return [head, *((city, [shown(city, keyword) for keyword in keywords]) for city in cities)]


def _outcomes(report: MarketReport) -> dict[str, list[tuple[str, int, bool]]]:
    """Outcomes of the day by platform, with whether they are as they should be."""
    found: dict[str, list[tuple[str, int, bool]]] = {}
    for line in report.outcomes:
        found.setdefault(line.platform, []).append((line.outcome, line.pages, line.outcome in _GOOD))
    return found


@cache
def _template() -> Template:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("jobdata_assets.reports.page", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("market_report.html")
