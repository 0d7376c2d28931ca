"""Every error of the warehouse, as one tree; engine codes are mapped to it in one place.

    WarehouseError
    ├── WarehouseBusy          somebody else holds the embedded folder, or loads the same platform
    ├── WarehouseFull          no space left on the disk of the warehouse
    ├── WarehouseUnreachable   the server does not answer, or went away too often
    ├── WarehouseSchemaError   the tables in the database do not fit this program
    └── LoadError              a load could not be verified; nothing of it is visible

A damaged segment stays ``crawler_core.errors.CorruptSegment``.
"""

from __future__ import annotations

__all__ = [
    "TRANSIENT_CODES",
    "LoadError",
    "WarehouseBusy",
    "WarehouseError",
    "WarehouseFull",
    "WarehouseSchemaError",
    "WarehouseUnreachable",
    "engine_code",
    "is_transient",
    "translate",
]


class WarehouseError(Exception):
    """Base of every error of the warehouse; raised itself when the engine refuses a statement."""


class WarehouseBusy(WarehouseError):
    """Another process holds the embedded folder, or another load of the same platform is running."""


class WarehouseFull(WarehouseError):
    """The disk of the warehouse is full."""


class WarehouseUnreachable(WarehouseError):
    """The server does not answer."""


class WarehouseSchemaError(WarehouseError):
    """The stored tables were made by a newer program, or differ in a way that cannot be upgraded in place."""


class LoadError(WarehouseError):
    """What arrived is not what the manifests promise; the load was not committed."""


TRANSIENT_CODES = frozenset({202, 209, 210, 242, 252, 319, 425, 473, 999})
"""Too many queries, socket time-out, network error, read-only table, too many parts, unknown insert status,
system error, deadlock avoided, Keeper: a moment later the same statement may pass."""

_FULL_CODES = frozenset({243})
_FULL_MARKS = ("No space left on device", "errno: 28", "NOT_ENOUGH_SPACE", "Disk quota exceeded", "errno: 122")
_MEMORY_CODE = 241
_TIMEOUT_CODE = 159


def engine_code(error: BaseException) -> int | None:
    """The ClickHouse error code of a client exception, None when it has none (network, client side)."""
    code = getattr(error, "code", None)
    return code if isinstance(code, int) else None


def is_transient(error: BaseException) -> bool:
    """Whether the same statement may pass a moment later.

    A server that is out of memory as a whole is; a query over its own limit is not.
    """
    from clickhouse_connect.driver.exceptions import OperationalError

    code = engine_code(error)
    if code is None:
        return isinstance(error, OperationalError)
    if code == _MEMORY_CODE:
        return "(total) memory limit" in str(error) or "total memory limit" in str(error)
    return code in TRANSIENT_CODES


def translate(error: Exception, doing: str) -> WarehouseError:
    """The named error for a client exception; ``doing`` says what failed, in the reader's words."""
    code = engine_code(error)
    text = str(error).strip().split("\n", 1)[0][:600]
    if code in _FULL_CODES or any(mark in str(error) for mark in _FULL_MARKS):
        return WarehouseFull(
            f"{doing}: the disk of the warehouse is full ({text}); free space, then run again:"
            " what was committed before is intact, and an unfinished load is dropped by the next one"
        )
    if code == _MEMORY_CODE:
        return WarehouseError(f"{doing}: out of memory ({text}); raise CLICKHOUSE_MAX_MEMORY_BYTES or ask for less")
    if code == _TIMEOUT_CODE:
        return WarehouseError(f"{doing}: took too long ({text}); narrow the query or run it when the engine is idle")
    if is_transient(error):
        return WarehouseUnreachable(
            f"{doing}: the server does not answer ({text}); check CLICKHOUSE_HOST, CLICKHOUSE_PORT and the server"
        )
    return WarehouseError(f"{doing}: {text}")
