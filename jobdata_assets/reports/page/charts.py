"""The geometry of the charts, as plain numbers: where lines, bars and shades go. No markup, no I/O."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import dataclass

from jobdata_assets.reports.page.model import Movement

__all__ = ["Clipped", "Line", "TrendChart", "ceiling", "nice_ceiling", "shade", "sparkline", "trend_chart"]

_WIDTH, _HEIGHT = 700.0, 190.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 38.0, 78.0, 14.0, 22.0
_LABEL_DAYS = 5
_OUTLIER = 3.0
"""A value so many times above all others (the first crawl of a platform) is cut off and named."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a chart: its points as SVG wants them, and where its last value stands."""

    points: str
    last_x: float
    last_y: float
    last: int


@dataclass(frozen=True, slots=True)
class Clipped:
    """A value that is too high for the chart, named at its place instead."""

    x: float
    y: float
    day: dt.date
    value: int


@dataclass(frozen=True, slots=True)
class TrendChart:
    """New and closed postings over days, in a box of ``width`` x ``height``.

    Attributes:
        area: the outline under the new postings.
        grid: heights of the horizontal lines with their values.
        days: places of the day labels.
    """

    width: float
    height: float
    left: float
    right: float
    base: float
    new: Line
    closed: Line
    area: str
    grid: tuple[tuple[float, int], ...]
    days: tuple[tuple[float, dt.date], ...]
    clipped: tuple[Clipped, ...]


def trend_chart(days: Sequence[Movement]) -> TrendChart | None:
    """The chart of a trend from its first day with a movement; None when there are not two days to join."""
    first = next((place for place, day in enumerate(days) if day.new or day.closed), len(days))
    days = days[first:]
    if len(days) < 2:
        return None
    top = nice_ceiling(ceiling([value for day in days for value in (day.new, day.closed)]))
    right, base = _WIDTH - _RIGHT, _HEIGHT - _BOTTOM
    step = (right - _LEFT) / max(1, len(days) - 1)

    def x(place: int) -> float:
        return round(_LEFT + place * step, 1)

    def y(value: float) -> float:
        return round(base - min(value, top) / top * (base - _TOP), 1)

    def line(values: Sequence[int]) -> Line:
        points = " ".join(f"{x(place)},{y(value)}" for place, value in enumerate(values))
        return Line(points, x(len(values) - 1), y(values[-1]), values[-1])

    new, closed = line([day.new for day in days]), line([day.closed for day in days])
    labelled = range(len(days) - 1, -1, -(_LABEL_DAYS if len(days) > 2 * _LABEL_DAYS else 1))
    return TrendChart(
        width=_WIDTH,
        height=_HEIGHT,
        left=_LEFT,
        right=right,
        base=base,
        new=new,
        closed=closed,
        area=f"{x(0)},{base} {new.points} {new.last_x},{base}",
        grid=tuple((y(top * part / 4), round(top * part / 4)) for part in range(5)),
        days=tuple((x(place), days[place].day) for place in reversed(labelled)),
        clipped=tuple(
            Clipped(x(place), y(top), day.day, max(day.new, day.closed))
            for place, day in enumerate(days)
            if max(day.new, day.closed) > top
        ),
    )


def sparkline(values: Sequence[int], *, width: float = 120.0, height: float = 26.0) -> str:
    """The points of a small line without axes."""
    top = max(1, ceiling(values))
    step = width / max(1, len(values) - 1)
    return " ".join(
        f"{round(place * step, 1)},{round(height - 2 - min(value, top) / top * (height - 4), 1)}"
        for place, value in enumerate(values)
    )


def ceiling(values: Sequence[int]) -> int:
    """The highest value that is no outlier: what a chart is scaled to; 0 for none."""
    ordered = sorted(values, reverse=True)
    if len(ordered) > 1 and ordered[1] and ordered[0] > _OUTLIER * ordered[1]:
        return ordered[1]
    return ordered[0] if ordered else 0


def nice_ceiling(value: float) -> int:
    """The next round number that a quarter of is whole: 4, 8, 12, 16, 20, 24, 32, 40, 60, 80, 120, …"""
    if value <= 8:
        return 4 if value <= 4 else 8
    tens = int(10 ** (math.floor(math.log10(max(value, 10))) - 1))
    return next(step * tens for step in (12, 16, 20, 24, 32, 40, 60, 80, 120) if step * tens >= value)


def shade(share: float) -> str:
    """A background from near white (0) to blue (1), light enough for dark text."""
    part = min(1.0, max(0.0, share))
    low, high = (0xF4, 0xF8, 0xFC), (0x8F, 0xB8, 0xDE)
    return "#" + "".join(f"{round(a + (b - a) * part):02x}" for a, b in zip(low, high, strict=True))
