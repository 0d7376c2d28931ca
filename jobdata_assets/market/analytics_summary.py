"""What is in ``job_analytics``, for metadata and reports: counts, shares of unparsed values, some rows."""

# ruff: noqa: S608 - generated SQL: column names are constants of the view

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from jobdata_resources.warehouse.facts.market import FIELD_REASONS, NOT_PUBLISHED

if TYPE_CHECKING:
    from jobdata_resources.warehouse import Warehouse

__all__ = ["MarketSummary", "PlatformSummary", "summarise"]

_PREVIEW = ("platform", "title", "company_name", "city", "salary_min", "salary_max", "degree", "days_open", "status")
_PREVIEW_ROWS = 10
_COUNTED = ("company_id", "opening_id", *FIELD_REASONS.values())
_ORDER = ("last_seen", "job_id")
_COPY = "job_analytics_summary"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformSummary:
    """A platform's jobs.

    Attributes:
        companies: distinct published company names.
        resolved: share of the jobs whose company across platforms is known, 0 to 1.
        openings: distinct openings among the jobs that were linked.
        unparsed: share of the jobs without a value, 0 to 1, by field the platform publishes.
    """

    jobs: int
    open: int
    gone: int
    companies: int
    resolved: float
    openings: int
    unparsed: dict[str, float]


@dataclass(frozen=True, slots=True)
class MarketSummary:
    """The view at one moment; ``preview`` are the jobs seen last, a few of each platform."""

    platforms: dict[str, PlatformSummary]
    preview_columns: tuple[str, ...]
    preview: list[tuple[object, ...]]

    @property
    def resolved(self) -> float:
        """Share of all jobs whose company across platforms is known, 0 to 1."""
        jobs = sum(one.jobs for one in self.platforms.values())
        return sum(one.resolved * one.jobs for one in self.platforms.values()) / jobs if jobs else 0.0

    @property
    def unparsed(self) -> dict[str, float]:
        """Share of the jobs without a value, by field, over the platforms that publish it."""
        shares = {}
        for field in FIELD_REASONS:
            telling = [one for one in self.platforms.values() if field in one.unparsed]
            jobs = sum(one.jobs for one in telling)
            if jobs:
                shares[field] = sum(one.unparsed[field] * one.jobs for one in telling) / jobs
        return shares


def summarise(warehouse: Warehouse) -> MarketSummary:
    """Read the view.

    Raises:
        WarehouseError: the view does not exist, or the engine refused.
    """
    shares = ", ".join(
        f"if(any({column}) = '{NOT_PUBLISHED}', -1, countIf({column} != '') / count())"
        for column in FIELD_REASONS.values()
    )
    with warehouse.market_copy(_COPY, [*_PREVIEW, *_COUNTED, *_ORDER]) as copy:
        rows = warehouse.query(
            f"""SELECT platform, count(), countIf(status = 'open'), countIf(status = 'gone'), uniqExact(company_name),
                countIf(company_id != '') / count(), uniqExactIf(opening_id, opening_id != ''), {shares}
            FROM {copy} GROUP BY platform ORDER BY platform"""
        )
        preview = warehouse.query(
            f"SELECT {', '.join(_PREVIEW)} FROM {copy} ORDER BY last_seen DESC, platform, job_id"
            f" LIMIT 4 BY platform LIMIT {_PREVIEW_ROWS}"
        )
    return MarketSummary(
        platforms={
            str(platform): PlatformSummary(
                jobs=int(jobs),
                open=int(still),
                gone=int(gone),
                companies=int(companies),
                resolved=float(resolved),
                openings=int(openings),
                unparsed={
                    field: float(share) for field, share in zip(FIELD_REASONS, unparsed, strict=True) if share >= 0
                },
            )
            for platform, jobs, still, gone, companies, resolved, openings, *unparsed in rows
        },
        preview_columns=_PREVIEW,
        preview=preview,
    )
