"""``job_analytics``: the asset that makes the view over all platforms, and the op that reads stored strings anew."""

# No `from __future__ import annotations`: Dagster reads the annotations of decorated functions as they are.

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import dagster as dg

from crawler_core.platforms import PLATFORMS
from crawler_core.platforms.spec import PlatformSpec
from jobdata_assets import names
from jobdata_assets.market.analytics_summary import MarketSummary, summarise
from jobdata_assets.metadata import counts, markdown_table
from jobdata_resources.warehouse.catalog import build_catalog
from jobdata_resources.warehouse.errors import WarehouseBusy, WarehouseError, WarehouseUnreachable
from jobdata_resources.warehouse.facts.fields import fact_rules
from jobdata_resources.warehouse.facts.market import (
    COMPANY_ALIAS,
    FIELD_REASONS,
    JOB_ANALYTICS,
    job_analytics_view,
)
from jobdata_resources.warehouse.tables import View
from jobdata_resources.warehouse_resource import WarehouseResource

if TYPE_CHECKING:
    from jobdata_resources.warehouse.facts.keeper import RebuildResult

__all__ = ["REBUILD_FACTS", "job_analytics_asset", "rebuild_facts_job"]

REBUILD_FACTS = "rebuild_facts"
VIEW_VERSION = "2"
"""Raise it when the view would show other rows without a change of its columns."""

_RETRIES, _RETRY_SECONDS = 3, 60


def job_analytics_asset(specs: Sequence[PlatformSpec] = tuple(PLATFORMS.values())) -> dg.AssetsDefinition:
    """The asset over the job tables of these platforms."""
    shape = job_analytics_view(build_catalog({spec.name: spec for spec in specs}), resolved=False)

    @dg.asset(
        key=dg.AssetKey(JOB_ANALYTICS),
        deps=[*(names.job_table(spec.name) for spec in specs), names.COMPANY, names.JOB_LINK],
        group_name="analytics",
        owners=list(names.OWNERS),
        kinds={"clickhouse"},
        tags={"layer": "market"},
        code_version=f"{VIEW_VERSION}/{','.join(fact_rules().values())}",
        pool=names.WAREHOUSE_POOL,
        description=(
            "The job market: the current state of every job of every platform in one shape, with company and opening"
            " across platforms, first and last seen, days open, status, salary in CNY per month, experience, degree,"
            " company size, type and stage as figures.\n\nA view: it always shows what is loaded. Materializing it"
            " makes the view anew and reports what is in it. A value that was not understood is empty, and its"
            " `<field>_reason` says why."
        ),
        metadata={"dagster/column_schema": _column_schema(shape), "dagster/table_name": JOB_ANALYTICS},
    )
    def make_job_analytics(
        context: dg.AssetExecutionContext, warehouse: WarehouseResource
    ) -> dg.MaterializeResult[Any]:
        comment = {"run_id": context.run.run_id, "asset": JOB_ANALYTICS}
        try:
            with warehouse.open(comment=comment) as opened:
                view = opened.create_job_analytics()
                began = time.monotonic()
                summary = summarise(opened)
                seconds = time.monotonic() - began
                table = f"{opened.engine.database}.{JOB_ANALYTICS}"
        except (WarehouseBusy, WarehouseUnreachable) as error:
            raise dg.RetryRequested(max_retries=_RETRIES, seconds_to_wait=_RETRY_SECONDS) from error
        except WarehouseError as error:
            raise dg.Failure(f"{JOB_ANALYTICS} was not made: {error}", allow_retries=False) from error
        return dg.MaterializeResult(metadata=_metadata(summary, view, table, seconds))

    return make_job_analytics


def rebuild_facts_job() -> dg.JobDefinition:
    """``rebuild_facts``: read every stored string by today's rules and show the result to readers at once."""

    @dg.op(
        name="read_stored_strings",
        pool=names.WAREHOUSE_POOL,
        description="Read every stored string by the rules of this program, then switch readers over in one step.",
    )
    def rebuild(context: dg.OpExecutionContext, warehouse: WarehouseResource) -> None:
        try:
            with warehouse.open(comment={"run_id": context.run_id, "op": REBUILD_FACTS}) as opened:
                result = opened.rebuild_facts(run_id=context.run_id)
        except (WarehouseBusy, WarehouseUnreachable) as error:
            raise dg.RetryRequested(max_retries=_RETRIES, seconds_to_wait=_RETRY_SECONDS) from error
        context.add_output_metadata(_rebuild_metadata(result))

    @dg.job(
        name=REBUILD_FACTS,
        executor_def=dg.in_process_executor,
        metadata=names.OWNED,
        description=(
            "After a rule of crawler_core.normalize has changed: read every stored string by the new rules. No page is"
            " fetched or parsed, no job row is touched, and readers see the old facts until all new ones are there."
        ),
    )
    def job() -> None:
        rebuild()

    return job


def _rebuild_metadata(result: "RebuildResult") -> dict[str, Any]:
    return {
        "activated": dg.MetadataValue.json(result.activated),
        "strings": counts(result.strings),
        "seconds": round(result.seconds, 2),
    }


def _metadata(summary: MarketSummary, view: View, table: str, seconds: float) -> dict[str, Any]:
    rows = [
        (name, one.jobs, one.open, one.gone, one.companies, f"{one.resolved:.2%}", one.openings)
        for name, one in sorted(summary.platforms.items())
    ]
    columns = ("platform", "jobs", "open", "gone", "companies", "with company", "openings")
    shares = [
        (platform, *(f"{one.unparsed[field]:.2%}" if field in one.unparsed else "-" for field in FIELD_REASONS))
        for platform, one in sorted(summary.platforms.items())
    ]
    return {
        "dagster/row_count": sum(one.jobs for one in summary.platforms.values()),
        "dagster/table_name": table,
        "dagster/column_schema": _column_schema(view),
        **{f"{name}_jobs": one.jobs for name, one in sorted(summary.platforms.items())},
        **{f"{field}_unparsed_share": round(share, 4) for field, share in summary.unparsed.items()},
        "resolved_share": round(summary.resolved, 4),
        "platforms": dg.MetadataValue.md(markdown_table(columns, rows)),
        "unparsed": dg.MetadataValue.md(markdown_table(("platform", *FIELD_REASONS), shares)),
        "preview": dg.MetadataValue.md(markdown_table(summary.preview_columns, summary.preview)),
        "companies_resolved": COMPANY_ALIAS in view.query,
        "metadata_seconds": round(seconds, 2),
    }


def _column_schema(view: View) -> dg.TableSchema:
    return dg.TableSchema(
        [dg.TableColumn(column.name, column.type, description=column.doc or None) for column in view.columns]
    )
