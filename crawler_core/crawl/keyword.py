"""The crawl of one keyword: its cities one after another, their pages in ascending order.

    fetch a page until it counts (``step``) ──► next page | end of the search

A page is landed before anything is decided from it. The checkpoint moves when a segment is durable (``sealing``).
With an allowance of a crawl plan a search also ends when it is used up, or when a page shows nothing new.
"""

from __future__ import annotations

import asyncio
import functools
import sys
from collections import Counter
from collections.abc import Callable, Sequence

from crawler_core.crawl.allowance import CUT_SHORT, NOTHING_NEW, PLANNED, Allowance
from crawler_core.crawl.report import CheckpointUpdate, KeywordReport
from crawler_core.crawl.resume import SearchState, restore
from crawler_core.crawl.sealing import SegmentWriter, through_cancellation
from crawler_core.crawl.step import Asked, CrawlContext, Fetcher
from crawler_core.errors import BadSetting, CorruptSegment, LandingConflict, NoIdentity
from crawler_core.landing import Envelope, KeywordLanding, KeywordMemory, State
from crawler_core.outcome import POLICY
from crawler_core.values import PageRef, Query, Response, Verdict

__all__ = ["KeywordCrawl"]


class _SearchEnd(Exception):
    """A search ended: its state and reason."""

    def __init__(self, state: State, reason: str, error: str = "") -> None:
        super().__init__(reason)
        self.state: State = state
        self.reason = reason
        self.error = error


