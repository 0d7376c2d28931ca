"""``<platform>_crawl_schedule``: crawls a platform three times a day; each tick takes only what is not done yet."""

# No `from __future__ import annotations`: Dagster reads the annotations of decorated functions as they are.

import datetime as dt
from collections.abc import Mapping
from typing import Any

import dagster as dg

from crawler_core.platforms.spec import PlatformSpec
from crawler_core.values import SHANGHAI
from jobdata_assets import names
from jobdata_assets.partitions import TIMEZONE, range_tags
from jobdata_assets.runs import runs_under_way
from jobdata_resources.control import StoreNotMigrated
from jobdata_resources.control_resource import ControlResource
from schedules.crawl_decision import decide_crawl
from schedules.pace import cron

__all__ = ["crawl_schedule", "request_crawl", "scheduled_day"]

_HOURS = "8,13,18"
"""The first tick crawls the day; the later ones take up what failed, was banned, or was added since."""


def crawl_schedule(spec: PlatformSpec, *, minute: int, running: bool) -> dg.ScheduleDefinition:
    """The crawl schedule of a platform.

    Args:
        minute: of the hour; platforms start one after another.
        running: whether it starts switched on.
    """

    @dg.schedule(
        name=f"{spec.name}_crawl_schedule",
        job_name=names.crawl_job(spec.name),
        cron_schedule=cron(f"{minute} {_HOURS} * * *", quick=f"{minute // 10 % 3}-59/3 * * * *"),
        execution_timezone=TIMEZONE,
        metadata=names.OWNED,
        default_status=dg.DefaultScheduleStatus.RUNNING if running else dg.DefaultScheduleStatus.STOPPED,
        description=(
            f"Crawls the active keywords of {spec.title} that are not done today, in one run. Skips while a crawl of"
            " the platform is under way."
        ),
        tags={names.PLATFORM_TAG: spec.name},
    )
    def tick(context: dg.ScheduleEvaluationContext, control: ControlResource) -> dg.RunRequest | dg.SkipReason:
        return request_crawl(context, control, spec)

    return tick


def request_crawl(
    context: dg.ScheduleEvaluationContext,
    control: ControlResource,
    spec: PlatformSpec,
    run_config: Mapping[str, Any] | None = None,
) -> dg.RunRequest | dg.SkipReason:
    """One run over the keywords that are open on the tick's day, or why there is none."""
    date = scheduled_day(context)
    try:
        with control.open() as store:
            states = store.keyword_states(spec.name, date)
    except StoreNotMigrated as error:
        return dg.SkipReason(f"no keywords yet: {error}")
    decision = decide_crawl(
        platform=spec.name,
        date=date,
        keys=context.instance.get_dynamic_partitions(names.keyword_dimension(spec.name)),
        states=states,
        running=runs_under_way(context.instance, names.crawl_job(spec.name), names.raw_pages(spec.name)),
    )
    if decision.first is None or decision.last is None:
        return dg.SkipReason(decision.message)
    context.log.info(decision.message)
    return dg.RunRequest(
        run_config=run_config,
        tags=range_tags(date, decision.first, decision.last)
        | {names.PLATFORM_TAG: spec.name, names.CRAWL_TAG: spec.name},
    )


def scheduled_day(context: dg.ScheduleEvaluationContext) -> dt.date:
    """The day of the tick in Asia/Shanghai: a tick the daemon is late with still belongs to its day."""
    return context.scheduled_execution_time.astimezone(SHANGHAI).date()
