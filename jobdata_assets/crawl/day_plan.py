"""What a crawl run has to do with each keyword of a day: a pure function of what is landed and what is known.

No Dagster, no I/O: ``crawl_run`` reads the manifests and the control store and carries the plan out. How many pages a
keyword gets is another question: ``page_budget``.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from crawler_core.landing import Manifest

__all__ = ["DayPlan", "Target", "plan_day"]


@dataclass(frozen=True, slots=True)
class Target:
    """A keyword as the control store has it: the city codes it is searched in, and whether it is paused."""

    cities: frozenset[str]
    paused: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DayPlan:
    """The keywords of one day, sorted by what happens to them. Keywords are partition keys.

    Attributes:
        landed: already landed; marked as materialized without a request.
        crawl: to be crawled now.
        paused: paused in the control store; left alone.
        refused: cannot be crawled, each with the reason and a remedy.
    """

    date: dt.date
    landed: tuple[str, ...]
    crawl: tuple[str, ...]
    paused: tuple[str, ...]
    refused: Mapping[str, str]


def plan_day(
    *,
    date: dt.date,
    today: dt.date,
    wanted: Sequence[str],
    manifests: Mapping[str, Manifest],
    targets: Mapping[str, Target],
    late: bool,
) -> DayPlan:
    """Sort the keywords of a day.

    The crawl of a day happens on that day. A past day keeps what was landed, finished or not, because a page fetched
    today is no observation of that day; only with ``late`` it is crawled all the same, with its true fetch time.

    Args:
        date: the partition day, ``today`` the current one, both Asia/Shanghai.
        wanted: keywords of the run.
        manifests: the manifest of each keyword that has one.
        targets: the keywords of the control store among them.
        late: crawl past days.
    """
    landed: list[str] = []
    crawl: list[str] = []
    resting: list[str] = []
    refused: dict[str, str] = {}
    past = date < today
    for keyword in wanted:
        manifest, target = manifests.get(keyword), targets.get(keyword)
        if date > today:
            refused[keyword] = f"{date} is in the future (it is {today} in Asia/Shanghai); run it on that day"
        elif manifest is not None and (_complete(manifest, target) or (past and not late and manifest.pages > 0)):
            landed.append(keyword)
        elif target is None:
            refused[keyword] = "not in the control store; add it with `jobdata keyword add`, or do not select it"
        elif target.paused:
            resting.append(keyword)
        elif past and not late:
            refused[keyword] = (
                f"{date} is past and has no landed pages; the crawl of a day happens on that day. To fetch it now,"
                " with today's fetch time, launch it with the run config `late: true`"
            )
        else:
            crawl.append(keyword)
    return DayPlan(date=date, landed=tuple(landed), crawl=tuple(crawl), paused=tuple(resting), refused=refused)


def _complete(manifest: Manifest, target: Target | None) -> bool:
    """Done, and in every city that is asked for by now."""
    return manifest.state == "done" and (target is None or target.cities <= manifest.cities.keys())
