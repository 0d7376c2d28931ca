"""One request of a crawl, whatever it asks for: fetch, judge, land, act.

    acquire identity ──► build ──► send ──► judge ──► land ──► act (POLICY) ──┬─► it counts, or it failed
          ▲                                                                   │
          └──────────────────────────── tried again ◄─────────────────────────┘

Searches and company details share this step, so delay, budget, back-off, redaction and landing hold for both.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, field
from random import Random
from typing import TypeVar, TypeVarTuple

from crawler_core.build import version
from crawler_core.clock import Clock
from crawler_core.errors import TransportError
from crawler_core.identity import Identity, IdentityPool
from crawler_core.landing import Envelope, LandingZone, RequestRecord, text_body
from crawler_core.outcome import POLICY, IdentityEffect, Outcome, Stop
from crawler_core.pacer import Permit
from crawler_core.platforms.spec import PlatformSpec
from crawler_core.settings import CrawlSettings
from crawler_core.values import Request, RequestContext, Response, Verdict

__all__ = ["Asked", "CrawlContext", "Fetcher", "Land"]

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

Land = Callable[[Envelope, Verdict], Awaitable[None]]
"""Takes a page into the landing zone; called once per request, before anything is decided from it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CrawlContext:
    """What all requests of one crawl share.

    ``disk`` writes segments, ``reader`` opens what is landed: a keyword that begins does not wait behind the segments
    of those that end.
    """

    spec: PlatformSpec
    date: dt.date
    settings: CrawlSettings
    zone: LandingZone
    pool: IdentityPool
    clock: Clock
    rng: Random
    disk: Executor
    reader: Executor

    async def on_disk(self, work: Callable[[*Ts], T], *args: *Ts) -> T:
        """Run what blocks on the disk or the store in the crawl's few threads.

        Not ``asyncio.to_thread``: each of its many threads would keep a memory arena.
        """
        return await asyncio.get_running_loop().run_in_executor(self.disk, work, *args)

    async def from_disk(self, work: Callable[[*Ts], T], *args: *Ts) -> T:
        """``on_disk`` for reading."""
        return await asyncio.get_running_loop().run_in_executor(self.reader, work, *args)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One page to be fetched: how to ask for it, how to read the answer, and the names it is landed under.

    Attributes:
        kind, keyword, city, page: go into the envelope as they are.
        carry: values an earlier answer handed on.
    """

    kind: str
    keyword: str
    city: str
    page: int
    build: Callable[[RequestContext], Request]
    judge: Callable[[Response], Verdict]
    carry: Mapping[str, str] = field(default_factory=dict)


class Fetcher:
    """Fetches pages one after another, normally with the same identity.

    Attributes:
        requests: how many it has sent.
    """

    def __init__(self, context: CrawlContext, land: Land) -> None:
        self._context = context
        self._land = land
        self._identity: Identity | None = None
        self.requests = 0

    async def fetch(self, asked: Asked) -> Verdict:
        """Fetch a page until it counts or has failed for good.

        Returns:
            The last verdict: of an outcome that advances, or of the one the page failed with.

        Raises:
            NoIdentity: nothing is left to ask with.
            BadSetting: the platform refuses the signature.
            LandingError: the landing zone failed.
        """
        tries: Counter[Outcome] = Counter()
        while True:
            identity = await self._context.pool.acquire(self._identity)
            self._identity = identity
            try:
                verdict = await self._attempt(identity, asked, sum(tries.values()) + 1)
            finally:
                await self._context.pool.release(identity)
            tries[verdict.outcome] += 1
            action = POLICY[verdict.outcome]
            if action.advances or action.stop is Stop.FAILED or tries[verdict.outcome] >= action.attempts:
                return verdict

    async def _attempt(self, identity: Identity, asked: Asked, attempt: int) -> Verdict:
        context = self._context
        request = asked.build(
            RequestContext(
                base_url=context.settings.base_url(context.spec.name),
                page_size=min(context.settings.page_size or context.spec.page_size, context.spec.max_page_size),
                now=context.clock.now(),
                rng=context.rng,
                client_id=identity.client_id,
                token=identity.token,
                sign_key=context.settings.qcwy_sign_key if context.spec.needs_sign_key else None,
                carry=asked.carry,
            )
        )
        self.requests += 1
        permit = identity.pacer.begin()
        # The identity's token may be another one when the answer is there.
        label, secrets = str(identity), identity.secrets
        response: Response | None = None
        try:
            response = await identity.transport.send(request)
            verdict = asked.judge(response)
        except TransportError as error:
            verdict = Verdict(outcome=Outcome.TRANSPORT, detail=str(error))
        finally:
            identity.pacer.finish()
        body, encoding = text_body(response.body, secrets) if response else ("", "")
        envelope = Envelope(
            platform=context.spec.name,
            kind=asked.kind,
            keyword=asked.keyword,
            city=asked.city,
            page=asked.page,
            attempt=attempt,
            date=context.date.isoformat(),
            fetched_at=context.clock.now().isoformat(timespec="milliseconds"),
            outcome=verdict.outcome,
            status=response.status if response else None,
            latency_ms=response.latency_ms if response else 0.0,
            egress=identity.egress,
            identity=label,
            node=context.settings.node_name,
            crawler_version=version(),
            request=RequestRecord(request.method, request.path, dict(request.params)),
            detail=verdict.detail,
            body=body,
            body_encoding=encoding,
        )
        await self._land(envelope, verdict)
        await self._act(identity, permit, verdict)
        return verdict

    async def _act(self, identity: Identity, permit: Permit, verdict: Verdict) -> None:
        """What the outcome does to the identity that met it."""
        action = POLICY[verdict.outcome]
        retry_after = verdict.retry_after.total_seconds() if verdict.retry_after else None
        settings = self._context.settings
        match action.identity:
            case IdentityEffect.NONE:
                if action.advances:
                    identity.pacer.succeeded()
            case IdentityEffect.COOL_DOWN:
                identity.pacer.blocked(permit, settings.cool_down_seconds, retry_after)
            case IdentityEffect.BAN:
                # A tunnel's next connection leaves from another address: only this one is banned.
                rest = settings.retry_seconds if identity.rotates else settings.ban_seconds
                identity.pacer.blocked(permit, rest, retry_after)
                await identity.transport.reconnect()
            case IdentityEffect.RETIRE:
                identity.retired = f"{verdict.outcome}: {verdict.detail}"
            case IdentityEffect.NEXT_TOKEN:
                identity.next_token(verdict.detail)
            case IdentityEffect.NEXT_PROXY:
                identity.pacer.blocked(permit, settings.retry_seconds, retry_after)
                await identity.transport.reconnect()
