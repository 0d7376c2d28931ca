"""Opens the control store for a command."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

from jobdata_cli.output import print_json

if TYPE_CHECKING:
    from jobdata_resources.control import ControlStore, ImportResult

__all__ = ["open_store", "print_imported"]


@contextmanager
def open_store() -> Iterator[ControlStore]:
    """The store of ``CONTROL_DB_URL``, closed at the end.

    A new embedded store gets its tables on the way; a server's tables are created by ``jobdata db migrate`` only.
    """
    from crawler_core.settings import load
    from jobdata_resources.control import ControlStore
    from jobdata_resources.settings import StoreSettings

    with ControlStore(load(StoreSettings).control_db_url) as store:
        if store.is_embedded and store.revision() is None:
            store.migrate()
        yield store


def print_imported(results: Mapping[str, ImportResult], *, as_json: bool) -> None:
    """Print what an import did, by platform or table; notes go to stderr."""
    if as_json:
        fields = ("added", "updated", "unchanged", "notes")
        print_json({name: {field: getattr(result, field) for field in fields} for name, result in results.items()})
        return
    for name, result in results.items():
        typer.echo(f"{name}: {result.added} added, {result.updated} updated, {result.unchanged} unchanged")
        for note in result.notes:
            typer.echo(f"note: {note}", err=True)
