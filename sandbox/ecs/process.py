"""An ECS sandbox as a child process, for tests and demonstrations.

What belongs here: starting `python -m sandbox.ecs`, waiting for it with a bound, talking to its control listener and
ending it. What does not: the sandbox itself; this module imports none of it, so it starts fast.
"""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Final

_ROOT: Final = Path(__file__).resolve().parents[2]


class EcsSandboxError(RuntimeError):
    """The sandbox did not start, or refused a control request; the message says why."""


class EcsSandboxProcess:
    """`with EcsSandboxProcess() as ecs:` - ready inside the block, gone after it with all its instances.

    `args` are further options of `python -m sandbox.ecs`; `node_env` is given to every instance; `home` is a folder
    of its own unless given.
    """

    def __init__(
        self,
        *args: str,
        home: Path | None = None,
        seed: int = 7,
        node_env: dict[str, str] | None = None,
        start_seconds: float = 30.0,
    ) -> None:
        more = [text for name, value in (node_env or {}).items() for text in ("--node-env", f"{name}={value}")]
        self._args: Sequence[str] = (*args, *more)
        self._given_home = home
        self._seed = seed
        self._start_seconds = start_seconds
        self._own_home: tempfile.TemporaryDirectory[str] | None = None
        self._child: subprocess.Popen[bytes] | None = None
        self._facts: dict[str, Any] = {}
        self.home = home or Path()

    def __enter__(self) -> EcsSandboxProcess:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> EcsSandboxProcess:
        """Start and wait until it answers; raises `EcsSandboxError` with its output when it does not in time."""
        if self._given_home is None:
            self._own_home = tempfile.TemporaryDirectory(prefix="ecs-sandbox-")
            self.home = Path(self._own_home.name)
        self.home.mkdir(parents=True, exist_ok=True)
        ready, log = self.home / "ecs.json", self.home / "ecs.log"
        ready.unlink(missing_ok=True)
        command = [sys.executable, "-m", "sandbox.ecs", "--home", str(self.home), "--seed", str(self._seed)]
        env = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, (str(_ROOT), os.environ.get("PYTHONPATH", ""))))}
        with log.open("wb") as output:
            self._child = subprocess.Popen(
                [*command, "--with-parent", *self._args],
                stdout=output,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                env=env,
            )
        deadline = time.monotonic() + self._start_seconds
        while not ready.exists():
            if self._child.poll() is not None or time.monotonic() > deadline:
                text = log.read_text(errors="replace")[-2000:]
                self.stop()
                raise EcsSandboxError(f"the sandbox was not ready within {self._start_seconds:g} s:\n{text}")
            time.sleep(0.02)
        self._facts = json.loads(ready.read_bytes())
        return self

    def stop(self) -> None:
        """End the child: politely, then after ten seconds by force. Safe to call twice."""
        child, self._child = self._child, None
        if child is not None and child.poll() is None:
            child.terminate()
            try:
                child.wait(10)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
        if self._own_home is not None:
            self._own_home.cleanup()
            self._own_home = None

    @property
    def pid(self) -> int:
        """The child's process id."""
        return int(self._facts["pid"])

    @property
    def urls(self) -> dict[str, str]:
        """Base URL by listener: api, metadata, control."""
        return dict(self._facts["urls"])

    @property
    def endpoint(self) -> str:
        """Host and port for the SDK's `endpoint`; its `protocol` is http."""
        return self.urls["api"].removeprefix("http://")

    @property
    def env(self) -> dict[str, str]:
        """What a client needs: the first key, endpoint, region, image, security group, vSwitches, types, role."""
        return dict(self._facts["env"])

    def control(self, method: str, path: str, json: Any = None) -> Any:
        """One control request; raises `EcsSandboxError` with the sandbox's own words when it is refused."""
        body = None if json is None else _dumps(json)
        connection = http.client.HTTPConnection(self.urls["control"].removeprefix("http://"), timeout=30)
        try:
            connection.request(method, path, body, {"Content-Type": "application/json"})
            response = connection.getresponse()
            answer = response.read()
        finally:
            connection.close()
        if response.status != http.client.OK:
            raise EcsSandboxError(f"{method} {path}: {answer.decode(errors='replace')}")
        return _loads(answer)


def _dumps(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


def _loads(body: bytes) -> Any:
    return json.loads(body)
