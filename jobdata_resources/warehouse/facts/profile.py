"""Which members the items of a platform's answers have, and of which JSON types, from a sample of landed pages.

The engine extracts only what the field tables name; what a platform adds, drops or re-types shows here. The sample is
bounded, so its cost does not grow with the day: pages spread evenly over the day's segments, a few items of each.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import msgspec

from crawler_core.landing import Envelope, LandingZone, SegmentRef, read_segment
from crawler_core.platforms.fields import PageShape, split_path

__all__ = ["SAMPLED_PAGES", "Member", "Profile", "profile_items", "profile_pages", "sample_pages"]

SAMPLED_PAGES: Final = 40
ITEMS_PER_PAGE: Final = 10
_EXAMPLE_CHARS: Final = 80
_MEMBERS: Final = 400
"""Paths kept of a day: an object with ids for keys must not fill the table."""
_DEPTH: Final = 6

_TYPES: Final = {str: "string", bool: "boolean", int: "number", float: "number", dict: "object", list: "array"}
"""``null`` is no type: it says that the member has no value here. Whole and decimal numbers are one type."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One path with one type.

    Attributes:
        items: sampled items that hold it.
        example: a value, shortened; ``keyword``, ``page`` and ``segment`` say where it stands.
    """

    path: str
    type: str
    items: int
    example: str
    keyword: str
    page: int
    segment: str


@dataclass(frozen=True, slots=True)
class Profile:
    """The members of a day's items; ``sampled`` items were looked at."""

    sampled: int
    members: tuple[Member, ...]


def sample_pages(landing: LandingZone, segments: Sequence[SegmentRef]) -> Iterator[tuple[SegmentRef, Envelope]]:
    """Readable search pages spread evenly over the segments, at most ``SAMPLED_PAGES``.

    Raises:
        CorruptSegment: a segment is missing or damaged.
    """
    step = max(1, -(-len(segments) // SAMPLED_PAGES))
    chosen = segments[::step]
    each = max(1, SAMPLED_PAGES // max(1, len(chosen)))
    for ref in chosen:
        taken = 0
        for page in read_segment(landing.read(ref)):
            if page.kind == "search" and page.outcome in ("ok", "last"):
                yield ref, page
                taken += 1
                if taken == each:
                    break


def profile_pages(shape: PageShape, pages: Iterator[tuple[SegmentRef, Envelope]]) -> Profile:
    """The profile of these pages' items."""
    return profile_items(
        (ref.path, page, item) for ref, page in pages for item in _items(shape, page.body_bytes())[:ITEMS_PER_PAGE]
    )


def profile_items(items: Iterator[tuple[str, Envelope, object]]) -> Profile:
    """The profile of items, each with its segment's path and its page."""
    counts: Counter[tuple[str, str]] = Counter()
    first: dict[tuple[str, str], tuple[object, str, Envelope]] = {}
    sampled = 0
    for segment, page, item in items:
        sampled += 1
        held: dict[tuple[str, str], object] = {}
        _walk(item, "", 0, held)
        for key, value in held.items():
            if key in first or len(first) < _MEMBERS:
                counts[key] += 1
                first.setdefault(key, (value, segment, page))
    return Profile(
        sampled,
        tuple(
            Member(
                path=path,
                type=kind,
                items=count,
                example=_example(first[path, kind][0]),
                keyword=first[path, kind][2].keyword,
                page=first[path, kind][2].page,
                segment=first[path, kind][1],
            )
            for (path, kind), count in sorted(counts.items())
        ),
    )


def _items(shape: PageShape, body: bytes) -> list[object]:
    try:
        root: object = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return []  # counted as an unparsed page by the load
    for path in shape.items:
        found = root
        for member in split_path(path):
            found = found.get(member) if isinstance(found, dict) else None
        if isinstance(found, list) and found:
            return found
    return []


def _walk(value: object, path: str, depth: int, held: dict[tuple[str, str], object]) -> None:
    if path and (kind := _TYPES.get(type(value))):
        held.setdefault((path, kind), value)
    if depth == _DEPTH:
        return
    if isinstance(value, dict):
        for name, member in value.items():
            quoted = f'"{name}"' if "." in name else name
            _walk(member, f"{path}.{quoted}" if path else quoted, depth + 1, held)
    elif isinstance(value, list):
        for element in value:
            _walk(element, f"{path}[]", depth + 1, held)


def _example(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text if len(text) <= _EXAMPLE_CHARS else text[: _EXAMPLE_CHARS - 1] + "…"
