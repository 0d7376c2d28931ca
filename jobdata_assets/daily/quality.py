"""Whether a loaded day looks like the days before it: pure decisions over what ``quality_measure`` found.

None of these checks blocks. They tell a person where to look: the strings nobody understands, the member a platform
has renamed and the page that shows it, the search that repeats itself.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

import dagster as dg

from crawler_core.platforms.spec import PlatformSpec
from jobdata_assets import names
from jobdata_assets.daily.daily_check import daily_check
from jobdata_assets.daily.drift import Drift, columns_of, find_drifts
from jobdata_assets.metadata import counts, markdown_table
from jobdata_resources.warehouse.facts.questions import DayProfile, FieldDay, UnparsedString

__all__ = [
    "HISTORY_DAYS",
    "Level",
    "QualityFacts",
    "Repeats",
    "level_of_rows",
    "level_of_share",
    "quality_specs",
    "quality_verdicts",
]

HISTORY_DAYS = 7
"""Loaded days before a day that it is compared with."""
MIN_HISTORY = 3
"""Loaded days below which nothing is compared: a median of two says little."""
SHARE_TOLERANCE = 0.02
"""A share may lie this far above the median, or half the median, whichever is more."""
MIN_UNPARSED = 5
"""Job contents below which a share is not worth a warning."""
ROW_BAND = (0.5, 2.0)
"""Jobs of a day against the median."""
REPEAT_LIMIT = 0.2
"""Share of a day's sightings that repeat a job within one search. A list that moves while it is read repeats a few."""


@dataclass(frozen=True, slots=True)
class Level:
    """A figure of today against the days before.

    Attributes:
        median: of the days before; None when there are too few.
        limits: lowest and highest figure that is no drift.
    """

    today: float
    median: float | None
    limits: tuple[float, float]

    @property
    def drifts(self) -> bool:
        """Whether today lies outside the limits."""
        return not self.limits[0] <= self.today <= self.limits[1]


@dataclass(frozen=True, slots=True)
class Repeats:
    """A search of the day, its sightings, and those that show a job the search had shown already."""

    keyword: str
    city: str
    sightings: int
    repeated: int


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityFacts:
    """What is known of a platform's day.

    Attributes:
        fields: every normalised field on this day and the days before, as far as they were loaded.
        worst: the day's commonest unparsed strings.
        profiles: members of items on the days before and on this day, oldest first.
        jobs: distinct jobs of the day; ``jobs_before``: of the loaded days before.
        repeats: searches that show a job more than once, worst first; ``sightings``: of all searches.
        twice: jobs with more than one row in ``<p>_job_current``.
        unseen: contents fetched on the day that no sighting tells of, and ``unseen_jobs``: some of their ids.
        unstored: sightings of the day whose content is missing, and ``unstored_jobs``: some of their ids.
    """

    date: dt.date
    fields: Sequence[FieldDay]
    worst: Sequence[UnparsedString]
    profiles: Sequence[DayProfile]
    jobs: int
    jobs_before: Mapping[dt.date, int]
    sightings: int
    repeats: Sequence[Repeats]
    twice: int
    unseen: int
    unseen_jobs: Sequence[str]
    unstored: int
    unstored_jobs: Sequence[str]


def level_of_share(day: FieldDay, before: Sequence[float]) -> Level:
    """A field's share of unparsed values against the days before."""
    if len(before) < MIN_HISTORY or sum(day.unparsed.values()) < MIN_UNPARSED:
        return Level(day.share, median(before) if len(before) >= MIN_HISTORY else None, (0.0, 1.0))
    usual = median(before)
    return Level(day.share, usual, (0.0, usual + max(SHARE_TOLERANCE, usual / 2)))


def level_of_rows(jobs: int, before: Sequence[int]) -> Level:
    """The jobs of a day against the days before."""
    if len(before) < MIN_HISTORY:
        return Level(jobs, None, (0.0, float("inf")))
    usual = float(median(before))
    return Level(jobs, usual, (usual * ROW_BAND[0], usual * ROW_BAND[1]))


