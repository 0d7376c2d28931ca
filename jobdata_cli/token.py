"""``jobdata token``: Boss sessions. A token is shown by its fingerprint only."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Annotated

import typer

from jobdata_cli.output import AsJson, print_json, print_table
from jobdata_cli.stores import open_store, print_imported

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True, help="Boss tokens: import, list, disable, enable.")

_COLUMNS = ("fingerprint", "state", "invalid_reason", "invalid_at", "leased_until", "uses", "has_wt2", "created_at")

FingerprintArgument = Annotated[str, typer.Argument(help="fingerprint as `token list` shows it")]


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="CSV or YAML with mpt and, optionally, wt2; keep it secret")],
    as_json: AsJson = False,
) -> None:
    """Import tokens from a file: all of it, or nothing when any row is wrong."""
    with open_store() as store:
        print_imported({"boss_token": store.import_token_file(file)}, as_json=as_json)


@app.command("list")
def list_(as_json: AsJson = False) -> None:
    """List tokens with their state: free, leased or invalid."""
    now = dt.datetime.now(dt.UTC)
    with open_store() as store:
        rows = [
            {
                "fingerprint": record.fingerprint,
                "state": _state(record.active, record.leased_until, now),
                "active": record.active,
                "invalid_reason": record.invalid_reason,
                "invalid_at": record.invalid_at,
                "leased_until": record.leased_until,
                "uses": record.uses,
                "has_wt2": record.has_wt2,
                "created_at": record.created_at,
                "updated_at": record.updated_at,
            }
            for record in store.tokens()
        ]
    if as_json:
        print_json(rows)
    else:
        print_table(_COLUMNS, rows, empty="no tokens yet; add some with `jobdata token import FILE`")


@app.command()
def disable(
    fingerprint: FingerprintArgument,
    reason: Annotated[str, typer.Option("--reason", help="why; shown in the list")] = "disabled by hand",
) -> None:
    """Take a token out of use."""
    with open_store() as store:
        store.disable_token(fingerprint, reason)
    typer.echo(f"disabled {fingerprint}")


@app.command()
def enable(fingerprint: FingerprintArgument) -> None:
    """Put a token back into use."""
    with open_store() as store:
        store.enable_token(fingerprint)
    typer.echo(f"enabled {fingerprint}")


def _state(active: bool, leased_until: dt.datetime | None, now: dt.datetime) -> str:
    if not active:
        return "invalid"
    return "leased" if leased_until is not None and leased_until > now else "free"
