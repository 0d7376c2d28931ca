"""``jobdata proxy``: proxy tunnels. A proxy is shown by its label, scheme, host and port; never with its login."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import typer

from jobdata_cli.output import AsJson, print_json, print_table
from jobdata_cli.stores import open_store, print_imported

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True, help="Proxies: import, list.")


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="CSV or YAML with label and url; keep it secret")],
    as_json: AsJson = False,
) -> None:
    """Import proxies from a file: all of it, or nothing when any row is wrong."""
    with open_store() as store:
        print_imported({"proxy": store.import_proxy_file(file)}, as_json=as_json)


@app.command("list")
def list_(as_json: AsJson = False) -> None:
    """List the active proxies."""
    with open_store() as store:
        rows = []
        for proxy in store.proxies():
            parts = urlsplit(proxy.url.get_secret_value())
            server = f"{parts.scheme}://{parts.hostname}:{parts.port}"
            rows.append({"label": proxy.label, "server": server, "login": parts.username is not None})
    if as_json:
        print_json(rows)
    else:
        print_table(("label", "server", "login"), rows, empty="no proxies; add some with `jobdata proxy import FILE`")
