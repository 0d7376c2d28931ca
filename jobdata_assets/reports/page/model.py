"""What a market report says, as values. No database, no layout.

Counts are postings. Salaries are CNY a month, the middle of the published range; None when nobody publishes one.
Days are Asia/Shanghai. ``new``: first seen on the day. ``closed``: last seen on the day before, and shown to be gone by
a later crawl; so the newest days rise while later crawls confirm. ``week``: the seven days that end with the report's.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

__all__ = [
    "Band",
    "CompanyLine",
    "HealthDay",
    "KeywordLine",
    "MarketReport",
    "Movement",
    "OutcomeLine",
    "PlatformLine",
    "SalaryCell",
    "SalaryLine",
    "SkillLine",
]


@dataclass(frozen=True, slots=True)
class PlatformLine:
    """A platform; ``platform`` is empty in the line of all of them together."""

    platform: str
    title: str
    open: int
    new: int
    new_week: int
    closed: int
    closed_week: int
    companies: int
    median: float | None


@dataclass(frozen=True, slots=True)
class Movement:
    """New and closed postings of a day, all platforms or one."""

    day: dt.date
    new: int
    closed: int


@dataclass(frozen=True, slots=True)
class Band:
    """Open postings with a salary from ``low`` up to but not including ``high`` (None: without end)."""

    low: float
    high: float | None
    jobs: int


@dataclass(frozen=True, slots=True)
class SalaryLine:
    """Salaries of the open postings of a city or keyword; ``with_salary`` of ``jobs`` publish one."""

    name: str
    jobs: int
    with_salary: int
    p25: float | None
    median: float | None
    p75: float | None
    p90: float | None


@dataclass(frozen=True, slots=True)
class SalaryCell:
    """The median of a city and keyword, with its number of open postings."""

    city: str
    keyword: str
    jobs: int
    median: float | None


@dataclass(frozen=True, slots=True)
class CompanyLine:
    """A hiring company; ``platforms`` are the platforms' names, comma-separated."""

    name: str
    open: int
    new_week: int
    cities: int
    platforms: str
    median: float | None


@dataclass(frozen=True, slots=True)
class SkillLine:
    """A skill: open postings that ask for it, and its share of all postings with skills and of the week's new ones.

    ``share_week`` is None when nothing is new, or all is: there is nothing to compare.
    """

    name: str
    open: int
    share: float
    new_week: int
    share_week: float | None
    median: float | None

    @property
    def momentum(self) -> float | None:
        """Share among the new postings minus share among all, in points of 1; None where ``share_week`` is."""
        return None if self.share_week is None else self.share_week - self.share


@dataclass(frozen=True, slots=True)
class KeywordLine:
    """The movement of a keyword."""

    name: str
    open: int
    new: int
    new_week: int
    closed_week: int


@dataclass(frozen=True, slots=True)
class HealthDay:
    """The crawl of a platform on a day: pages of searches. ``bytes`` before compression, latency in milliseconds."""

    day: dt.date
    platform: str
    pages: int
    answered: int
    records: int
    keywords: int
    identities: int
    bytes: int
    latency_p50: float
    latency_p95: float

    @property
    def answered_share(self) -> float:
        """Share of the pages that were answered as they should."""
        return self.answered / self.pages if self.pages else 0.0


@dataclass(frozen=True, slots=True)
class OutcomeLine:
    """Pages of the report's day by outcome."""

    platform: str
    outcome: str
    pages: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketReport:
    """Everything a report shows.

    Attributes:
        date: the last day it is about; ``since`` the first of its trend.
        made_at: zone-aware.
        total: all platforms together; ``platforms`` each, those without postings too.
        trend: one entry per day from ``since`` to ``date``; zero where nothing moved.
        health: days that were crawled, of the last two weeks.
    """

    date: dt.date
    since: dt.date
    made_at: dt.datetime
    total: PlatformLine
    platforms: tuple[PlatformLine, ...]
    trend: tuple[Movement, ...]
    trend_by_platform: dict[str, tuple[Movement, ...]]
    bands: tuple[Band, ...]
    cities: tuple[SalaryLine, ...]
    keywords_salary: tuple[SalaryLine, ...]
    cells: tuple[SalaryCell, ...]
    companies: tuple[CompanyLine, ...]
    skills: tuple[SkillLine, ...]
    keywords: tuple[KeywordLine, ...]
    health: tuple[HealthDay, ...]
    outcomes: tuple[OutcomeLine, ...]

    @property
    def empty(self) -> bool:
        """No posting was ever loaded."""
        return not self.total.open and not any(day.new or day.closed for day in self.trend)

    @property
    def uncrawled(self) -> tuple[str, ...]:
        """Titles of the platforms that have no page on the report's day."""
        crawled = {day.platform for day in self.health if day.day == self.date}
        return tuple(line.title for line in self.platforms if line.platform not in crawled)

    @property
    def first_day(self) -> bool:
        """Nothing is known of an earlier day: every posting is new, and nothing can be compared."""
        return not self.empty and not any(day.new or day.closed for day in self.trend if day.day < self.date)
