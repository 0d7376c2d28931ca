"""The crawl of one keyword: its cities one after another, their pages in ascending order.

    fetch a page until it counts (``step``) ──► next page | end of the search

A page is landed before anything is decided from it. The checkpoint moves when a segment is durable (``sealing``).
The end has two parts, so that an identity goes on with the next keyword while the last segment is still written:
``fetch`` needs the network, ``settle`` only the disk.

With an allowance of a crawl plan a search also ends when it is used up, or when a page shows nothing new.
"""

from __future__ import annotations

import asyncio
import functools
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from crawler_core.crawl.allowance import CUT_SHORT, NOTHING_NEW, PLANNED, Allowance
from crawler_core.crawl.report import CheckpointUpdate, KeywordReport
from crawler_core.crawl.resume import SearchState, restore
from crawler_core.crawl.sealing import SegmentWriter, through_cancellation
from crawler_core.crawl.step import Asked, CrawlContext, Fetcher
from crawler_core.errors import BadSetting, CorruptSegment, LandingConflict, NoIdentity
from crawler_core.landing import Envelope, KeywordLanding, KeywordMemory, State
from crawler_core.outcome import POLICY, Outcome
from crawler_core.values import PageRef, Query, Response, Verdict

__all__ = ["KeywordCrawl", "SearchEnd"]

_CONFLICT, _CORRUPT = LandingConflict.__name__, CorruptSegment.__name__
"""Reasons why a search ended for its folder's sake."""


@dataclass(frozen=True, slots=True)
class SearchEnd:
    """How a search ended, or that everything asked for was landed before it began."""

    state: State
    reason: str
    error: str = ""
    already_landed: bool = False


class _Ended(Exception):
    """Carries the end of a search out of its pages."""

    def __init__(self, end: SearchEnd) -> None:
        super().__init__(end.reason)
        self.end = end


