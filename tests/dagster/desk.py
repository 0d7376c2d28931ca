"""``Desk`` and friends: a project with a platform that needs no network.

``Desk`` is what an engineer has in front of them: keywords, a day, and a button that launches a range. The crawl
library, the landing zone and the control store behind it are the real ones; only the wire is scripted.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import dagster as dg
from pydantic import PrivateAttr

from crawler_core.clock import Clock
from crawler_core.keyword import Keyword
from crawler_core.landing import LandingZone
from crawler_core.platforms.spec import PlatformSpec
from jobdata_assets import names
from jobdata_assets.partitions import range_tags
from jobdata_resources.control import ControlStore, KeywordRow
from jobdata_resources.control_resource import ControlResource
from jobdata_resources.crawler import CrawlerResource, CrawlSeams
from jobdata_resources.fleet_resource import FleetResource
from jobdata_resources.landing import LandingResource
from tests.support.clock import FakeClock
from tests.support.toy_platform import Handler, Script, market

TODAY = dt.date(2026, 11, 21)


class ScriptedCrawler(CrawlerResource):
    """The crawl resource with a day, a clock and a wire of our choosing."""

    _day: dt.date = PrivateAttr(default=TODAY)
    _script: Script = PrivateAttr(default_factory=lambda: Script(market(2)))
    _clock: Clock = PrivateAttr(default_factory=FakeClock)

    def today(self) -> dt.date:
        return self._day

    def seams(self) -> CrawlSeams:
        return {"transport": self._script, "clock": self._clock}


@dataclass
class Desk:
    """See the module docstring."""

    home: Path
    platform: PlatformSpec
    asset: dg.AssetsDefinition
    instance: dg.DagsterInstance
    crawler: ScriptedCrawler
    zone: LandingZone
    store: ControlStore
    day: dt.date = TODAY
    runs: list[dg.ExecuteInProcessResult] = field(default_factory=list)

    def keywords(self, *texts: str) -> None:
        self.store.import_keywords("boss", [KeywordRow(keyword=Keyword.parse(text)) for text in texts])
        self.instance.add_dynamic_partitions(names.keyword_dimension("boss"), texts)

    def script(self, handler: Handler) -> Script:
        self.crawler._script = Script(handler)
        return self.crawler._script

    def launch(
        self, first: str, last: str | None = None, *, day: dt.date | None = None, config: dict[str, Any] | None = None
    ) -> dg.ExecuteInProcessResult:
        """A run as a backfill or the schedule makes it: a range of keywords on a day."""
        run = dg.materialize(
            [self.asset],
            instance=self.instance,
            resources=self.resources(),
            tags=range_tags(day or self.day, first, last or first),
            run_config={"ops": {"boss_raw_pages": {"config": config}}} if config else None,
            raise_on_error=False,
        )
        self.runs.append(run)
        return run

    def materializations(self, run: dg.ExecuteInProcessResult | None = None) -> dict[str, dict[str, Any]]:
        """Metadata by partition key, as stored; of one run, or of all."""
        records = self.instance.fetch_materializations(self.asset.key, limit=1000, ascending=True).records
        found = {}
        for record in records:
            if run is None or record.run_id == run.run_id:
                entry = record.asset_materialization
                assert entry is not None
                found[str(entry.partition)] = {name: value.value for name, value in entry.metadata.items()}
        return found

    def resources(self) -> dict[str, Any]:
        # Dagster copies a configurable resource for each run and leaves its private attributes behind.
        crawler = dg.ResourceDefinition.hardcoded_resource(self.crawler)
        fleet = FleetResource()
        return {"crawler": crawler, "landing": LandingResource(), "control": ControlResource(), "fleet": fleet}

    def requests(self) -> int:
        return len(self.crawler._script.log)

    def statuses(self) -> dict[str, str]:
        """Partition key to status, as the UI shows it."""
        from dagster._core.storage.partition_status_cache import get_and_update_asset_status_cache_value

        value = get_and_update_asset_status_cache_value(
            self.instance,
            self.asset.key,
            self.asset.partitions_def,
            dynamic_partitions_loader=self.instance,
        )
        assert value is not None
        definition = self.asset.partitions_def
        assert definition is not None
        failed = value.deserialize_failed_partition_subsets(definition)
        done = value.deserialize_materialized_partition_subsets(definition)
        return dict.fromkeys(failed.get_partition_keys(), "failed") | {
            key: "materialized" for key in done.get_partition_keys() if key not in failed.get_partition_keys()
        }


def failure(run: dg.ExecuteInProcessResult) -> tuple[str, dict[str, Any]]:
    """Description and metadata of the run's failed step."""
    [event] = [event for event in run.all_events if event.is_step_failure]
    data = event.step_failure_data
    assert data.user_failure_data is not None, data.error
    metadata = {name: value.value for name, value in data.user_failure_data.metadata.items()}
    for value in data.user_failure_data.metadata.values():
        if isinstance(value, dg.TableMetadataValue):
            metadata["unfinished"] = [record.data for record in value.records]
    return data.user_failure_data.description or "", metadata
