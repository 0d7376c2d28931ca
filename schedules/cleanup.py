"""``history_cleanup_schedule``: every night what is past its retention is removed."""

# No `from __future__ import annotations`: Dagster reads the annotations of decorated functions as they are.

import dagster as dg

from jobdata_assets import names
from jobdata_assets.partitions import TIMEZONE
from jobdata_assets.runs import job_runs_under_way
from schedules.cleanup_decision import decide_cleanup
from schedules.pace import cron

__all__ = ["history_cleanup_schedule"]


def history_cleanup_schedule(*, running: bool) -> dg.ScheduleDefinition:
    """The schedule; ``running``: whether it starts switched on."""

    @dg.schedule(
        name=f"{names.CLEANUP_JOB}_schedule",
        job_name=names.CLEANUP_JOB,
        cron_schedule=cron("5 0 * * *", quick="3-59/5 * * * *"),
        execution_timezone=TIMEZONE,
        metadata=names.OWNED,
        default_status=dg.DefaultScheduleStatus.RUNNING if running else dg.DefaultScheduleStatus.STOPPED,
        description=(
            "Removes what is past its retention (`RETAIN_*`) at 00:05. Skips while an earlier clean-up is under way."
        ),
    )
    def tick(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        decision = decide_cleanup(job_runs_under_way(context.instance, names.CLEANUP_JOB))
        return dg.RunRequest() if decision is None else dg.SkipReason(decision)

    return tick
