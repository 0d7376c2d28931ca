"""Time and sleep behind one seam, so that pacing is tested with a fake clock and never with real waits."""

from __future__ import annotations

import asyncio
import datetime as dt
import time
from typing import Protocol

from crawler_core.values import SHANGHAI

__all__ = ["Clock", "SystemClock"]


class Clock(Protocol):
    """What pacing and stamping need of time."""

    def monotonic(self) -> float:
        """Seconds from an arbitrary start, never going back."""
        ...

    def now(self) -> dt.datetime:
        """Wall time, zone-aware, Asia/Shanghai."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        ...


class SystemClock:
    """The machine's clock."""

    def monotonic(self) -> float:
        """Seconds of the system's monotonic clock."""
        return time.monotonic()

    def now(self) -> dt.datetime:
        """Wall time in Asia/Shanghai."""
        return dt.datetime.now(SHANGHAI)

    async def sleep(self, seconds: float) -> None:
        """``asyncio.sleep``."""
        await asyncio.sleep(seconds)
