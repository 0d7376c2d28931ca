"""Puts rows made in Python into a table: as JSON lines to a server, as values to the embedded engine."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

import orjson
import zstandard

from jobdata_resources.warehouse.client import Engine

__all__ = ["insert_rows"]


def insert_rows(engine: Engine, table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Insert rows; nothing when there are none. Times are zone-aware.

    Raises:
        WarehouseError: the engine refused them.
    """
    if not rows:
        return
    doing = f"write {table}"
    if engine.embedded:
        values = [list(row) for row in rows]
        engine.attempt(lambda: engine.client.insert(table, values, column_names=list(columns)), doing)
        return
    lines = b"\n".join(orjson.dumps(dict(zip(columns, map(_plain, row), strict=True))) for row in rows)
    body = zstandard.ZstdCompressor(level=1).compress(lines)
    engine.attempt(
        lambda: engine.client.raw_insert(table, insert_block=body, fmt="JSONEachRow", compression="zstd"), doing
    )


def _plain(value: object) -> object:
    """A time with its zone and the milliseconds that the tables keep."""
    return value.isoformat(timespec="milliseconds") if isinstance(value, dt.datetime) else value
