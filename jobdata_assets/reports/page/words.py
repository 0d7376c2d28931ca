"""How figures and days are written in a report: for people, the same on the page, in the mail and in Markdown."""

from __future__ import annotations

import datetime as dt

__all__ = ["change", "count", "day", "long_day", "milliseconds", "money", "percent", "points", "short", "size"]

NOTHING = "–"


def count(value: int | None) -> str:
    """``12,345``."""
    return NOTHING if value is None else f"{value:,}"


def short(value: int) -> str:
    """``950``, ``9,500``, ``95k``, ``1.2M``: for labels with little room."""
    if value >= 1_000_000:
        return f"{value / 1_000_000:.1f}M"
    return f"{value / 1000:.0f}k" if value >= 10_000 else f"{value:,}"


def money(value: float | None) -> str:
    """CNY a month in thousands: ``14.5k``."""
    return NOTHING if value is None else f"{value / 1000:.1f}k"


def percent(value: float | None, digits: int = 0) -> str:
    """A share, 0 to 1, as percent."""
    return NOTHING if value is None else f"{value:.{digits}%}"


def points(value: float | None) -> str:
    """A difference of shares in percentage points, with its sign."""
    return NOTHING if value is None else f"{value * 100:+.1f}".replace("-", "−")


def change(value: float, usual: float) -> str:
    """How a value stands to what is usual: ``12 % above``."""
    if not usual:
        return "no other day to compare"
    part = value / usual - 1
    if abs(part) < 0.05:
        return "as usual"
    return f"{abs(part):.0%} {'above' if part > 0 else 'below'} usual"


def milliseconds(value: float) -> str:
    """A latency."""
    return f"{value / 1000:.1f} s" if value >= 1000 else f"{value:.0f} ms"


def size(value: int) -> str:
    """Bytes."""
    for unit, scale in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if value >= scale:
            return f"{value / scale:.1f} {unit}"
    return f"{value} B"


def day(value: dt.date) -> str:
    """``Sat 28 Nov``, whatever the machine's language."""
    return f"{_WEEKDAYS[value.weekday()][:3]} {value.day} {_MONTHS[value.month - 1][:3]}"


def long_day(value: dt.date) -> str:
    """``Saturday, 28 November 2026``."""
    return f"{_WEEKDAYS[value.weekday()]}, {value.day} {_MONTHS[value.month - 1]} {value.year}"


_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
