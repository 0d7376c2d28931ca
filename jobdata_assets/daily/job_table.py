"""``<platform>_job``: a day of landed pages, loaded into ClickHouse and checked."""

# ruff: noqa: S608 - generated SQL: table and column names are our own, values are bound as parameters

# No `from __future__ import annotations`: Dagster reads the annotations of decorated functions as they are.

import datetime as dt
import time
from collections.abc import Iterator
from typing import Any

import dagster as dg

from crawler_core.errors import CrawlError
from crawler_core.landing import Manifest
from crawler_core.platforms import PLATFORMS
from crawler_core.platforms.spec import PlatformSpec
from crawler_core.values import SHANGHAI
from jobdata_assets import names
from jobdata_assets.code_version import code_version
from jobdata_assets.daily.checks import check_specs, measure, verdicts
from jobdata_assets.daily.coverage import Coverage, Tracked, measure_coverage
from jobdata_assets.daily.preview import day_preview
from jobdata_assets.daily.quality import quality_verdicts
from jobdata_assets.daily.quality_measure import measure_quality
from jobdata_assets.metadata import counts
from jobdata_resources.control import ControlStore, RunRecord
from jobdata_resources.control_resource import ControlResource
from jobdata_resources.landing import LandingResource
from jobdata_resources.warehouse import (
    LoadResult,
    Warehouse,
    WarehouseBusy,
    WarehouseError,
    WarehouseUnreachable,
)
from jobdata_resources.warehouse.catalog import build_catalog
from jobdata_resources.warehouse_resource import WarehouseResource

__all__ = ["CODE_VERSION", "job_table_asset"]

CODE_VERSION = "2"
"""Raise it when the load itself would give other rows of the same pages; how they are read is added to it."""

_RETRIES, _RETRY_SECONDS = 3, 60


def job_table_asset(
    spec: PlatformSpec, daily: dg.DailyPartitionsDefinition, *, coverage_target: float
) -> dg.AssetsDefinition:
    """The asset of one platform, with its checks: they need the open warehouse, which a step opens once.

    Args:
        daily: the same days as those of the raw pages.
        coverage_target: share of the active keywords that must be done, 0 to 1.
    """
    key = names.job_table(spec.name)
    table = key.to_user_string()

    @dg.asset(
        key=key,
        deps=[names.raw_pages(spec.name)],
        partitions_def=daily,
        group_name="jobs",
        owners=list(names.OWNERS),
        kinds={"clickhouse", "sql"},
        tags={names.PLATFORM_TAG: spec.name, "layer": "warehouse"},
        code_version=code_version(spec, CODE_VERSION),
        pool=names.WAREHOUSE_POOL,
        check_specs=check_specs(spec, daily),
        freshness_policy=dg.FreshnessPolicy.time_window(
            fail_window=dt.timedelta(hours=36), warn_window=dt.timedelta(hours=26)
        ),
        description=(
            f"Jobs of {spec.title}: one row per distinct content of a job, with first and last seen; and"
            " `job_sighting`, one row per time a job was seen.\n\n"
            "A partition is a crawled day. It is read from the landed pages, so any day can be built again, and"
            " building it twice leaves the same rows. A day becomes visible as a whole or not at all."
        ),
        metadata={"dagster/column_schema": _column_schema(table), "platform": spec.title},
    )
    def load_day(
        context: dg.AssetExecutionContext,
        landing: LandingResource,
        control: ControlResource,
        warehouse: WarehouseResource,
    ) -> Iterator[dg.MaterializeResult[Any]]:
        date = dt.date.fromisoformat(context.partition_key)
        started = dt.datetime.now(SHANGHAI)
        zone = landing.zone()
        with control.open() as store:
            try:
                manifests = zone.manifests(spec.name, date)
                _require_pages(spec, date, manifests)
                coverage = _coverage(store, spec.name, date, manifests)
                comment = {"run_id": context.run.run_id, "asset": table, "partition": context.partition_key}
                with warehouse.open(comment=comment) as opened:
                    result = opened.load_day(spec.name, date, zone, run_id=context.run.run_id)
                    context.log.info(
                        "%s %s: %d sightings of %d jobs from %d pages in %.1f s",
                        *(table, date, result.sightings, result.jobs, result.pages, result.seconds),
                    )
                    facts = measure(opened, spec, date)
                    quality = measure_quality(opened, spec, date)
                    metadata = _metadata(opened, spec, date, result, coverage)
            except (WarehouseBusy, WarehouseUnreachable) as error:
                # Somebody else holds the warehouse, or its server is restarting: the only errors that time heals.
                raise dg.RetryRequested(max_retries=_RETRIES, seconds_to_wait=_RETRY_SECONDS) from error
            except (CrawlError, WarehouseError) as error:
                raise dg.Failure(f"{date} was not loaded into {table}: {error}", allow_retries=False) from error
            store.record_run(_run_record(context.run.run_id, table, spec.name, date, started, result))
        yield dg.MaterializeResult(
            metadata=metadata,
            check_results=[
                *verdicts(
                    result,
                    facts,
                    coverage,
                    coverage_target=coverage_target,
                    dates=len(daily.get_partition_keys()),
                    keywords=len(context.instance.get_dynamic_partitions(names.keyword_dimension(spec.name))),
                ),
                *quality_verdicts(spec, quality),
            ],
        )

    return load_day


