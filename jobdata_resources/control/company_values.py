"""Values of the company queue: what is wanted, what is queued, what was claimed. No database here."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

__all__ = [
    "LONGEST_REF",
    "CompanyBatch",
    "CompanyDemand",
    "CompanyEndState",
    "CompanyQueue",
    "QueuedCompany",
    "company_ref",
]

CompanyEndState = Literal["done", "gone", "refused", "retry_later"]

LONGEST_REF = 128
"""Characters of a company's reference."""


def company_ref(company_id: str, name: str) -> str:
    """What names a company of a platform in the queue: its id, or ``?`` and its name where listings have no id."""
    return company_id or f"?{name}"[:LONGEST_REF]


@dataclass(frozen=True, slots=True, kw_only=True)
class CompanyDemand:
    """A company whose details are wanted.

    Attributes:
        company_id: the platform's id; empty where only the name is known.
        demand: how often its jobs were seen lately; ``newest_seen``: when the last time was, zone-aware.
        reason: ``missing`` or ``stale``.
        hints: what its calls need besides, from the listings: no session values, no secrets.
    """

    company_id: str
    name: str = ""
    demand: int = 0
    newest_seen: dt.datetime | None = None
    reason: str = "missing"
    hints: Mapping[str, str] = field(default_factory=dict)

    @property
    def ref(self) -> str:
        """Its name in the queue."""
        return company_ref(self.company_id, self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuedCompany:
    """A row of the queue. Times are UTC; ``last_error`` is the reason of the last end, empty when all went well."""

    platform: str
    ref: str
    name: str
    state: str
    attempts: int
    demand: int
    reason: str
    last_error: str
    batch_id: str
    hints: Mapping[str, str]
    leased_until: dt.datetime | None
    not_before: dt.datetime | None
    finished_at: dt.datetime | None
    queued_at: dt.datetime | None

    @property
    def company_id(self) -> str:
        """The platform's id, empty where only the name is known."""
        return "" if self.ref.startswith("?") else self.ref


@dataclass(frozen=True, slots=True, kw_only=True)
class CompanyBatch:
    """Claimed companies. ``resumed``: the batch was begun before; what it has landed counts."""

    batch_id: str
    companies: tuple[QueuedCompany, ...]
    resumed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CompanyQueue:
    """How a platform's queue stands: companies by state, those that may be claimed now, and the oldest of them."""

    states: Mapping[str, int]
    due: int
    oldest: dt.datetime | None
