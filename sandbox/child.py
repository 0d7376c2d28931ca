"""A local server as a child process, for tests and demonstrations: the platforms' sandbox and the cloud's.

What belongs here: starting a module, waiting for it with a bound, talking to its control listener and ending it. What
does not: the servers themselves; this module imports none of them, so it starts fast.
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
from typing import Any, ClassVar, Final, Self

__all__ = ["ChildServer", "SandboxError"]

_ROOT: Final = Path(__file__).resolve().parent.parent


class SandboxError(RuntimeError):
    """The sandbox did not start, or refused a control request; the message says why."""


class ChildServer:
    """`with ChildServer() as server:` - ready inside the block, gone after it, and gone with its parent.

    `module` is run with `--home`, `--seed`, `--with-parent` and `args`, and writes `<name>.json` into its home when it
    is ready; its output goes to `<name>.log` there. `home` is a folder of its own unless given.
    """

    module: ClassVar[str]
    name: ClassVar[str]

    def __init__(self, *args: str, home: Path | None = None, seed: int = 7, start_seconds: float = 30.0) -> None:
        self._args: Sequence[str] = args
        self._given_home = home
        self._seed = seed
        self._start_seconds = start_seconds
        self._own_home: tempfile.TemporaryDirectory[str] | None = None
        self._child: subprocess.Popen[bytes] | None = None
        self._facts: dict[str, Any] = {}
        self.home = home or Path()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> Self:
        """Start and wait until it answers; raises `SandboxError` with its output when it does not in time."""
        if self._given_home is None:
            self._own_home = tempfile.TemporaryDirectory(prefix=f"{self.name}-")
            self.home = Path(self._own_home.name)
        self.home.mkdir(parents=True, exist_ok=True)
        ready, log = self.home / f"{self.name}.json", self.home / f"{self.name}.log"
        ready.unlink(missing_ok=True)
        command = [sys.executable, "-m", self.module, "--home", str(self.home), "--seed", str(self._seed)]
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
                raise SandboxError(f"the sandbox was not ready within {self._start_seconds:g} s:\n{text}")
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
        """Base URL by listener; `control` is one of them."""
        return dict(self._facts["urls"])

    @property
    def env(self) -> dict[str, str]:
        """The environment variables a client needs."""
        return dict(self._facts["env"])

    def control(self, method: str, path: str, json: Any = None) -> Any:
        """One control request; raises `SandboxError` with the sandbox's own words when it is refused."""
        body = None if json is None else _dumps(json)
        connection = http.client.HTTPConnection(self.urls["control"].removeprefix("http://"), timeout=30)
        try:
            connection.request(method, path, body, {"Content-Type": "application/json"})
            response = connection.getresponse()
            answer = response.read()
        finally:
            connection.close()
        if response.status != http.client.OK:
            raise SandboxError(f"{method} {path}: {answer.decode(errors='replace')}")
        return _loads(answer)


def _dumps(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


def _loads(body: bytes) -> Any:
    return json.loads(body)
