"""``fleet_report_schedule``: reports the fleet of the day shortly before the day ends."""

# No `from __future__ import annotations`: Dagster reads the annotations of decorated functions as they are.

import dagster as dg

from jobdata_assets import names
from jobdata_assets.partitions import TIMEZONE
from jobdata_resources.fleet_resource import FleetResource
from schedules.crawl import scheduled_day
from schedules.pace import cron

__all__ = ["fleet_report_schedule"]


def fleet_report_schedule(*, running: bool) -> dg.ScheduleDefinition:
    """The schedule; ``running``: whether it starts switched on."""

    @dg.schedule(
        name="fleet_report_schedule",
        job_name=names.FLEET_REPORT_JOB,
        cron_schedule=cron("50 23 * * *", quick="4-59/5 * * * *"),
        execution_timezone=TIMEZONE,
        default_status=dg.DefaultScheduleStatus.RUNNING if running else dg.DefaultScheduleStatus.STOPPED,
        description="Reports what the fleet of the day cost and brought. Skips while CRAWL_ON is not `fleet`.",
        metadata=names.OWNED,
    )
    def tick(context: dg.ScheduleEvaluationContext, fleet: FleetResource) -> dg.RunRequest | dg.SkipReason:
        if fleet.settings().crawl_on != "fleet":
            return dg.SkipReason("CRAWL_ON is not `fleet`: there is no fleet to report")
        return dg.RunRequest(partition_key=scheduled_day(context).isoformat())

    return tick
