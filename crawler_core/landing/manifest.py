"""The manifest of a keyword and day: which segments count, how far each city is, and how it ended.

The manifest is the checkpoint. It is written after its newest segment is durable and replaced atomically, so what
it names exists and is complete; a segment it does not name has not happened yet.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Literal

import msgspec

from crawler_core.errors import CorruptSegment

__all__ = ["MANIFEST_VERSION", "CityProgress", "Manifest", "SegmentEntry", "SegmentRef", "State"]

MANIFEST_VERSION = 1

State = Literal["partial", "done", "failed"]


class SegmentEntry(msgspec.Struct, frozen=True, kw_only=True):
    """A durable segment.

    Attributes:
        name: file name beside the manifest.
        sha256: hex digest of the stored bytes.
        lines: envelopes; ``pages`` of them advanced the search, ``first_page`` to ``last_page`` (0 when none did).
        records: records on the pages that advanced.
        outcomes: envelopes by outcome; ``egress``: envelopes by address, which is what budgets are counted from.
    """

    name: str
    sha256: str
    size_bytes: int
    lines: int
    first_page: int
    last_page: int
    pages: int
    records: int
    outcomes: dict[str, int]
    egress: dict[str, int]


class CityProgress(msgspec.Struct, kw_only=True):
    """How far the search in one city is. ``next_page`` is the first page that is not landed."""

    city: str
    state: State = "partial"
    next_page: int = 1
    stop_reason: str = ""
    total: int | None = None
    segments: list[SegmentEntry] = msgspec.field(default_factory=list)

    @property
    def pages(self) -> int:
        """Pages landed that advanced the search."""
        return sum(segment.pages for segment in self.segments)

    @property
    def records(self) -> int:
        """Records on those pages."""
        return sum(segment.records for segment in self.segments)


class Manifest(msgspec.Struct, kw_only=True):
    """All that is landed of one keyword on one day."""

    platform: str
    date: str
    keyword: str
    state: State = "partial"
    stop_reason: str = ""
    cities: dict[str, CityProgress] = msgspec.field(default_factory=dict)
    updated_at: str = ""
    version: int = MANIFEST_VERSION

    @property
    def segments(self) -> list[SegmentEntry]:
        """The segments of all cities."""
        return [segment for city in self.cities.values() for segment in city.segments]

    @property
    def pages(self) -> int:
        """Pages landed that advanced a search."""
        return sum(city.pages for city in self.cities.values())

    @property
    def records(self) -> int:
        """Records on those pages."""
        return sum(city.records for city in self.cities.values())

    def counts(self, field: Literal["outcomes", "egress"]) -> dict[str, int]:
        """Envelopes by outcome or by egress address."""
        total: dict[str, int] = {}
        for segment in self.segments:
            for name, count in getattr(segment, field).items():
                total[name] = total.get(name, 0) + count
        return total

    def encode(self) -> bytes:
        """Indented JSON: people read it."""
        return msgspec.json.format(msgspec.json.encode(self), indent=1)

    @classmethod
    def decode(cls, data: bytes, path: str) -> Manifest:
        """Read a manifest.

        Raises:
            CorruptSegment: not a manifest, or written by a newer version.
        """
        try:
            manifest = msgspec.json.decode(data, type=cls)
        except msgspec.MsgspecError as error:
            raise CorruptSegment(f"{path} is not a manifest: {error}; restore it from a copy") from error
        if manifest.version > MANIFEST_VERSION:
            raise CorruptSegment(
                f"{path} has version {manifest.version}, this program reads {MANIFEST_VERSION}; update it"
            )
        return manifest


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentRef:
    """A committed segment, to be read. ``path`` is relative to the root of the landing zone."""

    platform: str
    date: dt.date
    keyword: str
    city: str
    path: str
    sha256: str
    size_bytes: int
    lines: int
    pages: int