class KeywordCrawl:
    """Crawls one keyword of one day: ``fetch``, then ``settle``, each once; or ``run``, or ``skip``."""

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
        self._identities: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self._new_ids = 0
        self._started = context.clock.monotonic()
        self._resumed = False
        self._end = SearchEnd("partial", "")
        self._cut_short: SearchEnd | None = None
        self._open_city = ""
        self._seen: frozenset[str] | set[str] = frozenset()
        self._memory: KeywordMemory | None = None
        self._known: frozenset[str] = frozenset()
        self._landing: KeywordLanding
        self._writer: SegmentWriter
        self._report_now: KeywordReport | None = None

    async def fetch(self) -> SearchEnd:
        """Crawl until the keyword is done, failed, or nothing is left to crawl with.

        Its last segments may still be on their way to the disk. Cancellation seals what was fetched before it
        propagates.

        Raises:
            BadSetting: the platform refuses the signature.
            LandingFull, LandingError: the landing zone failed; what was landed before is intact.
        """
        self._started = self._context.clock.monotonic()
        self._report_now = await self._open()
        if self._report_now is not None:
            report = self._report_now
            self._end = SearchEnd(report.state, str(report.stop_reason), report.error, report.already_landed)
            return self._end
        self._resumed = bool(self._landing.manifest.segments)
        self._landing.manifest.state = "partial"
        for position, query in enumerate(self._queries):
            if position:
                await self._settle_city()
            if position and self._end.state != "done":
                break
            self._open_city = query.city
            self._end = await self._crawl_city(query, cities_left=len(self._queries) - position)
            if self._end.reason in CUT_SHORT:
                self._cut_short = self._end
        return self._end

    async def settle(self) -> KeywordReport:
        """Make everything durable, record how the keyword ended, and report it; finished also when cancelled.

        Raises:
            LandingFull, LandingError: the landing zone failed; what was landed before is intact.
        """
        if self._report_now is not None:
            return self._report_now
        await through_cancellation(self._finish())
        end = self._keyword_end()
        report = self._report(self._started, end.state, end.reason, resumed=self._resumed, error=end.error)
        # They know this object: left to the collector, the ids of hundreds of keywords would wait for it.
        del self._fetcher, self._writer
        return report

    async def run(self) -> KeywordReport:
        """``fetch`` and ``settle``, for callers with nothing to do in between.

        Raises: as they do.
        """
        await self.fetch()
        return await self.settle()

    async def skip(self, reason: str) -> KeywordReport:
        """Report the keyword as it is landed, without a request: the crawl stopped before its turn."""
        now = self._context.clock.monotonic()
        return await self._open() or self._report(now, "partial", "not_begun", error=reason)

    async def _finish(self) -> None:
        await self._settle_city()
        end = self._keyword_end()
        if end.reason != _CONFLICT:
            await self._context.on_disk(self._landing.finish, end.state, end.reason)

    def _keyword_end(self) -> SearchEnd:
        """How the last city ended, or the one that was cut short: then the keyword was not crawled to its end."""
        return self._cut_short if self._cut_short is not None and self._end.state == "done" else self._end

    async def _settle_city(self) -> None:
        """Wait until the city's pages are durable; only then may the manifest call its search ended.

        A seal under way writes the manifest as it finds it: one that called the search ended before its last segment
        is stored would lose those pages in a kill. After a conflict the manifest is the other crawl's: not touched.
        """
        if self._end.reason in (_CONFLICT, _CORRUPT):
            return
        try:
            await self._writer.flush(self._open_city)
        except LandingConflict as error:
            self._end = SearchEnd("failed", _CONFLICT, str(error))
            return
        if self._memory is not None:
            # Before the search counts as done: a killed crawl reads its pages again and notes the same ids.
            self._memory.note(self._context.date, self._seen)
            await self._context.on_disk(self._memory.save)
        progress = self._landing.city(self._open_city)
        progress.state = self._end.state
        progress.stop_reason = self._end.reason
        self._checkpoint(self._open_city)

    async def _open(self) -> KeywordReport | None:
        """Read the manifest; a report when everything asked for is landed already, or when it cannot be read."""
        context = self._context
        try:
            self._landing = await context.from_disk(
                KeywordLanding, context.zone, context.spec.name, context.date, self._keyword
            )
            self._writer = SegmentWriter(context, self._landing, self._checkpoint)
            manifest = self._landing.manifest
            if manifest.state == "done" and {query.city for query in self._queries} <= manifest.cities.keys():
                return self._report(context.clock.monotonic(), "done", manifest.stop_reason, already_landed=True)
            if self._allowance is not None:
                self._memory = await context.from_disk(KeywordMemory, context.zone, context.spec.name, self._keyword)
                self._known = self._memory.known(context.date)
        except CorruptSegment as error:
            return self._report_unreadable(str(error))
        return None

    # ---- one search

    async def _crawl_city(self, query: Query, *, cities_left: int) -> SearchEnd:
        progress = self._landing.city(query.city)
        try:
            state = await self._context.from_disk(restore, self._context.spec, query, self._context.zone, self._landing)
            if progress.state == "done":
                return SearchEnd("done", progress.stop_reason)
            self._seen = state.seen
            progress.state = "partial"
            page = progress.next_page
            cap = self._context.settings.max_pages or self._context.spec.page_cap
            planned = self._planned_cap(page, cities_left)
            while not state.ended and page <= min(cap, planned):
                await self._page(PageRef(query, page), state)
                page += 1
            return SearchEnd("done", state.ended or (PLANNED if page <= cap else "page_cap"))
        except _Ended as reached:
            return reached.end
        except NoIdentity as error:
            return SearchEnd("partial", "no_identity", str(error))
        except LandingConflict as error:
            return SearchEnd("failed", _CONFLICT, str(error))
        except CorruptSegment as error:
            return SearchEnd("failed", _CORRUPT, str(error))
        except (asyncio.CancelledError, BadSetting):
            await through_cancellation(self._writer.flush(query.city))
            raise

    def _planned_cap(self, page: int, cities_left: int) -> int:
        """The last page of a city that the allowance reaches: what is left of it is shared with the cities to come."""
        if self._allowance is None:
            return sys.maxsize
        left = max(0, self._allowance.pages - self._landing.manifest.pages)
        return page - 1 + -(-left // cities_left)

    async def _page(self, ref: PageRef, state: SearchState) -> None:
        """Fetch one page until it counts; raises ``_Ended`` when the search fails on it."""
        spec = self._context.spec
        asked = Asked(
            kind="search",
            keyword=self._keyword.text,
            city=ref.query.city,
            page=ref.page,
            build=functools.partial(spec.build_search, ref),
            judge=functools.partial(_judge, spec.judge, ref, state),
            carry=state.carry,
        )
        verdict = await self._fetcher.fetch(asked)
        if not POLICY[verdict.outcome].advances:
            reason = f"page {ref.page}: {verdict.outcome}: {verdict.detail}"
            raise _Ended(SearchEnd("failed", verdict.outcome, reason))
        fresh = any(name not in self._known and name not in state.seen for name in verdict.ids)
        self._new_ids += state.take(verdict)
        if self._allowance is not None and not self._allowance.sweep and not fresh and not state.ended:
            state.ended = NOTHING_NEW

    async def _land(self, envelope: Envelope, verdict: Verdict) -> None:
        self._outcomes[envelope.outcome] += 1
        self._egress[envelope.egress] += 1
        self._identities[envelope.identity][envelope.outcome] += 1
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
            identities={identity: dict(outcomes) for identity, outcomes in self._identities.items()},
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
            stop_reason=_CORRUPT,
            pages=0,
            records=0,
            error=error,
        )


def _judge(
    judge: Callable[[Response, PageRef], Verdict], ref: PageRef, state: SearchState, response: Response
) -> Verdict:
    """The platform's verdict; a page that completes the platform's own count is landed as the last one.

    Whoever reads the landed pages can then tell a search that was read to its end from one that was not.
    """
    verdict = judge(response, ref)
    if verdict.outcome is Outcome.OK and state.completes(verdict):
        return replace(verdict, outcome=Outcome.LAST)
    return verdict
