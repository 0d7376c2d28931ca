"""Names of assets, jobs, pools and tags: others (sensors, schedules, the UI, tests) find things by them.

No Dagster objects are made here.
"""

from __future__ import annotations

import dagster as dg

__all__ = [
    "COMPANY_CLEANING_JOB",
    "CRAWL_TAG",
    "FLEET_REPORT",
    "FLEET_REPORT_JOB",
    "OWNERS",
    "PENDING_COMPANY",
    "PLATFORM_TAG",
    "WAREHOUSE_POOL",
    "company_job",
    "company_table",
    "crawl_job",
    "crawl_pool",
    "job_table",
    "keyword_dimension",
    "load_job",
    "raw_pages",
]

PLATFORM_TAG = "platform"
"""On every asset and run of a platform: filters the UI."""

CRAWL_TAG = "jobdata/crawl"
"""On crawl runs only, with the platform as value: ``dagster.yaml`` lets one crawl per platform run at a time.

``platform`` itself carries no limit, or a load would wait for a crawl of many hours.
"""

WAREHOUSE_POOL = "warehouse"
"""Everything that opens the warehouse: the embedded one belongs to one process at a time."""

OWNERS = ("team:data",)

PENDING_COMPANY = dg.AssetKey("pending_company")
"""The companies whose details are wanted, of all platforms, daily."""

FLEET_REPORT = dg.AssetKey("fleet_report")
"""What the fleet of a day cost and brought."""

FLEET_REPORT_JOB = "fleet_report_job"
"""The Dagster job that reports it."""

COMPANY_CLEANING_JOB = "company_cleaning"
"""The Dagster job that collects companies and fetches them, all platforms."""


def raw_pages(platform: str) -> dg.AssetKey:
    """The landed pages of a platform, date x keyword."""
    return dg.AssetKey(f"{platform}_raw_pages")


def job_table(platform: str) -> dg.AssetKey:
    """The job table of a platform, daily."""
    return dg.AssetKey(f"{platform}_job")


def keyword_dimension(platform: str) -> str:
    """The name of the dynamic partitions that hold a platform's keywords."""
    return f"{platform}_keyword"


def crawl_job(platform: str) -> str:
    """The Dagster job that crawls."""
    return f"{platform}_crawl"


def load_job(platform: str) -> str:
    """The Dagster job that loads a day."""
    return f"{platform}_load"


def crawl_pool(platform: str) -> str:
    """One crawl of a platform at a time, however it was started."""
    return f"crawl_{platform}"


def company_table(platform: str) -> dg.AssetKey:
    """The company table of a platform, daily."""
    return dg.AssetKey(f"{platform}_company")


def company_job(platform: str) -> str:
    """The Dagster job that fetches and loads a platform's companies."""
    return f"{platform}_company_job"
