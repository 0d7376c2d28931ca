"""How commands print: a table for people, JSON for programs; and the options they share."""

from __future__ import annotations

import datetime as dt
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any

import typer

__all__ = ["AsJson", "DateOption", "PlatformOption", "PlatformsOption", "day", "print_json", "print_table"]

AsJson = Annotated[bool, typer.Option("--json", help="print JSON")]
PlatformOption = Annotated[str | None, typer.Option("--platform", "-p", help="boss, qcwy or zhilian; default all")]
PlatformsOption = Annotated[
    list[str] | None, typer.Option("--platform", "-p", help="boss, qcwy or zhilian; repeat for several; default all")
]
DateOption = Annotated[str | None, typer.Option("--date", help="day YYYY-MM-DD in Asia/Shanghai")]

_PIPE_WIDTH = 240


def day(text: str | None) -> dt.date | None:
    """The day of a ``--date`` option.

    Raises:
        BadInput: not a day.
    """
    if text is None:
        return None
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        from crawler_core.errors import BadInput

        raise BadInput(f"--date {text!r} is not a day; write YYYY-MM-DD") from None


def print_json(data: object) -> None:
    """Print data as indented JSON; days and instants in ISO 8601."""
    typer.echo(json.dumps(data, ensure_ascii=False, indent=2, default=_text))


def print_table(columns: Sequence[str], rows: Iterable[Mapping[str, Any]], *, empty: str) -> None:
    """Print rows as a table with right-aligned numbers, or ``empty`` when there are none."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    found = list(rows)
    if not found:
        typer.echo(empty)
        return
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        numbers = all(isinstance(row[column], int) and not isinstance(row[column], bool) for row in found)
        table.add_column(column.replace("_", " "), justify="right" if numbers else "left", overflow="fold")
    for row in found:
        table.add_row(*(Text(_text(row[column])) for column in columns))
    Console(width=None if sys.stdout.isatty() else _PIPE_WIDTH, highlight=False).print(table)


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dt.datetime):
        return value.isoformat(timespec="seconds")
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, (list, tuple)):
        return ", ".join(_text(part) for part in value)
    return str(value)
