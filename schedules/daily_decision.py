"""Whether a tick starts the run of its day: a pure function."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["DailyDecision", "decide_daily"]


@dataclass(frozen=True, slots=True)
class DailyDecision:
    """Start or not, and one sentence for the tick."""

    start: bool
    message: str


def decide_daily(*, what: str, date: dt.date, running: Sequence[str], off: str = "") -> DailyDecision:
    """Decide about one tick.

    Args:
        what: the asset, for messages.
        date: the partition.
        running: runs of it that are queued or running.
        off: why it is switched off by a setting; empty when it is not.
    """
    if off:
        return DailyDecision(False, off)
    if running:
        return DailyDecision(False, f"{what} is still under way (run {running[0]})")
    return DailyDecision(True, f"{what} of {date}")
