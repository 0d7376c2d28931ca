"""The Dagster jobs: what schedules and sensors start.

Crawl and load are jobs of their own: a crawl takes hours and its keywords fail one by one, a load takes seconds and
belongs to a day. Both have one step, so they run in the process of their run; a second process costs three seconds.
"""

from __future__ import annotations

from collections.abc import Sequence

import dagster as dg
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

from crawler_core.platforms.spec import PlatformSpec
from jobdata_assets import names

__all__ = ["company_cleaning_job", "company_job", "fleet_report_job", "market_job", "platform_jobs"]

_MAX_RUNTIME = "dagster/max_runtime"
_LOAD_SECONDS = 2 * 60 * 60


def platform_jobs(spec: PlatformSpec) -> tuple[UnresolvedAssetJobDefinition, UnresolvedAssetJobDefinition]:
    """``<platform>_crawl`` and ``<platform>_load``."""
    crawl = dg.define_asset_job(
        names.crawl_job(spec.name),
        selection=dg.AssetSelection.assets(names.raw_pages(spec.name)),
        description=f"Crawl {spec.title}: all selected keywords of a day in one run.",
        tags={names.PLATFORM_TAG: spec.name, names.CRAWL_TAG: spec.name},
        executor_def=dg.in_process_executor,
        metadata=names.OWNED,
    )
    load = dg.define_asset_job(
        names.load_job(spec.name),
        selection=dg.AssetSelection.assets(names.job_table(spec.name)),
        description=f"Load the landed pages of a day of {spec.title} into ClickHouse and check them.",
        tags={names.PLATFORM_TAG: spec.name, _MAX_RUNTIME: str(_LOAD_SECONDS)},
        executor_def=dg.in_process_executor,
        metadata=names.OWNED,
    )
    return crawl, load


def company_job(spec: PlatformSpec) -> UnresolvedAssetJobDefinition:
    """``<platform>_company_job``: one batch of companies, or the companies of a past day from landed pages."""
    return dg.define_asset_job(
        names.company_job(spec.name),
        selection=dg.AssetSelection.assets(names.company_table(spec.name)),
        description=f"Fetch a batch of companies of {spec.title} and load them into ClickHouse.",
        tags={names.PLATFORM_TAG: spec.name, _MAX_RUNTIME: str(_LOAD_SECONDS)},
        executor_def=dg.in_process_executor,
        metadata=names.OWNED,
    )


def company_cleaning_job(platforms: Sequence[PlatformSpec]) -> UnresolvedAssetJobDefinition:
    """``company_cleaning``: collect companies of all platforms, then a batch of each.

    A run of the whole job needs the pools of all its assets at once; the schedule starts it asset by asset.
    """
    served = [spec.name for spec in platforms if spec.company is not None]
    return dg.define_asset_job(
        names.COMPANY_CLEANING_JOB,
        selection=dg.AssetSelection.assets(names.PENDING_COMPANY, *map(names.company_table, served)),
        description="Collect companies without details or with old ones, and fetch a batch of each platform.",
        tags={_MAX_RUNTIME: str(_LOAD_SECONDS)},
        executor_def=dg.in_process_executor,
        metadata=names.OWNED,
    )


def market_job() -> UnresolvedAssetJobDefinition:
    """``market_refresh``: companies, then openings, then the view; each replaces what readers see as a whole."""
    return dg.define_asset_job(
        names.MARKET_JOB,
        selection=dg.AssetSelection.assets(names.COMPANY, names.JOB_LINK, "job_analytics"),
        description="Resolve companies across platforms, link postings of one opening, and make `job_analytics` anew.",
        tags={_MAX_RUNTIME: str(_LOAD_SECONDS)},
        executor_def=dg.in_process_executor,
        metadata=names.OWNED,
    )


def fleet_report_job() -> UnresolvedAssetJobDefinition:
    """``fleet_report_job``: what the fleet of a day cost."""
    return dg.define_asset_job(
        names.FLEET_REPORT_JOB,
        selection=dg.AssetSelection.assets(names.FLEET_REPORT),
        description="Report what the fleet of a day cost and brought.",
        tags={_MAX_RUNTIME: str(_LOAD_SECONDS)},
        executor_def=dg.in_process_executor,
        metadata=names.OWNED,
    )
