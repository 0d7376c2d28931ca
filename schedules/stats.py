"""``stats_total_schedule``: totals at 0, 6, 12 and 18 o'clock."""

# No `from __future__ import annotations`: Dagster reads the annotations of decorated functions as they are.

import dagster as dg

from jobdata_assets import names
from jobdata_assets.partitions import TIMEZONE
from jobdata_assets.runs import runs_under_way
from schedules.once_decision import decide_once
from schedules.pace import cron

__all__ = ["stats_total_schedule"]


def stats_total_schedule(*, running: bool) -> dg.ScheduleDefinition:
    """The schedule; ``running``: whether it starts switched on."""

    @dg.schedule(
        name=f"{names.STATS_TOTAL.to_user_string()}_schedule",
        job_name=names.STATS_TOTAL_JOB,
        cron_schedule=cron("0 */6 * * *", quick="*/5 * * * *"),
        execution_timezone=TIMEZONE,
        default_status=dg.DefaultScheduleStatus.RUNNING if running else dg.DefaultScheduleStatus.STOPPED,
        description="Counts, stores and sends the totals every six hours; skips while a run of it is under way.",
        metadata=names.OWNED,
    )
    def tick(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        under_way = runs_under_way(context.instance, names.STATS_TOTAL_JOB, names.STATS_TOTAL)
        message = decide_once(names.STATS_TOTAL_JOB, under_way)
        return dg.RunRequest() if message is None else dg.SkipReason(message)

    return tick
