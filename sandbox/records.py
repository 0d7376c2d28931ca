"""Rendered records, kept: a page that was served once costs next to nothing the next time.

What belongs here: the cache. What does not: rendering. Two days on which nothing of a posting changed share one
body; `version` says what a body depends on besides the posting.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Final

from sandbox.market import Posting

_MOST: Final = 40_000


class Records:
    """Bodies by posting and day."""

    def __init__(self, render: Callable[[Posting, int], bytes], version: Callable[[Posting, int], Hashable]) -> None:
        self._render = render
        self._version = version
        self._by_day: dict[tuple[str, int], bytes] = {}
        self._by_version: dict[tuple[str, Hashable], bytes] = {}

    def get(self, posting: Posting, day: int) -> bytes:
        """The body of a posting on a day."""
        key = (posting.job_id, day)
        body = self._by_day.get(key)
        if body is None:
            if len(self._by_day) >= _MOST:
                self._by_day.clear()
                self._by_version.clear()
            version = (posting.job_id, self._version(posting, day))
            body = self._by_version.get(version)
            if body is None:
                body = self._by_version[version] = self._render(posting, day)
            self._by_day[key] = body
        return body


def edits(posting: Posting, day: int) -> tuple[bool, bool]:
    """Which of an opening's edits have been made by a day."""
    opening = posting.opening
    return opening.pay_on(day) is not opening.pay, opening.edited(day)
