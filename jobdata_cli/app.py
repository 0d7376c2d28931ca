"""Puts the command groups together. Nothing here or above the functions of the groups may import a database."""

from __future__ import annotations

import typer

from jobdata_cli import (
    alert,
    cleanup,
    company,
    crawl,
    db,
    demo,
    dev,
    doctor,
    fleet,
    keyword,
    landing,
    proxy,
    report,
    sandbox,
    settings,
    token,
)
from jobdata_cli.failure import FailureGroup

__all__ = ["app", "main"]

app = typer.Typer(
    cls=FailureGroup,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    # a traceback with the values of variables could show a token
    pretty_exceptions_enable=False,
    help="Recruiting data by keyword: what to crawl, with what, and what has landed.\n\n"
    "Exit code: 0 done, 2 bad input (nothing was changed), 3 incomplete.",
)
app.add_typer(keyword.app, name="keyword")
app.add_typer(token.app, name="token")
app.add_typer(proxy.app, name="proxy")
crawl.register(app)
app.add_typer(landing.app, name="landing")
app.add_typer(company.app, name="company")
app.add_typer(fleet.app, name="fleet")
app.add_typer(alert.app, name="alert")
app.add_typer(db.app, name="db")
app.add_typer(report.app, name="report")
app.add_typer(sandbox.app, name="sandbox")
settings.register(app)
doctor.register(app)
cleanup.register(app)
demo.register(app)
dev.register(app)


def main() -> None:
    """Entry point of the ``jobdata`` program."""
    app(prog_name="jobdata")
