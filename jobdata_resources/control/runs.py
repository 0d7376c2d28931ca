"""What ran, and how the platforms took its requests: the tables ``scheduled_task_run`` and ``ip_upload_stats``."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from jobdata_resources.control.models import IpUploadStat, ScheduledTaskRun
from jobdata_resources.control.upsert import upsert

__all__ = [
    "IdentityRun",
    "RunRecord",
    "egress_pages",
    "identity_runs",
    "list_runs",
    "newest_day",
    "record_egress",
    "record_identities",
    "store_run",
]

_DETAIL_CHARS = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord:
    """One run of a task; ``run_id`` and ``task`` identify it.

    Attributes:
        state: a word such as ``started``, ``success``, ``failure``, at most 16 characters.
        platform, date: what it worked on, where that applies; the date is a day in Asia/Shanghai.
        started_at, ended_at: zone-aware; ``ended_at`` is None while it runs.
        detail: one line for people; no secrets.
    """

    run_id: str
    task: str
    state: str
    started_at: dt.datetime
    ended_at: dt.datetime | None = None
    platform: str = ""
    date: dt.date | None = None
    pages: int = 0
    records: int = 0
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityRun:
    """What one address or token did in one run.

    Attributes:
        kind: ``egress`` or ``token``.
        name: the address or proxy label, or the fingerprint of the token.
        pages: requests; ``errors`` and ``bans`` are among them.
        started_at, updated_at: zone-aware; the requests were made in between.
    """

    run_id: str
    platform: str
    kind: str
    name: str
    pages: int
    errors: int
    bans: int
    started_at: dt.datetime
    updated_at: dt.datetime


_FIELDS = ("run_id", "task", "state", "started_at", "ended_at", "platform", "date", "pages", "records", "detail")


def store_run(session: Session, run: RunRecord) -> None:
    """Insert the run, or replace all but its start when it is known."""
    values = {name: getattr(run, name) for name in _FIELDS} | {"detail": run.detail[:_DETAIL_CHARS]}
    changed = [name for name in _FIELDS if name not in ("run_id", "task", "started_at")]
    upsert(session, ScheduledTaskRun, values, unique=("run_id", "task"), update=changed)


def list_runs(session: Session, task: str | None, limit: int) -> list[RunRecord]:
    """The latest runs, newest first."""
    query = select(ScheduledTaskRun).order_by(ScheduledTaskRun.started_at.desc(), ScheduledTaskRun.id.desc())
    if task is not None:
        query = query.where(ScheduledTaskRun.task == task)
    return [RunRecord(**{name: getattr(row, name) for name in _FIELDS}) for row in session.scalars(query.limit(limit))]


def record_egress(
    session: Session,
    run_id: str,
    platform: str,
    date: dt.date,
    egress: Mapping[str, int],
    *,
    node: str,
    now: dt.datetime,
) -> None:
    """Store how many pages a run fetched through each address; totals of the run, so storing them twice is harmless."""
    for address, pages in egress.items():
        values = {"run_id": run_id, "platform": platform, "date": date, "egress": address}
        values |= {"node": node, "pages": pages, "updated_at": now}
        upsert(session, IpUploadStat, values, unique=("run_id", "platform", "date", "egress"))


def egress_pages(session: Session, platform: str, date: dt.date) -> dict[str, int]:
    """Pages by address on a day, over all runs."""
    query = (
        select(IpUploadStat.egress, func.sum(IpUploadStat.pages))
        .where(IpUploadStat.platform == platform, IpUploadStat.date == date, IpUploadStat.kind == "egress")
        .group_by(IpUploadStat.egress)
        .order_by(IpUploadStat.egress)
    )
    return {address: int(pages) for address, pages in session.execute(query)}


def record_identities(session: Session, date: dt.date, runs: Iterable[IdentityRun], *, node: str) -> None:
    """Store what addresses and tokens did in a run so far; totals, so storing them again is harmless."""
    for run in runs:
        values = {
            "run_id": run.run_id,
            "platform": run.platform,
            "date": date,
            "egress": run.name,
            "kind": run.kind,
            "node": node,
            "pages": run.pages,
            "errors": run.errors,
            "bans": run.bans,
            "started_at": run.started_at,
            "updated_at": run.updated_at,
        }
        upsert(session, IpUploadStat, values, unique=("run_id", "platform", "date", "egress"))


def identity_runs(session: Session, since: dt.datetime) -> list[IdentityRun]:
    """What addresses and tokens did in runs that went on after ``since``, oldest first."""
    query = (
        select(IpUploadStat)
        .where(IpUploadStat.updated_at >= since, IpUploadStat.started_at.is_not(None))
        .order_by(IpUploadStat.started_at, IpUploadStat.id)
    )
    return [
        IdentityRun(
            run_id=row.run_id,
            platform=row.platform,
            kind=row.kind,
            name=row.egress,
            pages=row.pages,
            errors=row.errors,
            bans=row.bans,
            started_at=row.started_at or row.updated_at,
            updated_at=row.updated_at,
        )
        for row in session.scalars(query)
    ]


def newest_day(session: Session, task: str) -> dt.date | None:
    """The newest day that a task did with success; None when there is none."""
    done = (ScheduledTaskRun.task == task, ScheduledTaskRun.state == "success")
    return session.execute(select(func.max(ScheduledTaskRun.date)).where(*done)).scalar()
