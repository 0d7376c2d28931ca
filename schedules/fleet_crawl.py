"""``<platform>_fleet_schedule``: every six hours a fresh fleet, with fresh addresses, takes up what is open today."""

# No `from __future__ import annotations`: Dagster reads the annotations of decorated functions as they are.

import dagster as dg

from crawler_core.platforms.spec import PlatformSpec
from jobdata_assets import names
from jobdata_assets.partitions import TIMEZONE
from jobdata_resources.control_resource import ControlResource
from jobdata_resources.fleet_resource import FleetResource
from schedules.crawl import request_crawl
from schedules.pace import cron

__all__ = ["fleet_crawl_schedule"]


def fleet_crawl_schedule(spec: PlatformSpec, *, minute: int, running: bool) -> dg.ScheduleDefinition:
    """The fleet schedule of a platform.

    Args:
        minute: of the hour; platforms start one after another.
        running: whether it starts switched on.
    """

    @dg.schedule(
        name=f"{spec.name}_fleet_schedule",
        job_name=names.crawl_job(spec.name),
        cron_schedule=cron(f"{minute} */6 * * *", quick=f"{minute // 10 % 5}-59/5 * * * *"),
        execution_timezone=TIMEZONE,
        default_status=dg.DefaultScheduleStatus.RUNNING if running else dg.DefaultScheduleStatus.STOPPED,
        description=(
            f"Crawls the active keywords of {spec.title} that are not done today on a fresh fleet. Skips while a crawl"
            " of the platform is under way, and while CRAWL_ON is not `fleet`."
        ),
        tags={names.PLATFORM_TAG: spec.name},
        metadata=names.OWNED,
    )
    def tick(
        context: dg.ScheduleEvaluationContext, control: ControlResource, fleet: FleetResource
    ) -> dg.RunRequest | dg.SkipReason:
        if fleet.settings().crawl_on != "fleet":
            return dg.SkipReason("CRAWL_ON is not `fleet`: the platform's own schedule crawls on this machine")
        op = names.raw_pages(spec.name).to_python_identifier()
        return request_crawl(context, control, spec, {"ops": {op: {"config": {"on": "fleet"}}}})

    return tick
