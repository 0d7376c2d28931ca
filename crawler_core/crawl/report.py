"""What a crawl tells while it runs and when it ends. Values only."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass, field

from crawler_core.landing.manifest import State

__all__ = ["CheckpointUpdate", "CrawlReport", "KeywordReport"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckpointUpdate:
    """A city's progress after a segment became durable. Counts are totals of the day, not increments."""

    platform: str
    date: dt.date
    keyword: str
    city: str
    next_page: int
    state: State
    pages: int
    records: int


@dataclass(frozen=True, slots=True, kw_only=True)
class KeywordReport:
    """How one keyword ended.

    Attributes:
        state: ``done``: nothing more to fetch today; ``partial``: stopped on the way, resumable; ``failed``: stopped
            by an outcome that needs a person or another day.
        stop_reason: ``last``, ``empty``, ``page_cap``, ``no_new_ids``, an outcome, or
            ``no_identity`` and ``not_begun`` when nothing was left to crawl with; ``plan`` and ``nothing_new`` when
            a crawl plan ended a search before its list did.
        pages, records: landed in all for the day; ``fetched`` counts this crawl's own requests.
        new_ids: ids this crawl saw that the keyword had not seen on that day.
        fresh: ids the keyword had not shown on an earlier day; None without a crawl plan, which is who asks.
        resumed: an earlier crawl had landed part of it; ``already_landed``: all of it, nothing was fetched.
        outcomes, egress: this crawl's requests by outcome and by address.
        identities: this crawl's requests by identity (address, or address and token fingerprint) and outcome.
        seconds: wall time.
        error: one line, empty when done.
    """

    platform: str
    date: dt.date
    keyword: str
    state: State
    stop_reason: str
    pages: int
    records: int
    fetched: int = 0
    new_ids: int = 0
    fresh: int | None = None
    next_page: int = 1
    outcomes: dict[str, int] = field(default_factory=dict)
    egress: dict[str, int] = field(default_factory=dict)
    identities: dict[str, dict[str, int]] = field(default_factory=dict)
    resumed: bool = False
    already_landed: bool = False
    seconds: float = 0.0
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CrawlReport:
    """How a crawl of one platform and day ended; ``stop_reason`` is empty when every keyword was tried."""

    platform: str
    date: dt.date
    keywords: tuple[KeywordReport, ...]
    seconds: float
    stop_reason: str = ""

    @property
    def pages(self) -> int:
        """Pages landed in all."""
        return sum(report.pages for report in self.keywords)

    @property
    def records(self) -> int:
        """Records on them."""
        return sum(report.records for report in self.keywords)

    @property
    def fetched(self) -> int:
        """Requests of this crawl."""
        return sum(report.fetched for report in self.keywords)

    @property
    def outcomes(self) -> dict[str, int]:
        """This crawl's requests by outcome."""
        return dict(sum((Counter(report.outcomes) for report in self.keywords), Counter[str]()))

    @property
    def egress(self) -> dict[str, int]:
        """This crawl's requests by address."""
        return dict(sum((Counter(report.egress) for report in self.keywords), Counter[str]()))

    @property
    def unfinished(self) -> tuple[KeywordReport, ...]:
        """Keywords that are not done."""
        return tuple(report for report in self.keywords if report.state != "done")
