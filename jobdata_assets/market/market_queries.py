"""Typed questions on the job market: the SQL files of ``sql/`` over ``job_analytics``.

The files run as they are in any ClickHouse client with the same parameters; here they get types and defaults. An
empty filter means all. Salaries are CNY a month, days Asia/Shanghai.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from jobdata_resources.warehouse import Warehouse

__all__ = ["Count", "SalaryLevel", "TrendDay", "counts_by", "market_sql", "salary_levels", "trend"]

Dimension = Literal["skill", "company", "city"]
Status = Literal["", "open", "gone"]


@dataclass(frozen=True, slots=True)
class TrendDay:
    """Postings of a platform that were first seen on a day, and those last seen on it that are gone by now."""

    day: dt.date
    platform: str
    new: int
    closed: int


@dataclass(frozen=True, slots=True)
class SalaryLevel:
    """Salaries of a city and keyword, in CNY a month.

    Attributes:
        jobs: postings, ``with_salary`` of them with both ends published.
        p25, median, p75, p90: quantiles of the middle of the published range; None when nobody publishes one.
    """

    city: str
    keyword: str
    jobs: int
    with_salary: int
    p25: float | None
    median: float | None
    p75: float | None
    p90: float | None


@dataclass(frozen=True, slots=True)
class Count:
    """Postings that share a skill, a company or a city.

    Attributes:
        key: what they share; of a resolved company its id.
        title: for people.
        median_salary: CNY a month; None when nobody publishes one.
    """

    key: str
    title: str
    jobs: int
    open: int
    median_salary: float | None


@cache
def market_sql(name: str) -> str:
    """The text of ``sql/<name>.sql``.

    Raises:
        FileNotFoundError: there is no such file.
    """
    return (files("jobdata_assets.market") / "sql" / f"{name}.sql").read_text(encoding="utf-8")


def trend(warehouse: Warehouse, since: dt.date, until: dt.date, *, platform: str = "") -> list[TrendDay]:
    """New and closed postings per day, both days included.

    Raises:
        WarehouseError: ``job_analytics`` was not made yet, or the engine refused.
    """
    bound = {"since": since, "until": until, "platform": platform}
    rows = warehouse.query(market_sql("market_trend"), bound)
    return [TrendDay(day, str(name), int(new), int(closed)) for day, name, new, closed in rows]


def salary_levels(
    warehouse: Warehouse,
    *,
    platform: str = "",
    city: str = "",
    keyword: str = "",
    status: Status = "open",
    min_jobs: int = 1,
    limit: int = 100,
) -> list[SalaryLevel]:
    """Quantiles of the salary by city and keyword, most postings first.

    Args:
        status: only open or gone postings; empty for both.
        min_jobs: leave out smaller groups, whose quantiles say little.

    Raises:
        WarehouseError: ``job_analytics`` was not made yet, or the engine refused.
    """
    bound = {
        "platform": platform,
        "city": city,
        "keyword": keyword,
        "status": status,
        "min_jobs": min_jobs,
        "limit": limit,
    }
    rows = warehouse.query(market_sql("market_salary"), bound)
    return [
        SalaryLevel(str(place), str(word), int(jobs), int(paid), *(_figure(value, paid) for value in quantiles))
        for place, word, jobs, paid, *quantiles in rows
    ]


def counts_by(
    warehouse: Warehouse,
    dimension: Dimension,
    *,
    platform: str = "",
    city: str = "",
    keyword: str = "",
    limit: int = 50,
) -> list[Count]:
    """Postings by skill, company or city, most first.

    Raises:
        WarehouseError: ``job_analytics`` was not made yet, or the engine refused.
    """
    bound = {"platform": platform, "city": city, "keyword": keyword, "limit": limit}
    rows = warehouse.query(market_sql(f"market_by_{dimension}"), bound)
    return [
        Count(str(key), str(title), int(jobs), int(still), _figure(median, median))
        for key, title, jobs, still, median in rows
    ]


def _figure(value: Any, known: Any) -> float | None:
    """A quantile of nothing is no figure."""
    return float(value) if known else None
