"""Writes the segments of one keyword and day, and moves its checkpoint after each.

Order of events, which is the whole guarantee: the segment is stored under a free name, then the manifest that names
it replaces the old one. A process killed between the two leaves a segment that nothing names; ``adopt`` takes it in
on the next run, so its pages are neither fetched again nor loaded twice.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator

import msgspec
import zstandard

from crawler_core.errors import CorruptSegment
from crawler_core.keyword import Keyword
from crawler_core.landing.envelope import COMPANY_KIND, Envelope, decode_line, encode_line
from crawler_core.landing.manifest import CityProgress, Manifest, SegmentEntry, State
from crawler_core.landing.zone import SEGMENT_SUFFIX, LandingZone
from crawler_core.outcome import POLICY, Outcome
from crawler_core.values import SHANGHAI

__all__ = ["KeywordLanding", "OpenSegment", "land_pages", "read_segment"]

_LEVEL = 3
"""Zstandard level: 6 costs 1.8 times the CPU for 4 %."""


_LOCAL = threading.local()


def _compressor() -> zstandard.ZstdCompressor:
    """This thread's compressor: a context is costly to make and serves one thread at a time."""
    found: zstandard.ZstdCompressor | None = getattr(_LOCAL, "compressor", None)
    if found is None:
        found = _LOCAL.compressor = zstandard.ZstdCompressor(level=_LEVEL, write_checksum=True)
    return found


def read_segment(data: bytes) -> Iterator[Envelope]:
    """The envelopes of a stored segment.

    Raises:
        CorruptSegment: not Zstandard, cut off, or not envelopes.
    """
    try:
        text = zstandard.ZstdDecompressor().decompressobj().decompress(data)
    except zstandard.ZstdError as error:
        raise CorruptSegment(f"a segment cannot be decompressed: {error}") from error
    if text and not text.endswith(b"\n"):
        raise CorruptSegment("a segment ends in the middle of a line")
    for line in text.splitlines():
        yield decode_line(line)


class OpenSegment:
    """A segment being filled.

    Lines are kept as they are and compressed at once when the segment is closed: a streaming compressor per open
    segment costs about 4 MB each, more than the sixteen pages it would save.
    """

    def __init__(self) -> None:
        self._text: list[bytes] = []
        self._data: bytes | None = None
        self._bytes = 0
        self._outcomes: Counter[str] = Counter()
        self._egress: Counter[str] = Counter()
        self.lines = 0
        self.pages = 0
        self.records = 0
        self.first_page = 0
        self.last_page = 0

    @property
    def size_bytes(self) -> int:
        """Bytes before compression."""
        return self._bytes

    def add(self, envelope: Envelope, records: int) -> None:
        """Append a page; ``records`` is how many records its verdict counted."""
        line = encode_line(envelope)
        self._text.append(line)
        self._bytes += len(line)
        self.lines += 1
        self._outcomes[envelope.outcome] += 1
        self._egress[envelope.egress] += 1
        if not POLICY[Outcome(envelope.outcome)].advances:
            return
        if envelope.kind == "search" or envelope.kind.startswith(COMPANY_KIND):
            self.pages += 1
            self.records += records
        if envelope.kind == "search":
            self.first_page = self.first_page or envelope.page
            self.last_page = envelope.page

    def close(self) -> bytes:
        """The compressed bytes; the lines are let go of, so nothing can be added any more."""
        if self._data is None:
            self._data = _compressor().compress(b"".join(self._text))
            self._text = []
        return self._data

    def seal(self, name: str) -> tuple[bytes, SegmentEntry]:
        """End the segment: its compressed bytes and its entry."""
        data = self.close()
        return data, SegmentEntry(
            name=name,
            sha256=hashlib.sha256(data).hexdigest(),
            size_bytes=len(data),
            lines=self.lines,
            first_page=self.first_page,
            last_page=self.last_page,
            pages=self.pages,
            records=self.records,
            outcomes=dict(self._outcomes),
            egress=dict(self._egress),
        )


