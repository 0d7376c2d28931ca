"""The sandbox as servers: one listener per platform, so that paths equal the real ones, one for control, two for mail.

What belongs here: sockets, and putting the parts together. What does not: any rule of a platform.
Listeners are bound to loopback; a caller is known by the address it calls from (any of 127.0.0.0/8).
"""

from __future__ import annotations

import asyncio
import os
import socket
import time
from typing import Any, Final

from aiohttp import web
from aiosmtpd.smtp import SMTP

from sandbox.boss import Boss
from sandbox.config import SandboxConfig
from sandbox.control import Desk
from sandbox.faults import Faults, read_rule
from sandbox.front import Delivery, Front
from sandbox.limits import Limits
from sandbox.mailbox import Mailbox
from sandbox.market import Market
from sandbox.qcwy import Qcwy
from sandbox.serve import Handler, plain_handler, read_ask, respond, write_ready
from sandbox.state import State
from sandbox.stats import Stats
from sandbox.tokens import TokenPool
from sandbox.wire import Clock
from sandbox.zhilian import Zhilian

CONTROL: Final = "control"
MAILBOX: Final = "mailbox"
SMTP_LISTENER: Final = "smtp"
READY_FILE: Final = "sandbox.json"


class Sandbox:
    """One sandbox. `await start()`, use `urls` and `env`, `await stop()`; a stopped one is not started again.

    `market` may be given to share a generated one between sandboxes of one seed; it then decides what there is.
    """

    def __init__(
        self, config: SandboxConfig | None = None, *, clock: Clock = time.time, market: Market | None = None
    ) -> None:
        self.config = config or SandboxConfig()
        settings = self.config
        self.market = market or Market(settings.seed, companies=settings.companies, volume=settings.volume)
        self.state = State(settings.day, clock, Stats(clock))
        self.limits = Limits(settings.limits, clock)
        self.limits.new_day(settings.day.isoformat())
        self.faults = Faults(settings.seed)
        self.faults.add([read_rule(rule) for rule in settings.faults])
        self.tokens = TokenPool(settings.seed, clock, settings.boss.tokens)
        self.boss = Boss(self.market, self.state, self.tokens, settings.boss)
        self.qcwy = Qcwy(self.market, self.state, settings.qcwy)
        self.zhilian = Zhilian(self.market, self.state, settings.zhilian)
        self.fronts = {
            service.name: Front(service, self.limits, self.faults, self.tokens, self.state)
            for service in (self.boss, self.qcwy, self.zhilian)
        }
        self.mailbox = Mailbox(clock)
        self.urls: dict[str, str] = {}
        self.env: dict[str, str] = {}
        self._runners: list[web.ServerRunner] = []
        self._smtp: asyncio.Server | None = None

    async def start(self) -> None:
        """Bind all listeners, then answer on all of them. Nothing is left bound when one cannot be."""
        sockets = self._bind()
        mail = sockets.pop(SMTP_LISTENER)
        self.urls = {name: f"http://{self.config.host}:{one.getsockname()[1]}" for name, one in sockets.items()}
        self.urls[SMTP_LISTENER] = f"smtp://{self.config.host}:{mail.getsockname()[1]}"
        self.env = self._environment()
        handlers: dict[str, Handler] = {name: _platform_handler(front) for name, front in self.fronts.items()}
        handlers[CONTROL] = plain_handler(self._desk().handle)
        handlers[MAILBOX] = plain_handler(self.mailbox.handle)
        self._smtp = await asyncio.get_running_loop().create_server(
            lambda: SMTP(self.mailbox, hostname=self.config.host), sock=mail
        )
        for name, handler in handlers.items():
            runner = web.ServerRunner(web.Server(handler, access_log=None), handle_signals=False, shutdown_timeout=1.0)
            await runner.setup()
            self._runners.append(runner)
            await web.SockSite(runner, sockets[name], backlog=1024).start()
        if self.config.home is not None:
            write_ready(self.config.home / READY_FILE, self.facts())

    async def stop(self) -> None:
        """Close every listener; connections in use get a second."""
        if self._smtp is not None:
            self._smtp.close()
        await asyncio.gather(*(runner.cleanup() for runner in self._runners))
        self._runners.clear()
        if self.config.home is not None:
            (self.config.home / READY_FILE).unlink(missing_ok=True)

    def _bind(self) -> dict[str, socket.socket]:
        bound: dict[str, socket.socket] = {}
        try:
            for offset, name in enumerate((*self.fronts, CONTROL, MAILBOX, SMTP_LISTENER)):
                port = self.config.port_base + offset if self.config.port_base else 0
                bound[name] = socket.create_server((self.config.host, port), backlog=1024)
        except OSError:
            for one in bound.values():
                one.close()
            raise
        return bound

    def _environment(self) -> dict[str, str]:
        env: dict[str, str] = {}
        for name, front in self.fronts.items():
            env |= front.service.env(self.urls[name])
        return env | {
            "SLEEP_MIN_SECONDS": f"{self.config.sleep_min_seconds:g}",
            "SLEEP_MAX_SECONDS": f"{self.config.sleep_max_seconds:g}",
            "EGRESS_ADDRESSES": ",".join(self.config.egress_addresses),
            "SMTP_HOST": self.config.host,
            "SMTP_PORT": self.urls[SMTP_LISTENER].rpartition(":")[2],
            "SMTP_SECURITY": "plain",
            "SMTP_FROM": "JobData <jobdata@sandbox.example>",
            "SMTP_TO": "you@sandbox.example",
        }

    def _desk(self) -> Desk:
        return Desk(
            self.market,
            self.state,
            self.limits,
            self.faults,
            self.tokens,
            {"boss": self.boss, "qcwy": self.qcwy, "zhilian": self.zhilian},
            self.env,
            self.facts(),
        )

    def facts(self) -> dict[str, Any]:
        """What the ready file says."""
        return {"pid": os.getpid(), "seed": self.config.seed, "urls": self.urls, "env": self.env}


def _platform_handler(front: Front) -> Handler:
    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        delivery = front.handle(await read_ask(request))
        try:
            if delivery.delay:
                await asyncio.sleep(delivery.delay)
            if delivery.drop:
                return _hang_up(request)
            if delivery.cut is not None:
                return await _cut_short(request, delivery, delivery.cut)
            return respond(delivery.reply)
        finally:
            front.finished(delivery)

    return handle


def _hang_up(request: web.BaseRequest) -> web.StreamResponse:
    """Close the connection without a byte."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


async def _cut_short(request: web.BaseRequest, delivery: Delivery, size: int) -> web.StreamResponse:
    """Declare the whole length, send part of it, and close."""
    response = web.StreamResponse(status=delivery.reply.status, headers={"Content-Type": delivery.reply.content_type})
    response.content_length = len(delivery.reply.body)
    await response.prepare(request)
    await response.write(delivery.reply.body[:size])
    if request.transport is not None:
        request.transport.close()
    return response
