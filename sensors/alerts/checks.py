"""Which results of asset checks are evidence: the decisions of ``alert_failed_check`` and ``alert_schema_drift``."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from jobdata_resources.alerts import Evidence, Story

__all__ = ["CheckOutcome", "judge_blocking", "judge_drift"]

_COVERAGE = "keyword_coverage"
"""Has an alert of its own, which knows the deadline."""

_DRIFT = "schema_drift"
_ROWS = "rows_loaded"


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckOutcome:
    """The newest result of a check.

    Attributes:
        blocking: a failure that counts fails the run; ``warning``: this failure does not count.
        at: when it was evaluated, zone-aware.
        partition: the day that was checked, as far as it is known.
        facts: numbers the check measured, by name.
    """

    asset: str
    check: str
    passed: bool
    blocking: bool
    warning: bool
    at: dt.datetime
    run_id: str
    partition: str = ""
    description: str = ""
    facts: tuple[tuple[str, str], ...] = ()


def judge_blocking(outcomes: Iterable[CheckOutcome]) -> list[Evidence]:
    """Blocking checks, but for keyword coverage: a failure that stopped the run is bad, all else is good."""
    return [
        _evidence("failed_check", one, bad=not one.passed and not one.warning)
        for one in outcomes
        if one.blocking and one.check != _COVERAGE
    ]


def judge_drift(outcomes: Iterable[CheckOutcome]) -> list[Evidence]:
    """The drift check, and pages that should have held jobs but were not understood."""
    return [
        _evidence("schema_drift", one, bad=not one.passed and (one.check == _DRIFT or one.warning))
        for one in outcomes
        if one.check in (_DRIFT, _ROWS)
    ]


def _evidence(kind: str, one: CheckOutcome, *, bad: bool) -> Evidence:
    day = f" of {one.partition}" if one.partition else ""
    story = Story(
        headline=f"{one.check}{day}: {one.description or 'failed'}",
        since=one.at,
        facts=(("Asset", one.asset), ("Check", one.check), *one.facts),
        run_id=one.run_id,
        healed=f"{one.check}{day} passes: {one.description}" if not bad else "",
    )
    return Evidence(kind=kind, subject=f"{one.asset}: {one.check}", bad=bad, at=one.at, story=story)
