"""``company``: the accounts of all platforms resolved to real companies, every decision with its reason."""

# No `from __future__ import annotations`: Dagster reads the annotations of decorated functions as they are.

from collections.abc import Iterator, Sequence
from typing import Any

import dagster as dg

from crawler_core.normalize import rules_version
from crawler_core.platforms import PLATFORMS
from crawler_core.platforms.spec import PlatformSpec
from jobdata_assets import names
from jobdata_assets.companies.company_summary import CompanySummary, summarise_companies
from jobdata_assets.metadata import counts, markdown_table
from jobdata_resources.resolution import ResolutionReport, resolve_companies
from jobdata_resources.resolution.schema import VIEWS
from jobdata_resources.warehouse import WarehouseBusy, WarehouseError, WarehouseUnreachable
from jobdata_resources.warehouse_resource import WarehouseResource

__all__ = ["RULES_VERSION", "company_asset", "view_schema"]

RULES_VERSION = "1"
"""Raise it when ``resolution.rules`` would decide otherwise about the same accounts."""

_RETRIES, _RETRY_SECONDS = 3, 60


def company_asset(specs: Sequence[PlatformSpec] = tuple(PLATFORMS.values())) -> dg.AssetsDefinition:
    """The asset over the job and company tables of these platforms."""
    table = names.COMPANY.to_user_string()
    with_details = [spec.name for spec in specs if spec.company is not None]

    @dg.asset(
        key=names.COMPANY,
        deps=[*(names.job_table(spec.name) for spec in specs), *map(names.company_table, with_details)],
        group_name="companies",
        owners=list(names.OWNERS),
        kinds={"clickhouse", "python"},
        tags={"layer": "market"},
        code_version=f"{RULES_VERSION}/{rules_version('company_name', 'company_size', 'place')}",
        pool=names.WAREHOUSE_POOL,
        check_specs=[
            dg.AssetCheckSpec(
                "orphans",
                asset=names.COMPANY,
                blocking=True,
                description="Every account points to a company that has its row.",
            )
        ],
        description=(
            "One row per real company across platforms, resolved by registered name, registry facts, aliases and shared"
            " postings. `company_alias` says which account is which company, `company_decision` names the rule and the"
            " evidence of every merge, doubt and refusal, `company_review` lists pairs that a person must decide: they"
            " are not merged.\n\n"
            "Resolved anew as a whole and shown in one step; without new data it gives the same rows with the same ids."
            " A decision is reversed with `jobdata company separate` or `merge` and holds from the next run on."
        ),
        metadata={"dagster/column_schema": view_schema(table), "dagster/table_name": table},
    )
    def make_company(
        context: dg.AssetExecutionContext, warehouse: WarehouseResource
    ) -> Iterator[dg.MaterializeResult[Any]]:
        try:
            with warehouse.open(comment={"run_id": context.run.run_id, "asset": table}) as opened:
                report = resolve_companies(opened, context.run.run_id)
                summary = summarise_companies(opened)
                stored = f"{opened.engine.database}.{table}"
        except (WarehouseBusy, WarehouseUnreachable) as error:
            raise dg.RetryRequested(max_retries=_RETRIES, seconds_to_wait=_RETRY_SECONDS) from error
        except WarehouseError as error:
            raise dg.Failure(f"{table} was not resolved: {error}", allow_retries=False) from error
        context.log.info(
            "%d accounts are %d companies, %d pairs wait for a person",
            *(report.accounts, summary.companies, report.review),
        )
        yield dg.MaterializeResult(metadata=_metadata(report, summary, stored), check_results=[_orphans(summary)])

    return make_company


def view_schema(name: str) -> dg.TableSchema:
    """The columns of a view of resolution, from its description: no database is asked."""
    [view] = [one for one in VIEWS if one.name == name]
    return dg.TableSchema(
        [dg.TableColumn(column.name, column.type, description=column.doc or None) for column in view.columns]
    )


def _metadata(report: ResolutionReport, summary: CompanySummary, stored: str) -> dict[str, Any]:
    review = ("rule", "left", "its names", "right", "its names", "evidence")
    return {
        "dagster/row_count": summary.companies,
        "dagster/table_name": stored,
        "dagster/column_schema": view_schema("company"),
        # Numbers are plotted by the UI over the runs.
        "accounts": report.accounts,
        **{f"{kind}_companies": report.companies.get(kind, 0) for kind in ("legal", "branch", "brand")},
        "across_platforms": summary.across_platforms,
        "with_registered_name": summary.with_registry,
        "merges": sum(row[1] for row in summary.rules),
        "review_pairs": report.review,
        "shared_posting_pairs": report.shared_pairs,
        "new_accounts": summary.new_accounts,
        "moved_accounts": summary.moved_accounts,
        "overrides": summary.overrides,
        "merges_by_rule": counts({rule: merges for rule, merges, _, _ in summary.rules if merges}),
        "decisions": dg.MetadataValue.md(markdown_table(("rule", "merged", "for review", "kept apart"), summary.rules)),
        "review": dg.MetadataValue.md(markdown_table(review, summary.review)),
        "preview": dg.MetadataValue.md(markdown_table(summary.preview_columns, summary.preview)),
        "seconds": dg.MetadataValue.json({step: round(value, 2) for step, value in report.seconds.items()}),
        "resolution_id": str(report.resolution_id),
    }


def _orphans(summary: CompanySummary) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        check_name="orphans",
        passed=summary.lost == 0,
        description=f"{summary.lost} of {summary.accounts} accounts point to a company that has no row",
        metadata={"accounts": summary.accounts, "without_company": summary.lost},
    )
