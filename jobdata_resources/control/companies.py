"""The queue of companies whose details are wanted: filled by demand, claimed in batches, ended with a state.

State of a company::

    pending ──claim──► leased ──finish──► done | gone | refused ──enqueue, when older than asked──► pending
       ▲                 │  └──finish──► retry_later ──not_before has passed──► may be claimed
       └────release──────┘  └──lease runs out──► may be claimed; its batch may be taken over

A claim marks rows in one ``UPDATE … WHERE`` that looks again at their state, so of several processes exactly one gets
a company. A batch keeps its id when it is claimed again, so that what it has landed is not fetched twice. Leases are
compared with the clock of the machine that asks.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence

import msgspec
from sqlalchemy import ColumnElement, CursorResult, Select, Update, and_, func, or_, select, update
from sqlalchemy.orm import Session

from crawler_core.errors import BadInput
from jobdata_resources.control.company_values import (
    LONGEST_REF,
    CompanyBatch,
    CompanyDemand,
    CompanyEndState,
    CompanyQueue,
    QueuedCompany,
)
from jobdata_resources.control.models import CompanyCleaningItem

__all__ = ["claim", "enqueue", "finish", "held_batches", "known", "queue", "release", "renew"]

_NAME, _ERROR = 255, 255
_MOST_DOUBLINGS = 8
_LONGEST_WAIT = dt.timedelta(days=1)
_CHUNK = 400

Item = CompanyCleaningItem


def enqueue(
    session: Session,
    platform: str,
    wanted: Sequence[CompanyDemand],
    *,
    reopen_before: dt.datetime | None,
    now: dt.datetime,
) -> int:
    """Put companies into the queue; returns how many became pending. Known ones get the newer demand and hints.

    Args:
        reopen_before: companies that ended before it become pending again; None leaves every end as it is.

    Raises:
        BadInput: a company has neither id nor name, or its id is too long.
    """
    refs = [_checked(platform, one) for one in wanted]
    rows = {row.company_id: row for row in _rows(session, platform, refs, lock=True)}
    opened = 0
    for ref, one in zip(refs, wanted, strict=True):
        row = rows.get(ref)
        if row is None:
            row = rows[ref] = Item(platform=platform, company_id=ref, state="pending", queued_at=now, created_at=now)
            session.add(row)
            opened += 1
        elif row.state in ("done", "gone", "refused"):
            if reopen_before is None or (row.finished_at is not None and row.finished_at >= reopen_before):
                continue
            row.state, row.attempts, row.batch_id, row.queued_at = "pending", 0, "", now
            opened += 1
        row.company_name, row.demand, row.reason = one.name[:_NAME], one.demand, one.reason
        row.newest_seen, row.hints, row.updated_at = one.newest_seen, _encoded(one.hints), now
    session.flush()
    return opened


def claim(
    session: Session, platform: str, *, batch_id: str, limit: int, lease: dt.timedelta, now: dt.datetime
) -> CompanyBatch:
    """Take companies: those of this batch, else those of a batch of the same day that was left, then new ones.

    The day of a batch is the part of its id before the first ``-``. New ones come by newest day of demand, then by
    demand.
    """
    resumed = _take_over(session, platform, batch_id, lease, now)
    if not resumed:
        for left in _left_batches(session, platform, batch_id.partition("-")[0], now):
            if _take_over(session, platform, left, lease, now, only_left=True):
                batch_id, resumed = left, True
                break
    taken = _batch(session, platform, batch_id)
    while len(taken) < limit:
        candidates = list(session.scalars(_due(platform, now).limit(limit - len(taken))))
        if not candidates:
            break
        _lease(session, (Item.id.in_(candidates), _is_due(now)), batch_id, lease, now)
        taken = _batch(session, platform, batch_id)
    return CompanyBatch(batch_id=batch_id, companies=tuple(map(_queued, taken)), resumed=resumed)


def renew(session: Session, platform: str, batch_id: str, lease: dt.timedelta, now: dt.datetime) -> None:
    """Extend the lease of a batch."""
    mine = (Item.platform == platform, Item.batch_id == batch_id, Item.state == "leased")
    session.execute(_update(*mine).values(leased_until=now + lease, updated_at=now))


def finish(
    session: Session,
    platform: str,
    ref: str,
    *,
    batch_id: str,
    state: CompanyEndState,
    reason: str,
    retry: dt.timedelta,
    now: dt.datetime,
) -> bool:
    """Store how a company of a batch ended; False when the batch no longer holds it, then nothing is changed.

    Args:
        retry: the first wait of ``retry_later``, doubled with every attempt, one day at most.
    """
    mine = (Item.platform == platform, Item.company_id == ref, Item.batch_id == batch_id, Item.state == "leased")
    row = session.scalars(select(Item).where(*mine).with_for_update()).one_or_none()
    if row is None:
        return False
    again = state == "retry_later"
    wait = min(retry * 2 ** min(max(row.attempts - 1, 0), _MOST_DOUBLINGS), _LONGEST_WAIT)
    row.state, row.last_error = state, reason[:_ERROR]
    row.not_before = now + wait if again else None
    row.finished_at = None if again else now
    row.leased_until, row.updated_at = None, now
    return True


def release(session: Session, platform: str, batch_id: str, refs: Sequence[str] | None, now: dt.datetime) -> int:
    """Give companies of a batch back unasked; they keep its id, so that the batch can go on. Returns how many."""
    mine: list[ColumnElement[bool]] = [
        Item.platform == platform,
        Item.batch_id == batch_id,
        Item.state == "leased",
    ]
    if refs is not None:
        mine.append(Item.company_id.in_(refs))
    values = {"state": "pending", "leased_until": None, "attempts": Item.attempts - 1, "updated_at": now}
    return _count(session.execute(_update(*mine).values(**values)))


def known(session: Session, platform: str, refs: Iterable[str]) -> dict[str, QueuedCompany]:
    """The rows of these companies, by reference; those that were never queued are left out."""
    return {row.company_id: _queued(row) for row in _rows(session, platform, list(refs))}


def queue(session: Session, platform: str, now: dt.datetime) -> CompanyQueue:
    """Counts of a platform's queue."""
    states = session.execute(
        select(Item.state, func.count()).where(Item.platform == platform).group_by(Item.state).order_by(Item.state)
    )
    due = session.execute(
        select(func.count(), func.min(Item.queued_at)).where(Item.platform == platform, _is_due(now))
    ).one()
    return CompanyQueue(states={state: int(count) for state, count in states}, due=int(due[0]), oldest=due[1])


