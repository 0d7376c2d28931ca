"""Runs and ticks of the Dagster instance past their retention.

Dagster itself forgets ticks only (``retention`` in ``dagster.yaml``), and only those of what is switched on; runs and
their events stay for ever. Its own ``delete_run`` takes the events of assets along, and with them the status of
partitions, so runs that still hold the newest event of a partition are left alone. This module is the one place that
reads Dagster's event table, since no public call tells which runs these are; a test holds it to the real instance.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import cast

import dagster as dg
from dagster._core.storage.event_log.schema import AssetCheckExecutionsTable, SqlEventLogStorageTable
from dagster._core.storage.event_log.sql_event_log import SqlEventLogStorage
from dagster._core.storage.event_log.sqlite.sqlite_event_log import SqliteEventLogStorage
from dagster._core.storage.local_compute_log_manager import LocalComputeLogManager
from sqlalchemy import func, select

from jobdata_resources.retention.decide import removable_runs
from jobdata_resources.retention.report import Removal

__all__ = ["clean_runs", "clean_ticks", "runs_that_hold_a_status"]

_FINISHED = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]


def runs_that_hold_a_status(instance: dg.DagsterInstance) -> set[str]:
    """Runs with the newest event of a kind for an asset partition, or the newest result of a check."""
    events, checks = SqlEventLogStorageTable.c, AssetCheckExecutionsTable.c
    newest_event = (
        select(func.max(events.id))
        .where(events.asset_key.is_not(None))
        .group_by(events.asset_key, events.partition, events.dagster_event_type)
    )
    newest_check = select(func.max(checks.id)).group_by(checks.asset_key, checks.check_name)
    with cast("SqlEventLogStorage", instance.event_log_storage).index_connection() as connection:
        found = [*connection.execute(select(events.run_id).where(events.id.in_(newest_event)).distinct())]
        found += connection.execute(select(checks.run_id).where(checks.id.in_(newest_check)).distinct())
    return {str(run_id) for (run_id,) in found}


def clean_runs(instance: dg.DagsterInstance, before: dt.datetime, *, dry_run: bool) -> Removal:
    """Remove runs that ended before the instant, with their events and logs, unless a status is read from them.

    Events go before their run, so a removal that was killed leaves a run that is removed by the next one.
    """
    records = instance.get_run_records(filters=dg.RunsFilter(statuses=_FINISHED, updated_before=before))
    finished = [record.dagster_run.run_id for record in records]
    removable = removable_runs(finished, runs_that_hold_a_status(instance)) if finished else []
    size = 0
    for run_id in removable:
        places = _places(instance, run_id)
        size += sum(_size(place) for place in places)
        if dry_run:
            continue
        _forget(instance, run_id, places)
    kept = len(finished) - len(removable)
    note = f"{kept} kept: partitions show their status" if kept else ""
    known = isinstance(instance.event_log_storage, SqliteEventLogStorage)
    return Removal(kind="runs", count=len(removable), bytes=size if known else None, kept=kept, note=note)


def clean_ticks(instance: dg.DagsterInstance, before: dt.datetime, *, dry_run: bool) -> Removal:
    """Remove the ticks of all schedules and sensors that are older than the instant, of what is switched off too."""
    count = 0
    for state in instance.all_instigator_state():
        origin, selector = state.instigator_origin_id, state.selector_id
        count += len(instance.get_ticks(origin, selector, before=before.timestamp()))
        if not dry_run:
            instance.purge_ticks(origin, selector, before.timestamp())
    return Removal(kind="ticks", count=count)


def _forget(instance: dg.DagsterInstance, run_id: str, places: list[Path]) -> None:
    storage = instance.event_log_storage
    if isinstance(storage, SqliteEventLogStorage):
        # Dagster would open the run's own file and empty it, three times the work: it is removed as a whole.
        with storage.index_connection() as connection:
            storage.delete_events_for_run(connection, run_id)
        for place in places:
            if place.is_file():
                place.unlink(missing_ok=True)
    else:
        storage.delete_events(run_id)
    instance.compute_log_manager.delete_logs(prefix=[run_id])
    instance.run_storage.delete_run(run_id)


def _places(instance: dg.DagsterInstance, run_id: str) -> list[Path]:
    """Files and folders that belong to one run alone."""
    found = []
    if isinstance(storage := instance.event_log_storage, SqliteEventLogStorage):
        shard = Path(storage.path_for_shard(run_id))
        found += [shard, shard.with_name(f"{shard.name}-wal"), shard.with_name(f"{shard.name}-shm")]
    if isinstance(logs := instance.compute_log_manager, LocalComputeLogManager):
        found.append(Path(logs.get_captured_local_path([run_id], "out")).parent / run_id)
    return [place for place in found if place.exists()]


def _size(place: Path) -> int:
    files = [place] if place.is_file() else [one for one in place.rglob("*") if one.is_file()]
    return sum(one.stat().st_size for one in files)
