"""From an error to one clear line on stderr and an exit code. What is not listed here is a bug and shows as one."""

from __future__ import annotations

import sys
from typing import Any, NoReturn

import typer
from typer.core import TyperGroup

__all__ = ["BAD_INPUT", "INCOMPLETE", "FailureGroup", "fail"]

BAD_INPUT = 2
"""The input, a setting or a database is not as it must be; nothing was changed."""

INCOMPLETE = 3
"""Something is missing or did not finish."""

_STORE_ERRORS = (
    ("jobdata_resources.control.errors", "ControlStoreError"),
    ("jobdata_resources.warehouse.errors", "WarehouseError"),
)
"""Module and base class of the stores' errors; looked up only where the module is loaded: no other can raise them."""


class FailureGroup(TyperGroup):
    """The root group: turns the errors of this project into a line and an exit code."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except Exception as error:
            code = _exit_code(error)
            if code is None:
                raise
            fail(str(error), code)


def fail(message: str, code: int) -> NoReturn:
    """Print ``message`` on stderr, marking each of its lines, and end the command with ``code``."""
    for line in message.splitlines():
        typer.echo(f"error: {line}", err=True)
    raise typer.Exit(code)


def _exit_code(error: Exception) -> int | None:
    from crawler_core.errors import BadInput, CrawlError

    if isinstance(error, CrawlError):
        return BAD_INPUT if isinstance(error, BadInput) else INCOMPLETE
    for module, name in _STORE_ERRORS:
        kind = getattr(sys.modules.get(module), name, None)
        if isinstance(kind, type) and isinstance(error, kind):
            return BAD_INPUT
    return None
