"""``jobdata company``: which accounts are one company, why, and a person's verdict against it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from jobdata_cli.output import AsJson, print_json, print_table

if TYPE_CHECKING:
    from jobdata_resources.warehouse import Warehouse

__all__ = ["app"]

app = typer.Typer(
    no_args_is_help=True, help="Companies across platforms: find, why, review, separate, merge, withdraw."
)

AccountArgument = Annotated[str, typer.Argument(help="account as `company find` shows it, such as `qcwy:5001`")]
ReasonOption = Annotated[str, typer.Option("--reason", help="why; kept with the verdict")]
ByOption = Annotated[str, typer.Option("--by", help="who decides", envvar="USER")]

_REF = "concat(platform, ':', platform_company_id, if(name = '', '', concat('?', name)))"
_ACCOUNT = ("account", "names", "company_id", "company", "kind")
_DECISION = ("rule", "verdict", "left", "right", "evidence")
_REVIEW = ("rule", "left", "left_names", "right", "right_names", "evidence")
_NEXT = "it holds from the next run of the job market_refresh on"


@contextmanager
def _warehouse() -> Iterator[Warehouse]:
    """The warehouse with the tables of resolution, empty ones before the first run."""
    from crawler_core.settings import load
    from jobdata_resources.resolution.schema import prepare
    from jobdata_resources.settings import StoreSettings
    from jobdata_resources.warehouse import open_warehouse

    with open_warehouse(load(StoreSettings), comment={"command": "jobdata company"}) as warehouse:
        warehouse.migrate()
        prepare(warehouse.engine, warehouse.catalog.engines)
        yield warehouse


@app.command()
def find(
    text: Annotated[str, typer.Argument(help="part of a name, as published or registered")],
    limit: Annotated[int, typer.Option(min=1, help="accounts shown at most")] = 50,
    as_json: AsJson = False,
) -> None:
    """List accounts by name, with the company each belongs to."""
    with _warehouse() as warehouse:
        rows = warehouse.query(
            f"""SELECT a.ref, a.names, a.company_id, c.name, c.kind
            FROM (SELECT {_REF} AS ref, names, company_id FROM company_alias) AS a
            INNER JOIN (SELECT company_id, name, kind FROM company) AS c ON c.company_id = a.company_id
            WHERE arrayExists(x -> positionCaseInsensitiveUTF8(x, {{text:String}}) > 0, arrayConcat(a.names, [c.name]))
            ORDER BY c.name, a.company_id, a.ref LIMIT {{limit:UInt32}}""",  # noqa: S608 - constants and bound values
            {"text": text, "limit": limit},
        )
    _show(_ACCOUNT, rows, as_json=as_json, empty=f"no account with {text!r} in its names")


@app.command()
def why(account: AccountArgument, as_json: AsJson = False) -> None:
    """Show every decision about the company of an account: rule, both sides and evidence."""
    with _warehouse() as warehouse:
        _known(warehouse, account)
        rows = warehouse.query(
            f"""SELECT rule, verdict, left, right, evidence FROM company_decision
            WHERE left IN (SELECT {_REF} FROM company_alias WHERE company_id IN (
                    SELECT company_id FROM company_alias WHERE {_REF} = {{account:String}}))
                OR right IN (SELECT {_REF} FROM company_alias WHERE company_id IN (
                    SELECT company_id FROM company_alias WHERE {_REF} = {{account:String}}))
            ORDER BY rule, left, right""",  # noqa: S608 - constants and bound values
            {"account": account},
        )
    _show(_DECISION, rows, as_json=as_json, empty=f"{account} was never compared with another account")


@app.command()
def review(
    limit: Annotated[int, typer.Option(min=1, help="pairs shown at most")] = 50, as_json: AsJson = False
) -> None:
    """List pairs that a person must decide; they are not merged."""
    with _warehouse() as warehouse:
        rows = warehouse.query(
            "SELECT rule, left, left_names, right, right_names, evidence FROM company_review"
            " ORDER BY rule, left, right LIMIT {limit:UInt32}",
            {"limit": limit},
        )
    _show(_REVIEW, rows, as_json=as_json, empty="no pair waits for a person")


@app.command()
def separate(left: AccountArgument, right: AccountArgument, reason: ReasonOption, by: ByOption = "") -> None:
    """Say that two accounts are not one company, against every rule."""
    _decide(left, right, "separate", reason, by)


@app.command()
def merge(left: AccountArgument, right: AccountArgument, reason: ReasonOption, by: ByOption = "") -> None:
    """Say that two accounts are one company, against every rule."""
    _decide(left, right, "merge", reason, by)


@app.command()
def withdraw(left: AccountArgument, right: AccountArgument, reason: ReasonOption, by: ByOption = "") -> None:
    """Take a verdict back: the rules decide about the pair again."""
    from jobdata_resources.resolution import withdraw_override

    with _warehouse() as warehouse:
        for account in (left, right):
            _known(warehouse, account)
        withdraw_override(warehouse, left, right, reason=reason, decided_by=by)
    typer.echo(f"withdrawn: the rules decide about {left} and {right}; {_NEXT}")


def _decide(left: str, right: str, verdict: Literal["merge", "separate"], reason: str, by: str) -> None:
    from jobdata_resources.resolution import Override, record_override

    override = Override(left, right, verdict, reason)
    with _warehouse() as warehouse:
        for account in (left, right):
            _known(warehouse, account)
        record_override(warehouse, override, decided_by=by)
    typer.echo(f"recorded: {verdict} {left} and {right}; {_NEXT}")


def _known(warehouse: Warehouse, account: str) -> None:
    from crawler_core.errors import BadInput

    found = warehouse.query(
        f"SELECT count() FROM company_alias WHERE {_REF} = {{account:String}}",  # noqa: S608 - a constant
        {"account": account},
    )
    if found == [(0,)]:
        raise BadInput(f"account {account!r} is not known; `jobdata company find NAME` shows accounts")


def _show(columns: tuple[str, ...], rows: list[tuple[Any, ...]], *, as_json: bool, empty: str) -> None:
    found = [dict(zip(columns, row, strict=True)) for row in rows]
    if as_json:
        print_json(found)
        return
    for row in found:
        if isinstance(row.get("evidence"), dict):
            row["evidence"] = "; ".join(f"{name}: {value}" for name, value in row["evidence"].items())
    print_table(columns, found, empty=empty)
