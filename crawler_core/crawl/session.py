"""What one crawl of a platform and day works with: identities, pool, disk threads; opened and closed in one place.

Searches and company details crawl through the same session: one pace, one budget, one set of tokens.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import functools
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from random import Random
from typing import Any, ParamSpec, TypeVar

from crawler_core.clock import Clock, SystemClock
from crawler_core.crawl.step import CrawlContext
from crawler_core.errors import BadSetting, NoToken
from crawler_core.identity import Identity, IdentityPool
from crawler_core.landing import LandingZone
from crawler_core.pacer import Pace, Pacer
from crawler_core.platforms.spec import PlatformSpec
from crawler_core.proxy import Proxy, tunnel_from
from crawler_core.settings import CrawlSettings
from crawler_core.tokens import TokenSource, parse_tokens
from crawler_core.transport import AiohttpTransport, Transport

__all__ = ["Seams", "TransportFactory", "blocking", "first_error", "ignore", "open_session"]

TransportFactory = Callable[[str | None, Proxy | None], Transport]
"""Makes the transport of an identity from its local address or proxy."""

P = ParamSpec("P")
T = TypeVar("T")

_DISK_THREADS = 2


@dataclass(frozen=True, slots=True)
class Seams:
    """What tests put in the place of the network, the clock and chance."""

    transport: TransportFactory | None
    clock: Clock
    rng: Random

    @classmethod
    def of(cls, transport: TransportFactory | None, clock: Clock | None, rng: Random | None) -> Seams:
        """The real thing wherever nothing was given."""
        return cls(transport, clock or SystemClock(), rng or Random())


@asynccontextmanager
async def open_session(
    spec: PlatformSpec,
    *,
    date: dt.date,
    settings: CrawlSettings,
    landing: LandingZone,
    tokens: TokenSource | None,
    proxies: Sequence[Proxy],
    seams: Seams,
) -> AsyncIterator[CrawlContext]:
    """The context of a crawl; its connections, token leases and threads end with the block.

    Raises:
        BadSetting: a key the platform needs is missing, or a proxy setting is malformed.
        NoToken: the platform needs a token and no source of them is configured.
    """
    source = _check(spec, settings, tokens)
    used = await asyncio.to_thread(_egress_used, landing, spec.name, date)
    pool = IdentityPool(
        _identities(spec, settings, proxies, source, seams, used),
        seams.clock,
        max_wait_seconds=settings.max_wait_seconds,
    )
    disk = ThreadPoolExecutor(_DISK_THREADS, thread_name_prefix="landing")
    reader = ThreadPoolExecutor(1, thread_name_prefix="landed")
    try:
        yield CrawlContext(
            spec=spec,
            date=date,
            settings=settings,
            zone=landing,
            pool=pool,
            clock=seams.clock,
            rng=seams.rng,
            disk=disk,
            reader=reader,
        )
    finally:
        await pool.close()
        disk.shutdown()
        reader.shutdown()


def blocking(function: Callable[P, Coroutine[Any, Any, T]]) -> Callable[P, T]:
    """The function in an event loop of its own."""

    @functools.wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        return asyncio.run(function(*args, **kwargs))

    return run


def first_error(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """The first real error of a group: the others are the same trouble seen by its neighbours."""
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def ignore(_: object) -> None:
    """Nobody listens."""


def _check(spec: PlatformSpec, settings: CrawlSettings, tokens: TokenSource | None) -> TokenSource | None:
    if spec.needs_sign_key and settings.qcwy_sign_key is None:
        raise BadSetting(f"{spec.name} signs its requests and QCWY_SIGN_KEY is not set; set it in the environment")
    if not spec.needs_token:
        return None
    if tokens is None:
        if settings.boss_tokens is None:
            raise NoToken(
                f"{spec.name} needs a session token and none is configured;"
                " import some with `jobdata token import FILE` or set BOSS_TOKENS"
            )
        return parse_tokens(settings.boss_tokens)
    return tokens


def _egress_used(landing: LandingZone, platform: str, date: dt.date) -> Counter[str]:
    """Requests per address that are landed for the day, searches and companies: what the budgets have spent."""
    used: Counter[str] = Counter()
    for zone in (landing, landing.companies):
        for manifest in zone.manifests(platform, date):
            used.update(manifest.counts("egress"))
    return used


def _identities(
    spec: PlatformSpec,
    settings: CrawlSettings,
    proxies: Sequence[Proxy],
    tokens: TokenSource | None,
    seams: Seams,
    used: Counter[str],
) -> list[Identity]:
    tunnel = tunnel_from(settings)
    exits: list[tuple[str, str | None, Proxy | None]]
    if proxies or tunnel:
        exits = [(proxy.label, None, proxy) for proxy in proxies or ([tunnel] if tunnel else [])]
    elif settings.egress_addresses:
        exits = [(address, address, None) for address in settings.egress_addresses]
    else:
        exits = [(settings.node_name, None, None)]
    pace = Pace(
        delay_min=settings.sleep_min_seconds,
        delay_max=settings.sleep_max_seconds,
        pages_per_day=settings.identity_pages_per_day,
    )

    def make(local: str | None, proxy: Proxy | None) -> Transport:
        if seams.transport is not None:
            return seams.transport(local, proxy)
        return AiohttpTransport(local_address=local, proxy=proxy, timeout_seconds=settings.request_timeout_seconds)

    return [
        Identity(
            egress,
            make(local, proxy),
            Pacer(pace, seams.clock, seams.rng, spent=used[egress]),
            seams.rng,
            tokens=tokens if spec.needs_token else None,
            proxy=proxy,
        )
        for egress, local, proxy in exits
    ]
