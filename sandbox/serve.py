"""What both sandboxes do as servers: answer plain requests, say that they are ready, and run until they are stopped.

No rule of a platform or of the cloud belongs here.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Protocol

import orjson
from aiohttp import web

from sandbox.wire import Ask, Reply

__all__ = ["Handler", "Server", "plain_handler", "read_ask", "respond", "run_until_stopped", "write_ready"]

Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


class Server(Protocol):
    """What can be run."""

    async def start(self) -> None:
        """Open the listeners."""

    async def stop(self) -> None:
        """Close them."""


async def run_until_stopped(server: Server, *, said: Callable[[], str], max_seconds: float, with_parent: bool) -> None:
    """Run until a signal comes, `max_seconds` (0: no limit) are over or, if asked for, the parent process is gone.

    `said` is printed when the server is ready.
    """
    stopped, loop = asyncio.Event(), asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stopped.set)
    if max_seconds > 0:
        loop.call_later(max_seconds, stopped.set)
    watch = asyncio.create_task(_watch_parent(stopped)) if with_parent else None
    await server.start()
    try:
        print(said(), flush=True)
        await stopped.wait()
    finally:
        if watch is not None:
            watch.cancel()
        await server.stop()


async def _watch_parent(stopped: asyncio.Event) -> None:
    parent = os.getppid()
    while os.getppid() == parent:  # noqa: ASYNC110 - nothing tells an orphan that it became one
        await asyncio.sleep(0.5)
    stopped.set()


def write_ready(path: Path, facts: dict[str, Any]) -> None:
    """Write what a client needs to know, as a whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.write_bytes(orjson.dumps(facts, option=orjson.OPT_INDENT_2) + b"\n")
    draft.replace(path)


async def read_ask(request: web.BaseRequest) -> Ask:
    """The request as values; the target is the one on the wire, not a decoded form of it."""
    body = await request.read() if request.body_exists else b""
    return Ask(request.method, request.raw_path, request.headers, request.remote or "", body)


def respond(reply: Reply) -> web.Response:
    """The reply as it goes out."""
    headers = {"Content-Type": reply.content_type, **reply.headers}
    return web.Response(body=reply.body, status=reply.status, headers=headers)


def plain_handler(answer: Callable[[Ask], Reply]) -> Handler:
    """A handler that asks a function and does nothing else to the connection."""

    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        return respond(answer(await read_ask(request)))

    return handle
