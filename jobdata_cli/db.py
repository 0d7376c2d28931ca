"""``jobdata db``: the tables of the control store and the warehouse."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from jobdata_cli.output import AsJson, print_json

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True, help="Databases: migrate.")


class Part(StrEnum):
    """A database."""

    CONTROL = "control"
    WAREHOUSE = "warehouse"


@app.callback()
def _group() -> None:
    """Databases: migrate."""


@app.command()
def migrate(
    only: Annotated[Part | None, typer.Option("--only", help="one of the two; default both")] = None,
    as_json: AsJson = False,
) -> None:
    """Create or upgrade the tables of control store and warehouse; does nothing where they are current."""
    done: dict[str, str | int] = {}
    if only is not Part.WAREHOUSE:
        done["control"] = _control()
    if only is not Part.CONTROL:
        done["warehouse"] = _warehouse()
    if as_json:
        print_json(done)
        return
    for name, version in done.items():
        typer.echo(f"{name}: tables are at version {version}")


def _control() -> str:
    from crawler_core.settings import load
    from jobdata_resources.control import ControlStore
    from jobdata_resources.settings import StoreSettings

    with ControlStore(load(StoreSettings).control_db_url) as store:
        return store.migrate()


def _warehouse() -> int:
    import logging

    from crawler_core.settings import load
    from jobdata_resources.settings import StoreSettings
    from jobdata_resources.warehouse import open_warehouse

    # the driver logs what it also raises; without a handler that would be a second, unclear line on stderr
    logging.getLogger("clickhouse_connect").addHandler(logging.NullHandler())
    with open_warehouse(load(StoreSettings)) as warehouse:
        return warehouse.migrate()
