"""When companies, openings and the view over the market are made anew: a pure decision.

    nothing loaded since the last start ──► wait
    a refresh is under way ──► wait
    a load is under way ──► wait for it, two hours at most
    jobs were loaded ──► refresh ("jobs")
    only company details were loaded ──► refresh once an hour ("companies")

Details arrive every few minutes all day long, and each refresh works on everything: they are waited for together.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Literal

__all__ = ["COMPANY_WAIT", "LOAD_WAIT", "MarketDecision", "MarketState", "decide_market"]

COMPANY_WAIT = dt.timedelta(hours=1)
"""Between two refreshes that only details ask for."""
LOAD_WAIT = dt.timedelta(hours=2)
"""Longest wait for loads that are under way, such as those of a backfill."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketState:
    """What is remembered from tick to tick.

    Attributes:
        marks: newest load of each table at the last start.
        started: when the last refresh was started; None before the first.
        since: since when something new waits; None when nothing does.
    """

    marks: Mapping[str, int] = field(default_factory=dict)
    started: dt.datetime | None = None
    since: dt.datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketDecision:
    """Refresh or wait.

    Attributes:
        reason: why; None to wait.
        digest: stands for the loads that are taken in; part of the run key.
        message: one sentence for the tick or the run.
        state: what to remember for the next tick.
    """

    reason: Literal["jobs", "companies"] | None
    digest: str
    message: str
    state: MarketState


def decide_market(
    *,
    jobs: Mapping[str, int],
    companies: Mapping[str, int],
    loading: bool,
    refreshing: bool,
    now: dt.datetime,
    state: MarketState,
) -> MarketDecision:
    """Decide about one tick.

    Args:
        jobs: number of the newest load of each job table; tables that were never loaded are left out.
        companies: the same of the company tables.
        loading: a load of a job table is queued or running.
        refreshing: a refresh is queued or running.
        now: zone-aware.
        state: what this function said to remember at the last tick.
    """
    marks = {**jobs, **companies}
    digest = sha256(repr(sorted(marks.items())).encode()).hexdigest()[:12]
    new_jobs = sorted(name for name, mark in jobs.items() if mark > state.marks.get(name, 0))
    new_companies = sorted(name for name, mark in companies.items() if mark > state.marks.get(name, 0))
    new = new_jobs + new_companies
    since = (state.since or now) if new else None

    def decision(reason: Literal["jobs", "companies"] | None, message: str) -> MarketDecision:
        after = MarketState(marks=state.marks, started=state.started, since=since)
        if reason is not None:
            after = MarketState(marks=marks, started=now)
        return MarketDecision(reason=reason, digest=digest, message=message, state=after)

    if since is None:
        return decision(None, "nothing was loaded since the last refresh" if marks else "nothing is loaded yet")
    named = f"new in {', '.join(new)}"
    if refreshing:
        return decision(None, f"{named}; a refresh is under way")
    if loading and now - since < LOAD_WAIT:
        return decision(None, f"{named}; a load is under way")
    if new_jobs:
        return decision("jobs", f"{named}{'; loads go on, this is not waited for any longer' if loading else ''}")
    if state.started is not None and now - state.started < COMPANY_WAIT:
        due = state.started + COMPANY_WAIT
        return decision(None, f"{named}; details are taken in once an hour, next at {due:%H:%M}")
    return decision("companies", named)
