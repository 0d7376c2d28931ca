"""Checks a landing zone against its manifests: nothing missing, nothing changed, nothing unnamed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from crawler_core.errors import BadInput, CorruptSegment
from crawler_core.keyword import Keyword
from crawler_core.landing.manifest import Manifest
from crawler_core.landing.writer import read_segment
from crawler_core.landing.zone import MANIFEST, LandingZone
from crawler_core.outcome import POLICY, Outcome

__all__ = ["Problem", "verify"]

ProblemKind = Literal["corrupt", "duplicate_page", "missing_page", "unnamed", "bad_manifest"]


@dataclass(frozen=True, slots=True)
class Problem:
    """One finding: what kind, where, and what a person should know."""

    kind: ProblemKind
    path: str
    detail: str


def verify(zone: LandingZone, platform: str | None = None, date: dt.date | None = None) -> Iterator[Problem]:
    """Yield every problem of the zone, of one platform, or of one day.

    Reads every segment: hash, checksum, every line, and that each page of a search is landed exactly once.
    """
    for name in [platform] if platform else zone.platforms():
        for day in [date] if date else zone.dates(name):
            for folder in zone.keyword_folders(name, day):
                yield from _verify_folder(zone, folder)


def _verify_folder(zone: LandingZone, folder: str) -> Iterator[Problem]:
    path = f"{folder}/{MANIFEST}"
    data = zone.get(path)
    names = set(zone.names(folder)) - {MANIFEST}
    if data is None:
        for name in sorted(names):
            yield Problem("unnamed", f"{folder}/{name}", "no manifest yet: the next crawl of the keyword takes it in")
        return
    try:
        manifest = Manifest.decode(data, path)
        Keyword.parse(manifest.keyword)
    except (CorruptSegment, BadInput) as error:
        yield Problem("bad_manifest", path, str(error))
        return
    for name in sorted(names - {entry.name for entry in manifest.segments}):
        yield Problem("unnamed", f"{folder}/{name}", "the next crawl of the keyword takes it in")
    yield from _verify_manifest(zone, manifest)


def _verify_manifest(zone: LandingZone, manifest: Manifest) -> Iterator[Problem]:
    pages: dict[str, list[int]] = {}
    for ref in zone.refs(manifest):
        try:
            for envelope in read_segment(zone.read(ref)):
                if envelope.kind == "search" and POLICY[Outcome(envelope.outcome)].advances:
                    pages.setdefault(ref.city, []).append(envelope.page)
        except CorruptSegment as error:
            yield Problem("corrupt", ref.path, str(error))
    folder = zone.folder(manifest.platform, manifest.date, Keyword.parse(manifest.keyword))
    for city, landed in pages.items():
        twice = sorted({page for page in landed if landed.count(page) > 1})
        if twice:
            yield Problem("duplicate_page", folder, f"city {city}: pages {twice} are landed more than once")
        absent = sorted(set(range(1, max(landed) + 1)) - set(landed))
        if absent:
            yield Problem("missing_page", folder, f"city {city}: pages {absent} are missing")
