"""When a day is loaded: the decision of the load sensor as a pure function.

    nothing crawled yet ──► wait
    every active keyword done or failed ──► load ("complete")
    the deadline of the day has passed ──► load once with what there is ("deadline"), naming what is missing
    the day is over and no crawl is running ──► load once more if anything came after the last load ("final")

A day is loaded again only when what is landed of it has changed, so each completeness fires once.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Literal

from crawler_core.values import SHANGHAI

__all__ = ["Fired", "LoadDecision", "decide_load"]

_MISSING_SHOWN = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Fired:
    """What was started for a day so far. ``digest`` stands for the keyword states at the last start."""

    digest: str = ""
    deadline: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadDecision:
    """Load a day or wait.

    Attributes:
        reason: why it is loaded; None to wait.
        digest: stands for the keyword states; part of the run key.
        message: one sentence for the tick or the run.
        missing: keywords that are not done, with their state.
        fired: what to remember for the next tick.
        waits_for_crawl: it waits because a crawl is said to be running, and would load otherwise.
    """

    reason: Literal["complete", "deadline", "final"] | None
    digest: str
    message: str
    missing: Mapping[str, str]
    fired: Fired
    waits_for_crawl: bool = False


def decide_load(
    *,
    date: dt.date,
    now: dt.datetime,
    deadline_hour: int,
    states: Mapping[str, str],
    crawling: bool,
    fired: Fired,
) -> LoadDecision:
    """Decide about one day.

    Args:
        date: the day, Asia/Shanghai.
        now: zone-aware.
        deadline_hour: hour of the day, Asia/Shanghai, from which it is loaded with what there is.
        states: every active keyword and its state on that day: pending, partial, done or failed.
        crawling: a crawl of the platform is queued or running.
        fired: what this function said to remember at the last tick.
    """
    touched = {keyword: state for keyword, state in states.items() if state != "pending"}
    missing = {keyword: state for keyword, state in states.items() if state != "done"}
    still_open = [keyword for keyword, state in states.items() if state in ("pending", "partial")]
    digest = sha256(repr(sorted(touched.items())).encode()).hexdigest()[:12]
    done = f"{date}: {len(states) - len(missing)} of {len(states)} keywords done"

    def decision(reason: Literal["complete", "deadline", "final"] | None, message: str) -> LoadDecision:
        after = fired if reason is None else Fired(digest=digest, deadline=fired.deadline or reason == "deadline")
        return LoadDecision(reason=reason, digest=digest, message=message, missing=missing, fired=after)

    if not states:
        return decision(None, f"{date}: no active keywords")
    if not touched:
        return decision(None, f"{date}: nothing crawled yet")
    if digest == fired.digest:
        return decision(None, f"{done}; loaded as it is")
    named = _name(missing)
    if not still_open:
        return decision("complete", f"{done}{named}")
    if date < now.astimezone(SHANGHAI).date():
        if crawling:
            return replace(decision(None, f"{done}; its crawl is still running"), waits_for_crawl=True)
        return decision("final", f"{done}; the day is over{named}")
    deadline = dt.datetime.combine(date, dt.time(deadline_hour), SHANGHAI)
    if now >= deadline and not fired.deadline:
        return decision("deadline", f"{done} at the deadline ({deadline_hour}:00){named}")
    return decision(None, f"{done}; {len(still_open)} still open")


def _name(missing: Mapping[str, str]) -> str:
    if not missing:
        return ""
    shown = ", ".join(f"{keyword} ({state})" for keyword, state in list(missing.items())[:_MISSING_SHOWN])
    more = f" and {len(missing) - _MISSING_SHOWN} more" if len(missing) > _MISSING_SHOWN else ""
    return f"; missing: {shown}{more}"
