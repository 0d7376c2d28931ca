"""The checks of a loaded day: what is measured, and what it means.

``measure`` asks the warehouse; ``verdicts`` is a pure function of the measurements. The blocking ones fail the run,
so nothing downstream is computed from a day that is wrong; the rows stay, because pages that are landed cannot get
better by hiding them. The checks that compare a day with the days before it are in ``quality``.
"""

# ruff: noqa: S608 - generated SQL: table and column names are our own, values are bound as parameters

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import dagster as dg

from crawler_core.platforms.spec import PlatformSpec
from jobdata_assets import names
from jobdata_assets.daily.coverage import Coverage
from jobdata_assets.daily.daily_check import daily_check
from jobdata_assets.daily.quality import quality_specs
from jobdata_assets.metadata import counts
from jobdata_assets.partitions import PARTITION_LIMIT

if TYPE_CHECKING:
    from jobdata_resources.warehouse import LoadResult, Warehouse

__all__ = ["PARTITION_WARNING", "REFUSED_LIMIT", "DayFacts", "check_specs", "measure", "verdicts"]

REFUSED_LIMIT = 0.05
"""Share of records that may lack a required field before the day fails: single bad records happen."""

PARTITION_WARNING = 0.8
"""Share of the partition limit at which a person should act."""

_SHOWN = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class DayFacts:
    """What is in the warehouse of one platform and day.

    Attributes:
        sightings, distinct_sightings: rows of ``job_sighting`` of the day, and their distinct keys.
        rows, distinct_rows: rows of ``<platform>_job`` of the jobs seen on the day, and their distinct keys.
        without_job: sightings whose job row is missing.
        empty: rows whose required column is empty, by column.
    """

    sightings: int
    distinct_sightings: int
    rows: int
    distinct_rows: int
    without_job: int
    empty: Mapping[str, int]


def check_specs(spec: PlatformSpec, daily: dg.DailyPartitionsDefinition | None = None) -> list[dg.AssetCheckSpec]:
    """The checks of ``<platform>_job``, in the order they are told; by day where the days are given."""
    asset = names.job_table(spec.name)

    def check(name: str, description: str, *, blocking: bool = True) -> dg.AssetCheckSpec:
        return daily_check(name, asset, description, blocking=blocking, daily=daily)

    return [
        check("rows_loaded", "The day brought rows, and every page that should hold jobs was understood."),
        check("unique_keys", "One row per job content and one per sighting; every sighting has its job."),
        check("required_fields", "Required columns are filled, and few records were refused for lack of one."),
        check("keyword_coverage", "Enough of the active keywords were crawled to their end."),
        check(
            "partition_budget",
            f"Dates x keywords of `{names.raw_pages(spec.name).to_user_string()}` stays below"
            f" {PARTITION_WARNING:.0%} of {PARTITION_LIMIT:,}, above which Dagster gets slow.",
            blocking=False,
        ),
        *quality_specs(spec, daily),
    ]


def measure(warehouse: Warehouse, spec: PlatformSpec, date: dt.date) -> DayFacts:
    """Count. Only the day's jobs are looked at, so the cost does not grow with the table."""
    day = "platform = {platform:String} AND crawl_date = {date:Date}"
    seen = f"SELECT job_id FROM job_sighting WHERE {day}"
    bound = {"platform": spec.name, "date": date}
    required = [field.column for field in spec.search.fields if field.required]
    table = names.job_table(spec.name).to_user_string()
    sightings, distinct_sightings = warehouse.query(
        "SELECT count(), uniqExact(keyword, city, page, rank, job_id, content_hash, fetched_at)"
        f" FROM job_sighting WHERE {day}",
        bound,
    )[0]
    empty = "".join(f", countIf(empty(toString({column})))" for column in required)
    rows, distinct_rows, *empties = warehouse.query(
        f"SELECT count(), uniqExact(job_id, content_hash){empty} FROM {table} WHERE job_id IN ({seen})", bound
    )[0]
    [(without_job,)] = warehouse.query(
        f"SELECT count() FROM job_sighting WHERE {day} AND (job_id, content_hash) NOT IN"
        f" (SELECT job_id, content_hash FROM {table} WHERE job_id IN ({seen}))",
        bound,
    )
    return DayFacts(
        sightings=int(sightings),
        distinct_sightings=int(distinct_sightings),
        rows=int(rows),
        distinct_rows=int(distinct_rows),
        without_job=int(without_job),
        empty=dict(zip(required, map(int, empties), strict=True)),
    )


def verdicts(
    result: LoadResult, facts: DayFacts, coverage: Coverage, *, coverage_target: float, dates: int, keywords: int
) -> Iterator[dg.AssetCheckResult]:
    """One result per check.

    Args:
        coverage_target: share of the expected keywords that must be done, 0 to 1.
        dates, keywords: sizes of the two partition dimensions of the raw pages.
    """
    yield dg.AssetCheckResult(
        check_name="rows_loaded",
        passed=facts.sightings > 0 and result.unparsed_pages == 0,
        # A few pages that nobody understands are worth a look; a day without a row is worth a stop.
        severity=dg.AssetCheckSeverity.WARN if facts.sightings else dg.AssetCheckSeverity.ERROR,
        description=(
            f"{facts.sightings} sightings from {result.pages} pages; {result.unparsed_pages} pages said to hold jobs"
            " but none was found in them"
        ),
        metadata={"sightings": facts.sightings, "pages": result.pages, "unparsed_pages": result.unparsed_pages},
    )
    twice = facts.rows - facts.distinct_rows + facts.sightings - facts.distinct_sightings
    yield dg.AssetCheckResult(
        check_name="unique_keys",
        passed=twice == 0 and facts.without_job == 0,
        description=f"{twice} rows more than keys, {facts.without_job} sightings without their job",
        metadata={"duplicates": twice, "sightings_without_job": facts.without_job},
    )
    refused = sum(result.refused.values())
    share = refused / result.records if result.records else 0.0
    empty = sum(facts.empty.values())
    yield dg.AssetCheckResult(
        check_name="required_fields",
        passed=empty == 0 and share <= REFUSED_LIMIT,
        description=f"{empty} empty required values; {refused} of {result.records} records refused ({share:.1%})",
        metadata={"empty": counts(facts.empty), "refused": counts(result.refused), "refused_share": round(share, 4)},
    )
    missing = sorted(f"{keyword} ({state})" for keyword, state in coverage.missing.items())
    yield dg.AssetCheckResult(
        check_name="keyword_coverage",
        passed=coverage.ratio >= coverage_target,
        description=(
            f"{coverage.done} of {coverage.expected} keywords done ({coverage.ratio:.1%}, at least"
            f" {coverage_target:.0%} wanted)" + (f"; missing: {', '.join(missing[:_SHOWN])}" if missing else "")
        ),
        metadata={
            "coverage": round(coverage.ratio, 4),
            "expected_keywords": coverage.expected,
            "done_keywords": coverage.done,
            "missing": missing,
        },
    )
    used = dates * keywords / PARTITION_LIMIT
    yield dg.AssetCheckResult(
        check_name="partition_budget",
        passed=used < PARTITION_WARNING,
        severity=dg.AssetCheckSeverity.WARN,
        description=(
            f"{dates} dates x {keywords} keywords = {dates * keywords:,} of {PARTITION_LIMIT:,} partitions"
            + ("" if used < PARTITION_WARNING else "; lower PARTITION_DAYS, or delete keyword partitions nobody needs")
        ),
        metadata={"partitions": dates * keywords, "used": round(used, 4)},
    )
