"""Local processes that stand for what runs on instances.

What belongs here: starting a script in an instance's own folder with a clean environment, finding everything an
instance runs, stopping, continuing and killing it. What does not: states, commands and their answers.

Every process inherits two marks in its environment, the cloud's and the instance's; they are how the descendants of
a script are found even after they left its session. A process that empties its environment and leaves its session
escapes; one that only does one of the two does not.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Final

CLOUD_MARK: Final = "JOBDATA_SANDBOX_CLOUD"
INSTANCE_MARK: Final = "JOBDATA_INSTANCE_ID"
_PROC: Final = Path("/proc")


class Script:
    """One script that was started: its process and its output so far."""

    def __init__(self, child: subprocess.Popen[bytes], output: Path) -> None:
        self.child, self.output = child, output

    def exit_code(self) -> int | None:
        """The exit code, a signal as 128 and its number, None while it runs."""
        code = self.child.poll()
        return None if code is None else 128 - code if code < 0 else code

    def read(self, most: int) -> tuple[bytes, int]:
        """The last `most` bytes written, and how many before them are left out."""
        size = self.output.stat().st_size
        with self.output.open("rb") as file:
            file.seek(max(0, size - most))
            return file.read(most), max(0, size - most)

    def kill(self, *, tree: bool) -> None:
        """End the script, with its process group if told so."""
        if self.child.poll() is None:
            _signal_group(self.child.pid, signal.SIGKILL) if tree else self.child.kill()
            self.child.wait(10)


class Machine:
    """What one instance runs. Its folder is the root of the paths it sees: `root`, `tmp`."""

    def __init__(self, folder: Path, env: Mapping[str, str]) -> None:
        self.folder = folder
        self._env = dict(env)
        self.instance = self._env[INSTANCE_MARK]
        self._scripts: list[Script] = []
        for name in ("root", "tmp", "var"):
            (folder / name).mkdir(parents=True, exist_ok=True)

    def env(self) -> dict[str, str]:
        """The environment of every script."""
        return {
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), "/usr/local/bin", "/usr/bin", "/bin"]),
            "HOME": str(self.folder / "root"),
            "TMPDIR": str(self.folder / "tmp"),
            "USER": "root",
            "LANG": "C.UTF-8",
        } | self._env

    def place(self, path: str) -> Path | None:
        """The local folder for a path of the instance; None when there is none."""
        if not path:
            return self.folder / "root"
        local = Path(path) if path.startswith(f"{self.folder}/") else self.folder / path.lstrip("/")
        inside = local.resolve().is_relative_to(self.folder.resolve())
        return local if inside and local.is_dir() else None

    def start(self, name: str, content: bytes, where: Path) -> Script:
        """Start a script; its own first line names the interpreter, else it is `/bin/sh`."""
        script, output = self.folder / "var" / f"{name}.sh", self.folder / "var" / f"{name}.out"
        script.write_bytes(content)
        script.chmod(0o700)
        command = [str(script)] if content.startswith(b"#!") else ["/bin/sh", str(script)]
        with output.open("wb") as sink:
            child = subprocess.Popen(
                command,
                cwd=where,
                env=self.env(),
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        started = Script(child, output)
        self._scripts = [one for one in self._scripts if one.child.poll() is None] + [started]
        return started

    def send(self, number: signal.Signals) -> int:
        """Send a signal to everything the instance runs; how many processes got it."""
        self.signal_groups(number)
        return signal_marked(INSTANCE_MARK, {self.instance}, number)

    def signal_groups(self, number: signal.Signals) -> None:
        """Send a signal to the process groups of the scripts that run."""
        for script in self._scripts:
            if script.child.poll() is None:
                _signal_group(script.child.pid, number)

    def reap(self) -> None:
        """Wait for the scripts after they were killed."""
        for script in self._scripts:
            script.child.wait(10)
        self._scripts.clear()

    def remove(self) -> None:
        """Delete its folder."""
        shutil.rmtree(self.folder, ignore_errors=True)


def kill_all(machines: Collection[Machine]) -> None:
    """End everything that instances run, now, and reap what was started here."""
    for machine in machines:
        machine.signal_groups(signal.SIGKILL)
    names = {machine.instance for machine in machines}
    for _ in range(50):
        if not signal_marked(INSTANCE_MARK, names, signal.SIGKILL):
            break
    for machine in machines:
        machine.reap()


def by_instance(names: Iterable[str]) -> dict[str, list[int]]:
    """The process ids of everything that instances run, by instance."""
    found: dict[str, list[int]] = {name: [] for name in names}
    for pid, name in marked(INSTANCE_MARK, found):
        found[name].append(pid)
    return found


def marked(mark: str, values: Iterable[str]) -> list[tuple[int, str]]:
    """(id, value) of living processes with one of the values under the mark in the environment they started with."""
    wanted = {f"{mark}={value}".encode(): value for value in values}
    found: list[tuple[int, str]] = []
    if not wanted:
        return found
    for entry in _PROC.iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            held = wanted.keys() & set((entry / "environ").read_bytes().split(b"\0"))
        except OSError:
            continue
        found.extend((int(entry.name), wanted[one]) for one in held)
    return found


def signal_marked(mark: str, values: Iterable[str], number: signal.Signals) -> int:
    """Send a signal to the marked processes; how many got it."""
    sent = 0
    for pid, _ in marked(mark, values):
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            continue
        sent += 1
    return sent


def _signal_group(pid: int, number: signal.Signals) -> None:
    try:
        os.killpg(pid, number)
    except ProcessLookupError:
        return
