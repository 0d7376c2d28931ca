"""Pay as the employer means it, and as each platform prints it.

What belongs here: `Pay` (the truth) and the string shapes of WIRE 8 with the reading each of them has.
What does not: reading a string back; that is the client's work, and the truth here is what it is tested against.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, Literal

from sandbox.dice import Dice

Unit = Literal["month", "year", "week", "day", "hour", "time", "piece", "none"]

_ODD_UNITS: Final[tuple[tuple[Unit, str], ...]] = (("week", "周"), ("time", "次"), ("piece", "单"))
_BASE_BY_EXPERIENCE: Final = (6_500, 4_500, 5_500, 9_000, 14_000, 22_000, 34_000)


@dataclass(frozen=True, slots=True)
class Pay:
    """What the employer pays, in CNY per `unit`; `months` salaries a year."""

    unit: Unit
    low: int
    high: int
    months: int = 12

    def raised(self, step: int) -> Pay:
        """The pay after an edit that moves it up by `step` thousandths; unchanged when it is not monthly."""
        if self.unit != "month":
            return self
        return replace(
            self, low=_whole(self.low * (1000 + step) // 1000), high=_whole(self.high * (1000 + step) // 1000)
        )


@dataclass(frozen=True, slots=True)
class Published:
    """One salary string and its true reading: None for an end that the string leaves open."""

    text: str | None
    unit: Unit
    low: float | None
    high: float | None
    months: int = 12

    @property
    def monthly_min(self) -> float | None:
        """The lower end in CNY a month; None when open, or when the unit has no fixed number a month."""
        return _monthly(self.unit, self.low)

    @property
    def monthly_max(self) -> float | None:
        """The upper end in CNY a month; None when open, or when the unit has no fixed number a month."""
        return _monthly(self.unit, self.high)


def _monthly(unit: Unit, value: float | None) -> float | None:
    if value is None or unit not in ("month", "year"):
        return None
    return value / 12 if unit == "year" else value


def _whole(value: float) -> int:
    """Round to what people write: half thousands below ten thousand, whole thousands above."""
    step = 500 if value < 10_000 else 1_000
    return max(step, round(value / step) * step)


def make_pay(dice: Dice, experience: int, factor: float, intern: bool) -> Pay:
    """Draw the pay of an opening from its experience level (see `vocabulary`) and its role's factor."""
    if intern:
        low = dice.between(10, 40) * 10
        return Pay("day", low, low + dice.pick((0, 20, 50, 100)))
    kind = dice.unit()
    if kind < 0.015:
        low = dice.between(2, 12) * 10
        return Pay("hour", low, low + dice.pick((0, 10, 20, 90)))
    if kind < 0.025:
        low = dice.between(10, 50) * 10
        return Pay("day", low, low + dice.pick((0, 50, 100)))
    low = _whole(_BASE_BY_EXPERIENCE[experience] * factor * (0.75 + 0.5 * dice.unit()))
    high = _whole(low * (1.25 + 0.6 * dice.unit()))
    months = dice.weighted(((12, 58), (13, 22), (14, 10), (15, 5), (16, 5)))
    return Pay("month", low, max(high, low + 500 if low < 10_000 else low + 1_000), months)


def publish(platform: str, pay: Pay, dice: Dice) -> Published:
    """Print a pay the way the platform does; the dice choose among its shapes."""
    if dice.chance(0.03):
        texts: tuple[str | None, ...] = ("面议", "薪资面议")
        if platform == "qcwy":
            texts = ("面议", "", None)
        return Published(dice.pick(texts), "none", None, None)
    if pay.unit == "day":
        return Published(f"{_span(pay.low, pay.high)}元/天", "day", pay.low, pay.high)
    if pay.unit == "hour":
        word = "时" if platform == "boss" else "小时"
        return Published(f"{_span(pay.low, pay.high)}元/{word}", "hour", pay.low, pay.high)
    return {"boss": _boss, "qcwy": _qcwy, "zhilian": _zhilian}[platform](pay, dice)


def _span(low: float, high: float, unit: str = "") -> str:
    return f"{low:g}{unit}-{high:g}" if low != high else f"{low:g}"