def quality_specs(spec: PlatformSpec, daily: dg.DailyPartitionsDefinition | None = None) -> list[dg.AssetCheckSpec]:
    """The checks of ``<platform>_job`` that compare a day with the days before, in the order they are told."""
    described = {
        "unparsed_values": f"No field is understood less often than in the last {HISTORY_DAYS} loaded days.",
        "schema_drift": f"Items have the members and types of the last {HISTORY_DAYS} loaded days.",
        "row_count_drift": f"As many jobs as in the last {HISTORY_DAYS} loaded days, within half and double.",
        "duplicate_ids": "One current row per job, and searches that do not show the same jobs again and again.",
        "orphans": "Every content fetched on the day has a sighting, and every sighting its content.",
    }
    asset = names.job_table(spec.name)
    return [daily_check(name, asset, text, blocking=False, daily=daily) for name, text in described.items()]


def quality_verdicts(spec: PlatformSpec, facts: QualityFacts) -> Iterator[dg.AssetCheckResult]:
    """One result per check."""
    yield _unparsed(facts)
    yield _schema(spec, facts)
    yield _rows(facts)
    yield _duplicates(facts)
    yield _orphans(facts)


def _warn(name: str, passed: bool, description: str, metadata: dict[str, Any]) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        check_name=name,
        passed=passed,
        severity=dg.AssetCheckSeverity.WARN,
        description=description,
        metadata=metadata,
    )


def _unparsed(facts: QualityFacts) -> dg.AssetCheckResult:
    today = {day.field: day for day in facts.fields if day.date == facts.date}
    levels = {
        name: level_of_share(day, [one.share for one in facts.fields if one.field == name and one.date < facts.date])
        for name, day in today.items()
    }
    bad = [name for name, level in levels.items() if level.drifts]
    told = "; ".join(
        f"{name} {levels[name].today:.1%} unparsed, usually {levels[name].median:.1%}" for name in bad
    )  # fmt: skip
    rows = [
        (
            name,
            f"{level.today:.2%}",
            "-" if level.median is None else f"{level.median:.2%}",
            "-" if level.median is None else f"{level.limits[1]:.2%}",
            ", ".join(f"{reason} {count}" for reason, count in today[name].unparsed.items()),
        )
        for name, level in levels.items()
    ]
    metadata: dict[str, Any] = {
        "fields": dg.MetadataValue.md(markdown_table(("field", "today", "median", "limit", "reasons"), rows)),
        "strings": dg.MetadataValue.md(
            markdown_table(
                ("field", "string", "reason", "jobs"),
                [(one.field, one.raw or "(empty)", one.reason, one.jobs) for one in _worst_first(facts.worst, bad)],
            )
        ),
        # One number per field: the UI plots each over the days.
        **{f"{name}_unparsed_share": round(level.today, 4) for name, level in levels.items()},
        **{f"{name}_median_share": round(levels[name].median or 0.0, 4) for name in bad},
    }
    days = len({one.date for one in facts.fields if one.date < facts.date})
    usual = f"all {len(levels)} fields as usual" if days >= MIN_HISTORY else f"{days} days to compare with, too few yet"
    return _warn("unparsed_values", not bad, told or usual, metadata)


def _worst_first(worst: Sequence[UnparsedString], bad: Sequence[str]) -> list[UnparsedString]:
    return sorted(worst, key=lambda one: (one.field not in bad, one.field, -one.jobs, one.raw))


