"""What a tick of the company schedule starts: its decision as a pure function."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

__all__ = ["CompanyDecision", "decide_companies", "has_news"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CompanyDecision:
    """Whether to collect, the platforms to fetch a batch of, and one sentence for the tick."""

    collect: bool
    platforms: tuple[str, ...]
    message: str

    @property
    def nothing(self) -> bool:
        """Nothing is to be started."""
        return not self.collect and not self.platforms


def has_news(
    *, date: dt.date, collected: tuple[dt.date | None, dt.datetime] | None, changes: Iterable[dt.datetime]
) -> bool:
    """Whether collecting can bring anything: a run costs seconds of CPU, every five minutes.

    The list follows from what is loaded, from what is fetched, which makes room in the queue, and from the day, on
    which details get old.

    Args:
        date: today in Asia/Shanghai.
        collected: day and start of the last collection that ended well; None when there is none.
        changes: when the last loads of jobs and the last batches of companies ended.
    """
    if collected is None:
        return True
    day, started = collected
    return day != date or any(change >= started for change in changes)


def decide_companies(
    *, due: Mapping[str, int], collecting: bool, busy: Collection[str], news: bool = True
) -> CompanyDecision:
    """Decide about one tick.

    Args:
        due: companies of each platform's queue that may be fetched now.
        collecting: a run that collects is queued or running.
        busy: platforms with a run of companies that is queued or running.
        news: collecting may bring something (``has_news``).
    """
    platforms = tuple(name for name, count in due.items() if count and name not in busy)
    if collecting:
        parts = ["the last collection is still under way"]
    else:
        parts = ["collects" if news else "nothing was loaded or fetched since the last collection"]
    parts += [f"{name}: {due[name]} due" for name in platforms]
    parts += [f"{name} is still under way" for name in due if name in busy]
    return CompanyDecision(collect=news and not collecting, platforms=platforms, message="; ".join(parts))
