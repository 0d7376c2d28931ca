"""Ticks of schedules and sensors, as the daemon records them."""

from __future__ import annotations

import dagster as dg
from dagster._core.definitions.run_request import InstigatorType
from dagster._core.remote_origin import RegisteredCodeLocationOrigin, RemoteInstigatorOrigin, RemoteRepositoryOrigin
from dagster._core.scheduler.instigation import (
    InstigatorState,
    InstigatorStatus,
    ScheduleInstigatorData,
    SensorInstigatorData,
    TickData,
    TickStatus,
)
from dagster_shared.error import SerializableErrorInfo

_BROKEN = SerializableErrorInfo("OSError: no route to host\n", ["trace\n"], "OSError", cause=None)


def record_tick(
    instance: dg.DagsterInstance,
    kind: InstigatorType,
    name: str,
    status: TickStatus,
    at: float,
    *,
    location: str = "jobdata",
) -> None:
    """A tick of what is switched on from now on, if it was not; a failed one met ``OSError: no route to host``.

    Args:
        at: when it began, seconds since the epoch.
    """
    repository = RemoteRepositoryOrigin(RegisteredCodeLocationOrigin(location), "__repository__")
    origin = RemoteInstigatorOrigin(repository, name)
    data: ScheduleInstigatorData | SensorInstigatorData = (
        SensorInstigatorData(sensor_type=None, min_interval=30)
        if kind is InstigatorType.SENSOR
        else ScheduleInstigatorData("0 8 * * *")
    )
    state = InstigatorState(origin, kind, InstigatorStatus.RUNNING, data)
    if instance.get_instigator_state(state.instigator_origin_id, state.selector_id) is None:
        instance.add_instigator_state(state)
    instance.create_tick(
        TickData(
            origin.get_id(),
            name,
            kind,
            status,
            at,
            selector_id=state.selector_id,
            error=_BROKEN if status is TickStatus.FAILURE else None,
            skip_reason="nothing to do" if status is TickStatus.SKIPPED else None,
        )
    )
