"""Only one load of a platform at a time, on a server as well as embedded.

The lock is a table: CREATE TABLE without IF NOT EXISTS succeeds for exactly one of two clients, and everything a
reader of the error needs is in its comment. Its age is measured by the server's clock alone. A holder renews it
between batches; one that is gone is replaced at once when it ran on this machine, else after ``LEASE_SECONDS``.
"""

from __future__ import annotations

import json
import os
import secrets
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from jobdata_resources.warehouse import sqltext
from jobdata_resources.warehouse.client import Engine
from jobdata_resources.warehouse.errors import WarehouseBusy, WarehouseError, engine_code

__all__ = ["LEASE_SECONDS", "LoadLock", "load_lock", "now_and_then"]

LEASE_SECONDS = 300
"""Longer than any single statement of a load should take; a crashed holder on another machine blocks this long."""

_RENEW_SECONDS = 20
"""Showing that a holder is alive costs four statements; a lock is held for minutes without."""

_TABLE_EXISTS = 57
_UNKNOWN_TABLE = 60


def now_and_then(*renewals: Callable[[], None]) -> Callable[[], None]:
    """To be called as often as one likes: it renews every ``_RENEW_SECONDS`` at most."""
    renewed = time.monotonic()

    def alive() -> None:
        nonlocal renewed
        if time.monotonic() - renewed > _RENEW_SECONDS:
            for renew in renewals:
                renew()
            renewed = time.monotonic()

    return alive


class LoadLock:
    """A held lock."""

    def __init__(self, engine: Engine, platform: str, about: dict[str, Any]) -> None:
        self._engine = engine
        self._platform = platform
        self._table = _table(platform)
        self.about = about

    def renew(self) -> None:
        """Show that the holder is alive.

        Raises:
            WarehouseBusy: the lock was taken over; this load must not go on.
        """
        self.check()
        self._engine.command(
            f"ALTER TABLE {self._table} MODIFY COMMENT {sqltext.literal(json.dumps(self.about))}",
            doing="renew the load lock",
        )

    def check(self) -> None:
        """Make sure that the lock is still ours.

        Raises:
            WarehouseBusy: the lock was taken over; this load must not go on.
        """
        found = _read(self._engine, self._table)
        if found is None or found[0].get("token") != self.about["token"]:
            raise WarehouseBusy(
                f"this load of {self._platform} stood still for over {LEASE_SECONDS} seconds and another took over;"
                " nothing of it is visible: run it again when the other has ended"
            )


@contextmanager
def load_lock(engine: Engine, platform: str, run_id: str) -> Iterator[LoadLock]:
    """Hold the lock of a platform.

    Raises:
        WarehouseBusy: another load of the platform is running; the message names it.
    """
    about = {"run": run_id, "host": socket.gethostname(), "pid": os.getpid(), "token": secrets.token_hex(8)}
    about["start"] = _process_start(os.getpid())
    table = _table(platform)
    while not _create(engine, table, about):
        _evict_dead(engine, platform, table)
    try:
        yield LoadLock(engine, platform, about)
    finally:
        found = _read(engine, table)
        if found is not None and found[0].get("token") == about["token"]:
            engine.command(f"DROP TABLE IF EXISTS {table} SYNC", doing="release the load lock")


def _table(platform: str) -> str:
    return sqltext.name(f"load_lock_{platform}")


def _create(engine: Engine, table: str, about: dict[str, Any]) -> bool:
    try:
        engine.command(
            f"CREATE TABLE {table} (nothing UInt8) ENGINE = Memory COMMENT {sqltext.literal(json.dumps(about))}",
            doing="take the load lock",
        )
    except WarehouseError as error:
        if error.__cause__ is not None and engine_code(error.__cause__) == _TABLE_EXISTS:
            # The answer to our own CREATE may have been lost and the statement sent again.
            found = _read(engine, table)
            return found is not None and found[0].get("token") == about["token"]
        raise
    return True


def _read(engine: Engine, table: str) -> tuple[dict[str, Any], float] | None:
    """What the lock says and its age in seconds, None when it is free."""
    rows = engine.query(
        "SELECT comment, toUnixTimestamp(now()) - toUnixTimestamp(metadata_modification_time) FROM system.tables"
        " WHERE database = {db:String} AND name = {name:String}",
        {"db": engine.database, "name": table.strip("`")},
    )
    if not rows:
        return None
    try:
        about = json.loads(rows[0][0])
    except ValueError:
        about = {}
    return (about if isinstance(about, dict) else {}), float(rows[0][1])


def _evict_dead(engine: Engine, platform: str, table: str) -> None:
    """Remove a lock whose holder is gone; raise when it is alive. Returns when it is worth trying again."""
    found = _read(engine, table)
    if found is None:
        return
    about, age = found
    if not _is_gone(engine, about) and age < LEASE_SECONDS:
        raise WarehouseBusy(
            f"{platform} is being loaded by process {about.get('pid')} on {about.get('host')} (run {about.get('run')},"
            f" last sign of life {age:.0f} s ago); loads of one platform go one after the other: wait for it, or if it"
            f" is dead, try again in {max(0, LEASE_SECONDS - age):.0f} s"
        )
    aside = sqltext.name(f"load_lock_gone_{secrets.token_hex(6)}")
    try:
        engine.command(f"RENAME TABLE {table} TO {aside}", doing="take over a dead load lock")
    except WarehouseError as error:
        if error.__cause__ is not None and engine_code(error.__cause__) == _UNKNOWN_TABLE:
            return
        raise
    moved = _read(engine, aside)
    if moved is not None and moved[0].get("token") != about.get("token"):
        # Somebody else was faster and this is already the new lock: give it back.
        engine.command(f"RENAME TABLE {aside} TO {table}", doing="give back a load lock")
        return
    engine.command(f"DROP TABLE IF EXISTS {aside} SYNC", doing="drop a dead load lock")


def _is_gone(engine: Engine, about: dict[str, Any]) -> bool:
    pid = about.get("pid")
    if not isinstance(pid, int) or about.get("host") != socket.gethostname():
        return False
    if engine.embedded and pid != os.getpid():
        # This process holds the folder, so no other can be loading into it.
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return bool(about.get("start")) and about.get("start") != _process_start(pid)


def _process_start(pid: int) -> str:
    """The start time of a process in clock ticks, which tells a reused pid apart; empty where there is no /proc."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as stat:  # noqa: PTH123 - not a real file
            return stat.read().rsplit(")", 1)[1].split()[19]
    except (OSError, IndexError):
        return ""
