"""Fills segments and seals them beside the next fetch: the disk never holds up the crawl, and order is kept.

A segment is sealed when it is full, large or old. One seal runs at a time. What waits for durability (a checkpoint,
a finished company) is told only after the manifest names the segment.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine

from crawler_core.crawl.step import CrawlContext
from crawler_core.landing import Envelope, KeywordLanding, OpenSegment

__all__ = ["SegmentWriter", "through_cancellation"]

_SEGMENT_SECONDS = 120.0
"""A segment is sealed after this long even when it is short: at a polite pace 16 pages take four minutes."""

_SEGMENT_BYTES = 8 * 1024 * 1024
"""A segment is sealed at this size before compression, which bounds memory: 16 ordinary pages have 1 MB."""


class SegmentWriter:
    """The open segment of one manifest; several tasks may add to it as long as they name the same city."""

    def __init__(self, context: CrawlContext, landing: KeywordLanding, on_durable: Callable[[str], None]) -> None:
        """``on_durable`` is called with the city after each commit, in the loop's thread."""
        self._context = context
        self._landing = landing
        self._on_durable = on_durable
        self._segment = OpenSegment()
        self._began = 0.0
        self._told: list[Callable[[], None]] = []
        self._seal: asyncio.Task[None] | None = None
        self._lock = asyncio.Lock()

    async def add(self, city: str, envelope: Envelope, records: int) -> None:
        """Append a page, and seal the segment when it is due.

        Raises:
            LandingError: an earlier seal failed, or the error of whoever was told about it.
        """
        if not self._segment.lines:
            self._began = self._context.clock.monotonic()
        self._segment.add(envelope, records)
        if self._due():
            async with self._lock:
                # A neighbour may have sealed it while this task waited for its turn.
                if self._due():
                    await self._sealed()
                    self._seal = asyncio.create_task(self._commit(city, *self._take()))

    def when_durable(self, tell: Callable[[], None]) -> None:
        """Call ``tell`` once everything added so far is committed."""
        self._told.append(tell)

    async def flush(self, city: str) -> None:
        """Commit what is open and wait until everything is durable."""
        async with self._lock:
            await self._sealed()
            if self._segment.lines:
                await self._commit(city, *self._take())
            told, self._told = self._told, []
            for tell in told:
                tell()

    def _due(self) -> bool:
        segment = self._segment
        return (
            segment.lines >= self._context.settings.segment_pages
            or segment.size_bytes >= _SEGMENT_BYTES
            or (segment.lines > 0 and self._context.clock.monotonic() - self._began >= _SEGMENT_SECONDS)
        )

    def _take(self) -> tuple[OpenSegment, list[Callable[[], None]]]:
        # Compressed here, 25 µs a page, not in the disk's threads: what waits for the disk is then small, and the
        # threads have fewer turns to wait for.
        self._segment.close()
        taken = self._segment, self._told
        self._segment, self._told = OpenSegment(), []
        return taken

    async def _commit(self, city: str, segment: OpenSegment, told: list[Callable[[], None]]) -> None:
        await self._context.on_disk(self._landing.commit, city, segment)
        self._on_durable(city)
        for tell in told:
            tell()

    async def _sealed(self) -> None:
        """Wait for the seal under way, if any; its error is raised here, once.

        Shielded: a seal that its waiter's cancellation stopped half-way would still be writing when the next begins.
        """
        task = self._seal
        if task is not None:
            try:
                await asyncio.shield(task)
            finally:
                if task.done():
                    self._seal = None


async def through_cancellation(work: Coroutine[None, None, None]) -> None:
    """Finish the work although this task is being cancelled, however often."""
    task = asyncio.ensure_future(work)
    while not task.done():
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.shield(task)
    task.result()
