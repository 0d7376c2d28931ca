"""The ECS sandbox as servers: a listener for the API, one for the instances' metadata, one for control.

What belongs here: sockets, the ticking, and putting the parts together. What does not: any rule of the API.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from pathlib import Path
from typing import Any, Final

from aiohttp import web

from sandbox.ecs.actions import ACTIONS
from sandbox.ecs.api import Api, Desk
from sandbox.ecs.cloud import Cloud
from sandbox.ecs.commands import Assistant
from sandbox.ecs.config import EcsConfig
from sandbox.ecs.control import Panel
from sandbox.ecs.faults import Faults, read_rule
from sandbox.ecs.metadata import Metadata
from sandbox.ecs.policy import read_policy
from sandbox.ecs.sign import Keyring
from sandbox.serve import Handler, plain_handler, read_ask, respond, write_ready
from sandbox.wire import Clock

READY_FILE: Final = "ecs.json"
LISTENERS: Final = ("api", "metadata", "control")
TICK_SECONDS: Final = 0.05
LINE_BYTES: Final = 512 * 1024
_ROOT: Final = Path(__file__).resolve().parents[2]


class EcsSandbox:
    """One sandbox. `await start()`, use `urls` and `env`, `await stop()`; a stopped one is not started again."""

    def __init__(self, config: EcsConfig | None = None, *, clock: Clock = time.time) -> None:
        self.config = settings = config or EcsConfig()
        for policy in (*(key.policy for key in settings.keys), *settings.roles.values()):
            read_policy(policy)
        self.folder = Path(tempfile.gettempdir()) / f"ecs-instances-{uuid.uuid4().hex}"
        self.faults = Faults(settings.seed)
        self.faults.add([read_rule(rule) for rule in settings.faults])
        self.cloud = Cloud(settings, clock, self.folder, self.faults)
        self.desk = Desk(self.cloud, Assistant(self.cloud), Keyring(settings.keys, clock))
        self.api = Api(self.desk, self.faults, ACTIONS, f"ecs.{settings.region}.aliyuncs.com")
        self.metadata = Metadata(self.desk, clock)
        self.urls: dict[str, str] = {}
        self.env: dict[str, str] = {}
        self._runners: list[web.ServerRunner] = []
        self._ticking: asyncio.Task[None] | None = None
        self._reaper: subprocess.Popen[bytes] | None = None

    async def start(self) -> None:
        """Bind all listeners, then answer on all of them. Nothing is left bound when one cannot be."""
        sockets = self._bind()
        self.urls = {name: f"http://{self.config.host}:{one.getsockname()[1]}" for name, one in sockets.items()}
        self.env = self._environment()
        self.cloud.metadata_url = self.urls["metadata"]
        self.folder.mkdir(mode=0o700)
        self._reaper = self._start_reaper()
        panel = Panel(self.desk, self.api, self.faults, self.env, self.facts())
        handlers: dict[str, Handler] = {
            "api": self._api_handler,
            "metadata": plain_handler(self.metadata.handle),
            "control": plain_handler(panel.handle),
        }
        for name, handler in handlers.items():
            server = web.Server(handler, access_log=None, max_line_size=LINE_BYTES, max_field_size=LINE_BYTES)
            runner = web.ServerRunner(server, handle_signals=False, shutdown_timeout=1.0)
            await runner.setup()
            self._runners.append(runner)
            await web.SockSite(runner, sockets[name], backlog=1024).start()
        self._ticking = asyncio.create_task(self._tick())
        if self.config.home is not None:
            write_ready(self.config.home / READY_FILE, self.facts())

    async def stop(self) -> None:
        """Close every listener and kill what instances run."""
        if self._ticking is not None:
            self._ticking.cancel()
        await asyncio.gather(*(runner.cleanup() for runner in self._runners))
        self._runners.clear()
        self.cloud.close()
        if self._reaper is not None and self._reaper.stdin is not None:
            self._reaper.stdin.close()
            await asyncio.to_thread(self._reaper.wait, 10)
        shutil.rmtree(self.folder, ignore_errors=True)
        if self.config.home is not None:
            (self.config.home / READY_FILE).unlink(missing_ok=True)

    def facts(self) -> dict[str, Any]:
        """What the ready file says."""
        return {"pid": os.getpid(), "seed": self.config.seed, "urls": self.urls, "env": self.env}

    async def _tick(self) -> None:
        while True:
            self.cloud.tick()
            self.desk.assistant.tick()
            await asyncio.sleep(TICK_SECONDS)

    async def _api_handler(self, request: web.BaseRequest) -> web.StreamResponse:
        delivery = self.api.handle(await read_ask(request))
        if delivery.delay:
            await asyncio.sleep(delivery.delay)
        if delivery.drop:
            if request.transport is not None:
                request.transport.abort()
            return web.Response()
        return respond(delivery.reply)

    def _start_reaper(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "sandbox.ecs.reaper", self.cloud.mark, str(self.folder)]
        env = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, (str(_ROOT), os.environ.get("PYTHONPATH", ""))))}
        return subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=env,
            start_new_session=True,
        )

    def _bind(self) -> dict[str, socket.socket]:
        bound: dict[str, socket.socket] = {}
        try:
            for offset, name in enumerate(LISTENERS):
                port = self.config.port_base + offset if self.config.port_base else 0
                bound[name] = socket.create_server((self.config.host, port), backlog=1024)
        except OSError:
            for one in bound.values():
                one.close()
            raise
        return bound

    def _environment(self) -> dict[str, str]:
        settings, first = self.config, self.config.keys[0]
        vswitches = settings.vswitches
        return {
            "ALIBABA_CLOUD_ACCESS_KEY_ID": first.id,
            "ALIBABA_CLOUD_ACCESS_KEY_SECRET": first.secret,
            "ALIBABA_CLOUD_ECS_METADATA_DISABLED": "true",
            "ECS_ENDPOINT": self.urls["api"].removeprefix("http://"),
            "ECS_PROTOCOL": "http",
            "ECS_REGION": settings.region,
            "ECS_IMAGE_ID": settings.images[0],
            "ECS_SECURITY_GROUP_ID": settings.security_groups[0],
            "ECS_VSWITCH_IDS": ",".join(vswitches),
            "ECS_ZONE_IDS": ",".join(vswitches.values()),
            "ECS_INSTANCE_TYPES": ",".join(dict.fromkeys(offer.type for offer in settings.offers)),
            "ECS_RAM_ROLE": next(iter(settings.roles), ""),
        }
