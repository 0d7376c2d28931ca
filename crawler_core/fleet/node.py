"""The node: claims keywords from a board, crawls them, and says how it is, until there is nothing left or it must go.

    claim ──► crawl (fenced) ──► done, failed ──► next claim
                 ├──► its address is refused: the keyword goes back, the platform is closed here
                 └──► reclaimed or stopped: what was fetched is landed, the keyword goes back, the node ends

One identity and one keyword at a time per platform: pace, budget and rest belong to the node's address.
"""

from __future__ import annotations

import asyncio
import dataclasses
import datetime as dt
import functools
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from crawler_core.build import version
from crawler_core.clock import Clock
from crawler_core.crawl.keyword import KeywordCrawl
from crawler_core.crawl.report import CheckpointUpdate, KeywordReport
from crawler_core.crawl.sealing import through_cancellation
from crawler_core.crawl.session import Seams, TransportFactory, open_session
from crawler_core.crawl.step import CrawlContext
from crawler_core.errors import CrawlError, LandingConflict, NoToken
from crawler_core.fleet.board import Beat, Board, Claim, NodeState
from crawler_core.fleet.fence import FencedZone
from crawler_core.fleet.metadata import termination_time
from crawler_core.fleet.settings import NodeSettings
from crawler_core.outcome import Outcome
from crawler_core.platforms import platform
from crawler_core.platforms.spec import PlatformSpec
from crawler_core.settings import CrawlSettings
from crawler_core.tokens import ListTokenSource, parse_tokens
from crawler_core.values import SHANGHAI

__all__ = ["Node", "NodeReport"]

_BEATS_PER_LEASE = 4
_NOTICE_SECONDS = 5.0
_POLL_SECONDS = 2.0
_SCHEMA_BREAKER = 3
_CLOSED_TO_REASON = ("banned", "no_token", "no_identity", "schema_changed", "error")


@dataclass(slots=True, kw_only=True)
class NodeReport:
    """How a node's life went: ``keywords`` by how they left it, ``reason`` why it ended, ``lost`` claims."""

    node: str
    reason: str = ""
    detail: str = ""
    keywords: Counter[str] = field(default_factory=Counter)
    outcomes: Counter[str] = field(default_factory=Counter)
    closed: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def complete(self) -> bool:
        """Nothing was left to do when it ended."""
        return self.reason == "done"

    def summary(self) -> dict[str, Any]:
        """The report as data: what the node program prints."""
        return {
            "node": self.node,
            "complete": self.complete,
            "reason": self.reason,
            "detail": self.detail,
            "keywords": dict(self.keywords),
            "outcomes": {str(name): count for name, count in self.outcomes.items()},
            "closed": self.closed,
            "seconds": self.seconds,
        }


