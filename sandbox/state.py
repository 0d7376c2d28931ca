"""What the services of one sandbox share and the control listener may change.

What belongs here: the market's day, the clock and the counters. What does not: anything of one platform.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sandbox.stats import Stats
from sandbox.wire import Clock


@dataclass(slots=True)
class State:
    """Shared by reference: a service reads the day anew at every request."""

    day: date
    clock: Clock
    stats: Stats
