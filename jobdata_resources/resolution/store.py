"""Writing an answer of resolution so that readers see all of it or nothing.

One run of a kind at a time (the load lock of the warehouse). A run begins by dropping what earlier runs left, writes
under a new id, merges and counts its partitions, and commits by one row.
"""

# ruff: noqa: S608 - generated SQL: names are constants of ``schema``

from __future__ import annotations

import datetime as dt
import secrets
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from crawler_core.values import SHANGHAI
from jobdata_resources.resolution.decision import Override
from jobdata_resources.resolution.mention import MentionKey
from jobdata_resources.resolution.schema import ANSWERS, OVERRIDES, RUNS, WORK, prepare
from jobdata_resources.warehouse import Warehouse, sqltext
from jobdata_resources.warehouse.client import Engine
from jobdata_resources.warehouse.errors import LoadError
from jobdata_resources.warehouse.loadlock import LoadLock, load_lock
from jobdata_resources.warehouse.tables import Table

__all__ = ["Answer", "begin", "earlier_ids", "overrides", "record_override", "withdraw_override"]

_BATCH = 100_000


class Answer:
    """An answer that is being written; nothing of it is visible before ``commit``."""

    def __init__(self, engine: Engine, kind: str, run_id: str, lock: LoadLock) -> None:
        self.engine = engine
        self.kind = kind
        self.run_id = run_id
        self.lock = lock
        self.id = _next_id(engine)
        self._tables = {table.name: table for table in (*ANSWERS[kind], *WORK)}

    def insert(self, table: str, rows: Iterator[Sequence[Any]] | Sequence[Sequence[Any]]) -> int:
        """Write rows without their first column, which is the id of this answer. Returns how many."""
        columns = [column.name for column in self._tables[table].columns]
        batch: list[list[Any]] = []
        written = 0
        for row in rows:
            batch.append([self.id, *row])
            if len(batch) >= _BATCH:
                written += self._send(table, columns, batch)
                batch = []
        return written + (self._send(table, columns, batch) if batch else 0)

    def _send(self, table: str, columns: Sequence[str], batch: Sequence[Sequence[Any]]) -> int:
        self.engine.attempt(
            lambda: self.engine.client.insert(table, batch, column_names=list(columns)), f"write {table}"
        )
        return len(batch)

    def settle(self, table: str) -> int:
        """Merge the rows of this answer into one sorted part, so that a row sent twice is one. Returns the rows.

        Raises:
            LoadError: they are still in several parts.
        """
        engine, name = self.engine, sqltext.name(table)
        if engine.embedded:
            engine.command(f"SYSTEM START MERGES {name}", doing=f"merge {table}")
        try:
            engine.command(f"OPTIMIZE TABLE {name} PARTITION {self.id} FINAL", doing=f"merge {table}")
        finally:
            if engine.embedded:
                engine.command(f"SYSTEM STOP MERGES {name}", doing=f"merge {table}")
        parts, rows = engine.query(
            "SELECT count(), sum(rows) FROM system.parts WHERE database = {db:String} AND table = {table:String}"
            " AND partition = {id:String} AND active",
            {"db": engine.database, "table": table, "id": str(self.id)},
        )[0]
        # One part of a Replacing table that was merged with FINAL holds every key once.
        if parts > 1:
            raise LoadError(f"{table}: {parts} parts after merging; nothing was committed, run it again")
        return int(rows)

    def commit(self, counts: Mapping[str, int]) -> dict[str, int]:
        """Make the answer visible; the ledger keeps the counts. Returns the rows by table.

        Raises:
            WarehouseBusy: another run took over; nothing is visible.
            LoadError: a table is not what was written.
        """
        rows = {table.name: self.settle(table.name) for table in ANSWERS[self.kind]}
        known = {**counts, **{name.removesuffix("_version"): count for name, count in rows.items()}}
        self.lock.check()
        self.engine.command(
            f"""INSERT INTO {RUNS} SELECT {{kind:String}}, {{id:UInt64}}, {{run:String}},
            mapFromArrays({{names:Array(String)}}, {{values:Array(UInt64)}}), now64(3)""",
            {
                "kind": self.kind,
                "id": self.id,
                "run": self.run_id,
                "names": list(known),
                "values": list(known.values()),
            },
            doing=f"commit {self.kind}",
        )
        return rows


