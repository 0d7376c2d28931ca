"""``keyword_partitions``: keeps the keyword partitions of every platform in step with the control store."""

# No `from __future__ import annotations`: Dagster reads the annotations of decorated functions as they are.

import datetime as dt
from collections.abc import Callable, Sequence
from hashlib import sha256

import dagster as dg

from crawler_core.platforms.spec import PlatformSpec
from crawler_core.values import SHANGHAI
from jobdata_assets import names
from jobdata_assets.partitions import keyword_partitions
from jobdata_resources.control import StoreNotMigrated
from jobdata_resources.control_resource import ControlResource
from sensors.keyword_plan import plan_keyword_changes

__all__ = ["keyword_partitions_sensor"]

_SECONDS = 60


def _now() -> dt.datetime:
    return dt.datetime.now(SHANGHAI)


def keyword_partitions_sensor(
    specs: Sequence[PlatformSpec], *, running: bool, now: Callable[[], dt.datetime] = _now
) -> dg.SensorDefinition:
    """The sensor; it starts no run. Keywords are only ever added (see ``keyword_plan``).

    Args:
        running: whether it starts switched on.
        now: zone-aware clock.
    """

    @dg.sensor(
        name="keyword_partitions",
        minimum_interval_seconds=_SECONDS,
        metadata=names.OWNED,
        default_status=dg.DefaultSensorStatus.RUNNING if running else dg.DefaultSensorStatus.STOPPED,
        description=(
            "Adds a partition for every active keyword of the control store. Nothing is removed: a paused keyword"
            " keeps its partition and is not crawled."
        ),
    )
    def tick(context: dg.SensorEvaluationContext, control: ControlResource) -> dg.SensorResult:
        sources: dict[str, list[str] | None] = {}
        with control.open() as store:
            for spec in specs:
                try:
                    sources[spec.name] = store.active_keywords(spec.name)
                except StoreNotMigrated:
                    sources[spec.name] = None
        # Opening the instance is most of what a tick costs: it is not asked while the keywords are the same, but once
        # an hour in case somebody has changed the partitions.
        cursor = f"{now():%Y-%m-%dT%H} {sha256(repr(sources).encode()).hexdigest()[:16]}"
        if cursor == context.cursor:
            return dg.SensorResult(skip_reason="the keywords are those of the last look", cursor=cursor)
        plans = [
            plan_keyword_changes(name, source, context.instance.get_dynamic_partitions(names.keyword_dimension(name)))
            for name, source in sources.items()
        ]
        message = "; ".join(plan.message for plan in plans)
        requests = [
            keyword_partitions(name).build_add_request(list(plan.add))
            for name, plan in zip(sources, plans, strict=True)
            if plan.add
        ]
        # No run is started, so the message is a skip reason even when partitions were added: the tick shows it. What
        # was asked for is looked at once more: it may not have been done, or only a part of it.
        return dg.SensorResult(
            dynamic_partitions_requests=requests or None, skip_reason=message, cursor="" if requests else cursor
        )

    return tick
