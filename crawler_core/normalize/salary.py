"""Salary strings as CNY a month (docs/wire.md section 8).

What belongs here: the grammar of all published shapes and the factors between pay periods.

The grammar reads ``[年薪] low[unit] - high[unit] [以上|以下] [/period] [·年薪] [·13薪]``. Its rules:

* A scale (``K``, ``千``, ``万``, ``元``) of the upper end counts for the lower end only when that one has none. The
  lower end's scale never counts for the upper end: ``10K-15`` is refused as ambiguous.
* A figure without any scale is CNY (``10000-15000``); below 1000 a month it is refused as ambiguous, since ``10-15``
  may mean thousands.
* Without a period the pay is monthly, marked ``month_by_default``. A figure is never moved to another period because
  it looks too high: ``20-40万`` stays 200,000 to 400,000 a month, and the mark tells it from ``20-40万/月``.
* A reversed range is refused; it is the usual sign of a missing scale.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from functools import lru_cache
from typing import Final

from crawler_core.normalize.misplaced import misplaced_reason
from crawler_core.normalize.result import Reason
from crawler_core.normalize.text import clean, squeeze

__all__ = [
    "HOURS_PER_DAY",
    "VERSION",
    "WEEKS_PER_MONTH",
    "WORKING_DAYS_PER_MONTH",
    "PayUnit",
    "Salary",
    "normalise_salaries",
    "normalise_salary",
]

VERSION: Final = "1"

WORKING_DAYS_PER_MONTH: Final = Decimal("21.75")
"""Paid days of a month: (365 - 104 days of rest) / 12, the figure of Chinese wage law (劳社部发〔2008〕3号)."""
HOURS_PER_DAY: Final = Decimal(8)
"""Hours of a working day (Labour Law, article 36)."""
WEEKS_PER_MONTH: Final = Decimal("4.35")
"""21.75 working days of five a week."""


class PayUnit(StrEnum):
    """The period or thing that the published figure pays for."""

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"
    TIME = "time"
    """``元/次``: per occasion, which has no fixed number a month."""
    PIECE = "piece"
    """``元/单``: per order or piece, which has no fixed number a month."""


@dataclass(frozen=True, slots=True)
class Salary:
    """A salary string, read.

    Attributes:
        min_cny_month: lower end in CNY a month, rounded half up to 0.01; None when open, or when ``unit`` has no
            fixed number a month.
        max_cny_month: upper end, likewise.
        months: monthly salaries a year; 12 unless published. It does not change the monthly figures.
        unit: the published period; None when unparsed.
        low: lower end as published, in CNY per ``unit``; None when open.
        high: upper end as published, in CNY per ``unit``; None when open.
        derivation: rules joined by ``+``: shape and scale (``range_k``, ``range_mixed``, ``single_wan``,
            ``at_least_yuan``, ``at_most_qian``), then ``inherited_unit``, ``month_by_default``, and the conversion
            (``year/12``, ``week*4.35``, ``day*21.75``, ``hour*8*21.75``, ``no_monthly_value``).
        reason: why it is unparsed, else None.
    """

    min_cny_month: Decimal | None = None
    max_cny_month: Decimal | None = None
    months: int | None = None
    unit: PayUnit | None = None
    low: Decimal | None = None
    high: Decimal | None = None
    derivation: str = ""
    reason: Reason | None = None


_SCALES: Final = {
    "k": (Decimal(1000), "k"),
    "千": (Decimal(1000), "qian"),
    "千元": (Decimal(1000), "qian"),
    "万": (Decimal(10_000), "wan"),
    "万元": (Decimal(10_000), "wan"),
    "元": (Decimal(1), "yuan"),
    "": (Decimal(1), "bare"),
}
_PERIODS: Final = {
    "时": PayUnit.HOUR, "小时": PayUnit.HOUR, "天": PayUnit.DAY, "日": PayUnit.DAY, "周": PayUnit.WEEK,
    "星期": PayUnit.WEEK, "月": PayUnit.MONTH, "年": PayUnit.YEAR, "次": PayUnit.TIME, "单": PayUnit.PIECE,
    "件": PayUnit.PIECE,
}  # fmt: skip
_FACTORS: Final[dict[PayUnit, tuple[Decimal, str]]] = {
    PayUnit.WEEK: (WEEKS_PER_MONTH, f"week*{WEEKS_PER_MONTH}"),
    PayUnit.DAY: (WORKING_DAYS_PER_MONTH, f"day*{WORKING_DAYS_PER_MONTH}"),
    PayUnit.HOUR: (HOURS_PER_DAY * WORKING_DAYS_PER_MONTH, f"hour*{HOURS_PER_DAY}*{WORKING_DAYS_PER_MONTH}"),
}
_CONVERSIONS: Final[dict[PayUnit, str]] = {
    PayUnit.MONTH: "",
    PayUnit.YEAR: "+year/12",
    **{unit: f"+{name}" for unit, (_, name) in _FACTORS.items()},
    PayUnit.TIME: "+no_monthly_value",
    PayUnit.PIECE: "+no_monthly_value",
}
"""What a derivation says of the way to a monthly figure."""
_NO_PERIOD: Final = (None, None, None, None)
_CENT: Final = Decimal("0.01")
_BARE_MINIMUM: Final = 1000
_MONTHS_RANGE: Final = range(12, 37)
"""Published salaries a year; the highest seen is 24."""

_NUMBER = r"[0-9]{1,9}(?:\.[0-9]{1,4})?"
_SCALE = r"千元|万元|[k千万元]"
_PERIOD = r"小时|星期|[时天日周月年次单件]"
_GRAMMAR: Final = re.compile(
    rf"""
    (?:(?P<prefix>[年月周日时])薪:?)?
    (?:(?P<low>{_NUMBER})(?P<low_scale>{_SCALE})?(?:/(?P<low_period>{_PERIOD}))?[-~至到])?
    (?P<high>{_NUMBER})(?P<plus>\+)?(?P<high_scale>{_SCALE})?
    (?P<open>及?以[上下]|起|\+)?
    (?:/(?P<period>{_PERIOD}))?
    (?:[·・.]?(?P<suffix>[年月])薪)?
    (?:(?:[·・•‧.-]|(?<![0-9]))(?P<months>[0-9]{{2}})薪)?
    """,
    re.VERBOSE,
)
_NEGOTIABLE: Final = re.compile(r"(?:薪资|薪酬|工资|待遇|月薪|年薪)?可?(?:面议|面谈)")


def normalise_salary(raw: str | None) -> Salary:
    """Read one salary string; never raises, never guesses."""
    text, refused = clean(raw, private_digits=True)
    if refused:
        return Salary(reason=refused)
    text = squeeze(text)
    if "面" in text and _NEGOTIABLE.fullmatch(text):
        return Salary(reason=Reason.NEGOTIABLE)
    if text in ("不限", "薪资不限"):
        return Salary(reason=Reason.UNSTATED)
    match = _GRAMMAR.fullmatch(text)
    if match is None:
        return Salary(reason=misplaced_reason(text, Reason.MISPLACED_SALARY))
    return _read(match)


def normalise_salaries(values: Iterable[str | None]) -> list[Salary]:
    """Read distinct salary strings, in order."""
    return [normalise_salary(value) for value in values]


def _read(match: re.Match[str]) -> Salary:
    named_low, named_scale, named_high, high_scale, thirteenth = match.group(
        "low", "low_scale", "high", "high_scale", "months"
    )
    unit, by_default = _unit(match)
    shape = _shape(match)
    if unit is None or not shape or (named_scale and not high_scale):
        return Salary(reason=Reason.AMBIGUOUS)
    high_factor, high_name = _SCALES[high_scale or ""]
    low_factor, low_name = _SCALES[named_scale] if named_scale else (high_factor, high_name)
    high = Decimal(named_high) * high_factor
    low = Decimal(named_low) * low_factor if named_low else high
    if not high_scale and 0 < high < _BARE_MINIMUM and unit in (PayUnit.MONTH, PayUnit.YEAR):
        return Salary(reason=Reason.AMBIGUOUS)
    months = int(thirteenth) if thirteenth else 12
    if high <= 0 or low > high or months not in _MONTHS_RANGE:
        return Salary(reason=Reason.OUT_OF_RANGE)
    derivation = f"{shape}_{low_name if low_name == high_name else 'mixed'}"
    if named_low and high_scale and not named_scale:
        derivation += "+inherited_unit"
    if by_default:
        derivation += "+month_by_default"
    published_low = None if shape == "at_most" else low
    published_high = None if shape == "at_least" else high
    return Salary(
        min_cny_month=_monthly(published_low, unit),
        max_cny_month=_monthly(published_high, unit),
        months=months,
        unit=unit,
        low=published_low,
        high=published_high,
        derivation=derivation + _CONVERSIONS[unit],
    )


def _unit(match: re.Match[str]) -> tuple[PayUnit | None, bool]:
    """The period and whether it is the default; no period when two are named that differ."""
    words = match.group("prefix", "low_period", "period", "suffix")
    if words == _NO_PERIOD:
        return PayUnit.MONTH, True
    if words[1] and not words[2]:
        return None, False
    named = {_PERIODS[word] for word in words if word}
    return (named.pop() if len(named) == 1 else None), False


def _shape(match: re.Match[str]) -> str:
    """Which ends are published; empty when the string contradicts itself (``10-15K以上``)."""
    low, plus, opening = match.group("low", "plus", "open")
    if low:
        return "" if opening or plus else "range"
    opening = opening or ""
    if plus:
        return "" if "下" in opening else "at_least"
    if not opening:
        return "single"
    return "at_most" if "下" in opening else "at_least"


@lru_cache(maxsize=8192)
def _monthly(amount: Decimal | None, unit: PayUnit) -> Decimal | None:
    if amount is None or unit in (PayUnit.TIME, PayUnit.PIECE):
        return None
    if unit is PayUnit.YEAR:
        amount = amount / 12
    elif unit is not PayUnit.MONTH:
        amount = amount * _FACTORS[unit][0]
    return amount.quantize(_CENT, ROUND_HALF_UP)