@contextmanager
def begin(warehouse: Warehouse, kind: str, run_id: str) -> Iterator[Answer]:
    """Start an answer of a kind, ``company`` or ``job_link``; creates the tables that are missing.

    Raises:
        WarehouseBusy: another run of this kind is going on.
    """
    engine = warehouse.engine
    warehouse.migrate()
    # One lock for both kinds: they share the tables of a run.
    with load_lock(engine, "resolution", run_id) as lock:
        prepare(engine, warehouse.catalog.engines)
        _sweep(engine)
        yield Answer(engine, kind, run_id, lock)
        _sweep(engine)


def _sweep(engine: Engine) -> None:
    """Drop the tables of runs, and every answer but the newest two that were committed."""
    for kind, tables in ANSWERS.items():
        rows = engine.query(
            f"SELECT DISTINCT resolution_id FROM {RUNS} WHERE kind = {{kind:String}} ORDER BY 1 DESC LIMIT 2",
            {"kind": kind},
        )
        for table in tables:
            _drop_partitions(engine, table, keep={str(row[0]) for row in rows})
    for table in WORK:
        _drop_partitions(engine, table, keep=set())


def _drop_partitions(engine: Engine, table: Table, keep: set[str]) -> None:
    found = engine.query(
        "SELECT DISTINCT partition FROM system.parts WHERE database = {db:String} AND table = {table:String}"
        " AND active",
        {"db": engine.database, "table": table.name},
    )
    for (partition,) in found:
        if partition not in keep:
            engine.command(f"ALTER TABLE {table.name} DROP PARTITION {int(partition)}", doing=f"clear {table.name}")


def _next_id(engine: Engine) -> int:
    """Grows with time, never that of another run: milliseconds and 20 random bits."""
    newest = engine.query(f"SELECT max(resolution_id) FROM {RUNS}")[0][0]
    return max(int(time.time() * 1000) << 20, int(newest) + 1) + secrets.randbelow(1 << 20)


def earlier_ids(engine: Engine) -> dict[MentionKey, str]:
    """Company ids of the newest committed resolution by account."""
    rows = engine.query("SELECT platform, platform_company_id, name, company_id FROM company_alias")
    return {MentionKey(platform, company, name): found for platform, company, name, found in rows}


def overrides(engine: Engine) -> list[Override]:
    """The verdicts of people that are in force."""
    rows = engine.query(
        f"SELECT left, right, verdict, reason FROM {OVERRIDES} FINAL WHERE verdict IN ('merge', 'separate')"
        " ORDER BY left, right"
    )
    return [Override(*row) for row in rows]


def record_override(warehouse: Warehouse, override: Override, *, decided_by: str) -> None:
    """Store a person's verdict; it holds from the next resolution on. The newest one about a pair counts."""
    _write_override(warehouse, override.left, override.right, override.verdict, override.reason, decided_by)


def withdraw_override(warehouse: Warehouse, left: str, right: str, *, reason: str, decided_by: str) -> None:
    """Let the rules decide about a pair again."""
    _write_override(warehouse, left, right, "withdrawn", reason, decided_by)


def _write_override(warehouse: Warehouse, left: str, right: str, verdict: str, reason: str, decided_by: str) -> None:
    engine = warehouse.engine
    warehouse.migrate()
    prepare(engine, warehouse.catalog.engines)
    low, high = sorted((left, right))
    engine.command(
        f"INSERT INTO {OVERRIDES} SELECT {{left:String}}, {{right:String}}, {{verdict:String}}, {{reason:String}},"
        " {by:String}, parseDateTime64BestEffort({at:String}, 3, 'Asia/Shanghai')",
        {
            "left": low,
            "right": high,
            "verdict": verdict,
            "reason": reason,
            "by": decided_by,
            "at": dt.datetime.now(SHANGHAI).isoformat(timespec="milliseconds"),
        },
        doing="record an override",
    )
