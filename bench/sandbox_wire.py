"""The sandbox without sockets: a transport factory that hands a crawl's requests to the sandbox in this process.

Everything else is the real thing on both sides: signing, paging and judging of the crawl library, and the market, the
wire format and the checks of the sandbox. Its limits and bans are off, and time stands still at noon of its day.
"""

from __future__ import annotations

import datetime as dt
from urllib.parse import urlsplit

from multidict import CIMultiDict
from pydantic import SecretStr

from crawler_core.clock import Clock
from crawler_core.proxy import Proxy
from crawler_core.settings import CrawlSettings
from crawler_core.values import SHANGHAI, Request, Response
from sandbox.config import SandboxConfig
from sandbox.limits import LimitSettings
from sandbox.market import Market
from sandbox.server import Sandbox
from sandbox.wire import Ask

NO_LIMITS = LimitSettings(
    ban_above_per_minute=None,
    pages_per_day=None,
    pages_per_minute=None,
    token_pages_per_day=None,
    token_pages_per_minute=None,
)


class Noon(Clock):
    """Noon of a day that is set by hand; a sleep is over at once and costs no time."""

    def __init__(self, day: dt.date) -> None:
        self.day = day
        self._ticks = 0.0

    def monotonic(self) -> float:
        self._ticks += 0.001
        return self._ticks

    def now(self) -> dt.datetime:
        return dt.datetime.combine(self.day, dt.time(12), SHANGHAI) + dt.timedelta(seconds=self.monotonic())

    async def sleep(self, seconds: float) -> None:
        self._ticks += seconds


class SandboxWire:
    """A sandbox on a day, and the crawl's seams to it; ``requests`` counts what it was asked.

    Args:
        clock: the time of both sides; default noon of the day.
        config: of the sandbox; default one without limits.
    """

    def __init__(
        self,
        day: dt.date,
        *,
        market: Market | None = None,
        seed: int = 7,
        clock: Clock | None = None,
        config: SandboxConfig | None = None,
    ) -> None:
        self.clock = clock or Noon(day)
        self.sandbox = Sandbox(
            config or SandboxConfig(seed=seed, day=day, limits=NO_LIMITS),
            clock=lambda: self.clock.now().timestamp(),
            market=market,
        )
        self.requests = 0

    def move_to(self, day: dt.date) -> None:
        """Make it another day."""
        if isinstance(self.clock, Noon):
            self.clock.day = day
        self.sandbox.state.day = day

    def settings(self, **more: object) -> CrawlSettings:
        """Settings of a crawl of this sandbox: no delays, all keys."""
        token = self.sandbox.tokens.valid()[0]
        values: dict[str, object] = {
            "qcwy_sign_key": SecretStr(self.sandbox.config.qcwy.sign_key),
            "boss_tokens": SecretStr(f"{token['mpt']}:{token['wt2']}"),
            "sleep_min_seconds": 0,
            "sleep_max_seconds": 0,
            "identity_pages_per_day": 1_000_000,
            **more,
        }
        return CrawlSettings(**values)  # type: ignore[arg-type]

    def __call__(self, local: str | None, _proxy: Proxy | None) -> _Line:
        return _Line(self, local or "127.0.0.1")

    def answer(self, request: Request, egress: str) -> Response:
        """What the sandbox says to a request that comes from an address."""
        self.requests += 1
        parts = urlsplit(request.url)
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        front = self.sandbox.fronts[_PLATFORM_OF_HOST[parts.hostname or ""]]
        delivery = front.handle(Ask(request.method, target, CIMultiDict(request.headers), egress, request.body or b""))
        front.finished(delivery)
        reply = delivery.reply
        headers = {"content-type": reply.content_type, **{k.lower(): v for k, v in reply.headers.items()}}
        return Response(status=reply.status, headers=headers, body=reply.body, latency_ms=1.0)


class _Line:
    """The transport of one identity; it leaves from one address."""

    def __init__(self, wire: SandboxWire, address: str) -> None:
        self._wire, self._address = wire, address

    async def send(self, request: Request) -> Response:
        return self._wire.answer(request, self._address)

    async def reconnect(self) -> None:
        pass

    async def close(self) -> None:
        pass


_PLATFORM_OF_HOST = {
    "www.zhipin.com": "boss",
    "cupid.51job.com": "qcwy",
    "fe-api.zhaopin.com": "zhilian",
}
