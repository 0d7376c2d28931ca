"""The crawl library as a Dagster resource: settings, tokens and proxies put together for a crawl."""

from __future__ import annotations

import datetime as dt
import logging
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING, TypedDict

import dagster as dg

from crawler_core.clock import Clock
from crawler_core.landing import LandingZone
from crawler_core.platforms.company import CompanyTarget
from crawler_core.platforms.spec import PlatformSpec
from crawler_core.settings import CrawlSettings, load
from crawler_core.values import SHANGHAI, Query
from jobdata_resources.control import DEFAULT_LEASE, ControlStore, ControlStoreError, StoreTokenSource

if TYPE_CHECKING:
    from crawler_core.crawl import (
        Allowance,
        CheckpointUpdate,
        CompanyCrawlReport,
        CompanyResult,
        CrawlReport,
        KeywordReport,
    )
    from crawler_core.crawl.session import TransportFactory

__all__ = ["CrawlSeams", "CrawlerResource", "leased_tokens"]

_LOG = logging.getLogger(__name__)
_RENEW_SECONDS = DEFAULT_LEASE.total_seconds() / 6


class CrawlSeams(TypedDict, total=False):
    """What stands in the place of the network and the clock."""

    transport: TransportFactory
    clock: Clock


class CrawlerResource(dg.ConfigurableResource["CrawlerResource"]):
    """Crawls keywords and companies with the settings of the environment and what the control store holds.

    Secrets come from the environment and the control store when a crawl begins; none is a field, so none shows up
    in a run config.
    """

    def today(self) -> dt.date:
        """The current day in Asia/Shanghai; tests replace it."""
        return dt.datetime.now(SHANGHAI).date()

    def settings(self) -> CrawlSettings:
        """The crawl settings of the environment.

        Raises:
            BadSetting: names variable, value and remedy.
        """
        return load(CrawlSettings)

    def seams(self) -> CrawlSeams:
        """Nothing: a crawl uses the network and the system's clock; tests replace it."""
        return {}

    def crawl(
        self,
        spec: PlatformSpec,
        queries: Sequence[Query],
        *,
        date: dt.date,
        landing: LandingZone,
        control: ControlStore,
        on_keyword: Callable[[KeywordReport], None],
        on_checkpoint: Callable[[CheckpointUpdate], None],
        allowances: Mapping[str, Allowance] | None = None,
    ) -> CrawlReport:
        """``crawler_core.crawl.crawl`` with tokens and proxies of the control store.

        Without active tokens there, those of ``BOSS_TOKENS`` are used. ``allowances``: pages by keyword key, of a
        crawl plan.

        Raises:
            CrawlError: a key, a token or the landing zone is missing or refuses; names the remedy.
        """
        from crawler_core.crawl import crawl  # brings the HTTP client; a load run does without

        with leased_tokens(spec, control) as tokens:
            return crawl(
                spec,
                queries,
                date=date,
                settings=self.settings(),
                landing=landing,
                tokens=tokens,
                proxies=control.proxies(),
                allowances=allowances,
                on_keyword=on_keyword,
                on_checkpoint=on_checkpoint,
                **self.seams(),
            )

    def crawl_companies(
        self,
        spec: PlatformSpec,
        targets: Sequence[CompanyTarget],
        *,
        date: dt.date,
        batch_id: str,
        landing: LandingZone,
        control: ControlStore,
        on_company: Callable[[CompanyResult], None],
        on_event: Callable[[str], None] | None = None,
    ) -> CompanyCrawlReport:
        """``crawler_core.crawl.crawl_companies`` with tokens and proxies of the control store.

        Raises:
            CrawlError: a key, a token or the landing zone is missing or refuses; names the remedy.
        """
        from crawler_core.crawl import crawl_companies

        with leased_tokens(spec, control) as tokens:
            return crawl_companies(
                spec,
                targets,
                date=date,
                settings=self.settings(),
                landing=landing,
                batch_id=batch_id,
                tokens=tokens,
                proxies=control.proxies(),
                on_company=on_company,
                on_event=on_event,
            )


def leased_tokens(spec: PlatformSpec, control: ControlStore) -> AbstractContextManager[StoreTokenSource | None]:
    """Tokens of the control store where the platform needs them and it has some."""
    stored = spec.needs_token and any(token.active for token in control.tokens())
    return _renewed(control.token_source()) if stored else nullcontext()


@contextmanager
def _renewed(source: StoreTokenSource) -> Iterator[StoreTokenSource]:
    """Keep the leases of a source alive during a crawl of hours, also while every identity rests."""
    over = threading.Event()

    def renew() -> None:
        while not over.wait(_RENEW_SECONDS):
            try:
                source.renew()
            except ControlStoreError as error:
                _LOG.warning("token leases could not be renewed, next try in %d s: %s", _RENEW_SECONDS, error)

    thread = threading.Thread(target=renew, name="token-leases", daemon=True)
    thread.start()
    try:
        yield source
    finally:
        over.set()
        thread.join()
