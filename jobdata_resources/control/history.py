"""Forgetting: the log tables and checkpoints of days long past, and leases that have run out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from sqlalchemy import ColumnElement, CursorResult, delete, func, select, update
from sqlalchemy.orm import Session

from jobdata_resources.control.models import Base, BossToken, CrawlCheckpoint, IpUploadStat, ScheduledTaskRun

__all__ = ["forget_history", "free_lapsed_leases"]

_CHUNK = 2000
"""Rows of one transaction: a long one would keep a crawl from writing."""


def forget_history(
    write: Callable[[Callable[[Session], int]], int], first_kept: dt.date, midnight: dt.datetime, *, dry_run: bool
) -> dict[str, int]:
    """Rows by table that were, or would be, removed: those of days before ``first_kept``.

    Args:
        write: runs a function in a transaction of its own; called once per chunk.
        midnight: the instant at which ``first_kept`` begins, zone-aware.
    """
    old: dict[type[Base], ColumnElement[bool]] = {
        CrawlCheckpoint: CrawlCheckpoint.date < first_kept,
        IpUploadStat: IpUploadStat.date < first_kept,
        # a run that never ended is shown as open; it goes with those of its time all the same
        ScheduledTaskRun: func.coalesce(ScheduledTaskRun.ended_at, ScheduledTaskRun.started_at) < midnight,
    }
    removed: dict[str, int] = {}
    for table, condition in old.items():
        total = chunk = write(lambda session, t=table, c=condition: _step(session, t, c, dry_run=dry_run))  # type: ignore[misc]
        while chunk and not dry_run:
            chunk = write(lambda session, t=table, c=condition: _step(session, t, c, dry_run=False))  # type: ignore[misc]
            total += chunk
        removed[table.__tablename__] = total
    return removed


def free_lapsed_leases(session: Session, now: dt.datetime, *, dry_run: bool) -> int:
    """Tokens whose lease ran out and still name a holder: the holder died. Others may take them either way."""
    lapsed = (BossToken.lease_id != "", BossToken.leased_until < now)
    if dry_run:
        return int(session.scalar(select(func.count()).select_from(BossToken).where(*lapsed)) or 0)
    values = {"lease_id": "", "leased_until": None}
    done = session.execute(
        update(BossToken).where(*lapsed).values(**values).execution_options(synchronize_session=False)
    )
    return done.rowcount if isinstance(done, CursorResult) else 0


def _step(session: Session, table: type[Base], old: ColumnElement[bool], *, dry_run: bool) -> int:
    """Remove a chunk of old rows, or count all of them."""
    if dry_run:
        return int(session.scalar(select(func.count()).select_from(table).where(old)) or 0)
    key = table.__table__.c["id"]
    ids = list(session.scalars(select(key).where(old).order_by(key).limit(_CHUNK)))
    if ids:
        session.execute(delete(table).where(key.in_(ids)).execution_options(synchronize_session=False))
    return len(ids)