def _schema(spec: PlatformSpec, facts: QualityFacts) -> dg.AssetCheckResult:
    judged = bool(facts.profiles) and facts.profiles[-1].date == facts.date
    drifts = find_drifts(facts.profiles) if judged else []
    told = "; ".join(_drift_text(spec, drift) for drift in drifts[:5])
    columns = ("change", "member", "types", "columns", "since", "share", "example", "keyword", "page", "landed segment")
    rows = [_drift_row(spec, drift) for drift in drifts]
    sampled = facts.profiles[-1].sampled if judged else 0
    before = len(facts.profiles) - judged
    metadata: dict[str, Any] = {
        "sampled_items": sampled,
        "days_compared": before,
        "drifts": len(drifts),
        "table": dg.MetadataValue.md(markdown_table(columns, rows)),
        # In full: a path in the table may be cut.
        "pages": dg.MetadataValue.json([f"{one.segment} page {one.page} ({one.keyword})" for one in drifts]),
    }
    usual = f"{sampled} items have the members of the {before} days before" if before else "no day to compare with yet"
    return _warn("schema_drift", not drifts, told or usual, metadata)


def _drift_text(spec: PlatformSpec, drift: Drift) -> str:
    columns = columns_of(spec.search, drift.path)
    fills = f" (column {', '.join(columns)})" if columns else ""
    change = f"{drift.path}{fills} {drift.kind} since {drift.since}"
    return f"{change}: {drift.types}, see {drift.segment} page {drift.page}"


def _drift_row(spec: PlatformSpec, drift: Drift) -> tuple[object, ...]:
    return (
        *(drift.kind, drift.path, drift.types, ", ".join(columns_of(spec.search, drift.path)) or "-", drift.since),
        *(f"{drift.share:.0%}", drift.example, drift.keyword, drift.page, drift.segment),
    )


def _rows(facts: QualityFacts) -> dg.AssetCheckResult:
    level = level_of_rows(facts.jobs, list(facts.jobs_before.values()))
    days = counts({date.isoformat(): jobs for date, jobs in facts.jobs_before.items()})
    if level.median is None:
        return _warn(
            "row_count_drift",
            passed=True,
            description=f"{facts.jobs} jobs; {len(facts.jobs_before)} days to compare with, too few yet",
            metadata={"jobs": facts.jobs, "days_before": days},
        )
    text = f"{facts.jobs} jobs, usually {level.median:g} (from {level.limits[0]:g} to {level.limits[1]:g} is no drift)"
    if level.drifts:
        text += "; look at keyword_coverage and at the outcomes of the day's pages"
    metadata = {"jobs": facts.jobs, "median": level.median, "days_before": days}
    return _warn("row_count_drift", not level.drifts, text, metadata)


def _duplicates(facts: QualityFacts) -> dg.AssetCheckResult:
    repeated = sum(one.repeated for one in facts.repeats)
    share = repeated / facts.sightings if facts.sightings else 0.0
    table = [(one.keyword, one.city, one.sightings, one.repeated) for one in facts.repeats[:20]]
    return _warn(
        "duplicate_ids",
        facts.twice == 0 and share <= REPEAT_LIMIT,
        f"{facts.twice} jobs with more than one current row; {repeated} of {facts.sightings} sightings ({share:.1%})"
        " repeat a job within their search",
        {
            "jobs_with_several_rows": facts.twice,
            "repeated_share": round(share, 4),
            "searches": dg.MetadataValue.md(markdown_table(("keyword", "city", "sightings", "repeated"), table)),
        },
    )


def _orphans(facts: QualityFacts) -> dg.AssetCheckResult:
    return _warn(
        "orphans",
        facts.unseen == 0 and facts.unstored == 0,
        f"{facts.unseen} contents without a sighting, {facts.unstored} sightings without their content"
        + ("; load the day again, its landed pages bring both" if facts.unseen or facts.unstored else ""),
        {
            "contents_without_sighting": facts.unseen,
            "contents_without_sighting_jobs": list(facts.unseen_jobs),
            "sightings_without_content": facts.unstored,
            "sightings_without_content_jobs": list(facts.unstored_jobs),
        },
    )
