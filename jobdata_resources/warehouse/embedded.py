"""The embedded engine's folder: one process at a time, found out early and said clearly.

The engine itself refuses a second process at once and without a name, so a lock file beside
its folder is taken first: it can be waited for, and it names the holder. A killed process frees it.

Never fork after ``chdb`` is imported: the child hangs for ever, even when it only exits. It is therefore imported
when the warehouse is opened and not before. Each open and close of the engine leaks threads and descriptors, so the
engine stays open while any handle of the process is, and handles of one process share it.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from crawler_core.values import SHANGHAI
from jobdata_resources.warehouse.errors import WarehouseBusy, WarehouseError

__all__ = ["EmbeddedHome", "hold"]

_POLL_SECONDS = 0.05
_GLOB = set("*?{}")

_CONFIG = """<clickhouse>
    <mark_cache_size>67108864</mark_cache_size>
    <uncompressed_cache_size>0</uncompressed_cache_size>
    <mmap_cache_size>10</mmap_cache_size>
    <background_pool_size>2</background_pool_size>
    <background_schedule_pool_size>8</background_schedule_pool_size>
    <background_common_pool_size>2</background_common_pool_size>
    <background_move_pool_size>1</background_move_pool_size>
    <background_fetches_pool_size>1</background_fetches_pool_size>
</clickhouse>
"""
"""The defaults are for a server that owns the machine: a 5 GB mark cache, sixteen merges at a time."""


class EmbeddedHome:
    """The places of the embedded engine under ``JOBDATA_HOME``."""

    def __init__(self, home: Path) -> None:
        if _GLOB & set(str(home)):
            raise WarehouseError(
                f"JOBDATA_HOME={str(home)!r} holds one of * ? {{ }}, which the engine reads as a pattern;"
                " use another folder"
            )
        self.data = home / "clickhouse"
        self.lock = home / "clickhouse.lock"
        self.spool = home / "clickhouse-spool"
        self.config = home / "clickhouse-config.xml"

    def prepare(self) -> None:
        """Make the folders and write the engine's configuration; sweep what a killed process left in the spool.

        Only to be called with the lock held.
        """
        self.data.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(self.spool, ignore_errors=True)
        self.spool.mkdir(parents=True, exist_ok=True)
        if not self.config.exists() or self.config.read_text() != _CONFIG:
            self.config.write_text(_CONFIG)


class _Held:
    """The lock of one folder, counted over the handles of this process."""

    def __init__(self) -> None:
        self.descriptor = -1
        self.handles = 0


_registry: dict[Path, _Held] = {}
_registry_lock = threading.Lock()


@contextmanager
def hold(home: Path, wait_seconds: float) -> Iterator[EmbeddedHome]:
    """Hold the embedded folder for this process, waiting at most ``wait_seconds`` for another one to let go.

    Raises:
        WarehouseBusy: another process still holds it; the message names it.
    """
    places = EmbeddedHome(home)
    home.mkdir(parents=True, exist_ok=True)
    with _registry_lock:
        held = _registry.setdefault(places.lock, _Held())
        if held.handles == 0:
            held.descriptor = _acquire(places, wait_seconds)
            places.prepare()
        held.handles += 1
    try:
        yield places
    finally:
        with _registry_lock:
            held.handles -= 1
            if held.handles == 0:
                os.close(held.descriptor)
                del _registry[places.lock]


def _acquire(places: EmbeddedHome, wait_seconds: float) -> int:
    deadline = time.monotonic() + wait_seconds
    # Opened close-on-exec: a child must not inherit the lock.
    descriptor = os.open(places.lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                holder = _holder(descriptor)
                os.close(descriptor)
                raise WarehouseBusy(
                    f"the embedded warehouse {places.data} is in use by {holder}; it can be opened by one process at a"
                    f" time and was not freed within CLICKHOUSE_LOCK_SECONDS={wait_seconds:g}: wait for that process or"
                    " stop it, raise the setting, or run a server and set CLICKHOUSE_HOST"
                ) from None
            time.sleep(_POLL_SECONDS)
        else:
            break
    about = {"pid": os.getpid(), "since": datetime.now(SHANGHAI).isoformat(timespec="seconds"), "program": sys.argv[0]}
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, json.dumps(about).encode(), 0)
    return descriptor


def _holder(descriptor: int) -> str:
    try:
        about = json.loads(os.pread(descriptor, 4096, 0))
        return f"process {about['pid']} ({about['program']}, since {about['since']})"
    except (ValueError, KeyError, TypeError):
        return "another process"
