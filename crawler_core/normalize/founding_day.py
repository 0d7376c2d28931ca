"""The day a company was registered, as its details give it (docs/wire.md sections 1.4 and 2.5)."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from crawler_core.normalize.misplaced import misplaced_reason
from crawler_core.normalize.result import Reason
from crawler_core.normalize.text import clean

__all__ = ["VERSION", "FoundingDay", "normalise_founding_day", "normalise_founding_days"]

VERSION: Final = "1"


@dataclass(frozen=True, slots=True)
class FoundingDay:
    """A founding day, read.

    Attributes:
        date: the day; None when unparsed.
        derivation: ``date``, or ``date_time`` when a time of day was given and left out.
        reason: why it is unparsed, else None.
    """

    date: dt.date | None = None
    derivation: str = ""
    reason: Reason | None = None


_DAY: Final = re.compile(
    r"([0-9]{4})(?:([-/.])([0-9]{1,2})\2([0-9]{1,2})|年([0-9]{1,2})月([0-9]{1,2})日)(?P<time>[T ][0-9]{2}:[0-9]{2}.*)?"
)
_YEARS: Final = range(1840, 2101)
_UNSTATED: Final = frozenset({"-", "--", "无", "未公开"})


def normalise_founding_day(raw: str | None) -> FoundingDay:
    """Read one founding day; never raises. A year alone is not a day and is refused."""
    text, refused = clean(raw)
    if refused:
        return FoundingDay(reason=refused)
    if text in _UNSTATED:
        return FoundingDay(reason=Reason.UNSTATED)
    match = _DAY.fullmatch(text)
    if match is None:
        return FoundingDay(reason=misplaced_reason(text.replace(" ", ""), Reason.MISPLACED_DATE))
    try:
        date = dt.date(int(match[1]), int(match[3] or match[5]), int(match[4] or match[6]))
    except ValueError:  # month 13, 31 June
        return FoundingDay(reason=Reason.OUT_OF_RANGE)
    if date.year not in _YEARS:
        return FoundingDay(reason=Reason.OUT_OF_RANGE)
    return FoundingDay(date, "date_time" if match["time"] else "date")


def normalise_founding_days(values: Iterable[str | None]) -> list[FoundingDay]:
    """Read distinct founding days, in order."""
    return [normalise_founding_day(value) for value in values]
