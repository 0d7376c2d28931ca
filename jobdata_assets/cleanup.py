"""``history_cleanup``: the op and job that remove what is past its retention, and say what that was."""

# No `from __future__ import annotations`: Dagster reads the annotations of decorated functions as they are.

import datetime as dt
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import dagster as dg
from pydantic import Field

from crawler_core.errors import CrawlError
from crawler_core.values import SHANGHAI
from jobdata_assets import names
from jobdata_assets.metadata import markdown_table
from jobdata_resources.control import ControlStoreError
from jobdata_resources.control_resource import ControlResource
from jobdata_resources.landing import LandingResource
from jobdata_resources.settings import RetentionSettings, StoreSettings, load
from jobdata_resources.warehouse.errors import WarehouseBusy, WarehouseError, WarehouseUnreachable
from jobdata_resources.warehouse_resource import WarehouseResource

if TYPE_CHECKING:
    from jobdata_resources.retention.report import CleanupReport

__all__ = ["CleanupConfig", "history_cleanup_job"]

_MAX_RUNTIME, _SECONDS = "dagster/max_runtime", 2 * 60 * 60
_RETRIES, _RETRY_SECONDS = 3, 60


class CleanupConfig(dg.Config):
    """What a person may choose when launching a clean-up."""

    dry_run: bool = Field(False, description="Only say what would be removed; nothing is.")


def _now() -> dt.datetime:
    return dt.datetime.now(SHANGHAI)


def history_cleanup_job(now: Callable[[], dt.datetime] = _now) -> dg.JobDefinition:
    """The job: one step, in the pool of the warehouse; ``now`` is a zone-aware clock."""

    @dg.op(
        name="remove_past_retention",
        pool=names.WAREHOUSE_POOL,
        description=(
            "Removes runs, ticks, log rows, telemetry and landed pages past their retention (`RETAIN_*`), merges"
            " superseded rows, and reports counts and bytes by kind."
        ),
    )
    def remove_past_retention(
        context: dg.OpExecutionContext,
        config: CleanupConfig,
        landing: LandingResource,
        control: ControlResource,
        warehouse: WarehouseResource,
    ) -> None:
        from jobdata_resources.retention.clean import clean  # Dagster's event tables: only this run needs them

        comment = {"run_id": context.run_id, "op": names.CLEANUP_JOB}
        try:
            with control.open() as store:
                report = clean(
                    instance=context.instance,
                    store=store,
                    zone=landing.zone(),
                    open_warehouse=lambda: warehouse.open(comment=comment),
                    home=load(StoreSettings).jobdata_home,
                    settings=load(RetentionSettings),
                    now=now(),
                    dry_run=config.dry_run,
                )
        except (WarehouseBusy, WarehouseUnreachable) as error:
            raise dg.RetryRequested(max_retries=_RETRIES, seconds_to_wait=_RETRY_SECONDS) from error
        except (CrawlError, ControlStoreError, WarehouseError) as error:
            raise dg.Failure(
                f"the clean-up stopped: {error}; what it removed before is gone, the next one goes on",
                allow_retries=False,
            ) from error
        context.log.info(
            "%s %d things, %d bytes", "would remove" if report.dry_run else "removed", report.count, report.bytes
        )
        context.add_output_metadata(_metadata(report))

    @dg.job(
        name=names.CLEANUP_JOB,
        executor_def=dg.in_process_executor,
        metadata=names.OWNED,
        tags={_MAX_RUNTIME: str(_SECONDS)},
        description=(
            "Removes what is past its retention: runs, ticks and events of this instance, log rows of the control"
            " store, telemetry, landed pages that are loaded. The step's output shows what, by kind. With the run"
            " config `ops: {remove_past_retention: {config: {dry_run: true}}}` it only says what would go."
        ),
    )
    def job() -> None:
        remove_past_retention()

    return job


def _metadata(report: "CleanupReport") -> dict[str, Any]:
    columns = ("kind", "count", "bytes", "kept", "note")
    rows = [[row[column] for column in columns] for row in report.rows()]
    return {
        "dry_run": report.dry_run,
        "removed": report.count,
        "removed_bytes": report.bytes,
        "report": dg.MetadataValue.md(markdown_table(columns, rows)),
    }
