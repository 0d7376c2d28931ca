"""Column types of the control database: what Python sees against what SQLite and MariaDB can hold."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import DateTime, Dialect, String
from sqlalchemy.dialects import mysql
from sqlalchemy.types import TypeDecorator, TypeEngine

__all__ = ["CITIES_CHARS", "Cities", "Clock", "Instant", "utc_now"]

Clock = Callable[[], datetime]
"""A source of zone-aware time."""

CITIES_CHARS = 1000
"""Room for the city codes of a keyword, joined by commas."""


def utc_now() -> datetime:
    """The current time, in UTC."""
    return datetime.now(UTC)


class Instant(TypeDecorator[datetime]):
    """A point in time.

    Stored as UTC with microseconds and without an offset, because neither SQLite nor MariaDB keeps one; every
    column of this type is named ``…_at`` or ``leased_until``. Read back as an aware datetime in UTC. A naive
    datetime is refused: it would be stored as whatever zone the machine happens to have.
    """

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Microseconds on MySQL and MariaDB, whose plain DATETIME rounds to seconds."""
        if dialect.name in ("mysql", "mariadb"):
            return dialect.type_descriptor(mysql.DATETIME(fsp=6))
        return dialect.type_descriptor(DateTime())

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Aware to UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise TypeError(f"time {value.isoformat()} has no zone; give an aware datetime")
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """UTC to aware."""
        return None if value is None else value.replace(tzinfo=UTC)


class Cities(TypeDecorator[tuple[str, ...]]):
    """City codes of a platform, joined by commas; an empty text is the whole country."""

    impl = String(CITIES_CHARS)
    cache_ok = True

    def process_bind_param(self, value: tuple[str, ...] | None, dialect: Dialect) -> str:  # noqa: ARG002
        """Tuple to text."""
        return ",".join(value or ())

    def process_result_value(self, value: str | None, dialect: Dialect) -> tuple[str, ...]:  # noqa: ARG002
        """Text to tuple."""
        return tuple(value.split(",")) if value else ()
