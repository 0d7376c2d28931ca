"""The crawl plan of a day and what came of it: the table ``crawl_plan``. No decision is made here."""

from __future__ import annotations

import datetime as dt
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from jobdata_resources.control.columns import Clock
from jobdata_resources.control.models import CrawlPlan
from jobdata_resources.control.upsert import upsert

__all__ = ["PlanRow", "PlanStore"]

T = TypeVar("T")

_REASON_CHARS = 255
_PLANNED = ("platform", "date", "keyword", "pages", "sweep", "reason")
_FOUND = ("fetched", "fresh", "complete")


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanRow:
    """A keyword's pages of one day (Asia/Shanghai), and once it was crawled, what they brought.

    Attributes:
        keyword: the key of the keyword, its identity.
        pages: allowed; ``sweep``: read to the end although a page brings nothing new; ``reason``: one line.
        fetched: pages that were fetched; None while the keyword has not ended.
        fresh: postings it had not shown on an earlier day.
        complete: its lists were read to their end.
    """

    platform: str
    date: dt.date
    keyword: str
    pages: int
    sweep: bool
    reason: str = ""
    fetched: int | None = None
    fresh: int | None = None
    complete: bool | None = None


class PlanStore(ABC):
    """The part of the control store that is about the crawl plan. Each method is one transaction."""

    _clock: Clock

    @abstractmethod
    def _read(self, work: Callable[[Session], T]) -> T: ...

    @abstractmethod
    def _write(self, work: Callable[[Session], T]) -> T: ...

    def save_plan(self, platform: str, date: dt.date, rows: Sequence[PlanRow]) -> None:
        """Replace the plan of a day; what its keywords have brought is kept."""
        now = self._clock()

        def work(session: Session) -> None:
            kept = [row.keyword for row in rows]
            stale = (CrawlPlan.platform == platform, CrawlPlan.date == date, CrawlPlan.keyword.not_in(kept))
            session.execute(delete(CrawlPlan).where(*stale, CrawlPlan.fetched.is_(None)))
            for row in rows:
                values = {name: getattr(row, name) for name in _PLANNED} | {"updated_at": now}
                values |= {"platform": platform, "date": date, "reason": row.reason[:_REASON_CHARS]}
                upsert(session, CrawlPlan, values, unique=("platform", "date", "keyword"))

        self._write(work)

    def plan(self, platform: str, date: dt.date) -> list[PlanRow]:
        """The plan of a day by keyword; empty when there is none."""
        return self.plans(platform, date, date)

    def plans(self, platform: str, since: dt.date, until: dt.date) -> list[PlanRow]:
        """The plans of several days, both ends included, by day and keyword."""
        query = (
            select(CrawlPlan)
            .where(CrawlPlan.platform == platform, CrawlPlan.date.between(since, until))
            .order_by(CrawlPlan.date, CrawlPlan.keyword)
        )
        return self._read(
            lambda session: [
                PlanRow(**{name: getattr(row, name) for name in (*_PLANNED, *_FOUND)}) for row in session.scalars(query)
            ]
        )

    def record_yield(
        self, platform: str, date: dt.date, keyword: str, *, fetched: int, fresh: int, complete: bool
    ) -> None:
        """Store what a planned keyword brought; totals of the day, so storing them twice is harmless."""
        statement = (
            update(CrawlPlan)
            .where(CrawlPlan.platform == platform, CrawlPlan.date == date, CrawlPlan.keyword == keyword)
            .values(fetched=fetched, fresh=fresh, complete=complete, updated_at=self._clock())
        )
        self._write(lambda session: session.execute(statement))
