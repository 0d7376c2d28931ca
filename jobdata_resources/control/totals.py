"""Rows of ``stats_total``: the totals of each platform at an instant, stored once per key, and who has got them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from jobdata_resources.control.models import StatsTotal

__all__ = ["PlatformTotal", "Totals", "delivered", "list_totals", "store"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformTotal:
    """The figures of a platform.

    Attributes:
        rows: distinct contents of jobs, all time.
        jobs: distinct jobs; ``companies``: distinct published company names.
        new_24h: jobs first seen in the 24 hours before.
    """

    platform: str
    rows: int
    jobs: int
    companies: int
    new_24h: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """All platforms at one instant.

    Attributes:
        key: the same for every attempt to make and to deliver them.
        reported_at, mailed_at: when the receiver and the mail server took them; None: not yet.
    """

    key: str
    taken_at: dt.datetime
    platforms: tuple[PlatformTotal, ...]
    reported_at: dt.datetime | None = None
    mailed_at: dt.datetime | None = None


def store(session: Session, key: str, taken_at: dt.datetime, platforms: Sequence[PlatformTotal]) -> Totals:
    """Insert the figures unless the key has some."""
    rows = list(session.scalars(select(StatsTotal).where(StatsTotal.report_key == key).order_by(StatsTotal.id)))
    if not rows:
        for one in platforms:
            row = StatsTotal(
                taken_at=taken_at,
                platform=one.platform,
                rows_total=one.rows,
                jobs=one.jobs,
                companies=one.companies,
                new_jobs_24h=one.new_24h,
                report_key=key,
            )
            session.add(row)
            rows.append(row)
        session.flush()
        return Totals(key=key, taken_at=taken_at, platforms=tuple(platforms))
    return _totals(rows)


def list_totals(session: Session, since: dt.datetime) -> list[Totals]:
    """Oldest first."""
    query = select(StatsTotal).where(StatsTotal.taken_at >= since).order_by(StatsTotal.taken_at, StatsTotal.id)
    by_instant: dict[dt.datetime, list[StatsTotal]] = {}
    for row in session.scalars(query):
        by_instant.setdefault(row.taken_at, []).append(row)
    return [_totals(rows) for rows in by_instant.values()]


def delivered(session: Session, key: str, *, reported: bool, mailed: bool, now: dt.datetime) -> None:
    """Set the times of delivery."""
    values = ({"reported_at": now} if reported else {}) | ({"mailed_at": now} if mailed else {})
    session.execute(update(StatsTotal).where(StatsTotal.report_key == key).values(**values))


def _totals(rows: Sequence[StatsTotal]) -> Totals:
    return Totals(
        key=rows[0].report_key,
        taken_at=rows[0].taken_at,
        platforms=tuple(
            PlatformTotal(
                platform=row.platform,
                rows=row.rows_total,
                jobs=row.jobs,
                companies=row.companies,
                new_24h=row.new_jobs_24h,
            )
            for row in rows
        ),
        reported_at=rows[0].reported_at,
        mailed_at=rows[0].mailed_at,
    )
