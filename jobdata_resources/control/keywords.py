"""The keyword tables: what is searched, in which cities, in which order; and the state of each on a day.

A keyword's state belongs to a day. On a new day every active keyword is pending without anything being written;
the state of a day is the row of ``crawl_checkpoint`` with city ``''`` (see ``progress``).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import and_, case, func, select
from sqlalchemy.orm import Session

from crawler_core.errors import BadInput
from crawler_core.keyword import Keyword
from crawler_core.values import Query
from jobdata_resources.control.columns import CITIES_CHARS
from jobdata_resources.control.errors import UnknownEntry
from jobdata_resources.control.models import KEYWORD_TABLES, CrawlCheckpoint, KeywordColumns

__all__ = [
    "MAX_PRIORITY",
    "ImportResult",
    "KeywordRecord",
    "KeywordRow",
    "KeywordState",
    "active_states",
    "active_texts",
    "apply_rows",
    "list_keywords",
    "set_paused",
    "table",
]  # fmt: skip

MAX_PRIORITY = 1_000_000
"""Largest priority, and its negative the smallest."""

KeywordState = Literal["pending", "partial", "done", "failed", "paused"]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeywordRow:
    """What an import says about a keyword; None is "not said": an existing row keeps its value.

    Attributes:
        cities: city codes of the platform; an empty tuple is the whole country.
        priority: higher comes first; new keywords start at 0.
    """

    keyword: Keyword
    cities: tuple[str, ...] | None = None
    priority: int | None = None
    paused: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeywordRecord:
    """A stored keyword, with its state on one day.

    Attributes:
        state: on ``date``; ``paused`` covers whatever it was.
        date: calendar day in Asia/Shanghai the state is of.
        pages: pages landed on that day, ``records`` the records on them.
        updated_at: UTC, last change of the row of the keyword or of its progress on that day.
    """

    id: int
    platform: str
    keyword: Keyword
    cities: tuple[str, ...]
    priority: int
    paused: bool
    date: dt.date
    state: KeywordState
    stop_reason: str
    pages: int
    records: int
    updated_at: dt.datetime

    def queries(self, nationwide: str) -> tuple[Query, ...]:
        """One search per city; ``nationwide`` is the platform's code of the whole country."""
        return tuple(Query(self.platform, self.keyword, city) for city in self.cities or (nationwide,))


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportResult:
    """What an import did. ``notes`` are things a person should know although nothing is wrong."""

    added: int = 0
    updated: int = 0
    unchanged: int = 0
    notes: tuple[str, ...] = ()


def table(platform: str) -> type[KeywordColumns]:
    """The keyword table of a platform.

    Raises:
        BadInput: no such platform.
    """
    if platform not in KEYWORD_TABLES:
        raise BadInput(f"platform {platform!r} is unknown; use one of {', '.join(KEYWORD_TABLES)}")
    return KEYWORD_TABLES[platform]


def apply_rows(session: Session, platform: str, rows: Sequence[KeywordRow], now: dt.datetime) -> ImportResult:
    """Add new keywords and update known ones. A known keyword keeps its spelling: it is a partition key.

    Raises:
        BadInput: two rows are the same search, or a value does not fit.
    """
    model = table(platform)
    seen: dict[str, int] = {}
    for number, row in enumerate(rows, 1):
        _check(row, platform)
        first = seen.setdefault(row.keyword.key, number)
        if first != number:
            raise BadInput(f"keyword {row.keyword.text!r} ({platform}) is given twice: entries {first} and {number}")
    known = {record.key: record for record in session.scalars(select(model).with_for_update())}
    added = updated = 0
    notes = []
    for row in rows:
        record = known.get(row.keyword.key)
        if record is None:
            session.add(
                model(
                    keyword=row.keyword.text,
                    key=row.keyword.key,
                    cities=row.cities or (),
                    priority=row.priority or 0,
                    paused=bool(row.paused),
                    state="pending",
                    updated_at=now,
                )
            )
            added += 1
            continue
        if record.keyword != row.keyword.text:
            notes.append(
                f"{platform}: {row.keyword.text!r} is the known keyword {record.keyword!r} and keeps its spelling"
            )
        updated += _change(record, row, now)
    session.flush()
    return ImportResult(added=added, updated=updated, unchanged=len(rows) - added - updated, notes=tuple(notes))