def _suffix(months: int, dice: Dice) -> str:
    """`·14薪`; the separator is the middle dot, seldom another (WIRE 8)."""
    if months == 12:
        return ""
    return f"{dice.weighted((('·', 97), ('・', 1), ('.', 1), ('-', 1)))}{months}薪"


def _boss(pay: Pay, dice: Dice) -> Published:
    """Boss: whole thousands with K, months after a middle dot."""
    low, high = pay.low // 1000, -(-pay.high // 1000)
    month = Published("", "month", low * 1000, high * 1000, pay.months)
    shape = dice.below(1000)
    if shape < 12:
        return replace(month, text=f"{low}K-{high}K{_suffix(pay.months, dice)}")
    if shape < 24:
        return replace(month, text=f"{low}-{high}k", months=12)
    if shape < 32:
        return replace(month, text=f"{low}－{high}K", months=12)
    if shape < 40:
        return Published(f"{low}K", "month", low * 1000, low * 1000)
    if shape < 48:
        return Published(f"{low * 1000}-{high * 1000}元/月", "month", low * 1000, high * 1000)
    if shape < 56:
        unit, word = dice.pick(_ODD_UNITS)
        return Published(f"{low * 100}-{high * 100}元/{word}", unit, low * 100, high * 100)
    text = f"{low}-{high}K" + (f"·{pay.months}薪" if pay.months > 12 else "")
    return replace(month, text=text)


def _qcwy_plain(low: int, high: int) -> str:
    """51job: 万 from ten thousand up, 千 below, mixed when the ends differ."""
    if low >= 10_000:
        return f"{low / 10_000:g}-{high / 10_000:g}万"
    if high < 10_000:
        return f"{low / 1000:g}-{high / 1000:g}千"
    return f"{low / 1000:g}千-{high / 10_000:g}万"


def _qcwy(pay: Pay, dice: Dice) -> Published:
    """51job: the widest choice of shapes, yearly and one-sided ones among them."""
    low, high = pay.low, pay.high
    shape = dice.below(1000)
    if shape < 60:
        text = f"{low * 12 / 10_000:g}-{high * 12 / 10_000:g}万"
        form = dice.weighted((("{}/年", 80), ("{}·年薪", 10), ("年薪{}", 10)))
        return Published(form.format(text), "year", low * 12, high * 12)
    if shape < 100:
        text = f"{low / 10_000:g}-{high / 10_000:g}万/月" if high >= 10_000 else f"{low / 1000:g}-{high / 1000:g}千/月"
        return Published(text, "month", low, high)
    if shape < 110:
        if high < 10_000:
            return Published(f"{high / 1000:g}千以下/月", "month", None, high)
        return Published(f"{high / 10_000:g}万以下", "month", None, high)
    if shape < 120:
        if low >= 10_000:
            return Published(f"{low / 10_000:g}万以上{dice.pick(('/月', ''))}", "month", low, None)
        return Published(f"{low}元以上", "month", low, None)
    if shape < 126 and low >= 20_000:
        return Published(
            dice.pick((f"{low * 12 / 10_000:g}+ 万/年", f"{low * 12 / 10_000:g}万以上/年")), "year", low * 12, None
        )
    if shape < 132 and low >= 10_000:
        return Published(f"{low / 10_000:g}万", "month", low, low)
    return Published(_qcwy_plain(low, high) + _suffix(pay.months, dice), "month", low, high, pay.months)


def _zhilian(pay: Pay, dice: Dice) -> Published:
    """Zhaopin: plain 元 while the lower end is under ten thousand, 万 above."""
    low, high = pay.low, pay.high
    shape = dice.below(1000)
    month = Published("", "month", low, high, pay.months)
    if shape < 20:
        return replace(month, text=f"{low}-{high}", months=12)
    if shape < 30:
        return replace(month, text=f"{low / 1000:g}K-{high / 1000:g}K", months=12)
    suffix = _suffix(pay.months, dice)
    if low < 10_000:
        return replace(month, text=f"{low}-{high}元{suffix}")
    if shape < 60:
        return replace(month, text=f"{low / 10_000:g}万-{high / 10_000:g}万{suffix}")
    return replace(month, text=f"{low / 10_000:g}-{high / 10_000:g}万{suffix}")
