"""The fleet as a Dagster resource."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import dagster as dg

from crawler_core.landing import LandingZone
from crawler_core.platforms.spec import PlatformSpec
from crawler_core.settings import load
from crawler_core.values import Query
from jobdata_resources.control import ControlStore
from jobdata_resources.crawler import leased_tokens
from jobdata_resources.fleet.settings import FleetSettings

if TYPE_CHECKING:  # the crawl brings the HTTP client along
    from crawler_core.crawl import Allowance
    from crawler_core.crawl.report import CheckpointUpdate, KeywordReport
    from jobdata_resources.fleet.fleet import FleetReport
    from jobdata_resources.fleet.look import Look

__all__ = ["FleetResource"]


class FleetResource(dg.ConfigurableResource["FleetResource"]):
    """Crawls on instances, and removes what was left. It has no fields: keys and limits are of the environment."""

    def settings(self) -> FleetSettings:
        """The settings of the environment.

        Raises:
            BadSetting: names variable, value and remedy.
        """
        return load(FleetSettings)

    def crawl(
        self,
        spec: PlatformSpec,
        queries: Sequence[Query],
        *,
        date: dt.date,
        landing: LandingZone,
        control: ControlStore,
        allowances: Mapping[str, Allowance] | None,
        on_keyword: Callable[[KeywordReport, str], None],
        on_checkpoint: Callable[[CheckpointUpdate], None],
        on_line: Callable[[str], None],
        on_look: Callable[[Look], None],
    ) -> FleetReport:
        """``Fleet.crawl`` with the sessions of the control store.

        Raises:
            CrawlError: the cloud, a setting or the landing zone; names the remedy.
        """
        from jobdata_resources.fleet.fleet import Fleet

        with leased_tokens(spec, control) as tokens:
            return Fleet(landing).crawl(
                spec,
                queries,
                date=date,
                allowances=allowances,
                tokens=tokens,
                token_count=sum(token.active for token in control.tokens()) if tokens else 0,
                on_keyword=on_keyword,
                on_checkpoint=on_checkpoint,
                on_line=on_line,
                on_look=on_look,
            )

    def reap(self, landing: LandingZone) -> Mapping[str, str]:
        """Remove instances that belong to nobody; the reason by instance.

        Raises:
            FleetError: the cloud refuses or does not answer.
        """
        from jobdata_resources.fleet.fleet import Fleet

        return Fleet(landing).reap()
