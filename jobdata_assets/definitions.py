"""The Dagster entry point: everything of every platform, put together once.

A platform is a bundle of assets, jobs, a schedule and a sensor, made from its description; adding a platform to
``crawler_core.platforms`` adds its bundle. Nothing here reads a file but the settings, and nothing opens a connection.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

import dagster as dg
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

from crawler_core.platforms import PLATFORMS
from crawler_core.platforms.spec import PlatformSpec
from crawler_core.settings import load
from crawler_core.values import SHANGHAI
from jobdata_assets.cleanup import history_cleanup_job
from jobdata_assets.companies.company import company_asset
from jobdata_assets.companies.company_pending import pending_company_asset
from jobdata_assets.companies.company_table import company_table_asset
from jobdata_assets.crawl.crawl_plan import crawl_plan_asset, crawl_plan_job
from jobdata_assets.crawl.raw_pages import raw_pages_asset
from jobdata_assets.daily.job_table import job_table_asset
from jobdata_assets.jobs import company_cleaning_job, company_job, fleet_report_job, market_job, platform_jobs
from jobdata_assets.market.analytics import job_analytics_asset, rebuild_facts_job
from jobdata_assets.market.job_link import job_link_asset
from jobdata_assets.partitions import daily_partitions
from jobdata_assets.reports.fleet_report import fleet_report_asset
from jobdata_assets.reports.market_report import market_report_asset, market_report_job
from jobdata_assets.reports.stats_total import stats_total_asset, stats_total_job
from jobdata_resources.control_resource import ControlResource
from jobdata_resources.crawler import CrawlerResource
from jobdata_resources.fleet_resource import FleetResource
from jobdata_resources.landing import LandingResource
from jobdata_resources.mailer_resource import MailerResource
from jobdata_resources.settings import DagsterSettings
from jobdata_resources.warehouse_resource import WarehouseResource
from jobdata_resources.webhook import WebhookResource
from schedules.cleanup import history_cleanup_schedule
from schedules.company_cleaning import company_cleaning_schedule
from schedules.crawl import crawl_schedule
from schedules.daily import crawl_plan_schedule, market_report_schedule
from schedules.fleet_crawl import fleet_crawl_schedule
from schedules.fleet_report import fleet_report_schedule
from schedules.stats import stats_total_schedule
from sensors.alert_sensors import alert_sensors
from sensors.daily_load import daily_load_sensor
from sensors.fleet_reaper import fleet_reaper_sensor
from sensors.keywords import keyword_partitions_sensor
from sensors.market import market_sensor

__all__ = ["PlatformBundle", "build_definitions", "defs", "platform_bundle"]

_MINUTES_APART = 10
"""Between the crawl ticks of two platforms: three runs starting at once take three times as long to start."""

_FLEET_MINUTES = 30
"""The fleet's ticks lie between those of the crawl schedules."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformBundle:
    """Everything Dagster knows of one platform."""

    assets: tuple[dg.AssetsDefinition, ...]
    jobs: tuple[UnresolvedAssetJobDefinition, ...]
    schedules: tuple[dg.ScheduleDefinition, ...]
    sensors: tuple[dg.SensorDefinition, ...]


def platform_bundle(
    spec: PlatformSpec, daily: dg.DailyPartitionsDefinition, settings: DagsterSettings, *, minute: int
) -> PlatformBundle:
    """The bundle of a platform; ``minute`` of the hour at which its crawl ticks."""
    running = settings.schedules_running
    return PlatformBundle(
        assets=(
            raw_pages_asset(spec, daily),
            job_table_asset(spec, daily, coverage_target=settings.keyword_coverage_target),
            *([company_table_asset(spec, daily)] if spec.company is not None else []),
        ),
        jobs=(*platform_jobs(spec), *([company_job(spec)] if spec.company is not None else [])),
        schedules=(
            crawl_schedule(spec, minute=minute, running=running),
            fleet_crawl_schedule(spec, minute=minute + _FLEET_MINUTES, running=running),
        ),
        sensors=(daily_load_sensor(spec, deadline_hour=settings.load_deadline_hour, running=running),),
    )


def build_definitions(*, resources: Mapping[str, object] | None = None) -> dg.Definitions:
    """All definitions.

    Args:
        resources: replace some of ``crawler``, ``fleet``, ``landing``, ``control``, ``warehouse``, ``mailer`` and
            ``webhook``, for tests and tools.

    Raises:
        BadSetting: a ``DagsterSettings`` variable is malformed.
    """
    settings = load(DagsterSettings)
    daily = daily_partitions(dt.datetime.now(SHANGHAI).date(), settings.partition_days)
    bundles = [
        platform_bundle(spec, daily, settings, minute=position * _MINUTES_APART)
        for position, spec in enumerate(PLATFORMS.values())
    ]
    pending = pending_company_asset(list(PLATFORMS.values()), daily)
    cleaning = company_cleaning_job(list(PLATFORMS.values()))
    return dg.Definitions(
        assets=[
            *(asset for bundle in bundles for asset in bundle.assets),
            pending,
            company_asset(),
            job_link_asset(),
            job_analytics_asset(),
            crawl_plan_asset(list(PLATFORMS.values()), daily),
            market_report_asset(list(PLATFORMS.values()), daily),
            fleet_report_asset(list(PLATFORMS.values()), daily),
            stats_total_asset(list(PLATFORMS.values())),
        ],
        jobs=[
            *(job for bundle in bundles for job in bundle.jobs),
            rebuild_facts_job(),
            cleaning,
            market_job(),
            history_cleanup_job(),
            crawl_plan_job(),
            market_report_job(),
            stats_total_job(),
            fleet_report_job(),
        ],
        schedules=[
            *(schedule for bundle in bundles for schedule in bundle.schedules),
            company_cleaning_schedule(list(PLATFORMS.values()), running=settings.schedules_running),
            history_cleanup_schedule(running=settings.schedules_running),
            crawl_plan_schedule(running=settings.schedules_running),
            market_report_schedule(running=settings.schedules_running),
            stats_total_schedule(running=settings.schedules_running),
            fleet_report_schedule(running=settings.schedules_running),
        ],
        sensors=[
            keyword_partitions_sensor(list(PLATFORMS.values()), running=settings.schedules_running),
            fleet_reaper_sensor(running=settings.schedules_running),
            *(sensor for bundle in bundles for sensor in bundle.sensors),
            market_sensor(list(PLATFORMS.values()), running=settings.schedules_running),
            *alert_sensors(list(PLATFORMS.values()), daily, settings),
        ],
        resources={
            "crawler": CrawlerResource(),
            "fleet": FleetResource(),
            "landing": LandingResource(),
            "control": ControlResource(),
            "warehouse": WarehouseResource(),
            "mailer": MailerResource(),
            "webhook": WebhookResource(),
            **(resources or {}),
        },
        executor=dg.in_process_executor,  # runs launched from an asset page too: their steps wait, they do not compute
    )


@dg.definitions
def defs() -> dg.Definitions:
    """What ``workspace.yaml`` loads."""
    return build_definitions()
