"""Which schedules and sensors fail: the decision of ``alert_failed_tick`` as a pure function."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from jobdata_resources.alerts import Evidence, Story

__all__ = ["Instigator", "Tick", "judge_ticks"]


@dataclass(frozen=True, slots=True)
class Tick:
    """A tick that has ended, and why it failed.

    Attributes:
        mail: it failed because a mail was not accepted.
    """

    at: dt.datetime
    failed: bool
    error: str = ""
    mail: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Instigator:
    """A schedule or a sensor that is switched on, with its last ticks, newest first."""

    name: str
    kind: Literal["schedule", "sensor"]
    ticks: Sequence[Tick]


def judge_ticks(instigators: Iterable[Instigator], *, failures: int, now: dt.datetime) -> list[Evidence]:
    """Those whose last ticks all failed; those that are not named are well, or switched off.

    An alert that could not be mailed is not told by mail: its own mail still comes when the server is back.

    Args:
        failures: failed ticks in a row that are an incident.
    """
    found = []
    for one in instigators:
        failed: list[Tick] = []
        for tick in one.ticks:
            if not tick.failed:
                break
            failed.append(tick)
        if len(failed) < failures or all(tick.mail for tick in failed):
            continue
        last = failed[0]
        lines = [line for line in last.error.splitlines() if line.strip()]
        story = Story(
            headline=f"{one.kind} {one.name} failed {len(failed)} times in a row: {lines[0] if lines else 'no error'}",
            since=failed[-1].at,
            detail=last.error,
            facts=(("Failed ticks in a row, of those looked at", str(len(failed))),),
        )
        found.append(Evidence(kind="failed_tick", subject=f"{one.kind} {one.name}", bad=True, at=now, story=story))
    return found
