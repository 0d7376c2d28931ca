"""A crawl on the fleet in the place of one in this process: same keywords, same reports, and its instances besides.

``CrawlRun`` calls either alike. What only a fleet has, its instances, goes into the log and into one observation of
the asset at the end.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

import dagster as dg

from crawler_core.landing import LandingZone
from crawler_core.platforms.spec import PlatformSpec
from crawler_core.values import Query
from jobdata_assets import names
from jobdata_resources.control import ControlStore
from jobdata_resources.fleet_resource import FleetResource

if TYPE_CHECKING:
    from crawler_core.crawl import Allowance
    from crawler_core.crawl.report import CheckpointUpdate, CrawlReport, KeywordReport
    from jobdata_resources.fleet.fleet import FleetReport
    from jobdata_resources.fleet.look import Look, NodeRow

__all__ = ["CrawlEngine", "FleetCrawl", "node_table"]

_LOG_SECONDS = 60.0


class CrawlEngine(Protocol):
    """What crawls the keywords of a run: ``CrawlerResource`` here, ``FleetCrawl`` elsewhere."""

    def crawl(
        self,
        spec: PlatformSpec,
        queries: Sequence[Query],
        *,
        date: dt.date,
        landing: LandingZone,
        control: ControlStore,
        allowances: Mapping[str, Allowance] | None,
        on_keyword: Callable[[KeywordReport], None],
        on_checkpoint: Callable[[CheckpointUpdate], None],
    ) -> CrawlReport:
        """See ``CrawlerResource.crawl``."""
        ...


class FleetCrawl:
    """The engine of one run on the fleet."""

    def __init__(self, context: dg.AssetExecutionContext, fleet: FleetResource) -> None:
        self._context, self._fleet = context, fleet
        self._logged: dt.datetime | None = None

    def crawl(
        self,
        spec: PlatformSpec,
        queries: Sequence[Query],
        *,
        date: dt.date,
        landing: LandingZone,
        control: ControlStore,
        allowances: Mapping[str, Allowance] | None,
        on_keyword: Callable[[KeywordReport], None],
        on_checkpoint: Callable[[CheckpointUpdate], None],
    ) -> CrawlReport:
        """See ``FleetResource.crawl``; without queries nothing is started."""
        report = self._fleet.crawl(
            spec,
            queries,
            date=date,
            landing=landing,
            control=control,
            allowances=allowances,
            on_keyword=lambda keyword, _node: on_keyword(keyword),
            on_checkpoint=on_checkpoint,
            on_line=self._context.log.info,
            on_look=self._look,
        )
        self._observe(spec, date, report)
        return report.crawl

    def _look(self, look: Look) -> None:
        """A line per living node, once a minute."""
        if self._logged is not None and (look.at - self._logged).total_seconds() < _LOG_SECONDS:
            return
        self._logged = look.at
        lines = [
            f"{row.instance} {row.addresses}: {row.state}, {row.keywords} keywords, {row.pages} pages, {row.holds}"
            for row in look.rows
            if row.state != "gone"
        ]
        if lines:
            self._context.log.info("nodes:\n%s", "\n".join(lines))

    def _observe(self, spec: PlatformSpec, date: dt.date, report: FleetReport) -> None:
        self._context.log_event(
            dg.AssetObservation(
                names.raw_pages(spec.name),
                description=f"Instances that crawled {spec.title} for {date}",
                metadata={
                    "board": report.board,
                    "date": date.isoformat(),
                    "instances": report.spent.instances,
                    "instance_hours": round(report.spent.hours, 4),
                    "cost_cny": round(report.spent.cost, 4),
                    "pages": sum(row.pages for row in report.rows),
                    "nodes": node_table(report.rows),
                },
            )
        )


def node_table(rows: Sequence[NodeRow]) -> dg.TableMetadataValue:
    """Instances as a table of the UI; the first 200."""
    types = {"keywords": "int", "pages": "int", "hours": "float", "cost": "float"}
    columns = ("instance", "zone", "type", "addresses", "reason", "keywords", "pages", "hours", "cost")
    records = [dg.TableRecord({name: getattr(row, name) for name in columns}) for row in rows[:200]]
    schema = dg.TableSchema([dg.TableColumn(name, types.get(name, "string")) for name in columns])
    return dg.MetadataValue.table(records=records, schema=schema)
