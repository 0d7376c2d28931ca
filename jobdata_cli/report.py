"""``jobdata report``: the reports that were written for people."""

from __future__ import annotations

import webbrowser
from typing import Annotated

import typer

from jobdata_cli.failure import INCOMPLETE, fail

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True, help="Reports: open.")


@app.callback()
def _group() -> None:
    """Reports: open."""


@app.command("open")
def open_(path_only: Annotated[bool, typer.Option("--path", help="print the path, open nothing")] = False) -> None:
    """Open the newest HTML report in the browser. Exit code 3 when there is none yet."""
    from crawler_core.settings import CrawlSettings, load

    folder = load(CrawlSettings).jobdata_home.absolute() / "reports"
    reports = sorted(folder.rglob("*.html"), key=lambda path: (path.stat().st_mtime, path.name))
    if not reports:
        fail(f"there is no report yet under {folder}; the `market_report` asset writes one", INCOMPLETE)
    newest = reports[-1]
    typer.echo(str(newest))
    if not path_only and not webbrowser.open(newest.as_uri()):
        typer.echo("no browser was found; open the file yourself", err=True)
