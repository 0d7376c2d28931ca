"""``<platform>_company``: a batch of companies fetched, and the landed details of a day loaded into ClickHouse."""

# No `from __future__ import annotations`: Dagster reads the annotations of decorated functions as they are.

import datetime as dt
from collections.abc import Iterator
from typing import Any

import dagster as dg

from crawler_core.errors import CrawlError
from crawler_core.landing import LandingZone
from crawler_core.platforms import PLATFORMS
from crawler_core.platforms.spec import PlatformSpec
from crawler_core.values import SHANGHAI
from jobdata_assets import names
from jobdata_assets.companies.company_run import BatchReport, batch_name, fetch_batch
from jobdata_assets.metadata import counts, markdown_table
from jobdata_resources.control import CompanyQueue, ControlStore, RunRecord
from jobdata_resources.control_resource import ControlResource
from jobdata_resources.crawler import CrawlerResource
from jobdata_resources.landing import LandingResource
from jobdata_resources.settings import CompanySettings, load
from jobdata_resources.warehouse import Warehouse, WarehouseBusy, WarehouseError, WarehouseUnreachable
from jobdata_resources.warehouse.catalog import build_catalog
from jobdata_resources.warehouse.company_facts import TYPED_RULES
from jobdata_resources.warehouse.company_load import CompanyLoadResult, landed_batches
from jobdata_resources.warehouse_resource import WarehouseResource

__all__ = ["CODE_VERSION", "company_table_asset"]

CODE_VERSION = "2"
"""Raise it when the same landed pages would give other rows; the rules of the typed columns are added to it."""

_RETRIES, _RETRY_SECONDS = 3, 60
_PREVIEW = ("name", "legal_name", "size_min", "size_max", "founded_on", "capital", "capital_currency", "last_seen")
_REASONS = 5


def company_table_asset(spec: PlatformSpec, daily: dg.DailyPartitionsDefinition) -> dg.AssetsDefinition:
    """The asset of one platform."""
    key = names.company_table(spec.name)
    table = key.to_user_string()

    @dg.asset(
        key=key,
        deps=[names.PENDING_COMPANY, names.job_table(spec.name)],
        partitions_def=daily,
        group_name="companies",
        owners=list(names.OWNERS),
        kinds={"clickhouse", "python"},
        tags={names.PLATFORM_TAG: spec.name, "layer": "warehouse"},
        code_version=f"{CODE_VERSION}/{TYPED_RULES}",
        pool=names.crawl_pool(spec.name),
        description=(
            f"Companies of {spec.title}: one row per distinct content of a company's details, with first and last"
            f" seen; `{table}_current` has one row per company.\n\n"
            "Today's partition claims up to `COMPANY_PROCESS` companies of the queue, fetches and lands them, and tells"
            " the queue how each one ended. A past day is loaded again from its landed pages: no request leaves the"
            " machine, and the rows stay the same."
        ),
        metadata={"dagster/column_schema": _column_schema(table), "platform": spec.title},
    )
    def fetch_companies(
        context: dg.AssetExecutionContext,
        crawler: CrawlerResource,
        landing: LandingResource,
        control: ControlResource,
        warehouse: WarehouseResource,
    ) -> Iterator[dg.MaterializeResult[Any]]:
        date = dt.date.fromisoformat(context.partition_key)
        started = dt.datetime.now(SHANGHAI)
        settings, zone, today = load(CompanySettings), landing.zone(), date == crawler.today()
        run_id = context.run.root_run_id or context.run.run_id
        with control.open() as store:
            try:
                batch = BatchReport()
                if today:
                    batch = fetch_batch(
                        spec,
                        date=date,
                        batch_id=batch_name(date, run_id),
                        # A step that is tried again has fetched its batch and waits for the warehouse only.
                        limit=0 if context.retry_number else settings.company_process,
                        settings=settings,
                        crawler=crawler,
                        landing=zone,
                        store=store,
                        log=context.log.warning,
                    )
                loaded, shown = None, {}
                if landed_batches(zone, spec.name, date):
                    comment = {"run_id": context.run.run_id, "asset": table, "partition": context.partition_key}
                    with warehouse.open(comment=comment) as opened:
                        loaded = _load(opened, store, spec, date, zone, batch, today=today, run_id=context.run.run_id)
                        shown = _table_metadata(opened, table)
            except (WarehouseBusy, WarehouseUnreachable) as error:
                raise dg.RetryRequested(max_retries=_RETRIES, seconds_to_wait=_RETRY_SECONDS) from error
            except (CrawlError, WarehouseError) as error:
                raise dg.Failure(f"{table} of {date}: {error}", allow_retries=False) from error
            queue = store.company_queue(spec.name)
            _record(store, context.run.run_id, spec.name, table, date, started, batch, loaded)
        note = _note(batch, loaded, queue, today=today)
        context.log.info("%s %s: %s", table, date, note)
        yield dg.MaterializeResult(metadata=_metadata(batch, loaded, queue, note) | shown)
        if batch.broken:
            raise dg.Failure(
                f"{spec.name}: {batch.stop_reason}. {batch.released} companies went back into the queue; look at the"
                f" landed answers of batch {batch.batch_id}.",
                allow_retries=False,
            )

    return fetch_companies


