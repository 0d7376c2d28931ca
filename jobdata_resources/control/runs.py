"""What ran and through which addresses: the log tables ``scheduled_task_run`` and ``ip_upload_stats``."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from jobdata_resources.control.models import IpUploadStat, ScheduledTaskRun
from jobdata_resources.control.upsert import upsert

__all__ = ["RunRecord", "egress_pages", "list_runs", "record_egress", "store_run"]

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
        .where(IpUploadStat.platform == platform, IpUploadStat.date == date)
        .group_by(IpUploadStat.egress)
        .order_by(IpUploadStat.egress)
    )
    return {address: int(pages) for address, pages in session.execute(query)}
