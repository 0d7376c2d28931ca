"""Whether and which keywords a crawl tick starts: the decision of the crawl schedule as a pure function."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

__all__ = ["CrawlDecision", "decide_crawl"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CrawlDecision:
    """Crawl a keyword range or skip.

    Attributes:
        first: first and ``last`` keyword of the range, in partition order; None to skip.
        open_keywords: how many keywords of the range are not done.
        message: one sentence for the tick.
    """

    first: str | None
    last: str | None
    open_keywords: int
    message: str


def decide_crawl(
    *, platform: str, date: dt.date, keys: Sequence[str], states: Mapping[str, str], running: Sequence[str]
) -> CrawlDecision:
    """Decide about one tick.

    The range is the shortest one that holds every keyword that is not done. Keywords in between that are done or
    paused cost nothing: the crawl skips them.

    Args:
        platform: named in messages.
        date: the day to crawl, Asia/Shanghai.
        keys: partition keys in partition order, which is the order of a range.
        states: active keywords with their state on that day.
        running: crawl runs of the platform that are queued or running.
    """

    def skip(message: str) -> CrawlDecision:
        return CrawlDecision(first=None, last=None, open_keywords=0, message=message)

    if running:
        return skip(f"a crawl of {platform} is still under way (run {running[0]})")
    if not states:
        return skip(f"no active {platform} keywords; import some with `jobdata keyword import --platform {platform}`")
    wanted = {keyword.casefold() for keyword, state in states.items() if state != "done"}
    if not wanted:
        return skip(f"all {len(states)} {platform} keywords of {date} are done")
    hits = [position for position, key in enumerate(keys) if key.casefold() in wanted]
    if not hits:
        return skip(f"the {platform} keywords are no partitions yet; switch on the sensor `keyword_partitions`")
    return CrawlDecision(
        first=keys[hits[0]],
        last=keys[hits[-1]],
        open_keywords=len(hits),
        message=f"{len(hits)} of {len(states)} {platform} keywords of {date} are open",
    )
