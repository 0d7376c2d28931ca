"""``fleet_reaper``: removes instances that belong to nobody, whatever became of the run that started them."""

# No `from __future__ import annotations`: Dagster reads the annotations of decorated functions as they are.

import dagster as dg

from crawler_core.errors import BadSetting
from jobdata_assets import names
from jobdata_resources.fleet_resource import FleetResource
from jobdata_resources.landing import LandingResource

__all__ = ["fleet_reaper_sensor"]

_SECONDS = 300


def fleet_reaper_sensor(*, running: bool) -> dg.SensorDefinition:
    """The sensor; it starts no run. Which instances are orphans is decided in ``Fleet.reap``, by tags and age."""

    @dg.sensor(
        name="fleet_reaper",
        minimum_interval_seconds=_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING if running else dg.DefaultSensorStatus.STOPPED,
        description=(
            "Deletes instances of this project that are past their expiry, whose board is closed, or whose run has"
            " been silent for FLEET_ORPHAN_SECONDS, and closes the boards they leave."
        ),
        metadata=names.OWNED,
    )
    def tick(context: dg.SensorEvaluationContext, fleet: FleetResource, landing: LandingResource) -> dg.SensorResult:
        try:
            fleet.settings().check()
        except BadSetting as error:
            return dg.SensorResult(skip_reason=str(error))
        removed = fleet.reap(landing.zone())
        for instance, reason in removed.items():
            context.log.warning("%s was deleted: %s", instance, reason)
        found = f"{len(removed)} orphans deleted: {', '.join(removed)}" if removed else "no orphans"
        return dg.SensorResult(skip_reason=found)

    return tick
