"""Required work experience in years (docs/wire.md section 9)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from crawler_core.normalize.misplaced import misplaced_reason
from crawler_core.normalize.result import Reason
from crawler_core.normalize.text import clean, squeeze

__all__ = ["VERSION", "Experience", "ExperienceKind", "normalise_experience", "normalise_experiences"]

VERSION: Final = "1"
_MOST_YEARS: Final = 50


class ExperienceKind(StrEnum):
    """What kind of statement was published."""

    ANY = "any"
    """``经验不限``: it does not matter."""
    NONE = "none"
    """``无需经验``, ``无经验``: none is needed."""
    STUDENT = "student"
    GRADUATE = "graduate"
    STUDENT_OR_GRADUATE = "student_or_graduate"
    YEARS = "years"


@dataclass(frozen=True, slots=True)
class Experience:
    """An experience string, read.

    Attributes:
        min_years: fewest years asked for; 0 for all kinds but ``years``.
        max_years: most years, as published; None when open. 0 for students and graduates.
        kind: the kind of statement; None when unparsed.
        derivation: ``word``, ``range``, ``single``, ``at_least`` or ``at_most``.
        reason: why it is unparsed, else None.
    """

    min_years: int | None = None
    max_years: int | None = None
    kind: ExperienceKind | None = None
    derivation: str = ""
    reason: Reason | None = None


_WORDS: Final = {
    word: Experience(0, 0 if "student" in kind or "graduate" in kind else None, kind, "word")
    for kind, words in {
        ExperienceKind.ANY: "不限 经验不限 不限经验 工作经验不限",
        ExperienceKind.NONE: "无需经验 无经验 无工作经验 无需工作经验",
        ExperienceKind.STUDENT: "在校 在校生",
        ExperienceKind.GRADUATE: "应届 应届生 应届毕业生",
        ExperienceKind.STUDENT_OR_GRADUATE: "在校/应届 在校生/应届生 应届/在校 应届生/在校生",
    }.items()
    for word in words.split()
}
_YEARS: Final = re.compile(
    r"(?:(?P<low>[0-9]{1,2})年?[-~至到])?(?P<high>[0-9]{1,2})年(?P<open>及?以[上下内])?(?:工作)?(?:经验)?"
)


def normalise_experience(raw: str | None) -> Experience:
    """Read one experience string; never raises."""
    text, refused = clean(raw)
    if refused:
        return Experience(reason=refused)
    text = squeeze(text)
    if text in _WORDS:
        return _WORDS[text]
    match = _YEARS.fullmatch(text)
    if match is None:
        return Experience(reason=misplaced_reason(text, Reason.MISPLACED_EXPERIENCE))
    high, opening = int(match["high"]), match["open"] or ""
    low = int(match["low"]) if match["low"] else high
    if match["low"] and opening:
        return Experience(reason=Reason.AMBIGUOUS)
    if low > high or high > _MOST_YEARS or (high == 0 and not opening):
        return Experience(reason=Reason.OUT_OF_RANGE)
    if "上" in opening:
        return Experience(high, None, ExperienceKind.YEARS, "at_least")
    if opening:
        return Experience(0, high, ExperienceKind.YEARS, "at_most")
    return Experience(low, high, ExperienceKind.YEARS, "range" if match["low"] else "single")


def normalise_experiences(values: Iterable[str | None]) -> list[Experience]:
    """Read distinct experience strings, in order."""
    return [normalise_experience(value) for value in values]
