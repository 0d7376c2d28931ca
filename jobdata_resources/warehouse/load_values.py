"""What a load is to others: its result, and what is known of it just before its commit."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from crawler_core.landing import LandingZone, SegmentRef

__all__ = ["BeforeCommit", "LoadResult", "PendingLoad"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadResult:
    """What a load brought. Counts are of this load's day, not of what was new.

    Attributes:
        segments: committed segments read; ``pages``: pages in them, of any outcome (``outcomes``).
        records: items found on readable pages; ``refused``: those that became no row, by reason.
        unparsed_pages: pages with outcome ok or last in which no item was found: a sign of a changed schema.
        sightings: rows of ``job_sighting``; ``jobs``: distinct jobs; ``contents``: distinct contents.
        seconds: wall time, of which ``prepare_seconds`` were spent in ``before_commit``.
        prepared: what ``before_commit`` counted: new strings by normalised field.
    """

    platform: str
    date: dt.date
    load_id: int
    segments: int
    pages: int
    records: int
    refused: dict[str, int]
    unparsed_pages: int
    outcomes: dict[str, int]
    sightings: int
    jobs: int
    contents: int
    seconds: float
    prepare_seconds: float = 0.0
    prepared: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingLoad:
    """A load that has arrived and is verified, but is not visible yet.

    Attributes:
        load_id: its rows in the deltas carry it.
        segments: what it was read from.
        renew: to be called at least every few minutes by work that takes long; raises when the lock was lost.
    """

    platform: str
    date: dt.date
    load_id: int
    run_id: str
    landing: LandingZone
    segments: Sequence[SegmentRef]
    renew: Callable[[], None]


BeforeCommit = Callable[[PendingLoad], Mapping[str, int]]
"""Makes ready what must be there when a load gets visible; returns counts for ``LoadResult.prepared``."""
