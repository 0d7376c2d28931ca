"""``jobdata alert``: the incidents that the alert sensors have found."""

from __future__ import annotations

from typing import Annotated

import typer

from jobdata_cli.output import AsJson, print_json, print_table
from jobdata_cli.stores import open_store

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True, help="Alerts: list incidents, close one by hand.")

_COLUMNS = ("fingerprint", "kind", "subject", "opened_at", "seen_at", "mails", "healed_at")


@app.command("list")
def list_(
    everything: Annotated[bool, typer.Option("--all", help="also those that are over")] = False,
    as_json: AsJson = False,
) -> None:
    """List the open incidents, oldest first."""
    with open_store() as store:
        found = store.incidents(with_closed=everything)
    columns = (*_COLUMNS, "closed_at")
    rows = [{name: getattr(incident, name) for name in columns} for incident in found]
    if as_json:
        print_json(rows)
    else:
        print_table(columns if everything else _COLUMNS, rows, empty="no incident is open")


@app.command()
def close(
    fingerprint: Annotated[str, typer.Argument(help="as `alert list` shows it, and the last line of its mails")],
) -> None:
    """Close an open incident that nobody will mend; no all-clear is sent. It opens again when it is seen again."""
    with open_store() as store:
        incident = store.close_incident(fingerprint)
    typer.echo(f"closed {incident.kind}: {incident.subject}")