def held_batches(session: Session, platform: str) -> set[str]:
    """Batches that are not through: somebody works on them, or died and nobody has taken over yet."""
    open_rows = (Item.platform == platform, Item.state == "leased")
    return set(session.scalars(select(Item.batch_id).where(*open_rows).distinct()))


def _take_over(
    session: Session, platform: str, batch_id: str, lease: dt.timedelta, now: dt.datetime, *, only_left: bool = False
) -> bool:
    """Lease what is left of a batch; of two processes that try, the second finds nothing left."""
    open_rows = or_(Item.state == "pending", Item.state == "leased")
    mine = (Item.platform == platform, Item.batch_id == batch_id, _is_left(now) if only_left else open_rows)
    return _lease(session, mine, batch_id, lease, now) > 0


def _lease(
    session: Session, where: Sequence[ColumnElement[bool]], batch_id: str, lease: dt.timedelta, now: dt.datetime
) -> int:
    values = {
        "state": "leased",
        "batch_id": batch_id,
        "leased_until": now + lease,
        "not_before": None,
        "attempts": Item.attempts + 1,
        "updated_at": now,
    }
    return _count(session.execute(_update(*where).values(**values)))


def _left_batches(session: Session, platform: str, day: str, now: dt.datetime) -> list[str]:
    left = (Item.platform == platform, Item.batch_id.startswith(f"{day}-", autoescape=True), _is_left(now))
    return list(session.scalars(select(Item.batch_id).where(*left).distinct().order_by(Item.batch_id)))


def _is_left(now: dt.datetime) -> ColumnElement[bool]:
    return or_(Item.state == "pending", and_(Item.state == "leased", Item.leased_until <= now))


def _is_due(now: dt.datetime) -> ColumnElement[bool]:
    return or_(_is_left(now), and_(Item.state == "retry_later", Item.not_before <= now))


def _due(platform: str, now: dt.datetime) -> Select[int]:
    day = func.date(Item.newest_seen)
    order = (day.desc(), Item.demand.desc(), Item.id)
    return select(Item.id).where(Item.platform == platform, _is_due(now)).order_by(*order)


def _batch(session: Session, platform: str, batch_id: str) -> list[Item]:
    mine = (Item.platform == platform, Item.batch_id == batch_id, Item.state == "leased")
    query = select(Item).where(*mine).order_by(Item.demand.desc(), Item.id)
    return list(session.scalars(query.execution_options(populate_existing=True)))


def _rows(session: Session, platform: str, refs: Sequence[str], *, lock: bool = False) -> list[Item]:
    found: list[Item] = []
    for start in range(0, len(refs), _CHUNK):
        query = select(Item).where(Item.platform == platform, Item.company_id.in_(refs[start : start + _CHUNK]))
        found += session.scalars(query.with_for_update() if lock else query)
    return found


def _checked(platform: str, one: CompanyDemand) -> str:
    if not one.company_id and not one.name:
        raise BadInput(f"a company of {platform} has neither company_id nor name; give one of them")
    if len(one.company_id) > LONGEST_REF or one.company_id.startswith("?"):
        raise BadInput(
            f"{platform} company_id {one.company_id[:40]!r} is no id: at most {LONGEST_REF} characters, no '?'"
        )
    return one.ref


def _queued(row: Item) -> QueuedCompany:
    return QueuedCompany(
        platform=row.platform,
        ref=row.company_id,
        name=row.company_name,
        state=row.state,
        attempts=row.attempts,
        demand=row.demand,
        reason=row.reason,
        last_error=row.last_error,
        batch_id=row.batch_id,
        hints=msgspec.json.decode(row.hints or "{}", type=dict[str, str]),
        leased_until=row.leased_until,
        not_before=row.not_before,
        finished_at=row.finished_at,
        queued_at=row.queued_at,
    )


def _encoded(hints: Mapping[str, str]) -> str:
    return msgspec.json.encode(dict(sorted(hints.items()))).decode()


def _update(*where: ColumnElement[bool]) -> Update:
    return update(Item).where(*where).execution_options(synchronize_session=False)


def _count(result: object) -> int:
    return result.rowcount if isinstance(result, CursorResult) else 0
