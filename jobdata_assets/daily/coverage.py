"""Keyword coverage of a day: which keywords should be there, and which are. Pure; the checks read it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from crawler_core.landing import Manifest

__all__ = ["Coverage", "Tracked", "measure_coverage"]


@dataclass(frozen=True, slots=True)
class Tracked:
    """A keyword of the control store. ``serial`` grows with each keyword added."""

    keyword: str
    paused: bool
    serial: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """How complete a day is.

    Attributes:
        expected: keywords that should have been crawled.
        done: how many of them were crawled to their end.
        missing: the others with their state (``pending`` when nothing is landed).
    """

    expected: int
    done: int
    missing: Mapping[str, str]

    @property
    def ratio(self) -> float:
        """Share of the expected keywords that are done; 1 when none was expected."""
        return self.done / self.expected if self.expected else 1.0


def measure_coverage(
    *, date: dt.date, today: dt.date, tracked: Iterable[Tracked], manifests: Iterable[Manifest]
) -> Coverage:
    """Compare what is landed with what should be.

    Today every active keyword is expected. Of a past day nobody wrote down which keywords were active, but a keyword
    that was added before one that is landed was there, so it is expected too, while keywords added since are not: a
    rebuild of an old day is not blamed for them. A keyword that is paused now is not expected, so one that is paused
    because it fails does not fail the day. What is landed of a keyword the control store no longer knows counts.
    """
    by_key = {manifest.keyword.casefold(): manifest for manifest in manifests}
    known = {keyword.keyword.casefold(): keyword for keyword in tracked}
    newest = max((keyword.serial for key, keyword in known.items() if key in by_key), default=0)
    expected = {
        key: keyword.keyword
        for key, keyword in known.items()
        if not keyword.paused and (date >= today or keyword.serial <= newest)
    }
    expected |= {key: manifest.keyword for key, manifest in by_key.items() if key not in known}
    states = {text: by_key[key].state if key in by_key else "pending" for key, text in expected.items()}
    missing = {text: state for text, state in states.items() if state != "done"}
    return Coverage(expected=len(states), done=len(states) - len(missing), missing=missing)
