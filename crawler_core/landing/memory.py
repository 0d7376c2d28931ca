"""Which postings a keyword has shown on earlier days: one small file per keyword beside the landed pages.

``seen/platform=<p>/keyword=<percent-encoded>.json.zst`` holds every id with the first and the last day it was seen.
It is derived: without it everything looks new once, and nothing is lost. Writing a day twice changes nothing, so a
crawl that was killed may note its ids again.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

import msgspec
import zstandard

from crawler_core.errors import CorruptSegment
from crawler_core.keyword import Keyword
from crawler_core.landing.zone import LandingZone

__all__ = ["KEEP_DAYS", "KeywordMemory"]

KEEP_DAYS = 60
"""An id that was not seen for this many days is forgotten."""

_MAX_BYTES = 256 * 1024 * 1024


class _Stored(msgspec.Struct, kw_only=True):
    """Ids with first and last day as proleptic ordinals."""

    ids: dict[str, tuple[int, int]]
    version: int = 1


class KeywordMemory:
    """The ids of one keyword of a platform. Read when it is made; ``save`` replaces the file atomically.

    Raises:
        CorruptSegment: the file is no memory; remove it, it is made again.
    """

    def __init__(self, zone: LandingZone, platform: str, keyword: Keyword) -> None:
        self._zone = zone
        self.path = f"seen/platform={platform}/keyword={keyword.path}.json.zst"
        data = zone.get(self.path)
        self._ids = _decode(data, self.path) if data is not None else {}

    def known(self, before: dt.date) -> frozenset[str]:
        """The ids that were seen on a day before this one."""
        day = before.toordinal()
        return frozenset(name for name, (first, _) in self._ids.items() if first < day)

    def fresh(self, date: dt.date) -> int:
        """How many ids were seen on this day for the first time."""
        day = date.toordinal()
        return sum(first == day for first, _ in self._ids.values())

    def note(self, date: dt.date, ids: Iterable[str]) -> None:
        """Remember that these ids were seen on a day, and forget those that were not seen for ``KEEP_DAYS``."""
        day = date.toordinal()
        for name in ids:
            first, last = self._ids.get(name, (day, day))
            self._ids[name] = (min(first, day), max(last, day))
        newest = max((last for _, last in self._ids.values()), default=day)
        self._ids = {name: days for name, days in self._ids.items() if days[1] > newest - KEEP_DAYS}

    def save(self) -> None:
        """Write the file.

        Raises:
            LandingFull, LandingError: it could not be written; the old one is intact.
        """
        text = msgspec.json.encode(_Stored(ids=dict(sorted(self._ids.items()))))
        self._zone.replace(self.path, zstandard.ZstdCompressor(level=3, write_checksum=True).compress(text))


def _decode(data: bytes, path: str) -> dict[str, tuple[int, int]]:
    try:
        text = zstandard.ZstdDecompressor().decompress(data, max_output_size=_MAX_BYTES)
        return msgspec.json.decode(text, type=_Stored).ids
    except (zstandard.ZstdError, msgspec.MsgspecError) as error:
        raise CorruptSegment(f"{path} cannot be read: {error}; remove it, the next crawl makes it again") from error
