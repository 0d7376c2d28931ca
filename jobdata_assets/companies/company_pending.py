"""``pending_company``: which companies of the current jobs lack details, and their way into the queue."""

# No `from __future__ import annotations`: Dagster reads the annotations of decorated functions as they are.

import datetime as dt
from collections.abc import Sequence
from typing import Any

import dagster as dg

from crawler_core.errors import CrawlError
from crawler_core.platforms.spec import PlatformSpec
from crawler_core.values import SHANGHAI
from jobdata_assets import names
from jobdata_assets.companies.company_choice import Choice, choose, demand_of
from jobdata_assets.companies.company_targets import hints_of
from jobdata_assets.metadata import counts, markdown_table
from jobdata_resources.control import ControlStore, RunRecord
from jobdata_resources.control_resource import ControlResource
from jobdata_resources.crawler import CrawlerResource
from jobdata_resources.settings import CompanySettings, load
from jobdata_resources.warehouse import Warehouse, WarehouseBusy, WarehouseError, WarehouseUnreachable
from jobdata_resources.warehouse.company_tables import PENDING_COLUMNS
from jobdata_resources.warehouse_resource import WarehouseResource

__all__ = ["CODE_VERSION", "pending_company_asset"]

CODE_VERSION = "1"
"""Raise it when the same tables would give another list."""

_PREVIEW = 10
_RETRIES, _RETRY_SECONDS = 3, 60
_END_OF_DAY = dt.time(23, 59, 59, 999_000, SHANGHAI)


def pending_company_asset(
    platforms: Sequence[PlatformSpec], daily: dg.DailyPartitionsDefinition
) -> dg.AssetsDefinition:
    """The asset; one for all platforms, because one look at the warehouse serves all queues."""
    served = [spec for spec in platforms if spec.company is not None]

    @dg.asset(
        key=names.PENDING_COMPANY,
        deps=[names.job_table(spec.name) for spec in served],
        partitions_def=daily,
        group_name="companies",
        owners=list(names.OWNERS),
        kinds={"clickhouse", "sql"},
        tags={"layer": "warehouse"},
        code_version=CODE_VERSION,
        pool=names.WAREHOUSE_POOL,
        description=(
            "Companies of the jobs seen in the last days that have no details, or details that are too old; newest"
            " demand first, up to `COMPANY_COLLECT` of each platform.\n\n"
            "Today's partition also puts them into the queue of the control store, where `<p>_company` takes them"
            " from. Collecting again brings the same list until some of it is done. A past day is listed from what is"
            " known now, and nothing is queued."
        ),
        metadata={"dagster/column_schema": _column_schema()},
    )
    def collect(
        context: dg.AssetExecutionContext,
        crawler: CrawlerResource,
        control: ControlResource,
        warehouse: WarehouseResource,
    ) -> dg.MaterializeResult[Any]:
        date = dt.date.fromisoformat(context.partition_key)
        settings = load(CompanySettings)
        now = dt.datetime.now(SHANGHAI)
        today = date == crawler.today()
        asked_at = now if today else dt.datetime.combine(date, _END_OF_DAY)
        stale_before = asked_at - dt.timedelta(days=settings.company_stale_days)
        comment = {"run_id": context.run.run_id, "asset": "pending_company", "partition": context.partition_key}
        try:
            with control.open() as store, warehouse.open(comment=comment) as opened:
                choices = {
                    spec.name: _choose(opened, store, spec, date, settings, now=now, stale_before=stale_before)
                    for spec in served
                }
                listed = [one for choice in choices.values() for one in choice.companies]
                changed = opened.publish_pending(date, listed, run_id=context.run.run_id)
                queued = {
                    name: _enqueue(store, name, one, stale_before) if today else 0 for name, one in choices.items()
                }
                waiting = {name: store.company_queue(name).due for name in choices}
                if today:  # the schedule collects again when there is news since then
                    store.record_run(_run_record(context.run.run_id, date, now, listed=len(listed)))
        except (WarehouseBusy, WarehouseUnreachable) as error:
            raise dg.RetryRequested(max_retries=_RETRIES, seconds_to_wait=_RETRY_SECONDS) from error
        except (CrawlError, WarehouseError) as error:
            raise dg.Failure(f"pending_company of {date} was not collected: {error}", allow_retries=False) from error
        passed = {name: sum(choice.passed.values()) for name, choice in choices.items()}
        context.log.info("%s: %d companies listed, %d new in the queue", date, len(listed), sum(queued.values()))
        return dg.MaterializeResult(
            metadata={
                "dagster/partition_row_count": len(listed),
                "companies": counts({name: len(choice.companies) for name, choice in choices.items()}),
                "missing": sum(one.reason == "missing" for one in listed),
                "stale": sum(one.reason == "stale" for one in listed),
                "queued": counts(queued),
                "due_in_queue": counts(waiting),
                "passed_over": counts(passed),
                "changed": changed,
                "note": "" if today else "a past day: nothing was queued",
                "preview": dg.MetadataValue.md(_preview(choices)),
            }
        )

    return collect


def _choose(
    warehouse: Warehouse,
    store: ControlStore,
    spec: PlatformSpec,
    date: dt.date,
    settings: CompanySettings,
    *,
    now: dt.datetime,
    stale_before: dt.datetime,
) -> Choice:
    return choose(
        warehouse.pending_companies(spec, date, days=settings.company_demand_days, stale_before=stale_before),
        lambda refs: store.queued_companies(spec.name, refs),
        now=now,
        stale_before=stale_before,
        limit=settings.company_collect,
    )


def _enqueue(store: ControlStore, platform: str, choice: Choice, stale_before: dt.datetime) -> int:
    wanted = [demand_of(one, hints_of(one)) for one in choice.companies]
    return store.enqueue_companies(platform, wanted, reopen_before=stale_before)


def _run_record(run_id: str, date: dt.date, started: dt.datetime, *, listed: int) -> RunRecord:
    return RunRecord(
        run_id=run_id,
        task=names.PENDING_COMPANY.to_user_string(),
        state="success",
        started_at=started,
        ended_at=dt.datetime.now(SHANGHAI),
        date=date,
        records=listed,
        detail=f"{listed} companies listed",
    )


def _preview(choices: dict[str, Choice]) -> str:
    shown = [one for choice in choices.values() for one in choice.companies[:_PREVIEW]]
    return markdown_table(
        ["platform", "name", "demand", "newest_seen", "reason"],
        [[one.platform, one.name, one.demand, f"{one.newest_seen:%Y-%m-%d %H:%M}", one.reason] for one in shown],
    )


def _column_schema() -> dg.TableSchema:
    return dg.TableSchema(
        [dg.TableColumn(column.name, column.type, description=column.doc or None) for column in PENDING_COLUMNS]
    )
