"""Telling people how a crawl is going, in few words: Dagster writes every log line to its event storage."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # importing the crawl brings the HTTP client along
    from crawler_core.crawl.report import CheckpointUpdate, KeywordReport
    from jobdata_resources.control import ControlStore

__all__ = ["ControlMirror", "ProgressLog"]

_LOG_SECONDS = 10.0
_EVENT_LINES = 50
_MIRROR_SECONDS = 5.0


class ProgressLog:
    """At most a line every ten seconds, however many pages and keywords there are.

    Args:
        write: takes a line.
        total: keywords of the crawl.
        label: begins each line.
        clock: seconds, never going back.
    """

    def __init__(
        self, write: Callable[[str], None], *, total: int, label: str, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._write, self._total, self._label, self._clock = write, total, label, clock
        self._pages: dict[tuple[str, str], int] = {}
        self._finished = 0
        self._events = 0
        self._last = clock()

    def checkpoint(self, update: CheckpointUpdate) -> None:
        """A segment became durable."""
        self._pages[update.keyword, update.city] = update.pages
        self._maybe_write()

    def keyword(self, report: KeywordReport) -> None:
        """A keyword ended."""
        self._finished += 1
        self._pages = {key: pages for key, pages in self._pages.items() if key[0] != report.keyword}
        self._pages[report.keyword, ""] = report.pages
        self._maybe_write()

    def trouble(self, line: str) -> None:
        """A line about a keyword that did not end well; after fifty of them only their number is told."""
        self._events += 1
        if self._events <= _EVENT_LINES:
            self._write(line)

    def close(self) -> None:
        """Say how many lines were left out."""
        if self._events > _EVENT_LINES:
            self._write(f"{self._label}: {self._events - _EVENT_LINES} more lines of this kind are not shown")

    def _maybe_write(self) -> None:
        now = self._clock()
        if now - self._last >= _LOG_SECONDS:
            self._last = now
            pages = sum(self._pages.values())
            self._write(f"{self._label}: {self._finished} of {self._total} keywords ended, {pages} pages landed")


class ControlMirror:
    """Keeps the control store in step with the landing zone while a crawl runs.

    The manifests decide where a crawl resumes; the control store is what sensors and people read. The end of a
    keyword is written at once, its progress (a row per city) every few seconds. A keyword that is done before it was
    time for that leaves no rows of progress: nobody resumes it, and they would double what a short keyword costs.

    An error of the control store ends the crawl in order: what is landed stays, and the next run brings the mirror
    up to date.
    """

    def __init__(self, store: ControlStore, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._store, self._clock = store, clock
        self._waiting: dict[tuple[str, str], CheckpointUpdate] = {}
        self._written: set[str] = set()
        self._last = clock()

    def checkpoint(self, update: CheckpointUpdate) -> None:
        """Remember the newest progress of a search, and write what has gathered when it is time."""
        self._waiting[update.keyword, update.city] = update
        now = self._clock()
        if now - self._last >= _MIRROR_SECONDS:
            self._last = now
            self.flush()

    def keyword(self, report: KeywordReport) -> None:
        """Write the last progress of a keyword and how it ended."""
        last = [self._waiting.pop(key) for key in list(self._waiting) if key[0] == report.keyword]
        if report.state != "done" or report.resumed or report.keyword in self._written:
            for update in last:
                self._store.record_progress(update)
        self._store.record_keyword(report)

    def flush(self) -> None:
        """Write all progress that has gathered."""
        while self._waiting:
            _, update = self._waiting.popitem()
            self._written.add(update.keyword)
            self._store.record_progress(update)
