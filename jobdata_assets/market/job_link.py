"""``job_link``: which postings are the same opening, across keywords, days and platforms."""

# No `from __future__ import annotations`: Dagster reads the annotations of decorated functions as they are.

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import dagster as dg

from crawler_core.normalize import rules_version
from crawler_core.platforms import PLATFORMS
from crawler_core.platforms.spec import PlatformSpec
from jobdata_assets import names
from jobdata_assets.companies.company import view_schema
from jobdata_assets.metadata import markdown_table
from jobdata_resources.resolution import LinkReport, LinkRules, link_jobs
from jobdata_resources.warehouse import WarehouseBusy, WarehouseError, WarehouseUnreachable
from jobdata_resources.warehouse_resource import WarehouseResource

if TYPE_CHECKING:
    from jobdata_resources.warehouse import Warehouse

__all__ = ["LINK_VERSION", "job_link_asset"]

LINK_VERSION = "1"
"""Raise it when ``resolution.pairs`` would link otherwise with the same thresholds."""

_RETRIES, _RETRY_SECONDS = 3, 60
_PREVIEW_ROWS = 10
_RULES = LinkRules()


def job_link_asset(specs: Sequence[PlatformSpec] = tuple(PLATFORMS.values())) -> dg.AssetsDefinition:
    """The asset over the job tables of these platforms."""
    table = names.JOB_LINK.to_user_string()
    thresholds = ",".join(str(getattr(_RULES, name)) for name in LinkRules.__slots__)

    @dg.asset(
        key=names.JOB_LINK,
        deps=[names.COMPANY, *(names.job_table(spec.name) for spec in specs)],
        group_name="analytics",
        owners=list(names.OWNERS),
        kinds={"clickhouse", "sql"},
        tags={"layer": "market"},
        code_version=f"{LINK_VERSION}/{thresholds}/{rules_version('place', 'salary')}",
        pool=names.WAREHOUSE_POOL,
        description=(
            "The opening of every posting: postings of one company with near-equal title and text, in one city and with"
            " compatible pay, share an `opening_id`. No posting is left out or deleted; each carries its rule, its"
            " score and the posting it was linked with.\n\n"
            "Worked out anew as a whole and shown in one step; running it twice gives the same rows."
        ),
        metadata={"dagster/column_schema": view_schema(table), "dagster/table_name": table},
    )
    def make_job_link(context: dg.AssetExecutionContext, warehouse: WarehouseResource) -> dg.MaterializeResult[Any]:
        try:
            with warehouse.open(comment={"run_id": context.run.run_id, "asset": table}) as opened:
                report = link_jobs(opened, context.run.run_id, rules=_RULES)
                preview = _preview(opened)
                stored = f"{opened.engine.database}.{table}"
        except (WarehouseBusy, WarehouseUnreachable) as error:
            raise dg.RetryRequested(max_retries=_RETRIES, seconds_to_wait=_RETRY_SECONDS) from error
        except WarehouseError as error:
            raise dg.Failure(f"{table} was not made: {error}", allow_retries=False) from error
        context.log.info("%d postings are %d openings", report.postings, report.openings)
        return dg.MaterializeResult(metadata=_metadata(report, preview, stored))

    return make_job_link


def _metadata(report: LinkReport, preview: str, stored: str) -> dict[str, Any]:
    return {
        "dagster/row_count": report.postings,
        "dagster/table_name": stored,
        "dagster/column_schema": view_schema("job_link"),
        "openings": report.openings,
        "linked_postings": report.linked,
        "across_platforms": report.across_platforms,
        "pairs": report.pairs,
        "linked_share": round(report.linked / report.postings, 4) if report.postings else 0.0,
        "preview": dg.MetadataValue.md(preview),
        "seconds": dg.MetadataValue.json(report.seconds),
        "resolution_id": str(report.resolution_id),
    }


def _preview(warehouse: "Warehouse") -> str:
    """The openings on most platforms and with most postings, with the titles they were published under.

    The openings are picked first and their jobs are fetched by id: joining would read all jobs.
    """
    picked = warehouse.query(
        f"""SELECT opening_id, any(company_id), groupArray((platform, job_id)), round(min(score), 2) FROM job_link
        GROUP BY opening_id HAVING count() > 1
        ORDER BY uniqExact(platform) DESC, count() DESC, opening_id LIMIT {_PREVIEW_ROWS}"""  # noqa: S608
    )
    companies = dict(
        warehouse.query(
            "SELECT company_id, name FROM company WHERE company_id IN {ids:Array(String)}",
            {"ids": [row[1] for row in picked]},
        )
    )
    titles: dict[tuple[str, str], str] = {}
    postings = [tuple(one) for row in picked for one in row[2]]
    for platform in sorted({name for name, _ in postings}):
        found = warehouse.query(
            "SELECT job_id, title FROM {table:Identifier} WHERE job_id IN {ids:Array(String)}",
            {"table": f"{platform}_job_current", "ids": [job_id for name, job_id in postings if name == platform]},
        )
        titles.update(((platform, str(job_id)), str(title)) for job_id, title in found)
    rows = []
    for opening, company, members, score in picked:
        keys = [tuple(one) for one in members]
        places = ", ".join(sorted({key[0] for key in keys}))
        shown = " / ".join(sorted({titles.get(key, "") for key in keys} - {""}))
        rows.append((opening, companies.get(company, ""), places, len(keys), shown, score))
    return markdown_table(("opening", "company", "platforms", "postings", "titles", "least score"), rows)
