"""Registered capital as an amount and a currency (docs/wire.md sections 1.4 and 2.5).

What belongs here: ``1000万人民币``, ``69121.32612万美元``, ``500万元``, ``人民币100万元``. A bare ``1000万`` is refused
as ambiguous: companies with foreign owners register dollars.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from crawler_core.normalize.misplaced import misplaced_reason
from crawler_core.normalize.result import Reason
from crawler_core.normalize.text import clean, squeeze

__all__ = ["VERSION", "Capital", "normalise_capital", "normalise_capitals"]

VERSION: Final = "1"


@dataclass(frozen=True, slots=True)
class Capital:
    """A capital string, read.

    Attributes:
        amount: in units of the currency, rounded half up to 0.01; None when unparsed.
        currency: ISO 4217 code; empty when unparsed.
        derivation: ``named`` (the currency is), or ``yuan`` (only 元 is written).
        reason: why it is unparsed, else None.
    """

    amount: Decimal | None = None
    currency: str = ""
    derivation: str = ""
    reason: Reason | None = None


_CURRENCIES: Final = {
    word: code
    for code, words in {
        "CNY": "人民币 元人民币 人民币元 rmb cny",
        "USD": "美元 美金 元美元 usd",
        "HKD": "港元 港币 香港元 元港币 元港元 hkd",
        "TWD": "新台币 台币 twd",
        "EUR": "欧元 eur",
        "JPY": "日元 日圆 jpy",
        "GBP": "英镑 gbp",
        "SGD": "新加坡元 新元 sgd",
        "AUD": "澳元 澳大利亚元 aud",
        "CAD": "加元 加拿大元 cad",
        "CHF": "瑞士法郎 chf",
        "KRW": "韩元 krw",
    }.items()
    for word in words.split()
}
_SCALES: Final = {"": Decimal(1), "万": Decimal(10_000), "亿": Decimal(100_000_000)}
_NAMES: Final = "|".join(sorted(_CURRENCIES, key=len, reverse=True))
_GRAMMAR: Final = re.compile(
    rf"(?P<before>{_NAMES})?(?P<figure>[0-9]{{1,12}}(?:\.[0-9]{{1,8}})?)\(?(?P<scale>[万亿]?)\)?"
    rf"(?:(?P<after>{_NAMES})|(?P<yuan>元整?))?"
)
_UNSTATED: Final = frozenset({"-", "--", "无", "未公开", "保密"})


def normalise_capital(raw: str | None) -> Capital:
    """Read one capital string; never raises, never guesses."""
    text, refused = clean(raw)
    if refused:
        return Capital(reason=refused)
    text = squeeze(text)
    if text in _UNSTATED:
        return Capital(reason=Reason.UNSTATED)
    match = _GRAMMAR.fullmatch(text)
    if match is None:
        return Capital(reason=misplaced_reason(text))
    named = {_CURRENCIES[word] for word in match.group("before", "after") if word}
    if len(named) > 1 or not (named or match["yuan"]):
        return Capital(reason=Reason.AMBIGUOUS)
    amount = (Decimal(match["figure"]) * _SCALES[match["scale"]]).quantize(Decimal("0.01"), ROUND_HALF_UP)
    if amount <= 0 or amount >= Decimal(10) ** 16:
        return Capital(reason=Reason.OUT_OF_RANGE)
    return Capital(amount, named.pop() if named else "CNY", "named" if match["before"] or match["after"] else "yuan")


def normalise_capitals(values: Iterable[str | None]) -> list[Capital]:
    """Read distinct capital strings, in order."""
    return [normalise_capital(value) for value in values]
