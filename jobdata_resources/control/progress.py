"""Progress of searches and keywords on a day, as reported by the crawl.

The landing zone's manifest decides where a crawl resumes; these rows mirror it for people, sensors and the order of
the next crawl. A row of a city is replaced by each report. The row of the keyword as a whole (city ``''``) becomes
``partial`` with the first progress of the day and gets its final word from the keyword's report.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session

from crawler_core.errors import BadInput
from jobdata_resources.control.keywords import table
from jobdata_resources.control.models import CrawlCheckpoint
from jobdata_resources.control.upsert import upsert

if TYPE_CHECKING:  # importing the crawl brings the HTTP client along
    from crawler_core.crawl.report import CheckpointUpdate, KeywordReport

__all__ = ["CheckpointRecord", "list_checkpoints", "record_keyword", "record_progress"]

_UNIQUE = ("platform", "date", "keyword", "city")
_REASON_CHARS = 255


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckpointRecord:
    """Progress of one search (or, with an empty ``city``, of a keyword as a whole) on one day; totals of the day."""

    platform: str
    date: dt.date
    keyword: str
    city: str
    next_page: int
    state: str
    stop_reason: str
    pages: int
    records: int
    updated_at: dt.datetime


def record_progress(session: Session, progress: CheckpointUpdate, now: dt.datetime) -> None:
    """Store how far a city is; the keyword is at least partial from now on.

    Raises:
        BadInput: unknown platform, or no city.
    """
    if not progress.city:
        raise BadInput(f"progress of keyword {progress.keyword!r} names no city; use the platform's nationwide code")
    upsert(
        session,
        CrawlCheckpoint,
        {
            "platform": progress.platform,
            "date": progress.date,
            "keyword": progress.keyword,
            "city": progress.city,
            "next_page": progress.next_page,
            "state": progress.state,
            "stop_reason": "",
            "pages": progress.pages,
            "records": progress.records,
            "updated_at": now,
        },
        unique=_UNIQUE,
    )
    whole = session.scalars(
        select(CrawlCheckpoint).where(
            CrawlCheckpoint.platform == progress.platform,
            CrawlCheckpoint.date == progress.date,
            CrawlCheckpoint.keyword == progress.keyword,
            CrawlCheckpoint.city == "",
        )
    ).one_or_none()
    state, reason = ("done", whole.stop_reason) if whole is not None and whole.state == "done" else ("partial", "")
    pages, records = _landed(session, progress.platform, progress.date, progress.keyword)
    _store_whole(session, progress.platform, progress.date, progress.keyword, state, reason, pages, records, now)


def record_keyword(session: Session, report: KeywordReport, now: dt.datetime) -> None:
    """Store how a keyword ended on its day; a keyword that is not in the keyword table keeps only its checkpoint.

    Raises:
        BadInput: unknown platform.
    """
    pages, records = _landed(session, report.platform, report.date, report.keyword)
    _store_whole(
        session,
        report.platform,
        report.date,
        report.keyword,
        report.state,
        report.stop_reason,
        max(pages, report.pages),
        max(records, report.records),
        now,
    )


def list_checkpoints(session: Session, platform: str, date: dt.date) -> list[CheckpointRecord]:
    """All progress of a platform on a day, by keyword and city."""
    rows = select(CrawlCheckpoint).where(CrawlCheckpoint.platform == platform, CrawlCheckpoint.date == date)
    return [
        CheckpointRecord(
            platform=row.platform,
            date=row.date,
            keyword=row.keyword,
            city=row.city,
            next_page=row.next_page,
            state=row.state,
            stop_reason=row.stop_reason,
            pages=row.pages,
            records=row.records,
            updated_at=row.updated_at,
        )
        for row in session.scalars(rows.order_by(CrawlCheckpoint.keyword, CrawlCheckpoint.city))
    ]


def _landed(session: Session, platform: str, date: dt.date, keyword: str) -> tuple[int, int]:
    """Pages and records of all cities of a keyword on a day."""
    sums = select(func.sum(CrawlCheckpoint.pages), func.sum(CrawlCheckpoint.records)).where(
        CrawlCheckpoint.platform == platform,
        CrawlCheckpoint.date == date,
        CrawlCheckpoint.keyword == keyword,
        CrawlCheckpoint.city != "",
    )
    pages, records = session.execute(sums).one()
    return int(pages or 0), int(records or 0)


def _store_whole(
    session: Session,
    platform: str,
    date: dt.date,
    keyword: str,
    state: str,
    stop_reason: str,
    pages: int,
    records: int,
    now: dt.datetime,
) -> None:
    """The row of the keyword on that day; and the keyword's own row, unless it already shows a later day."""
    model = table(platform)
    values = {
        "state": state,
        "stop_reason": stop_reason[:_REASON_CHARS],
        "pages": pages,
        "records": records,
        "updated_at": now,
    }
    identity = {"platform": platform, "date": date, "keyword": keyword, "city": "", "next_page": 0}
    upsert(session, CrawlCheckpoint, identity | values, unique=_UNIQUE)
    session.execute(
        update(model)
        .where(model.keyword == keyword, or_(model.state_date.is_(None), model.state_date <= date))
        .values(state_date=date, **values)
        .execution_options(synchronize_session=False)
    )
