"""A clock that moves only when somebody sleeps on it."""

from __future__ import annotations

import asyncio
import datetime as dt

from crawler_core.values import SHANGHAI


class FakeClock:
    """Implements ``crawler_core.clock.Clock``; ``sleep`` moves time and yields to the loop once."""

    def __init__(self, start: dt.datetime = dt.datetime(2026, 11, 21, 9, 0, tzinfo=SHANGHAI)) -> None:
        self._start = start
        self.seconds = 0.0
        self.slept: list[float] = []

    def monotonic(self) -> float:
        return self.seconds

    def now(self) -> dt.datetime:
        return self._start + dt.timedelta(seconds=self.seconds)

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.seconds += seconds
        await asyncio.sleep(0)

    def advance(self, seconds: float) -> None:
        self.seconds += seconds
