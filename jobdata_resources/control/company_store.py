"""``CompanyStore``: the part of the control store that is about the company queue. Each method is one transaction."""

from __future__ import annotations

import datetime as dt
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from sqlalchemy.orm import Session

from jobdata_resources.control import companies
from jobdata_resources.control.columns import Clock
from jobdata_resources.control.company_values import (
    CompanyBatch,
    CompanyDemand,
    CompanyEndState,
    CompanyQueue,
    QueuedCompany,
)

__all__ = ["CompanyStore"]

T = TypeVar("T")


class CompanyStore(ABC):
    """The queue of companies; ``companies`` has its rules."""

    _clock: Clock

    @abstractmethod
    def _read(self, work: Callable[[Session], T]) -> T: ...

    @abstractmethod
    def _write(self, work: Callable[[Session], T]) -> T: ...

    def enqueue_companies(
        self, platform: str, wanted: Sequence[CompanyDemand], *, reopen_before: dt.datetime | None = None
    ) -> int:
        """Put companies into the queue, all or nothing; returns how many became pending.

        Raises:
            BadInput: a company has neither id nor name, or its id is too long.
        """
        now = self._clock()
        return self._write(
            lambda session: companies.enqueue(session, platform, wanted, reopen_before=reopen_before, now=now)
        )

    def claim_companies(self, platform: str, *, batch_id: str, limit: int, lease: dt.timedelta) -> CompanyBatch:
        """Take up to ``limit`` companies that nobody else gets; ``companies.claim`` says which."""
        now = self._clock()
        return self._write(
            lambda session: companies.claim(session, platform, batch_id=batch_id, limit=limit, lease=lease, now=now)
        )

    def renew_companies(self, platform: str, batch_id: str, lease: dt.timedelta) -> None:
        """Keep a batch; call it more often than the lease is long."""
        now = self._clock()
        self._write(lambda session: companies.renew(session, platform, batch_id, lease, now))

    def finish_company(
        self,
        platform: str,
        ref: str,
        *,
        batch_id: str,
        state: CompanyEndState,
        reason: str = "",
        retry: dt.timedelta = dt.timedelta(minutes=10),
    ) -> bool:
        """Store how a company ended; False, and nothing is changed, when the batch no longer holds it."""
        now = self._clock()
        return self._write(
            lambda session: companies.finish(
                session, platform, ref, batch_id=batch_id, state=state, reason=reason, retry=retry, now=now
            )
        )

    def release_companies(self, platform: str, batch_id: str, refs: Sequence[str] | None = None) -> int:
        """Give the companies of a batch that were not asked about back, all or these; returns how many."""
        now = self._clock()
        return self._write(lambda session: companies.release(session, platform, batch_id, refs, now))

    def queued_companies(self, platform: str, refs: Iterable[str]) -> dict[str, QueuedCompany]:
        """What the queue knows of these companies, by reference."""
        wanted = list(refs)
        return self._read(lambda session: companies.known(session, platform, wanted))

    def company_queue(self, platform: str) -> CompanyQueue:
        """How a platform's queue stands."""
        now = self._clock()
        return self._read(lambda session: companies.queue(session, platform, now))

    def company_batches_held(self, platform: str) -> set[str]:
        """Batches that are not through: what they have landed is not complete."""
        return self._read(lambda session: companies.held_batches(session, platform))
