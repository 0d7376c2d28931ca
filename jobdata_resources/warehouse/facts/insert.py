"""Puts small batches of rows made in Python into a table, the same way embedded and over HTTP."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

import orjson

from jobdata_resources.warehouse.client import Engine

__all__ = ["insert_rows"]


def insert_rows(engine: Engine, table: str, names: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Insert rows as JSON lines; none is no statement. The table must be idempotent by key: a batch may be resent.

    Raises:
        WarehouseError: the engine refused.
    """
    body = b"".join(
        orjson.dumps(dict(zip(names, row, strict=True)), default=_text, option=orjson.OPT_APPEND_NEWLINE)
        for row in rows
    )
    if body:
        engine.attempt(
            lambda: engine.client.raw_insert(table, column_names=list(names), insert_block=body, fmt="JSONEachRow"),
            f"store {table}",
        )


def _text(value: object) -> str:
    if isinstance(value, Decimal):
        return str(value)  # exact; the engine reads a decimal from a string
    raise TypeError(f"{type(value).__name__} cannot be stored")
