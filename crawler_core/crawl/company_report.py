"""What a crawl of company details tells: one result per company, and the sum. Values only."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass, field

from crawler_core.platforms.company import CompanyState, CompanyTarget

__all__ = ["CompanyCrawlReport", "CompanyResult"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CompanyResult:
    """How one company ended.

    Attributes:
        state: ``done``, ``gone`` (the platform says that there is no such company), ``refused`` (asking again brings
            the same answer), ``retry_later`` (blocked, throttled, no connection, not begun).
        reason: a few words; empty when done without reservation.
        requests: sent for it by this crawl.
        already_landed: its final answer was landed in this batch before; nothing was fetched.
    """

    target: CompanyTarget
    state: CompanyState
    reason: str = ""
    requests: int = 0
    already_landed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CompanyCrawlReport:
    """How a batch ended; ``companies`` are in the order they ended, each target once.

    Attributes:
        stop_reason: why the rest was not begun, empty when every company was tried.
        outcomes, egress: this crawl's requests by outcome and by address.
        seconds: wall time.
    """

    platform: str
    date: dt.date
    batch_id: str
    companies: tuple[CompanyResult, ...]
    seconds: float
    stop_reason: str = ""
    outcomes: dict[str, int] = field(default_factory=dict)
    egress: dict[str, int] = field(default_factory=dict)

    @property
    def fetched(self) -> int:
        """Requests of this crawl."""
        return sum(self.outcomes.values())

    @property
    def states(self) -> dict[CompanyState, int]:
        """Companies by state."""
        return dict(Counter(result.state for result in self.companies))

    @property
    def unfinished(self) -> tuple[CompanyResult, ...]:
        """Companies to be asked for again."""
        return tuple(result for result in self.companies if result.state == "retry_later")