class Node:
    """One process's part in a board; ``run`` may be called once.

    Args:
        board: what is to be done.
        name: of this process, unique on the board.
        settings: of the node; ``crawl`` of the crawl.
        on_event: takes lines worth logging.
        transport, clock: seams for tests.
    """

    def __init__(
        self,
        board: Board,
        name: str,
        *,
        settings: NodeSettings,
        crawl: CrawlSettings,
        on_event: Callable[[str], None],
        transport: TransportFactory | None = None,
        clock: Clock | None = None,
    ) -> None:
        self._board, self._name, self._settings, self._event = board, name, settings, on_event
        # An ordinary delay is no reason to give up an address.
        patience = min(crawl.max_wait_seconds, max(settings.fleet_patience_seconds, 2 * crawl.sleep_max_seconds))
        self._crawl = crawl.model_copy(update={"max_wait_seconds": patience})
        self._seams = Seams.of(transport, clock, None)
        self._tokens: ListTokenSource | None = parse_tokens(crawl.boss_tokens) if crawl.boss_tokens else None
        self._progress: dict[tuple[str, str], CheckpointUpdate] = {}
        self._report = NodeReport(node=name)
        self._workers: list[asyncio.Task[None]] = []
        self._leaving = ""
        self._state: NodeState = "up"

    async def run(self) -> NodeReport:
        """Work until everything is done or the node has to go; its last sign of life is written in any case.

        Raises:
            CrawlError: the store failed; claims lapse with the lease.
        """
        started = self._seams.clock.monotonic()
        await self._beat()
        watch = [asyncio.create_task(self._keep_beating())]
        if self._settings.fleet_metadata_url:
            watch.append(asyncio.create_task(self._watch_notice()))
        try:
            await self._work()
        finally:
            for task in watch:
                task.cancel()
            await asyncio.gather(*watch, return_exceptions=True)
            self._report.reason = self._leaving or self._why_closed()
            self._report.seconds = round(self._seams.clock.monotonic() - started, 3)
            self._state = "gone"
            await through_cancellation(self._beat())
        return self._report

    def leave(self, reason: str) -> None:
        """Drain and end: what was fetched is landed and the keywords go back."""
        if not self._leaving:
            self._leaving = reason
            self._state = "draining"
            self._event(f"{self._name}: drains: {reason}")
            for worker in self._workers:
                worker.cancel()

    # ---- work

    async def _work(self) -> None:
        pairs = (await asyncio.to_thread(self._board.read)).values()
        days = sorted({(work.platform, work.date) for work, _ in pairs})
        self._workers = [asyncio.create_task(self._platform(platform(name), day)) for name, day in days]
        if self._leaving:
            for worker in self._workers:
                worker.cancel()
        results = await asyncio.gather(*self._workers, return_exceptions=True)
        for result in results:
            if isinstance(result, BaseException) and not isinstance(result, asyncio.CancelledError):
                self.leave("error")
                self._report.detail = str(result)
                raise result

    async def _platform(self, spec: PlatformSpec, day: dt.date) -> None:
        session = open_session(
            spec,
            date=day,
            settings=self._crawl,
            landing=self._board.zone,
            tokens=self._tokens,
            proxies=(),
            seams=self._seams,
        )
        try:
            async with session as context:
                self._close(spec.name, await self._keywords(spec, context))
        except NoToken as error:
            self._close(spec.name, "no_token", str(error))

    async def _keywords(self, spec: PlatformSpec, context: CrawlContext) -> str:
        """Crawl keywords of a platform until there is a reason not to; the reason."""
        schema_changes, idle_since = 0, self._seams.clock.monotonic()
        while not self._leaving:
            claim = await self._claim(spec.name)
            if claim is None:
                if await self._all_ended(spec.name):
                    return "done"
                if self._seams.clock.monotonic() - idle_since >= self._settings.fleet_idle_seconds:
                    return "idle"
                await self._seams.clock.sleep(min(_POLL_SECONDS, self._settings.fleet_lease_seconds / 4))
                continue
            report = await self._keyword(context, claim)
            idle_since = self._seams.clock.monotonic()
            if report is None:
                continue
            if report.stop_reason == "no_identity":
                self._report.detail = report.error
                return _refused(report)
            schema_changes = schema_changes + 1 if report.stop_reason == Outcome.SCHEMA_CHANGED else 0
            if schema_changes >= _SCHEMA_BREAKER:
                return "schema_changed"
        return self._leaving

    async def _keyword(self, context: CrawlContext, claim: Claim) -> KeywordReport | None:
        """Crawl one keyword and say on the board what became of it; None when the claim was lost."""
        fenced = FencedZone(self._board.zone, lambda: self._board.holds(claim))
        where = dataclasses.replace(context, zone=fenced)
        landed = functools.partial(self._checkpoint, claim.work.id)
        crawl = KeywordCrawl(where, claim.work.queries, landed, claim.work.allowance)
        try:
            report = await crawl.run()
        except asyncio.CancelledError:
            await through_cancellation(self._give_back(claim, self._leaving or "cancelled"))
            raise
        except LandingConflict as error:
            await self._give_back(claim, "conflict")
            self._event(f"{self._name}: {claim.work.keyword}: {error}")
            return None
        finally:
            for city in claim.work.cities:
                self._progress.pop((claim.work.id, city), None)
        self._report.outcomes.update(report.outcomes)
        line = f"{report.platform} {report.keyword}: {report.state} ({report.stop_reason}), {report.pages} pages"
        self._event(f"{self._name}: {line}{': ' + report.error if report.error else ''}")
        if report.state == "partial":
            await self._give_back(claim, _refused(report))
        elif report.stop_reason in ("LandingConflict", "LeaseLost"):
            await self._give_back(claim, "conflict")
            return None
        else:
            kept = await asyncio.to_thread(self._board.finish, claim, report)
            self._report.keywords[report.state if kept else "lost"] += 1
        return report

    async def _claim(self, name: str) -> Claim | None:
        claim = await asyncio.to_thread(self._board.take, self._name, name)
        if claim is not None and self._leaving:
            await through_cancellation(self._give_back(claim, self._leaving))
            return None
        return claim

    async def _give_back(self, claim: Claim, reason: str) -> None:
        kept = await asyncio.to_thread(self._board.release, claim, reason)
        self._report.keywords["returned" if kept else "lost"] += 1

    async def _all_ended(self, name: str) -> bool:
        pairs = (await asyncio.to_thread(self._board.read)).values()
        return all(now.ended for work, now in pairs if work.platform == name)

    def _close(self, name: str, reason: str, detail: str = "") -> None:
        self._report.closed[name] = reason
        if reason not in ("done", "idle"):
            self._event(f"{self._name}: {name} is closed here: {reason} {detail}".rstrip())

    def _why_closed(self) -> str:
        """The reason of a node whose platforms all ended by themselves: the worst of them."""
        reasons = set(self._report.closed.values())
        return next((reason for reason in (*_CLOSED_TO_REASON, "idle") if reason in reasons), "done")

    # ---- signs of life

    def _checkpoint(self, work: str, update: CheckpointUpdate) -> None:
        self._progress[work, update.city] = update

    async def _keep_beating(self) -> None:
        while True:
            await asyncio.sleep(self._settings.fleet_lease_seconds / _BEATS_PER_LEASE)
            try:
                await self._beat()
                stopped = await asyncio.to_thread(lambda: self._board.stopped)
            except CrawlError as error:
                # The lease runs on without it, and the fence keeps a node that lost it from landing.
                self._event(f"{self._name}: no sign of life could be written, tried again: {error}")
                continue
            if stopped:
                self.leave("stop")

    async def _watch_notice(self) -> None:
        seconds = min(_NOTICE_SECONDS, self._settings.fleet_lease_seconds / _BEATS_PER_LEASE)
        while not await asyncio.to_thread(termination_time, self._settings.fleet_metadata_url):  # noqa: ASYNC110
            await asyncio.sleep(seconds)
        self.leave("reclaimed")

    async def _beat(self) -> None:
        counted = self._report.keywords
        beat = Beat(
            node=self._name,
            instance=self._crawl.node_name,
            version=version(),
            artefact=self._settings.fleet_artefact,
            addresses=self._crawl.egress_addresses,
            at=dt.datetime.now(SHANGHAI).isoformat(timespec="milliseconds"),
            state=self._state,
            reason=self._report.reason or self._leaving,
            detail=self._report.detail,
            closed=dict(self._report.closed),
            refused_tokens=dict(self._tokens.invalid) if self._tokens else {},
            progress=tuple(self._progress.values()),
            pages=self._report.outcomes.total(),
            keywords=counted["done"] + counted["failed"],
            lease_seconds=self._settings.fleet_lease_seconds,
        )
        await asyncio.to_thread(self._board.beat, beat)


def _refused(report: KeywordReport) -> str:
    """Why an address can go no further with a platform."""
    return "banned" if Outcome.BANNED in report.outcomes else "no_identity"
