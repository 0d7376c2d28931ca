"""Quoting of names and literals for generated SQL. Values of users go through query parameters, never through here."""

from __future__ import annotations

import re
from collections.abc import Iterable

__all__ = ["columns", "literal", "literals", "name"]

_PLAIN = re.compile(r"^[a-z_][a-z0-9_]*$")


def name(identifier: str) -> str:
    """An identifier, in backticks.

    Raises:
        ValueError: it holds a control character: a mistake in a field table.
    """
    if not identifier or any(ord(char) < 32 for char in identifier):
        raise ValueError(f"identifier {identifier!r} cannot be quoted")
    escaped = identifier.replace("\\", "\\\\").replace("`", "\\`")
    return f"`{escaped}`"


def literal(text: str) -> str:
    """A string literal."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n").replace("\0", "\\0")
    return f"'{escaped}'"


def literals(texts: Iterable[str]) -> str:
    """String literals joined by commas."""
    return ", ".join(map(literal, texts))


def columns(names: Iterable[str], *, table: str = "") -> str:
    """A column list, optionally qualified by a table alias."""
    prefix = f"{table}." if table else ""
    return ", ".join(f"{prefix}{name(item)}" for item in names)


def is_plain(identifier: str) -> bool:
    """Whether an identifier is snake_case ASCII."""
    return bool(_PLAIN.match(identifier))