class KeywordLanding:
    """The manifest of one keyword and day, open for writing by this process.

    Only one process may land a keyword at a time; a second one is found out by the create-only name of its next
    segment (``LandingConflict``) before it can touch the manifest.
    """

    def __init__(self, zone: LandingZone, platform: str, date: dt.date, keyword: Keyword) -> None:
        self._zone = zone
        self.folder = zone.folder(platform, date, keyword)
        found = zone.manifest(platform, date, keyword)
        self.fresh = found is None
        self.manifest = found or Manifest(platform=platform, date=date.isoformat(), keyword=keyword.text)

    def city(self, city: str) -> CityProgress:
        """The progress of a city, added when new."""
        return self.manifest.cities.setdefault(city, CityProgress(city=city))

    def commit(self, city: str, segment: OpenSegment) -> SegmentEntry:
        """Store the segment, then the manifest. Blocks on the disk or the network.

        Raises:
            LandingConflict, LandingFull, LandingError: nothing was committed.
        """
        progress = self.city(city)
        data, entry = segment.seal(self._name(progress))
        self._zone.put_segment(f"{self.folder}/{entry.name}", data)
        self._append(progress, entry)
        self.save()
        return entry

    def save(self) -> None:
        """Write the manifest as it stands."""
        self.manifest.updated_at = dt.datetime.now(SHANGHAI).isoformat(timespec="milliseconds")
        self._zone.put_manifest(self.manifest)

    def finish(self, state: State, stop_reason: str) -> None:
        """Record how the keyword ended."""
        self.manifest.state = state
        self.manifest.stop_reason = stop_reason
        self.save()

    def adopt(self, city: str, records_of: Callable[[Envelope], int]) -> list[SegmentEntry]:
        """Take in segments that a killed crawl stored without naming them; unreadable ones are removed.

        ``records_of`` counts the records of a page (the manifest keeps the sum).
        """
        progress = self.city(city)
        adopted: list[SegmentEntry] = []
        names = self._zone.names(self.folder)
        while (name := self._name(progress)) in names:
            data = self._zone.get(f"{self.folder}/{name}") or b""
            segment = OpenSegment()
            try:
                for envelope in read_segment(data):
                    segment.add(envelope, records_of(envelope))
            except CorruptSegment:
                # Never named, so never counted: the pages in it are fetched again.
                self._zone.delete(f"{self.folder}/{name}")
                break
            _, resealed = segment.seal(name)
            # The digest and size of the bytes that are really stored, not of this second compression.
            entry = msgspec.structs.replace(resealed, sha256=hashlib.sha256(data).hexdigest(), size_bytes=len(data))
            self._append(progress, entry)
            adopted.append(entry)
        if adopted:
            self.save()
        return adopted

    def _name(self, progress: CityProgress) -> str:
        return f"{progress.city}-{len(progress.segments) + 1:05d}{SEGMENT_SUFFIX}"

    @staticmethod
    def _append(progress: CityProgress, entry: SegmentEntry) -> None:
        progress.segments.append(entry)
        progress.next_page = max(progress.next_page, entry.last_page + 1)


def land_pages(
    zone: LandingZone,
    platform: str,
    date: dt.date,
    keyword: str | Keyword,
    city: str,
    envelopes: Iterable[tuple[Envelope, int]],
    *,
    state: State = "done",
    segment_pages: int = 16,
) -> Manifest:
    """Land pages that are already there (imports, tests): ``(envelope, record count)`` in page order.

    Raises:
        LandingConflict, LandingFull, LandingError: pages of earlier segments stay landed.
    """
    word = keyword if isinstance(keyword, Keyword) else Keyword.parse(keyword)
    landing = KeywordLanding(zone, platform, date, word)
    segment = OpenSegment()
    for envelope, records in envelopes:
        segment.add(envelope, records)
        if segment.lines >= segment_pages:
            landing.commit(city, segment)
            segment = OpenSegment()
    if segment.lines:
        landing.commit(city, segment)
    landing.city(city).state = state
    landing.finish(state, "imported")
    return landing.manifest
