"""Schedules that start one run a day: ``crawl_plan`` before the first crawl, and ``market_report``."""

# No `from __future__ import annotations`: Dagster reads the annotations of decorated functions as they are.

import datetime as dt

import dagster as dg

from crawler_core.settings import load
from jobdata_assets import names
from jobdata_assets.partitions import TIMEZONE
from jobdata_assets.runs import asset_runs_under_way
from jobdata_resources.settings import PlanSettings
from schedules.crawl import scheduled_day
from schedules.daily_decision import decide_daily
from schedules.pace import cron

__all__ = ["crawl_plan_schedule", "market_report_schedule"]


def crawl_plan_schedule(*, running: bool) -> dg.ScheduleDefinition:
    """Before the crawl schedules' first tick at 8:00; ``running``: whether it starts switched on."""

    @dg.schedule(
        name="crawl_plan_schedule",
        job_name=names.CRAWL_PLAN_JOB,
        cron_schedule=cron("40 7 * * *", quick="2-59/5 * * * *"),
        execution_timezone=TIMEZONE,
        default_status=_status(running),
        description="Divides the page budget of the day among the keywords. Skips when CRAWL_PAGES_PER_DAY is not set.",
        metadata=names.OWNED,
    )
    def tick(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        set_up = load(PlanSettings).crawl_pages_per_day is not None
        return _start(
            context,
            names.CRAWL_PLAN,
            names.CRAWL_PLAN_JOB,
            scheduled_day(context),
            off="" if set_up else "CRAWL_PAGES_PER_DAY is not set: every keyword is crawled to its end",
        )

    return tick


def market_report_schedule(*, running: bool) -> dg.ScheduleDefinition:
    """Every morning, on the day before; ``running``: whether it starts switched on."""

    @dg.schedule(
        name="market_report_schedule",
        job_name=names.MARKET_REPORT_JOB,
        cron_schedule=cron("30 7 * * *", quick="1-59/5 * * * *"),
        execution_timezone=TIMEZONE,
        default_status=_status(running),
        description="Writes the report on the job market up to the day before. Skips while one is being written.",
        metadata=names.OWNED,
    )
    def tick(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        date = scheduled_day(context) - dt.timedelta(days=1)
        return _start(context, names.MARKET_REPORT, names.MARKET_REPORT_JOB, date)

    return tick


def _start(
    context: dg.ScheduleEvaluationContext, asset: dg.AssetKey, job: str, date: dt.date, *, off: str = ""
) -> dg.RunRequest | dg.SkipReason:
    decision = decide_daily(
        what=asset.to_user_string(),
        date=date,
        running=() if off else asset_runs_under_way(context.instance, asset, (job,)),
        off=off,
    )
    if not decision.start:
        return dg.SkipReason(decision.message)
    context.log.info(decision.message)
    return dg.RunRequest(partition_key=date.isoformat())


def _status(running: bool) -> dg.DefaultScheduleStatus:
    return dg.DefaultScheduleStatus.RUNNING if running else dg.DefaultScheduleStatus.STOPPED
