"""Whether a platform's answers have changed their shape: pure decisions over the profiles of the last days.

A member may be rare, and a profile is a sample. Its absence means something only when it should have been met: when
its share where it is present, times the items looked at where it is absent, gives at least ``EXPECTED`` items. (Five
expected and none met happens by chance once in 150 times.) A drift is told as long as the days before it are in the
window, with the day it began.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from crawler_core.platforms.fields import PageShape
from jobdata_resources.warehouse.facts.questions import DayProfile, SeenMember

__all__ = ["EXPECTED", "Drift", "columns_of", "find_drifts"]

EXPECTED = 5.0
"""Items that should have been met before an absence counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """One change of shape.

    Attributes:
        path: the member, dotted; ``[]`` stands for the elements of an array.
        types: its types before and after, as ``string → number``; of a new or missing one, its types.
        since: first day with the change.
        share: share of the sampled items that are concerned.
        example: a value: the new one, or of a missing member the last one.
        keyword, page, segment: a landed page that shows the change: one that has the new form, or of a missing member
            one that has lost it.
    """

    kind: Literal["new", "missing", "retyped"]
    path: str
    types: str
    since: dt.date
    share: float
    example: str
    keyword: str
    page: int
    segment: str


def find_drifts(days: Sequence[DayProfile]) -> list[Drift]:
    """The changes within these days that hold on the last one; members below a changed one are left out.

    Args:
        days: profiles, oldest first; the last one is the day that is judged.
    """
    if len(days) < 2:
        return []
    paths = sorted({path for day in days for path, _ in day.members})
    found = [drift for path in paths for drift in _drifts(days, path)]
    tops = [drift.path for drift in found]
    return [one for one in found if not any(_below(one.path, top) for top in tops)]


def columns_of(shape: PageShape, path: str) -> list[str]:
    """The columns that a member, or something below it, fills."""
    return [
        field.column for field in shape.fields if any(known == path or _below(known, path) for known in field.paths)
    ]


def _drifts(days: Sequence[DayProfile], path: str) -> list[Drift]:
    by_type: dict[str, list[SeenMember | None]] = {}
    for position, day in enumerate(days):
        for (name, kind), seen in day.members.items():
            if name == path:
                by_type.setdefault(kind, [None] * len(days))[position] = seen
    present = [any(column[position] is not None for column in by_type.values()) for position in range(len(days))]
    if not present[-1]:
        drift = _missing(days, path, by_type, present)
        return [drift] if drift else []
    start = present.index(True)
    if start:
        drift = _appeared(days, path, by_type, start)
        return [drift] if drift else []
    return _retyped(days, path, by_type)


def _missing(
    days: Sequence[DayProfile], path: str, by_type: Mapping[str, list[SeenMember | None]], present: list[bool]
) -> Drift | None:
    last = len(days) - 1 - present[::-1].index(True)
    before, after = days[: last + 1], days[last + 1 :]
    items = sum(_most(column[position] for column in by_type.values()) for position in range(last + 1))
    share = items / max(1, sum(day.sampled for day in before))
    if share * sum(day.sampled for day in after) < EXPECTED:
        return None
    kind = next(name for name, column in by_type.items() if column[last])
    seen = by_type[kind][last]
    place = next(iter(days[-1].members.values()), seen)
    assert seen is not None and place is not None  # noqa: S101, PT018 - ``last`` is a day on which it was present
    return Drift(
        kind="missing",
        path=path,
        types=" or ".join(sorted(by_type)),
        since=after[0].date,
        share=min(1.0, share),
        example=seen.example,
        keyword=place.keyword,
        page=place.page,
        segment=place.segment,
    )


def _most(sightings: Iterable[SeenMember | None]) -> int:
    """Items that hold a member on a day; one item may hold it with several types."""
    return max((seen.items for seen in sightings if seen), default=0)


def _appeared(
    days: Sequence[DayProfile], path: str, by_type: Mapping[str, list[SeenMember | None]], start: int
) -> Drift | None:
    column = max(by_type.values(), key=lambda column: sum(seen.items for seen in column if seen))
    return _began(days, path, "new", " or ".join(sorted(by_type)), column, start)


def _retyped(days: Sequence[DayProfile], path: str, by_type: Mapping[str, list[SeenMember | None]]) -> list[Drift]:
    drifts = []
    for kind, column in sorted(by_type.items()):
        if column[-1] is None:
            continue
        start = next(position for position, seen in enumerate(column) if seen)
        if start:
            old = sorted(name for name, other in by_type.items() if any(other[:start]))
            drift = _began(days, path, "retyped", f"{' or '.join(old)} → {kind}", column, start)
            drifts += [drift] if drift else []
    return drifts


def _began(
    days: Sequence[DayProfile],
    path: str,
    kind: Literal["new", "retyped"],
    types: str,
    column: Sequence[SeenMember | None],
    start: int,
) -> Drift | None:
    share = sum(seen.items for seen in column[start:] if seen) / max(1, sum(day.sampled for day in days[start:]))
    if share * sum(day.sampled for day in days[:start]) < EXPECTED:
        return None
    seen = next(one for one in reversed(column) if one)
    return Drift(
        kind=kind,
        path=path,
        types=types,
        since=days[start].date,
        share=min(1.0, share),
        example=seen.example,
        keyword=seen.keyword,
        page=seen.page,
        segment=seen.segment,
    )


def _below(path: str, top: str) -> bool:
    return path.startswith((f"{top}.", f"{top}[]"))
