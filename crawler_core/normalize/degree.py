"""Required degree as one ladder over the platforms (docs/wire.md section 9)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from crawler_core.normalize.misplaced import misplaced_reason
from crawler_core.normalize.result import Reason
from crawler_core.normalize.text import clean, squeeze

__all__ = ["RANKS", "VERSION", "Degree", "DegreeLevel", "normalise_degree", "normalise_degrees"]

VERSION: Final = "1"


class DegreeLevel(StrEnum):
    """Levels of schooling, lowest first; ``any`` asks for none."""

    ANY = "any"
    JUNIOR_HIGH = "junior_high"
    VOCATIONAL = "vocational"
    HIGH_SCHOOL = "high_school"
    COLLEGE = "college"
    BACHELOR = "bachelor"
    MASTER = "master"
    MBA = "mba"
    DOCTOR = "doctor"


RANKS: Final = {
    DegreeLevel.ANY: 0,
    DegreeLevel.JUNIOR_HIGH: 1,
    DegreeLevel.VOCATIONAL: 2,
    DegreeLevel.HIGH_SCHOOL: 2,
    DegreeLevel.COLLEGE: 3,
    DegreeLevel.BACHELOR: 4,
    DegreeLevel.MASTER: 5,
    DegreeLevel.MBA: 5,
    DegreeLevel.DOCTOR: 6,
}
"""Order of the levels; equal ranks are equivalent schooling (vocational and high school, master and MBA)."""


@dataclass(frozen=True, slots=True)
class Degree:
    """A degree string, read.

    Attributes:
        level: the level named; None when unparsed.
        rank: its place in the ladder, 0 (any) to 6 (doctor); see ``RANKS``.
        bound: ``at_least`` when the string says 及以上, ``at_most`` when it says 及以下, else empty.
        derivation: ``word``, or ``word+bound``.
        reason: why it is unparsed, else None.
    """

    level: DegreeLevel | None = None
    rank: int | None = None
    bound: str = ""
    derivation: str = ""
    reason: Reason | None = None


_WORDS: Final = {
    word: level
    for level, words in {
        DegreeLevel.ANY: "不限 学历不限 不限学历",
        DegreeLevel.JUNIOR_HIGH: "初中",
        DegreeLevel.VOCATIONAL: "中专 中技 中专/中技 中技/中专 职高",
        DegreeLevel.HIGH_SCHOOL: "高中",
        DegreeLevel.COLLEGE: "大专 专科",
        DegreeLevel.BACHELOR: "本科 学士",
        DegreeLevel.MASTER: "硕士 硕士研究生",
        DegreeLevel.MBA: "mba emba mba/emba",
        DegreeLevel.DOCTOR: "博士 博士研究生",
    }.items()
    for word in words.split()
}
_BOUNDS: Final = (("及以上", "at_least"), ("以上", "at_least"), ("及以下", "at_most"), ("以下", "at_most"))


def normalise_degree(raw: str | None) -> Degree:
    """Read one degree string; never raises. ``研究生`` alone may be a master or a doctor and is refused."""
    text, refused = clean(raw)
    if refused:
        return Degree(reason=refused)
    text = squeeze(text)
    word, bound = text, ""
    for suffix, name in _BOUNDS:
        if text.endswith(suffix):
            word, bound = text.removesuffix(suffix), name
            break
    level = _WORDS.get(word)
    if level is None:
        if word == "研究生":
            return Degree(reason=Reason.AMBIGUOUS)
        return Degree(reason=misplaced_reason(text, Reason.MISPLACED_DEGREE))
    if level is DegreeLevel.ANY and bound:
        return Degree(reason=Reason.NOT_UNDERSTOOD)
    return Degree(level, RANKS[level], bound, "word+bound" if bound else "word")


def normalise_degrees(values: Iterable[str | None]) -> list[Degree]:
    """Read distinct degree strings, in order."""
    return [normalise_degree(value) for value in values]
