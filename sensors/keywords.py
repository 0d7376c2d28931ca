"""``keyword_partitions``: keeps the keyword partitions of every platform in step with the control store."""

# No `from __future__ import annotations`: Dagster reads the annotations of decorated functions as they are.

from collections.abc import Sequence

import dagster as dg

from crawler_core.platforms.spec import PlatformSpec
from jobdata_assets import names
from jobdata_assets.partitions import keyword_partitions
from jobdata_resources.control import StoreNotMigrated
from jobdata_resources.control_resource import ControlResource
from sensors.keyword_plan import plan_keyword_changes

__all__ = ["keyword_partitions_sensor"]

_SECONDS = 30


def keyword_partitions_sensor(specs: Sequence[PlatformSpec], *, running: bool) -> dg.SensorDefinition:
    """The sensor; it starts no run. Keywords are only ever added (see ``keyword_plan``)."""

    @dg.sensor(
        name="keyword_partitions",
        minimum_interval_seconds=_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING if running else dg.DefaultSensorStatus.STOPPED,
        description=(
            "Adds a partition for every active keyword of the control store. Nothing is removed: a paused keyword"
            " keeps its partition and is not crawled."
        ),
    )
    def tick(context: dg.SensorEvaluationContext, control: ControlResource) -> dg.SensorResult:
        plans = []
        with control.open() as store:
            for spec in specs:
                source: list[str] | None
                try:
                    records = store.keywords(spec.name, include_paused=False)
                    source = [record.keyword.text for record in sorted(records, key=lambda record: record.id)]
                except StoreNotMigrated:
                    source = None
                existing = context.instance.get_dynamic_partitions(names.keyword_dimension(spec.name))
                plans.append((spec, plan_keyword_changes(spec.name, source, existing)))
        message = "; ".join(plan.message for _, plan in plans)
        requests = [keyword_partitions(spec.name).build_add_request(list(plan.add)) for spec, plan in plans if plan.add]
        # No run is started, so the message is a skip reason even when partitions were added: the tick shows it.
        return dg.SensorResult(dynamic_partitions_requests=requests or None, skip_reason=message)

    return tick
