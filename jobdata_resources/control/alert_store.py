"""``AlertStore``: the part of the control store about incidents and statistics. Each method is one transaction."""

from __future__ import annotations

import datetime as dt
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import TypeVar

from sqlalchemy.orm import Session

from jobdata_resources.control import incidents, runs, totals
from jobdata_resources.control.columns import Clock
from jobdata_resources.control.incidents import IncidentRecord
from jobdata_resources.control.runs import IdentityRun
from jobdata_resources.control.totals import PlatformTotal, Totals

__all__ = ["AlertStore"]

T = TypeVar("T")


class AlertStore(ABC):
    """Incidents (``incidents``), totals (``totals``) and what addresses and tokens did (``runs``)."""

    _clock: Clock

    @abstractmethod
    def _read(self, work: Callable[[Session], T]) -> T: ...

    @abstractmethod
    def _write(self, work: Callable[[Session], T]) -> T: ...

    # ---- incidents

    def incidents(self, kinds: Collection[str] = (), *, with_closed: bool = False) -> list[IncidentRecord]:
        """Incidents of some kinds, all by default, oldest first: those that are not closed, or every one."""
        return self._read(lambda session: incidents.list_incidents(session, kinds, with_closed=with_closed))

    def latest_incidents(self, kind: str) -> dict[str, IncidentRecord]:
        """The newest incident of each fingerprint of a kind, closed or not."""
        return self._read(lambda session: incidents.latest(session, kind))

    def store_incidents(self, records: Iterable[IncidentRecord]) -> None:
        """Insert incidents, or replace what is known of them; ``fingerprint`` and ``opened_at`` identify one."""
        given = list(records)
        self._write(lambda session: incidents.store(session, given))

    def close_incident(self, fingerprint: str) -> IncidentRecord:
        """Close an open incident by hand: nobody is mailed an all-clear.

        Raises:
            UnknownEntry: no incident of this fingerprint is open.
        """
        now = self._clock()
        return self._write(lambda session: incidents.close(session, fingerprint, now))

    # ---- addresses and tokens

    def record_identities(self, date: dt.date, records: Sequence[IdentityRun], *, node: str = "") -> None:
        """Store what addresses and tokens did in a run so far; totals, not increments."""
        self._write(lambda session: runs.record_identities(session, date, records, node=node))

    def identity_runs(self, since: dt.datetime) -> list[IdentityRun]:
        """What addresses and tokens did in runs that went on after ``since``, oldest first."""
        return self._read(lambda session: runs.identity_runs(session, since))

    def newest_day(self, task: str) -> dt.date | None:
        """The newest day that a task did with success; None when there is none."""
        return self._read(lambda session: runs.newest_day(session, task))

    # ---- statistics

    def store_totals(self, key: str, taken_at: dt.datetime, platforms: Sequence[PlatformTotal]) -> Totals:
        """Store totals under a key once; what was stored under it before is left and returned."""
        return self._write(lambda session: totals.store(session, key, taken_at, platforms))

    def totals(self, since: dt.datetime) -> list[Totals]:
        """All totals taken since then, oldest first."""
        return self._read(lambda session: totals.list_totals(session, since))

    def totals_delivered(self, key: str, *, reported: bool = False, mailed: bool = False) -> None:
        """Remember that the receiver, or the mail server, took the totals of a key."""
        now = self._clock()
        self._write(lambda session: totals.delivered(session, key, reported=reported, mailed=mailed, now=now))