def _load(
    warehouse: Warehouse,
    store: ControlStore,
    spec: PlatformSpec,
    date: dt.date,
    zone: LandingZone,
    batch: BatchReport,
    *,
    today: bool,
    run_id: str,
) -> CompanyLoadResult:
    """Today what is new; of a past day everything, so that a changed rule reaches it."""
    held = store.company_batches_held(spec.name) - {batch.batch_id}
    again = {batch.batch_id} if today and batch.batch_id else None
    return warehouse.load_companies(spec, date, zone, run_id=run_id, again=again, skip=held)


def _note(batch: BatchReport, loaded: CompanyLoadResult | None, queue: CompanyQueue, *, today: bool) -> str:
    if not today:
        rows = f"{loaded.companies} companies" if loaded else "nothing is landed on that day"
        return f"a past day: read from landed pages, nothing was fetched; {rows}"
    if not batch.claimed:
        waiting = queue.states.get("retry_later", 0)
        later = f", {waiting} wait for their next try" if waiting else ""
        return f"the queue is empty: nothing to fetch{later}"
    states = ", ".join(f"{count} {state}" for state, count in sorted(batch.states.items())) or "none ended"
    went_on = " (a batch that another run had left)" if batch.resumed else ""
    return f"{batch.claimed} companies claimed{went_on}: {states}; {batch.fetched} requests"


def _metadata(batch: BatchReport, loaded: CompanyLoadResult | None, queue: CompanyQueue, note: str) -> dict[str, Any]:
    metadata: dict[str, Any] = {
        "note": note,
        "batch": batch.batch_id,
        "claimed": batch.claimed,
        "resumed": batch.resumed,
        "fetched": batch.fetched,
        "released": batch.released,
        "states": counts(batch.states),
        "outcomes": counts(batch.outcomes),
        "egress": counts(batch.egress),
        "stop_reason": batch.stop_reason,
        "pending_left": queue.due,
        "queue": counts(queue.states),
        "companies": loaded.companies if loaded else 0,
        "batches": len(loaded.batches) if loaded else 0,
        "dagster/partition_row_count": loaded.contents if loaded else 0,
        "load_seconds": round(loaded.seconds, 2) if loaded else 0.0,
    }
    if queue.oldest is not None:
        metadata["oldest_pending"] = dg.MetadataValue.timestamp(queue.oldest)
    if batch.reasons:
        rows = batch.reasons.most_common(_REASONS)
        metadata["reasons"] = dg.MetadataValue.md(markdown_table(["reason", "companies"], rows))
    return metadata


def _table_metadata(warehouse: Warehouse, table: str) -> dict[str, Any]:
    [(rows, companies)] = warehouse.query(
        "SELECT count(), uniqExact(company_id) FROM {table:Identifier}", {"table": table}
    )
    newest = warehouse.query(
        f"SELECT {', '.join(_PREVIEW)} FROM {{table:Identifier}} ORDER BY last_seen DESC, company_id LIMIT 10",  # noqa: S608
        {"table": f"{table}_current"},
    )
    return {
        "dagster/row_count": int(rows),
        "companies_known": int(companies),
        "dagster/table_name": f"{warehouse.engine.database}.{table}",
        "dagster/column_schema": _column_schema(table),
        "preview": dg.MetadataValue.md(markdown_table(list(_PREVIEW), newest)),
    }


def _record(
    store: ControlStore,
    run_id: str,
    platform: str,
    table: str,
    date: dt.date,
    started: dt.datetime,
    batch: BatchReport,
    loaded: CompanyLoadResult | None,
) -> None:
    if batch.egress:
        store.record_egress(f"{run_id}/{table}"[:64], platform, date, batch.egress)
    store.record_run(
        RunRecord(
            run_id=run_id,
            task=table,
            state="failure" if batch.broken else "success",
            started_at=started,
            ended_at=dt.datetime.now(SHANGHAI),
            platform=platform,
            date=date,
            pages=batch.fetched,
            records=loaded.companies if loaded else 0,
            detail=batch.stop_reason or f"{batch.claimed} claimed, {batch.states.get('done', 0)} done",
        )
    )


def _column_schema(table: str) -> dg.TableSchema:
    """The columns readers see, from the table objects: no database is asked."""
    return dg.TableSchema(
        [
            dg.TableColumn(column.name, column.type, description=column.doc or None)
            for column in build_catalog(PLATFORMS).relation(table).visible
        ]
    )
