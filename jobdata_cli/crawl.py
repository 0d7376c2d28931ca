"""``jobdata crawl``: the node program of ``crawler_core`` under the name people know."""

from __future__ import annotations

import typer

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add ``crawl``; its options are the node program's own and are read there."""
    app.command(
        "crawl",
        help="Crawl keywords of a platform and land the pages; needs no Dagster and no database.",
        add_help_option=False,
        context_settings={"ignore_unknown_options": True, "allow_extra_args": True},
    )(_crawl)


def _crawl(ctx: typer.Context) -> None:
    from crawler_core.cli import app

    app(["crawl", *ctx.args], prog_name="jobdata")
