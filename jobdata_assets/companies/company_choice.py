"""Which of the companies that lack details are collected: the decision of ``pending_company`` as a pure function."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from jobdata_resources.control import CompanyDemand, QueuedCompany, company_ref
from jobdata_resources.warehouse.company_pending import PendingCompany

__all__ = ["Choice", "choose", "demand_of", "ref_of"]

_CHUNK = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What to collect, and how many companies in front of them were passed over, by the reason."""

    companies: tuple[PendingCompany, ...]
    passed: Mapping[str, int]


def ref_of(company: PendingCompany) -> str:
    """The company's name in the queue."""
    return company_ref(company.company_id, company.name)


def choose(
    candidates: Iterable[PendingCompany],
    lookup: Callable[[Sequence[str]], Mapping[str, QueuedCompany]],
    *,
    now: dt.datetime,
    stale_before: dt.datetime,
    limit: int,
) -> Choice:
    """The first ``limit`` candidates that may be asked for now.

    Passed over are those that ended a short time ago (gone, refused, or done and not loaded yet) and those that wait
    for their next try. Companies that are in the queue already count: so collecting again brings the same list until
    some of it is done.

    Args:
        lookup: what the queue knows of some references.
        stale_before: an end before this is forgotten.
    """
    chosen: list[PendingCompany] = []
    passed: dict[str, int] = {}
    rest = iter(candidates)
    while len(chosen) < limit and (chunk := list(islice(rest, _CHUNK))):
        known = lookup([ref_of(one) for one in chunk])
        for one in chunk:
            row = known.get(ref_of(one))
            why = "" if row is None else _why_not(row, now, stale_before)
            if why:
                passed[why] = passed.get(why, 0) + 1
            elif len(chosen) < limit:
                ended = row.finished_at if row is not None and row.state == "done" else None
                chosen.append(replace(one, last_fetched=one.last_fetched or ended))
    return Choice(companies=tuple(chosen), passed=passed)


def _why_not(row: QueuedCompany, now: dt.datetime, stale_before: dt.datetime) -> str:
    if row.state == "retry_later":
        return "" if row.not_before is None or row.not_before <= now else row.state
    if row.state in ("done", "gone", "refused"):
        return "" if row.finished_at is None or row.finished_at < stale_before else row.state
    return ""


def demand_of(company: PendingCompany, hints: Mapping[str, str]) -> CompanyDemand:
    """What goes into the queue."""
    return CompanyDemand(
        company_id=company.company_id,
        name=company.name,
        demand=company.demand,
        newest_seen=company.newest_seen,
        reason=company.reason,
        hints=hints,
    )
