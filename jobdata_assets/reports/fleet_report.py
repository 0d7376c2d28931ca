"""``fleet_report``: what the fleet of a day cost and what it brought."""

# No `from __future__ import annotations`: Dagster reads the annotations of decorated functions as they are.

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import dagster as dg

from crawler_core.platforms.spec import PlatformSpec
from crawler_core.values import SHANGHAI
from jobdata_assets import names
from jobdata_assets.crawl.fleet_crawl import node_table
from jobdata_assets.metadata import counts, markdown_table
from jobdata_resources.landing import LandingResource
from jobdata_resources.warehouse.errors import WarehouseBusy, WarehouseError, WarehouseUnreachable
from jobdata_resources.warehouse_resource import WarehouseResource

if TYPE_CHECKING:  # reads boards with the crawl library
    from jobdata_resources.fleet.report import BoardReport

__all__ = ["fleet_report_asset", "report_metadata"]

_RETRIES, _RETRY_SECONDS = 3, 60


def fleet_report_asset(specs: Sequence[PlatformSpec], daily: dg.DailyPartitionsDefinition) -> dg.AssetsDefinition:
    """The asset over the boards of these platforms."""
    platforms = [spec.name for spec in specs]

    @dg.asset(
        key=names.FLEET_REPORT,
        deps=[names.job_table(name) for name in platforms],
        partitions_def=daily,
        group_name="reports",
        owners=list(names.OWNERS),
        kinds={"python"},
        tags={"layer": "operations"},
        code_version="1",
        pool=names.WAREHOUSE_POOL,
        metadata={"folder": "$LANDING_URL/fleet/<board>"},
        description=(
            "Instances, hours, price and pages of the fleet on a day, by run, with the cost of a thousand pages and of"
            " a posting that was never seen before. Read from the fleet's boards in the landing zone and from the job"
            " tables; no cloud is asked, so any past day can be reported."
        ),
    )
    def fleet_report(
        context: dg.AssetExecutionContext, landing: LandingResource, warehouse: WarehouseResource
    ) -> dg.MaterializeResult[Any]:
        from jobdata_resources.fleet.report import day_reports

        date = dt.date.fromisoformat(context.partition_key)
        reports = day_reports(landing.zone(), platforms, date, dt.datetime.now(SHANGHAI))
        try:
            with warehouse.open(comment={"run_id": context.run.run_id, "asset": "fleet_report"}) as opened:
                new = {name: opened.ask.day(name, date).new_jobs for name in platforms}
        except (WarehouseBusy, WarehouseUnreachable) as error:
            raise dg.RetryRequested(max_retries=_RETRIES, seconds_to_wait=_RETRY_SECONDS) from error
        except WarehouseError as error:
            raise dg.Failure(f"fleet_report was not made: {error}", allow_retries=False) from error
        return dg.MaterializeResult(metadata=report_metadata(reports, new))

    return fleet_report


def report_metadata(reports: "Sequence[BoardReport]", new: Mapping[str, int]) -> dict[str, Any]:
    """Sums and rates; ``new``: postings never seen before, by platform. Rates are left out where nothing was found."""
    from jobdata_resources.fleet.report import rate

    cost, pages = sum(one.cost for one in reports), sum(one.pages for one in reports)
    found = sum(new[name] for name in {one.platform for one in reports})
    lost: Counter[str] = Counter()
    for one in reports:
        lost.update(one.lost)
    rates = {"cny_per_1000_pages": rate(cost, pages, 1000), "cny_per_new_posting": rate(cost, found)}
    columns = ("run", "state", "keywords", "instances", "hours", "CNY", "pages")
    rows = [
        (one.board, one.reason, f"{one.keywords}/{one.works}", one.instances, one.hours, one.cost, one.pages)
        for one in reports
    ]
    return {
        "instances": sum(one.instances for one in reports),
        "instance_hours": round(sum(one.hours for one in reports), 4),
        "cost_cny": round(cost, 4),
        "pages": pages,
        "new_postings": found,
        **{name: value for name, value in rates.items() if value is not None},
        "runs": dg.MetadataValue.md(markdown_table(columns, rows) if rows else "no fleet on this day"),
        "instances_lost": counts(lost),
        "nodes": node_table([row for one in reports for row in one.rows]),
    }
