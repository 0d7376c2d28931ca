"""Reads the warehouse into a ``MarketReport``: the SQL files of ``queries/``, which run in any ClickHouse client."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from crawler_core.platforms.spec import PlatformSpec
from crawler_core.values import SHANGHAI
from jobdata_assets.reports.page.model import (
    Band,
    CompanyLine,
    HealthDay,
    KeywordLine,
    MarketReport,
    Movement,
    OutcomeLine,
    PlatformLine,
    SalaryCell,
    SalaryLine,
    SkillLine,
)

if TYPE_CHECKING:
    from jobdata_resources.warehouse import Warehouse

__all__ = ["TREND_DAYS", "read_report", "report_sql"]

TREND_DAYS = 30
_HEALTH_DAYS = 14
_COPY = "market_report_jobs"
_COLUMNS = (
    *("platform", "status", "first_seen", "last_seen", "city", "keywords", "salary_min", "salary_max", "skills"),
    *("company_name", "company_id"),
)
_EDGES = (0.0, 4_000.0, 6_000.0, 8_000.0, 10_000.0, 15_000.0, 20_000.0, 30_000.0, 50_000.0)
_ROWS = 1_000
"""Rows of a table at most; the page shows the first few of them, the files all."""


@cache
def report_sql(name: str) -> str:
    """The text of ``queries/<name>.sql``.

    Raises:
        FileNotFoundError: there is no such file.
    """
    return (files("jobdata_assets.reports.page") / "queries" / f"{name}.sql").read_text(encoding="utf-8")


def read_report(
    warehouse: Warehouse, date: dt.date, specs: Sequence[PlatformSpec], *, made_at: dt.datetime | None = None
) -> MarketReport:
    """Ask everything a report says.

    What is open or gone is as it stands now: a report of a past day that is written again may say more of it.

    Args:
        date: the last day of the report, Asia/Shanghai.
        made_at: zone-aware; now by default.

    Raises:
        WarehouseError: ``job_analytics`` was not made yet, or the engine refused.
    """
    with warehouse.market_copy(_COPY, _COLUMNS) as jobs:
        return _read(warehouse, jobs, date, specs, made_at or dt.datetime.now(SHANGHAI))


def _read(
    warehouse: Warehouse, jobs: str, date: dt.date, specs: Sequence[PlatformSpec], made_at: dt.datetime
) -> MarketReport:
    since = date - dt.timedelta(days=TREND_DAYS - 1)
    titles = {spec.name: spec.title for spec in specs}

    def ask(name: str, **bound: object) -> list[tuple[Any, ...]]:
        return warehouse.query(report_sql(name), {"jobs": jobs, **bound})

    platforms = {row[0]: row for row in ask("platforms", date=date)}
    trend = ask("trend", since=since, date=date)
    days = [since + dt.timedelta(days=number) for number in range(TREND_DAYS)]
    bands = {int(band): int(count) for band, count in ask("salary_bands", edges=list(_EDGES))}
    return MarketReport(
        date=date,
        since=since,
        made_at=made_at,
        total=_platform("", "All platforms", platforms.get("")),
        platforms=tuple(_platform(name, title, platforms.get(name)) for name, title in titles.items()),
        trend=_movements(days, trend),
        trend_by_platform={name: _movements(days, [row for row in trend if row[1] == name]) for name in titles},
        bands=tuple(
            Band(low, high, bands.get(number, 0))
            for number, (low, high) in enumerate(zip(_EDGES, (*_EDGES[1:], None), strict=True), start=1)
        ),
        cities=tuple(_salary(*row) for row in ask("salary_by_city", limit=_ROWS)),
        keywords_salary=tuple(_salary(*row) for row in ask("salary_by_keyword", limit=_ROWS)),
        cells=tuple(
            SalaryCell(str(city), str(keyword), int(count), _known(median, paid))
            for city, keyword, count, paid, median in ask("salary_cells", limit=_ROWS)
        ),
        companies=tuple(
            CompanyLine(str(name), int(still), int(new), int(cities), str(where), _known(median, paid))
            for name, still, new, cities, where, paid, median in ask("companies", date=date, limit=_ROWS)
        ),
        skills=tuple(
            SkillLine(
                str(name),
                int(still),
                still / of_open,
                int(new),
                new / of_new if 0 < of_new < of_open else None,
                _known(median, paid),
            )
            for name, still, of_open, new, of_new, paid, median in ask("skills", date=date, limit=_ROWS)
        ),
        keywords=tuple(
            KeywordLine(str(name), *(int(value) for value in counts))
            for name, *counts in ask("keywords", date=date, limit=_ROWS)
        ),
        health=tuple(
            HealthDay(row[0], str(row[1]), *map(int, row[2:8]), *map(float, row[8:]))
            for row in ask("health", since=date - dt.timedelta(days=_HEALTH_DAYS - 1), date=date)
        ),
        outcomes=tuple(
            OutcomeLine(str(name), str(outcome), int(pages)) for name, outcome, pages in ask("outcomes", date=date)
        ),
    )


def _platform(name: str, title: str, row: tuple[Any, ...] | None) -> PlatformLine:
    if row is None:
        return PlatformLine(name, title, 0, 0, 0, 0, 0, 0, None)
    still, new, new_week, closed, closed_week, companies = map(int, row[1:7])
    return PlatformLine(name, title, still, new, new_week, closed, closed_week, companies, _known(row[8], row[7]))


def _movements(days: Sequence[dt.date], rows: Sequence[tuple[Any, ...]]) -> tuple[Movement, ...]:
    new, closed = dict.fromkeys(days, 0), dict.fromkeys(days, 0)
    for day, _, opened, ended in rows:
        new[day] += int(opened)
        closed[day] += int(ended)
    return tuple(Movement(day, new[day], closed[day]) for day in days)


def _salary(name: Any, jobs: Any, paid: Any, *quantiles: Any) -> SalaryLine:
    p25, median, p75, p90 = (_known(value, paid) for value in quantiles)
    return SalaryLine(str(name), int(jobs), int(paid), p25, median, p75, p90)


def _known(value: Any, paid: Any) -> float | None:
    """A quantile of nothing is no figure."""
    return float(value) if paid else None
