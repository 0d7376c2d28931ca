"""What every normaliser answers with, and why a string stays unparsed.

A result either has values (``reason`` is None) or a reason; it never has a guess. ``derivation`` names the rules that
made the values, in order, joined by ``+`` (``range_k+inherited_unit+month_by_default``), so that every figure can be
traced to a rule and a doubtful rule can be filtered out later.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from enum import StrEnum
from typing import Protocol

__all__ = ["Normalised", "Reason", "tally"]


class Reason(StrEnum):
    """Why a string has no values: a closed list, safe as a column value and as a label of a count."""

    EMPTY = "empty"
    """Nothing was published: null, blank, or the word ``null`` that a client wrote for it."""
    UNSTATED = "unstated"
    """The publisher says that it does not say: ``不限`` as a salary or size, ``保密`` as a company type."""
    NEGOTIABLE = "negotiable"
    """``面议``: there is no figure."""
    NOT_UNDERSTOOD = "not_understood"
    """No rule reads it: unknown words, a header row (``salary``, ``薪资``), free text."""
    AMBIGUOUS = "ambiguous"
    """More than one reading is possible: ``10-15`` without a unit, two cities in one cell."""
    OUT_OF_RANGE = "out_of_range"
    """The shape is known, the figures cannot be: a reversed range, 99 salaries a year, month 13."""
    DAMAGED = "damaged"
    """Holds U+FFFD or half a surrogate pair: bytes were lost before it reached us."""
    PRIVATE_FONT = "private_font"
    """Holds private-use characters of an unknown font (docs/wire.md section 8)."""
    NOT_A_PLACE = "not_a_place"
    """``异地招聘``, ``远程``: a way of hiring, not a city."""
    MISPLACED_INTERNSHIP = "misplaced:internship_terms"
    """``5天/周``, ``3个月``: internship terms (docs/wire.md section 9)."""
    MISPLACED_SALARY = "misplaced:salary"
    MISPLACED_EXPERIENCE = "misplaced:experience"
    MISPLACED_DEGREE = "misplaced:degree"
    MISPLACED_SIZE = "misplaced:company_size"
    MISPLACED_STAGE = "misplaced:financing_stage"
    MISPLACED_TYPE = "misplaced:company_type"
    MISPLACED_DATE = "misplaced:date"
    MISPLACED_ACTIVITY = "misplaced:recruiter_activity"
    """``刚刚活跃``: when the recruiter was seen, not when the job was published."""


class Normalised(Protocol):
    """The part that all results share."""

    @property
    def derivation(self) -> str:
        """The rules that made the values, joined by ``+``; empty when there are none."""

    @property
    def reason(self) -> Reason | None:
        """Why there are no values; None when there are."""


def tally(results: Iterable[Normalised], weights: Iterable[int] | None = None) -> dict[str, int]:
    """Count results by reason; parsed ones are counted as ``parsed``.

    Args:
        results: what a normaliser returned.
        weights: how often each distinct string occurs; 1 each when left out.

    Returns:
        Counts by name, most frequent first.

    Raises:
        ValueError: there are not as many weights as results.
    """
    counts: Counter[str] = Counter()
    if weights is None:
        counts.update(result.reason or "parsed" for result in results)
    else:
        for result, weight in zip(results, weights, strict=True):
            counts[result.reason or "parsed"] += weight
    return {str(name): count for name, count in counts.most_common()}
