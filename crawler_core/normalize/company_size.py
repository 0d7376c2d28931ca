"""Company size as a range of employees (docs/wire.md section 9)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from crawler_core.normalize.misplaced import misplaced_reason
from crawler_core.normalize.result import Reason
from crawler_core.normalize.text import clean, squeeze

__all__ = ["VERSION", "CompanySize", "normalise_company_size", "normalise_company_sizes"]

VERSION: Final = "1"


@dataclass(frozen=True, slots=True)
class CompanySize:
    """A size string, read. The platforms' brackets differ; the ends are kept as published.

    Attributes:
        min_people: fewest employees; 0 when the string is open downwards, None when unparsed.
        max_people: most employees; None when open upwards. ``少于50人`` has 50, which is itself not included.
        derivation: ``range``, ``single``, ``at_least``, ``at_most`` or ``less_than``, then ``no_unit`` when the
            word 人 is missing.
        reason: why it is unparsed, else None.
    """

    min_people: int | None = None
    max_people: int | None = None
    derivation: str = ""
    reason: Reason | None = None


_RANGE: Final = re.compile(
    r"(?:(?P<low>[0-9]{1,7})人?[-~至到])?(?P<high>[0-9]{1,7})(?P<unit>人?)(?P<open>及?以[上下内])?"
)
_LESS: Final = re.compile(r"(?:少于|不足|小于)(?P<high>[0-9]{1,7})人?")
_UNSTATED: Final = frozenset({"不限", "保密", "规模不限"})


def normalise_company_size(raw: str | None) -> CompanySize:
    """Read one size string; never raises. A single bare number is refused as ambiguous."""
    text, refused = clean(raw)
    if refused:
        return CompanySize(reason=refused)
    text = squeeze(text)
    if text in _UNSTATED:
        return CompanySize(reason=Reason.UNSTATED)
    if less := _LESS.fullmatch(text):
        most = int(less["high"])
        return CompanySize(0, most, "less_than") if most else CompanySize(reason=Reason.OUT_OF_RANGE)
    match = _RANGE.fullmatch(text)
    if match is None:
        return CompanySize(reason=misplaced_reason(text, Reason.MISPLACED_SIZE))
    high, opening = int(match["high"]), match["open"] or ""
    low = int(match["low"]) if match["low"] else high
    suffix = "" if match["unit"] else "+no_unit"
    if match["low"] and opening:
        return CompanySize(reason=Reason.AMBIGUOUS)
    if low > high or high == 0:
        return CompanySize(reason=Reason.OUT_OF_RANGE)
    if match["low"]:
        return CompanySize(low, high, f"range{suffix}")
    if "上" in opening:
        return CompanySize(high, None, f"at_least{suffix}")
    if opening:
        return CompanySize(0, high, f"at_most{suffix}")
    return CompanySize(high, high, "single") if match["unit"] else CompanySize(reason=Reason.AMBIGUOUS)


def normalise_company_sizes(values: Iterable[str | None]) -> list[CompanySize]:
    """Read distinct size strings, in order."""
    return [normalise_company_size(value) for value in values]