def _require_pages(spec: PlatformSpec, date: dt.date, manifests: list[Manifest]) -> None:
    if any(manifest.segments for manifest in manifests):
        return
    raise dg.Failure(
        f"no page of {spec.name} is landed for {date}: there is nothing to load. Materialize"
        f" `{names.raw_pages(spec.name).to_user_string()}` of that day first (job `{names.crawl_job(spec.name)}`), or"
        " check LANDING_URL if it was crawled elsewhere.",
        metadata={"manifests": len(manifests)},
        allow_retries=False,
    )


def _coverage(store: ControlStore, platform: str, date: dt.date, manifests: list[Manifest]) -> Coverage:
    return measure_coverage(
        date=date,
        today=dt.datetime.now(SHANGHAI).date(),
        tracked=[Tracked(record.keyword.text, record.paused, record.id) for record in store.keywords(platform)],
        manifests=manifests,
    )


def _metadata(
    warehouse: Warehouse, spec: PlatformSpec, date: dt.date, result: LoadResult, coverage: Coverage
) -> dict[str, Any]:
    table = names.job_table(spec.name).to_user_string()
    began = time.monotonic()
    # The view counts each key once; spilling keeps the count of a large table inside the memory limit.
    [(total,)] = warehouse.query(f"SELECT count() FROM {table} SETTINGS max_bytes_before_external_group_by = 300000000")
    preview = day_preview(warehouse, spec, date)
    return {
        "dagster/partition_row_count": result.contents,
        "dagster/row_count": int(total),
        "dagster/table_name": f"{warehouse.engine.database}.{table}",
        "dagster/column_schema": _column_schema(table),
        "sightings": result.sightings,
        "jobs": result.jobs,
        "contents": result.contents,
        "records": result.records,
        "pages": result.pages,
        "segments": result.segments,
        "unparsed_pages": result.unparsed_pages,
        "refused": counts(result.refused),
        "outcomes": counts(result.outcomes),
        "coverage": round(coverage.ratio, 4),
        "missing_keywords": sorted(coverage.missing),
        "new_facts": counts(result.prepared),
        "load_seconds": round(result.seconds, 2),
        "facts_seconds": round(result.prepare_seconds, 2),
        "metadata_seconds": round(time.monotonic() - began, 2),
        "preview": dg.MetadataValue.md(preview),
    }


def _run_record(
    run_id: str, table: str, platform: str, date: dt.date, started: dt.datetime, result: LoadResult
) -> RunRecord:
    return RunRecord(
        run_id=run_id,
        task=table,
        state="success",
        started_at=started,
        ended_at=dt.datetime.now(SHANGHAI),
        platform=platform,
        date=date,
        pages=result.pages,
        records=result.records,
        detail=f"{result.sightings} sightings, {result.jobs} jobs, {result.contents} contents",
    )


def _column_schema(table: str) -> dg.TableSchema:
    """The columns readers see, from the table objects: no database is asked."""
    return dg.TableSchema(
        [
            dg.TableColumn(column.name, column.type, description=column.doc or None)
            for column in build_catalog(PLATFORMS).relation(table).visible
        ]
    )
