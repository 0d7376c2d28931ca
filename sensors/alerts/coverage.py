"""Whether enough keywords of a day are done at its deadline: the decision of ``alert_coverage_low``."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping

from crawler_core.values import SHANGHAI
from jobdata_resources.alerts import Evidence, Story

__all__ = ["judge_coverage", "judged_day"]

_NAMED = 30


def judged_day(now: dt.datetime, deadline_hour: int) -> dt.date:
    """The last day whose deadline has passed, in Asia/Shanghai."""
    local = now.astimezone(SHANGHAI)
    return local.date() if local.hour >= deadline_hour else local.date() - dt.timedelta(days=1)


def judge_coverage(
    platform: str, *, states: Mapping[str, str], begun: bool, target: float, deadline_hour: int, now: dt.datetime
) -> Evidence | None:
    """Judge the last day whose deadline has passed; None when nothing can be said.

    Args:
        states: every active keyword and its state on ``judged_day``: pending, partial, done or failed.
        begun: the platform was crawled before, on any day.
        target: share of the active keywords that must be done, 0 to 1.

    A day on which nothing at all was crawled is told on that day, where crawls have begun at all. On the day after,
    the keywords may be newer than it.
    """
    date = judged_day(now, deadline_hour)
    counted = Counter(states.values())
    untouched = set(counted) == {"pending"}
    if not states or (untouched and not (begun and date == now.astimezone(SHANGHAI).date())):
        return None
    done = counted["done"]
    missing = [f"{keyword} ({state})" for keyword, state in states.items() if state != "done"]
    more = [f"and {len(missing) - _NAMED} more"] if len(missing) > _NAMED else []
    told = f"{done} of {len(states)} keywords of {platform} are done on {date}: {done / len(states):.1%}"
    story = Story(
        headline=f"{told}, at least {target:.0%} are wanted at {deadline_hour}:00",
        since=dt.datetime.combine(date, dt.time(deadline_hour), SHANGHAI),
        detail="\n".join([*missing[:_NAMED], *more]),
        facts=tuple((state, str(count)) for state, count in sorted(counted.items())),
        healed=f"{told}.",
    )
    bad = done / len(states) < target
    return Evidence(kind="coverage_low", subject=platform, bad=bad, at=now, story=story)
