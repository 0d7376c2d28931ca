"""One clean-up over all stores, kind by kind. Run twice, the second removes nothing; killed, the next one goes on.

The warehouse is opened once, and late: what does not need it is done even when somebody else holds it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path

import dagster as dg

from crawler_core.landing import LandingZone
from crawler_core.platforms import PLATFORMS
from crawler_core.values import SHANGHAI
from jobdata_resources.control import ControlStore, StoreNotMigrated
from jobdata_resources.retention.decide import first_kept_day
from jobdata_resources.retention.instance import clean_runs, clean_ticks
from jobdata_resources.retention.landed import clean_landed, clean_staged
from jobdata_resources.retention.report import CleanupReport, Removal
from jobdata_resources.settings import RetentionSettings
from jobdata_resources.warehouse import Warehouse
from jobdata_resources.warehouse.prune import (
    committed_companies,
    committed_searches,
    drop_old_telemetry,
    merge_superseded,
    unfinished_rows,
)

__all__ = ["clean"]

_FOREVER = "kept for ever; set {} to change that"


def clean(
    *,
    instance: dg.DagsterInstance,
    store: ControlStore,
    zone: LandingZone,
    open_warehouse: Callable[[], AbstractContextManager[Warehouse]],
    home: Path,
    settings: RetentionSettings,
    now: dt.datetime,
    dry_run: bool,
) -> CleanupReport:
    """Remove what is past its retention, or only say what would be.

    Args:
        open_warehouse: opens it; the embedded one belongs to this process until the block ends.
        home: ``JOBDATA_HOME``.
        now: zone-aware; days are those in Asia/Shanghai.

    Raises:
        WarehouseError: the warehouse is busy or refuses; what was removed before stays removed.
        ControlStoreError, LandingError: likewise.
    """
    today = now.astimezone(SHANGHAI).date()
    removals = [
        clean_runs(instance, now - dt.timedelta(days=settings.retain_run_days), dry_run=dry_run),
        clean_ticks(instance, now - dt.timedelta(days=settings.retain_tick_days), dry_run=dry_run),
        *_control(store, settings, today, dry_run=dry_run),
        clean_staged(zone, now, dry_run=dry_run),
        # counted before the warehouse is opened, which sweeps it: the lock tells that nobody works in it
        _spool(home, dry_run=dry_run),
    ]
    with open_warehouse() as warehouse:
        warehouse.migrate()
        removals += _warehouse(warehouse, settings, today, dry_run=dry_run)
        removals += _landed(warehouse, zone, settings, today, dry_run=dry_run)
    return CleanupReport(dry_run=dry_run, removals=tuple(removals))


def _control(store: ControlStore, settings: RetentionSettings, today: dt.date, *, dry_run: bool) -> Iterator[Removal]:
    first_kept = first_kept_day(today, settings.retain_history_days)
    try:
        if first_kept is None:
            yield Removal(kind="control_history", note=_FOREVER.format("RETAIN_HISTORY_DAYS"))
        else:
            for table, count in store.forget_history(first_kept, dry_run=dry_run).items():
                yield Removal(kind=table, count=count)
        yield Removal(kind="lapsed_leases", count=store.free_lapsed_leases(dry_run=dry_run))
    except StoreNotMigrated as error:
        yield Removal(kind="control_history", note=str(error))


def _spool(home: Path, *, dry_run: bool) -> Removal:
    """What a killed load left for the embedded engine to read; gone as soon as the warehouse is opened."""
    spool = home / "clickhouse-spool"
    files = [path for path in spool.rglob("*") if path.is_file()] if spool.is_dir() else []
    note = "opening the warehouse sweeps it, also in a dry run" if dry_run and files else ""
    return Removal(kind="spool_files", count=len(files), bytes=sum(path.stat().st_size for path in files), note=note)


def _warehouse(
    warehouse: Warehouse, settings: RetentionSettings, today: dt.date, *, dry_run: bool
) -> Iterator[Removal]:
    engine, catalog = warehouse.engine, warehouse.catalog
    count = unfinished_rows(engine, catalog, list(PLATFORMS))
    if count and not dry_run:
        for platform in PLATFORMS:
            warehouse.heal(platform)
    yield Removal(kind="unfinished_loads", count=count, note="rows of loads that were killed" if count else "")
    first_kept = first_kept_day(today, settings.retain_telemetry_days)
    if first_kept is None:
        yield Removal(kind="crawl_page", bytes=0, note=_FOREVER.format("RETAIN_TELEMETRY_DAYS"))
    else:
        dropped = drop_old_telemetry(engine, first_kept, dry_run=dry_run)
        yield Removal(kind="crawl_page", count=dropped.rows, bytes=dropped.bytes, note="by whole months")
    merged = merge_superseded(engine, catalog, dry_run=dry_run)
    note = "" if engine.embedded else "the server merges them away by itself"
    yield Removal(
        kind="superseded_rows",
        count=merged.rows,
        bytes=None if dry_run or not engine.embedded else merged.bytes,
        note=note,
    )


def _landed(
    warehouse: Warehouse, zone: LandingZone, settings: RetentionSettings, today: dt.date, *, dry_run: bool
) -> Iterator[Removal]:
    first_kept, engine = first_kept_day(today, settings.retain_pages_days), warehouse.engine
    yield clean_landed(zone, "landed_searches", first_kept, partial(committed_searches, engine), dry_run=dry_run)
    yield clean_landed(
        zone.companies, "landed_companies", first_kept, partial(committed_companies, engine), dry_run=dry_run
    )
