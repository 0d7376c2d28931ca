"""``<platform>_raw_pages``: the crawled pages of a keyword and day, as landed.

The asset says what it is and hands a run's partitions to ``CrawlRun``. Bookkeeping is per keyword, work is per run:
a run costs seconds whatever it does, so one run covers all keywords of a day.
"""

# No `from __future__ import annotations`: Dagster reads the annotations of decorated functions as they are.

from collections.abc import Iterator
from typing import Any

import dagster as dg
from pydantic import Field

from crawler_core import __version__ as crawler_version
from crawler_core.platforms.spec import PlatformSpec
from jobdata_assets import names
from jobdata_assets.crawl.crawl_run import CrawlRun
from jobdata_assets.crawl.fleet_crawl import FleetCrawl
from jobdata_assets.partitions import by_date, raw_page_partitions
from jobdata_resources.control_resource import ControlResource
from jobdata_resources.crawler import CrawlerResource
from jobdata_resources.fleet_resource import FleetResource
from jobdata_resources.landing import LandingResource

__all__ = ["RawPagesConfig", "raw_pages_asset"]


class RawPagesConfig(dg.Config):
    """What a person may choose when launching a crawl."""

    late: bool = Field(
        False,
        description=(
            "Crawl past days that are not complete. The pages are filed under the past day and keep today's fetch"
            " time; without it a past day stays as it was landed."
        ),
    )
    on: str = Field(
        "",
        description="Where to crawl: `local`, in this process, or `fleet`, on cloud instances; empty: CRAWL_ON.",
    )


def raw_pages_asset(spec: PlatformSpec, daily: dg.DailyPartitionsDefinition) -> dg.AssetsDefinition:
    """The asset of one platform.

     ``multi_asset`` with one asset in it, because the ``backfill_policy`` of ``@asset`` still warns that it is beta.
     Keywords are reported by events of their own and not by an output, so one that failed does not hide the others
    ; a test holds Dagster to that.
    """
    key = names.raw_pages(spec.name)
    asset = dg.AssetSpec(
        key,
        description=(
            f"Pages of {spec.title} for a keyword and a day, exactly as received, in the landing zone.\n\n"
            "A run crawls every selected keyword that is not landed yet, goes on where an interrupted crawl stopped,"
            " and marks each keyword as it ends. Keywords that do not finish are named in the run's failure; run"
            " them again. A past day is never crawled unless the run config says `late: true`."
        ),
        skippable=True,
        partitions_def=raw_page_partitions(spec.name, daily),
        group_name="crawl",
        owners=list(names.OWNERS),
        kinds={"python", "json"},
        tags={names.PLATFORM_TAG: spec.name, "layer": "landing"},
        code_version=crawler_version,
        metadata={"folder": f"raw/platform={spec.name}/date=<date>/keyword=<keyword>", "platform": spec.title},
    )

    @dg.multi_asset(
        name=key.to_python_identifier(),
        specs=[asset],
        backfill_policy=dg.BackfillPolicy.single_run(),
        pool=names.crawl_pool(spec.name),
    )
    def crawl_pages(
        context: dg.AssetExecutionContext,
        config: RawPagesConfig,
        crawler: CrawlerResource,
        landing: LandingResource,
        control: ControlResource,
        fleet: FleetResource,
    ) -> Iterator[Any]:
        where = config.on or fleet.settings().crawl_on
        if where not in ("local", "fleet"):
            raise dg.Failure(f"on={config.on!r} is no place to crawl: use `local` or `fleet`", allow_retries=False)
        with control.open() as store:
            CrawlRun(
                context,
                spec=spec,
                crawler=crawler,
                zone=landing.zone(),
                store=store,
                late=config.late,
                engine=FleetCrawl(context, fleet) if where == "fleet" else None,
            ).execute(by_date(context.partition_keys))
        yield from ()

    return crawl_pages
