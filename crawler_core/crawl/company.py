"""Company details of one platform and day, in batches: ``crawl_companies`` is the one entry point.

    target ──► plan ──► call ──► step (fetch, judge, land, act) ──► answer ──► plan … ──► done | gone | refused
                                                            └── failed ──► retry_later

Each answer is landed before the plan goes on from it, and a result is told only when its answers are durable. Run
again with the same batch id, it asks only for what is missing.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import functools
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from random import Random

from crawler_core.clock import Clock
from crawler_core.crawl.company_report import CompanyCrawlReport, CompanyResult
from crawler_core.crawl.company_resume import CITY, answered, restore_batch
from crawler_core.crawl.sealing import SegmentWriter, through_cancellation
from crawler_core.crawl.session import Seams, TransportFactory, blocking, first_error, ignore, open_session
from crawler_core.crawl.step import Asked, CrawlContext, Fetcher
from crawler_core.errors import BadInput, BadKeyword, LandingError, NoIdentity
from crawler_core.keyword import Keyword
from crawler_core.landing import COMPANY_KIND, Envelope, KeywordLanding, LandingZone, State
from crawler_core.platforms.company import (
    CompanyAnswer,
    CompanyCall,
    CompanyEnd,
    CompanySpec,
    CompanyTarget,
    CompanyVerdict,
    Finding,
)
from crawler_core.platforms.spec import PlatformSpec
from crawler_core.proxy import Proxy
from crawler_core.settings import CrawlSettings
from crawler_core.tokens import TokenSource
from crawler_core.values import Verdict

__all__ = ["crawl_companies", "crawl_companies_async"]

_BREAKER = 3
"""Companies in a row that are refused, or called gone before any was found, until the rest is not begun."""

OnCompany = Callable[[CompanyResult], None]
Landed = Mapping[tuple[str, str], Sequence[Envelope]]


async def crawl_companies_async(
    spec: PlatformSpec,
    targets: Sequence[CompanyTarget],
    *,
    date: dt.date,
    settings: CrawlSettings,
    landing: LandingZone,
    batch_id: str,
    tokens: TokenSource | None = None,
    proxies: Sequence[Proxy] = (),
    on_company: OnCompany | None = None,
    on_event: Callable[[str], None] | None = None,
    transport: TransportFactory | None = None,
    clock: Clock | None = None,
    rng: Random | None = None,
) -> CompanyCrawlReport:
    """Fetch details of companies; every target gets exactly one result.

    Args:
        spec: the platform.
        targets: whose details; the first of several with the same key counts.
        date: the partition day the answers are landed under (Asia/Shanghai).
        settings: pace, hosts, keys. ``segment_pages`` is also how many answers a kill can lose at most, twice.
        landing: the zone; answers go to its ``companies`` tree.
        batch_id: names the batch; one process at a time may crawl it, others take other batches.
        tokens, proxies, transport, clock, rng: as in ``crawl``.
        on_company: called with each result, once its answers are durable; ``on_event`` with lines worth logging.
            Both in the loop's thread; an exception ends the crawl in order.

    Raises:
        BadInput: a target of another platform, or a batch id that is no folder name.
        BadSetting, NoToken: what the platform needs is missing, or it refuses the signature.
        LandingConflict: another process crawls the same batch.
        LandingError: the landing zone failed or is corrupt. What was landed before is intact.
    """
    batch, company = _batch(batch_id), _company_spec(spec)
    wanted = _distinct(spec, targets)
    seams = Seams.of(transport, clock, rng)
    started = seams.clock.monotonic()
    zone = landing.companies
    manifest = await asyncio.to_thread(KeywordLanding, zone, spec.name, date, batch)
    landed = await asyncio.to_thread(restore_batch, zone, manifest)
    ledger = _Ledger(on_company or ignore, on_event or ignore)
    rest: list[tuple[CompanyTarget, list[CompanyAnswer]]] = []
    for target in wanted:
        answers = answered(company, target, landed.get(target.key, ()))
        step = company.plan(target, answers)
        if isinstance(step, CompanyEnd):
            ledger.take(
                CompanyResult(target=target, state=step.state, reason=step.reason, already_landed=bool(answers))
            )
        else:
            rest.append((target, answers))
    crew = None
    if rest:
        session = open_session(
            spec, date=date, settings=settings, landing=landing, tokens=tokens, proxies=proxies, seams=seams
        )
        async with session as context:
            crew = _CompanyCrew(context, company, manifest, rest, ledger)
            await crew.run()
    ledger.close()
    await asyncio.to_thread(_finish, manifest, ledger.results, crew.stop_reason if crew else "")
    return CompanyCrawlReport(
        platform=spec.name,
        date=date,
        batch_id=batch.text,
        companies=tuple(ledger.results),
        seconds=round(seams.clock.monotonic() - started, 3),
        stop_reason=crew.stop_reason if crew else "",
        outcomes=dict(crew.outcomes) if crew else {},
        egress=dict(crew.egress) if crew else {},
    )


crawl_companies = blocking(crawl_companies_async)
"""``crawl_companies_async`` for callers without an event loop. Cancelled by an exception in the calling thread, it
seals what was fetched before it ends."""


class _Ledger:
    """Results as they become final.

    That a company is gone is an inference from a refused id. It is believed only beside a company of the batch that
    was found: where every id is refused, the platform has changed its call, and nobody may be buried for that.
    """

    def __init__(self, on_company: OnCompany, on_event: Callable[[str], None]) -> None:
        self._on_company = on_company
        self._on_event = on_event
        self._doubted: list[CompanyResult] = []
        self.found = False
        self.results: list[CompanyResult] = []

    def take(self, result: CompanyResult) -> None:
        """A company ended and its answers are durable."""
        if result.state == "gone" and not self.found:
            self._doubted.append(result)
            return
        self._tell(result)
        if result.state == "done":
            self.found = True
            doubted, self._doubted = self._doubted, []
            for earlier in doubted:
                self._tell(earlier)

    def close(self) -> None:
        """No more results come: what is still in doubt stays open."""
        doubted, self._doubted = self._doubted, []
        for result in doubted:
            reason = f"{result.reason}; not taken as gone, since no company of this batch was found"
            self._tell(replace(result, state="retry_later", reason=reason))

    def _tell(self, result: CompanyResult) -> None:
        self.results.append(result)
        target = result.target
        how = "already landed" if result.already_landed else f"{result.requests} requests"
        tail = f": {result.reason}" if result.reason else ""
        self._on_event(f"{target.platform} company {target.company_id or target.name}: {result.state}, {how}{tail}")
        self._on_company(result)


class _CompanyCrew:
    """Workers that take companies from one queue and land into one open segment."""

    def __init__(
        self,
        context: CrawlContext,
        company: CompanySpec,
        manifest: KeywordLanding,
        targets: Sequence[tuple[CompanyTarget, list[CompanyAnswer]]],
        ledger: _Ledger,
    ) -> None:
        self._context = context
        self._company = company
        self._queue: Iterator[tuple[CompanyTarget, list[CompanyAnswer]]] = iter(targets)
        self._workers = min(len(context.pool.identities), len(targets))
        self._ledger = ledger
        self._writer = SegmentWriter(context, manifest, ignore)
        self._in_a_row = 0
        self._found = ledger.found
        self.stop_reason = ""
        self.outcomes: Counter[str] = Counter()
        self.egress: Counter[str] = Counter()

    async def run(self) -> None:
        """Until every company has a result; what was fetched is sealed however it ends."""
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(self._workers):
                    group.create_task(self._work())
        except BaseExceptionGroup as group_error:
            error = first_error(group_error)
            if not isinstance(error, LandingError):
                await through_cancellation(self._writer.flush(CITY))
            raise error from None
        except asyncio.CancelledError:
            await through_cancellation(self._writer.flush(CITY))
            raise
        await self._writer.flush(CITY)

    async def _work(self) -> None:
        fetcher = Fetcher(self._context, self._land)
        for target, answers in self._queue:
            if self.stop_reason:
                result = CompanyResult(target=target, state="retry_later", reason=f"not begun: {self.stop_reason}")
            else:
                before = fetcher.requests
                end = await self._crawl(fetcher, target, answers)
                sent = fetcher.requests - before
                result = CompanyResult(target=target, state=end.state, reason=end.reason, requests=sent)
                self._break_if_needed(result, answers)
            self._writer.when_durable(functools.partial(self._ledger.take, result))

    async def _crawl(self, fetcher: Fetcher, target: CompanyTarget, answers: list[CompanyAnswer]) -> CompanyEnd:
        """Ask on until the plan ends; ``answers`` grows."""
        while isinstance(call := self._company.plan(target, answers), CompanyCall):
            asked = Asked(
                kind=COMPANY_KIND + call.name,
                keyword=target.company_id,
                city=target.name,
                page=len(answers) + 1,
                build=call.build,
                judge=call.judge,
            )
            try:
                verdict = await fetcher.fetch(asked)
            except NoIdentity as error:
                self.stop_reason = self.stop_reason or str(error)
                return CompanyEnd("retry_later", f"no_identity: {error}")
            if not isinstance(verdict, CompanyVerdict):
                return CompanyEnd("retry_later", f"{call.name}: {verdict.outcome}: {verdict.detail}")
            answers.append(CompanyAnswer(call.name, asked.page, verdict))
        return call

    def _break_if_needed(self, result: CompanyResult, answers: Sequence[CompanyAnswer]) -> None:
        """A call that has changed would bury a whole batch: stop when its answers look like that."""
        self._found = self._found or result.state == "done"
        changed = result.state == "refused" and any(answer.verdict.finding is Finding.REFUSED for answer in answers)
        if changed or (result.state == "gone" and not self._found):
            self._in_a_row += 1
        elif result.state == "done":
            self._in_a_row = 0
        if self._in_a_row >= _BREAKER and not self.stop_reason:
            self.stop_reason = f"{_BREAKER} companies in a row were not answered as expected: {result.reason}"

    async def _land(self, envelope: Envelope, verdict: Verdict) -> None:
        self.outcomes[envelope.outcome] += 1
        self.egress[envelope.egress] += 1
        await self._writer.add(CITY, envelope, verdict.records)


def _finish(landing: KeywordLanding, results: Sequence[CompanyResult], stop_reason: str) -> None:
    """Record how the batch stands; a batch that was complete before is left as it is."""
    manifest = landing.manifest
    state: State = "partial" if any(result.state == "retry_later" for result in results) else "done"
    if manifest.segments and (manifest.state, manifest.stop_reason) != (state, stop_reason):
        landing.city(CITY).state = state
        landing.finish(state, stop_reason)


def _batch(batch_id: str) -> Keyword:
    try:
        return Keyword.parse(batch_id)
    except BadKeyword as error:
        raise BadInput(f"batch_id is a folder name like a keyword: {error}") from error


def _company_spec(spec: PlatformSpec) -> CompanySpec:
    if spec.company is None:
        raise BadInput(f"platform {spec.name} has no company details")
    return spec.company


def _distinct(spec: PlatformSpec, targets: Sequence[CompanyTarget]) -> list[CompanyTarget]:
    wanted: dict[tuple[str, str], CompanyTarget] = {}
    for target in targets:
        if target.platform != spec.name:
            raise BadInput(
                f"company {target.company_id or target.name} belongs to {target.platform}, this crawl is of {spec.name}"
            )
        if not target.company_id and not target.name:
            raise BadInput(f"a company of {spec.name} has neither company_id nor name; give one of them")
        wanted.setdefault(target.key, target)
    return list(wanted.values())
