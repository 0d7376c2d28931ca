"""Names of assets, jobs, pools and tags: others (sensors, schedules, the UI, tests) find things by them.

No Dagster objects are made here.
"""

from __future__ import annotations

import dagster as dg

__all__ = [
    "CLEANUP_JOB",
    "COMPANY",
    "COMPANY_CLEANING_JOB",
    "CRAWL_PLAN",
    "CRAWL_PLAN_JOB",
    "CRAWL_TAG",
    "FLEET_REPORT",
    "FLEET_REPORT_JOB",
    "JOB_LINK",
    "MARKET_JOB",
    "MARKET_REPORT",
    "MARKET_REPORT_JOB",
    "OWNED",
    "OWNERS",
    "PENDING_COMPANY",
    "PLATFORM_TAG",
    "STATS_TOTAL",
    "STATS_TOTAL_JOB",
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

OWNED = {"owner": OWNERS[0]}
"""Metadata of jobs, schedules and sensors: their ``owners`` still warn that they are not final."""

PENDING_COMPANY = dg.AssetKey("pending_company")
"""The companies whose details are wanted, of all platforms, daily."""

CRAWL_PLAN = dg.AssetKey("crawl_plan")
"""How many pages each keyword may cost, of all platforms, daily."""

CRAWL_PLAN_JOB = "crawl_plan_job"
"""The Dagster job that makes the plan of a day."""

MARKET_REPORT = dg.AssetKey("market_report")
"""The report on the job market as a page, tables and a workbook, daily."""

MARKET_REPORT_JOB = "market_report_job"
"""The Dagster job that writes the report of a day."""
FLEET_REPORT = dg.AssetKey("fleet_report")
"""What the fleet of a day cost and brought."""

FLEET_REPORT_JOB = "fleet_report_job"
"""The Dagster job that reports it."""

COMPANY_CLEANING_JOB = "company_cleaning"
"""The Dagster job that collects companies and fetches them, all platforms."""

COMPANY = dg.AssetKey("company")
"""One row per real company, across platforms."""

JOB_LINK = dg.AssetKey("job_link")
"""Which postings are the same opening, across keywords, days and platforms."""

MARKET_JOB = "market_refresh"
"""The Dagster job that resolves companies, links openings and makes the view over the market."""

CLEANUP_JOB = "history_cleanup"
"""The Dagster job that removes what is past its retention."""

STATS_TOTAL = dg.AssetKey("stats_total")
"""The totals of all platforms, every six hours."""

STATS_TOTAL_JOB = "stats_total_job"
"""The Dagster job that takes and sends them."""


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
