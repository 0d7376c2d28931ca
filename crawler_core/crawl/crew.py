"""The crew: many keywords and identities of one platform and day in one process.

As many keywords are under way as there are identities. ``crawl`` is the one entry point: Dagster, the node program
and tests call it alike.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from random import Random

from crawler_core.clock import Clock
from crawler_core.crawl.allowance import Allowance
from crawler_core.crawl.keyword import KeywordCrawl, SearchEnd
from crawler_core.crawl.report import CheckpointUpdate, CrawlReport, KeywordReport
from crawler_core.crawl.session import Seams, TransportFactory, blocking, first_error, ignore, open_session
from crawler_core.crawl.step import CrawlContext
from crawler_core.errors import BadInput
from crawler_core.landing import LandingZone
from crawler_core.outcome import Outcome
from crawler_core.platforms.spec import PlatformSpec
from crawler_core.proxy import Proxy
from crawler_core.settings import CrawlSettings
from crawler_core.tokens import TokenSource
from crawler_core.values import Query

__all__ = ["crawl", "crawl_async"]

_SCHEMA_BREAKER = 3
"""Keywords in a row that fail on a changed schema before the crawl of the platform stops."""


async def crawl_async(
    spec: PlatformSpec,
    queries: Sequence[Query],
    *,
    date: dt.date,
    settings: CrawlSettings,
    landing: LandingZone,
    tokens: TokenSource | None = None,
    proxies: Sequence[Proxy] = (),
    allowances: Mapping[str, Allowance] | None = None,
    on_keyword: Callable[[KeywordReport], None] | None = None,
    on_checkpoint: Callable[[CheckpointUpdate], None] | None = None,
    on_event: Callable[[str], None] | None = None,
    transport: TransportFactory | None = None,
    clock: Clock | None = None,
    rng: Random | None = None,
) -> CrawlReport:
    """Crawl keywords of one platform and day.

    Resumes: a keyword that is done for the day is reported and not fetched, one that was interrupted goes on at the
    first page that is not landed. Keywords are taken in the order given.

    Args:
        spec: the platform.
        queries: the searches; several cities of one keyword are crawled one after another.
        date: the partition day the pages are landed under (Asia/Shanghai).
        settings: pace, hosts, keys.
        landing: where pages go.
        tokens: sessions for platforms that need one; default ``BOSS_TOKENS``.
        proxies: fixed proxies, one identity each. Without any: the tunnel, else ``EGRESS_ADDRESSES``, else this host.
        allowances: pages by keyword key, of a crawl plan; a keyword without one is crawled to its end.
        on_keyword: called as each keyword ends; ``on_checkpoint`` after each durable segment; ``on_event`` with
            lines worth logging. All in the loop's thread; an exception in one ends the crawl in order.
        transport, clock, rng: seams for tests.

    Raises:
        BadSetting: a key or token the platform needs is missing, or the platform refuses the signature.
        LandingFull, LandingError: the landing zone failed. What was landed before is intact.
    """
    seams = Seams.of(transport, clock, rng)
    started = seams.clock.monotonic()
    by_keyword = _by_keyword(spec, queries)
    session = open_session(
        spec, date=date, settings=settings, landing=landing, tokens=tokens, proxies=proxies, seams=seams
    )
    async with session as context:
        crew = _Crew(
            context, by_keyword, allowances or {}, on_keyword or ignore, on_checkpoint or ignore, on_event or ignore
        )
        try:
            await crew.run(workers=len(context.pool.identities))
        except ExceptionGroup as group:
            raise first_error(group) from None
    return CrawlReport(
        platform=spec.name,
        date=date,
        keywords=tuple(crew.reports),
        seconds=round(seams.clock.monotonic() - started, 3),
        stop_reason=crew.stop_reason,
    )


crawl = blocking(crawl_async)
"""``crawl_async`` for callers without an event loop. Cancelled by an exception in the calling thread, it seals what
was fetched before it ends."""


class _Crew:
    """Workers that take keywords from one queue."""

    def __init__(
        self,
        context: CrawlContext,
        keywords: Sequence[Sequence[Query]],
        allowances: Mapping[str, Allowance],
        on_keyword: Callable[[KeywordReport], None],
        on_checkpoint: Callable[[CheckpointUpdate], None],
        on_event: Callable[[str], None],
    ) -> None:
        self._context = context
        self._queue = iter(keywords)
        self._allowances = allowances
        self._on_keyword = on_keyword
        self._on_checkpoint = on_checkpoint
        self._on_event = on_event
        self._schema_changes = 0
        self.reports: list[KeywordReport] = []
        self.stop_reason = ""

    async def run(self, workers: int) -> None:
        async with asyncio.TaskGroup() as group:
            for _ in range(workers):
                group.create_task(self._work(group))

    async def _work(self, group: asyncio.TaskGroup) -> None:
        """Keywords one after another; the last segment of one is written while the next is fetched."""
        settling: asyncio.Task[None] | None = None
        for queries in self._queue:
            allowance = self._allowances.get(queries[0].keyword.key)
            crawl = KeywordCrawl(self._context, queries, self._on_checkpoint, allowance)
            stopped = self.stop_reason
            if not stopped:
                self._break_if_needed(await crawl.fetch())
            if settling is not None:
                await settling
            if stopped:
                self._tell(await crawl.skip(stopped))
            else:
                settling = group.create_task(self._settle(crawl))

    async def _settle(self, crawl: KeywordCrawl) -> None:
        self._tell(await crawl.settle())

    def _tell(self, report: KeywordReport) -> None:
        self.reports.append(report)
        self._on_event(_line(report))
        self._on_keyword(report)

    def _break_if_needed(self, end: SearchEnd) -> None:
        if self.stop_reason:
            return
        if end.reason == "no_identity":
            self.stop_reason = end.error
        if end.reason == Outcome.SCHEMA_CHANGED:
            self._schema_changes += 1
            if self._schema_changes >= _SCHEMA_BREAKER:
                self.stop_reason = f"{_SCHEMA_BREAKER} keywords in a row met a changed schema: {end.error}"
        elif not end.already_landed:
            self._schema_changes = 0


def _line(report: KeywordReport) -> str:
    how = "already landed" if report.already_landed else f"{report.fetched} requests"
    tail = f": {report.error}" if report.error else ""
    resumed = ", resumed" if report.resumed else ""
    return (
        f"{report.platform} {report.keyword}: {report.state} ({report.stop_reason}), {report.pages} pages,"
        f" {report.records} records, {how}{resumed}, {report.seconds:.1f} s{tail}"
    )


def _by_keyword(spec: PlatformSpec, queries: Sequence[Query]) -> list[list[Query]]:
    grouped: dict[str, list[Query]] = {}
    for query in queries:
        if query.platform != spec.name:
            raise BadInput(f"query {query.keyword} belongs to {query.platform}, this crawl is of {spec.name}")
        cities = grouped.setdefault(query.keyword.key, [])
        if query not in cities:
            cities.append(query)
    return list(grouped.values())