class KeywordCrawl:
    """Crawls one keyword of one day; ``run`` may be called once."""

    def __init__(
        self,
        context: CrawlContext,
        queries: Sequence[Query],
        on_checkpoint: Callable[[CheckpointUpdate], None],
        allowance: Allowance | None = None,
    ) -> None:
        self._context = context
        self._queries = queries
        self._keyword = queries[0].keyword
        self._on_checkpoint = on_checkpoint
        self._allowance = allowance
        self._fetcher = Fetcher(context, self._land)
        self._outcomes: Counter[str] = Counter()
        self._egress: Counter[str] = Counter()
        self._new_ids = 0
        self._memory: KeywordMemory | None = None
        self._known: frozenset[str] = frozenset()
        self._landing: KeywordLanding
        self._writer: SegmentWriter

    async def run(self) -> KeywordReport:
        """Crawl until the keyword is done, failed, or nothing is left to crawl with.

        Cancellation seals what was fetched before it propagates.

        Raises:
            BadSetting: the platform refuses the signature.
            LandingFull, LandingError: the landing zone failed; what was landed before is intact.
        """
        context = self._context
        started = context.clock.monotonic()
        try:
            landed = await self._open()
        except CorruptSegment as error:
            return self._report_unreadable(str(error))
        if landed is not None:
            return landed
        resumed = bool(self._landing.manifest.segments)
        self._landing.manifest.state = "partial"
        end = _SearchEnd("done", "")
        for position, query in enumerate(self._queries):
            before, end = end, await self._crawl_city(query, cities_left=len(self._queries) - position)
            if end.state != "done":
                break
            if before.reason in CUT_SHORT and end.reason not in CUT_SHORT:
                end = before  # the keyword was not crawled to its end
        await context.on_disk(self._landing.finish, end.state, end.reason)
        return self._report(started, end.state, end.reason, resumed=resumed, error=end.error)

    async def skip(self, reason: str) -> KeywordReport:
        """Report the keyword as it is landed, without a request: the crawl stopped before its turn."""
        try:
            landed = await self._open()
        except CorruptSegment as error:
            return self._report_unreadable(str(error))
        return landed or self._report(self._context.clock.monotonic(), "partial", "not_begun", error=reason)

    async def _open(self) -> KeywordReport | None:
        """Read the manifest; a report when everything asked for is landed already."""
        context = self._context
        self._landing = await context.on_disk(
            KeywordLanding, context.zone, context.spec.name, context.date, self._keyword
        )
        self._writer = SegmentWriter(context, self._landing, self._checkpoint)
        manifest = self._landing.manifest
        if manifest.state == "done" and {query.city for query in self._queries} <= manifest.cities.keys():
            return self._report(context.clock.monotonic(), "done", manifest.stop_reason, already_landed=True)
        if self._allowance is not None:
            self._memory = await context.on_disk(KeywordMemory, context.zone, context.spec.name, self._keyword)
            self._known = self._memory.known(context.date)
        return None

    # ---- one search

    async def _crawl_city(self, query: Query, *, cities_left: int) -> _SearchEnd:
        progress = self._landing.city(query.city)
        try:
            state = await self._context.on_disk(restore, self._context.spec, query, self._context.zone, self._landing)
            if progress.state == "done":
                return _SearchEnd("done", progress.stop_reason)
            progress.state = "partial"
            page = progress.next_page
            cap = self._context.settings.max_pages or self._context.spec.page_cap
            planned = self._planned_cap(page, cities_left)
            while not state.ended and page <= min(cap, planned):
                await self._page(PageRef(query, page), state)
                page += 1
            end = _SearchEnd("done", state.ended or (PLANNED if page <= cap else "page_cap"))
        except _SearchEnd as reached:
            end = reached
        except NoIdentity as error:
            end = _SearchEnd("partial", "no_identity", str(error))
        except (LandingConflict, CorruptSegment) as error:
            return _SearchEnd("failed", type(error).__name__, str(error))
        except (asyncio.CancelledError, BadSetting):
            await through_cancellation(self._writer.flush(query.city))
            raise
        if self._memory is not None:
            # Before the search counts as done: a killed crawl reads its pages again and notes the same ids.
            self._memory.note(self._context.date, state.seen)
            await self._context.on_disk(self._memory.save)
        progress.state = end.state
        progress.stop_reason = end.reason
        await self._writer.flush(query.city)
        self._checkpoint(query.city)
        return end

    def _planned_cap(self, page: int, cities_left: int) -> int:
        """The last page of a city that the allowance reaches: what is left of it is shared with the cities to come."""
        if self._allowance is None:
            return sys.maxsize
        left = max(0, self._allowance.pages - self._landing.manifest.pages)
        return page - 1 + -(-left // cities_left)

    async def _page(self, ref: PageRef, state: SearchState) -> None:
        """Fetch one page until it counts; raises ``_SearchEnd`` when the search fails on it."""
        spec = self._context.spec
        asked = Asked(
            kind="search",
            keyword=self._keyword.text,
            city=ref.query.city,
            page=ref.page,
            build=functools.partial(spec.build_search, ref),
            judge=functools.partial(_judge, spec.judge, ref),
            carry=state.carry,
        )
        verdict = await self._fetcher.fetch(asked)
        if not POLICY[verdict.outcome].advances:
            raise _SearchEnd("failed", verdict.outcome, f"page {ref.page}: {verdict.outcome}: {verdict.detail}")
        fresh = any(name not in self._known and name not in state.seen for name in verdict.ids)
        self._new_ids += state.take(verdict)
        if self._allowance is not None and not self._allowance.sweep and not fresh and not state.ended:
            state.ended = NOTHING_NEW

    async def _land(self, envelope: Envelope, verdict: Verdict) -> None:
        self._outcomes[envelope.outcome] += 1
        self._egress[envelope.egress] += 1
        await self._writer.add(envelope.city, envelope, verdict.records)

    def _checkpoint(self, city: str) -> None:
        progress = self._landing.city(city)
        self._on_checkpoint(
            CheckpointUpdate(
                platform=self._context.spec.name,
                date=self._context.date,
                keyword=self._keyword.text,
                city=city,
                next_page=progress.next_page,
                state=progress.state,
                pages=progress.pages,
                records=progress.records,
            )
        )

    # ---- reports

    def _report(
        self,
        started: float,
        state: State,
        reason: str,
        *,
        resumed: bool = False,
        already_landed: bool = False,
        error: str = "",
    ) -> KeywordReport:
        manifest = self._landing.manifest
        return KeywordReport(
            platform=self._context.spec.name,
            date=self._context.date,
            keyword=self._keyword.text,
            state=state,
            stop_reason=reason,
            pages=manifest.pages,
            records=manifest.records,
            fetched=self._outcomes.total(),
            new_ids=self._new_ids,
            fresh=self._memory.fresh(self._context.date) if self._memory is not None else None,
            next_page=max((city.next_page for city in manifest.cities.values()), default=1),
            outcomes=dict(self._outcomes),
            egress=dict(self._egress),
            resumed=resumed,
            already_landed=already_landed,
            seconds=round(self._context.clock.monotonic() - started, 3),
            error=error,
        )

    def _report_unreadable(self, error: str) -> KeywordReport:
        return KeywordReport(
            platform=self._context.spec.name,
            date=self._context.date,
            keyword=self._keyword.text,
            state="failed",
            stop_reason="CorruptSegment",
            pages=0,
            records=0,
            error=error,
        )


def _judge(judge: Callable[[Response, PageRef], Verdict], ref: PageRef, response: Response) -> Verdict:
    return judge(response, ref)