def _check(row: KeywordRow, platform: str) -> None:
    if len(",".join(row.cities or ())) > CITIES_CHARS:
        raise BadInput(f"keyword {row.keyword.text!r} ({platform}): too many cities, at most {CITIES_CHARS} characters")
    if abs(row.priority or 0) > MAX_PRIORITY:
        raise BadInput(f"keyword {row.keyword.text!r} ({platform}): priority {row.priority} is beyond ±{MAX_PRIORITY}")


def _change(record: KeywordColumns, row: KeywordRow, now: dt.datetime) -> bool:
    changed = False
    for name in ("cities", "priority", "paused"):
        value = getattr(row, name)
        if value is not None and value != getattr(record, name):
            setattr(record, name, value)
            changed = True
    if changed:
        record.updated_at = now
    return changed


def set_paused(session: Session, platform: str, keyword: Keyword, *, paused: bool, now: dt.datetime) -> None:
    """Pause or resume a keyword; its state of the day is kept.

    Raises:
        UnknownEntry: the keyword is not stored.
    """
    model = table(platform)
    record = session.scalars(select(model).where(model.key == keyword.key)).one_or_none()
    if record is None:
        raise UnknownEntry(
            f"keyword {keyword.text!r} is not in {platform}_keyword; see `jobdata keyword list --platform {platform}`"
        )
    if record.paused != paused:
        record.paused, record.updated_at = paused, now


def list_keywords(
    session: Session, platform: str, date: dt.date, *, include_paused: bool = True, only_open: bool = False
) -> list[KeywordRecord]:
    """Keywords with their state on ``date``, in crawl order: partial, failed, pending, done; priority; id.

    Args:
        only_open: leave out those that are done on that date.
    """
    model = table(platform)
    day = and_(
        CrawlCheckpoint.platform == platform,
        CrawlCheckpoint.date == date,
        CrawlCheckpoint.keyword == model.keyword,
        CrawlCheckpoint.city == "",
    )
    state = func.coalesce(CrawlCheckpoint.state, "pending")
    turn = case({"partial": 0, "failed": 1, "pending": 2}, value=state, else_=3)
    query = (
        select(model, CrawlCheckpoint).outerjoin(CrawlCheckpoint, day).order_by(turn, model.priority.desc(), model.id)
    )
    if not include_paused:
        query = query.where(model.paused.is_(False))
    if only_open:
        query = query.where(state != "done")
    return [_record(platform, date, row, progress) for row, progress in session.execute(query)]


def active_texts(session: Session, platform: str) -> list[str]:
    """The active keywords by id, the oldest first: what a sensor asks every minute, without building records."""
    model = table(platform)
    return list(session.scalars(select(model.keyword).where(model.paused.is_(False)).order_by(model.id)))


def active_states(session: Session, platform: str, date: dt.date) -> dict[str, str]:
    """State of every active keyword on ``date``, without building records."""
    model = table(platform)
    states = select(CrawlCheckpoint.keyword, CrawlCheckpoint.state).where(
        CrawlCheckpoint.platform == platform, CrawlCheckpoint.date == date, CrawlCheckpoint.city == ""
    )
    found = {row.keyword: row.state for row in session.execute(states)}
    texts = select(model.keyword).where(model.paused.is_(False)).order_by(model.priority.desc(), model.id)
    return {text: found.get(text, "pending") for text in session.scalars(texts)}


def _record(platform: str, date: dt.date, row: KeywordColumns, progress: CrawlCheckpoint | None) -> KeywordRecord:
    state: str = "paused" if row.paused else progress.state if progress else "pending"
    return KeywordRecord(
        id=row.id,
        platform=platform,
        keyword=Keyword(text=row.keyword, key=row.key),
        cities=row.cities,
        priority=row.priority,
        paused=row.paused,
        date=date,
        state=state,  # type: ignore[arg-type]  # written by progress only, from the same words
        stop_reason=progress.stop_reason if progress else "",
        pages=progress.pages if progress else 0,
        records=progress.records if progress else 0,
        updated_at=max(row.updated_at, progress.updated_at) if progress else row.updated_at,
    )
