"""The alert sensors, put together: which watches what, and how often."""

from __future__ import annotations

from collections.abc import Sequence

import dagster as dg

from crawler_core.platforms.spec import PlatformSpec
from jobdata_assets import names
from jobdata_assets.daily.checks import check_specs
from jobdata_assets.partitions import raw_page_partitions
from jobdata_resources.settings import DagsterSettings
from sensors.alerts import watch_control, watch_instance
from sensors.alerts.shell import Clock, alert_sensor, utc_now

__all__ = ["alert_sensors"]

_QUICK_SECONDS = 60
"""Between two looks at most, where ``SCHEDULES_QUICK`` is set."""


def alert_sensors(
    platforms: Sequence[PlatformSpec],
    daily: dg.DailyPartitionsDefinition,
    settings: DagsterSettings,
    *,
    now: Clock = utc_now,
) -> list[dg.SensorDefinition]:
    """One sensor per kind of alert.

    Args:
        daily: the days of the daily tables.
        now: zone-aware clock.
    """
    running, deadline = settings.schedules_running, settings.load_deadline_hour
    checks = {spec.key: bool(spec.blocking) for platform in platforms for spec in check_specs(platform)}
    partitions: dict[dg.AssetKey, dg.PartitionsDefinition[str]] = {}
    for spec in platforms:
        partitions[names.raw_pages(spec.name)] = raw_page_partitions(spec.name, daily)
        partitions[names.job_table(spec.name)] = daily
    watched = (
        (
            "failed_run",
            watch_instance.finished_runs(_made_by(platforms)),
            60,
            "Runs that fail, at their first attempt; automatic retries raise no further mail.",
        ),
        (
            "failed_check",
            watch_instance.blocking_checks(checks),
            120,
            "Blocking checks of the daily tables that fail. Keyword coverage has an alert of its own.",
        ),
        (
            "coverage_low",
            watch_control.coverage(platforms, target=settings.keyword_coverage_target, deadline_hour=deadline),
            600,
            f"Platforms with too few keywords done at {deadline}:00 (target {settings.keyword_coverage_target:.0%}).",
        ),
        (
            "identity_anomaly",
            watch_control.identities,
            600,
            "Addresses and tokens with bans, or an error share or page rate unlike their history and their peers.",
        ),
        ("tokens_low", watch_control.tokens, 600, "The pool of usable Boss tokens, against ALERT_TOKENS_MIN."),
        (
            "stale_table",
            watch_control.tables(platforms, deadline_hour=deadline),
            1800,
            "Daily tables whose next day should be loaded, and totals that are no longer made.",
        ),
        (
            "schema_drift",
            watch_instance.drift_checks(checks),
            600,
            "Platforms that renamed, dropped or retyped members of their answers, and pages nobody understood.",
        ),
        (
            "failed_tick",
            watch_instance.failed_ticks,
            300,
            "Schedules and sensors whose ticks fail several times in a row.",
        ),
        (
            "failed_partitions",
            watch_instance.failed_partitions(partitions),
            1800,
            "Once a day, all partitions of the last days that are still failed.",
        ),
    )
    return [
        alert_sensor(
            kind,
            gather,
            seconds=min(seconds, _QUICK_SECONDS) if settings.schedules_quick else seconds,
            running=running,
            description=description,
            now=now,
        )
        for kind, gather, seconds, description in watched
    ]


def _made_by(platforms: Sequence[PlatformSpec]) -> dict[str, str]:
    """The asset that a job makes, by job."""
    made: dict[str, str] = {}
    for spec in platforms:
        made[names.crawl_job(spec.name)] = names.raw_pages(spec.name).to_user_string()
        made[names.load_job(spec.name)] = names.job_table(spec.name).to_user_string()
        made[names.company_job(spec.name)] = names.company_table(spec.name).to_user_string()
    return made
