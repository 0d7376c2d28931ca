"""Rows of ``alert_incident``: reading and writing them. What they mean is decided in ``jobdata_resources.alerts``."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable
from dataclasses import dataclass, fields

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from jobdata_resources.control.errors import UnknownEntry
from jobdata_resources.control.models import AlertIncident
from jobdata_resources.control.upsert import upsert

__all__ = ["IncidentRecord", "close", "latest", "list_incidents", "store"]

_UNIQUE = ("fingerprint", "opened_at")
_SUBJECT_CHARS = 255


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentRecord:
    """One incident as it is stored; ``models.AlertIncident`` says what the times mean. Times are UTC."""

    fingerprint: str
    kind: str
    subject: str
    opened_at: dt.datetime
    seen_at: dt.datetime
    mailed_at: dt.datetime | None = None
    mails: int = 0
    healed_at: dt.datetime | None = None
    closed_at: dt.datetime | None = None
    story: str = ""


_FIELDS = tuple(field.name for field in fields(IncidentRecord))


def store(session: Session, records: Iterable[IncidentRecord]) -> None:
    """Insert or replace."""
    for record in records:
        values = {name: getattr(record, name) for name in _FIELDS} | {"subject": record.subject[:_SUBJECT_CHARS]}
        upsert(session, AlertIncident, values, unique=_UNIQUE)


def close(session: Session, fingerprint: str, now: dt.datetime) -> IncidentRecord:
    """Close the open incident of a fingerprint, without an all-clear.

    Raises:
        UnknownEntry: there is none.
    """
    query = select(AlertIncident).where(AlertIncident.fingerprint == fingerprint, AlertIncident.closed_at.is_(None))
    row = session.scalars(query).one_or_none()
    if row is None:
        raise UnknownEntry(f"no incident with the fingerprint {fingerprint!r} is open; see `jobdata alert list`")
    row.healed_at = row.healed_at or row.seen_at
    row.closed_at = now
    return _record(row)


def list_incidents(session: Session, kinds: Collection[str], *, with_closed: bool) -> list[IncidentRecord]:
    """Oldest first."""
    query = select(AlertIncident).order_by(AlertIncident.opened_at, AlertIncident.id)
    if kinds:
        query = query.where(AlertIncident.kind.in_(kinds))
    if not with_closed:
        query = query.where(AlertIncident.closed_at.is_(None))
    return [_record(row) for row in session.scalars(query)]


def latest(session: Session, kind: str) -> dict[str, IncidentRecord]:
    """The newest of each fingerprint."""
    newest = (
        select(AlertIncident.fingerprint, func.max(AlertIncident.opened_at).label("opened_at"))
        .where(AlertIncident.kind == kind)
        .group_by(AlertIncident.fingerprint)
        .subquery()
    )
    query = select(AlertIncident).join(
        newest,
        (AlertIncident.fingerprint == newest.c.fingerprint) & (AlertIncident.opened_at == newest.c.opened_at),
    )
    return {row.fingerprint: _record(row) for row in session.scalars(query)}


def _record(row: AlertIncident) -> IncidentRecord:
    return IncidentRecord(**{name: getattr(row, name) for name in _FIELDS})
