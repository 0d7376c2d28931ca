"""``jobdata keyword``: what is searched, where and in which order."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from jobdata_cli.output import AsJson, DateOption, PlatformsOption, day, print_json, print_table
from jobdata_cli.stores import open_store, print_imported

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True, help="Keywords: import, add, list, pause.")

_COLUMNS = (
    "platform", "keyword", "cities", "priority", "state", "stop_reason", "pages", "records", "updated_at",
)  # fmt: skip

KeywordArgument = Annotated[str, typer.Argument(help="the keyword; case and width do not matter")]


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="CSV or YAML with keyword, platforms, city, priority, paused")],
    platform: PlatformsOption = None,
    as_json: AsJson = False,
) -> None:
    """Import keywords from a file: all of it, or nothing when any row is wrong.

    Only the column `keyword` is required; an empty cell leaves a known keyword as it is. `--platform` is for rows
    that name no platform themselves.
    """
    with open_store() as store:
        print_imported(store.import_keyword_file(file, platforms=platform or ()), as_json=as_json)


@app.command()
def add(
    keyword: KeywordArgument,
    platform: PlatformsOption = None,
    city: Annotated[str, typer.Option("--city", help="names or codes, separated by ;")] = "",
    priority: Annotated[int | None, typer.Option("--priority", help="higher is crawled first; normal is 0")] = None,
    as_json: AsJson = False,
) -> None:
    """Add one keyword, or change the city or priority of a known one."""
    with open_store() as store:
        names = _platforms(platform)
        for name in names:  # a city one platform does not know must not leave the others changed
            store.city_codes(name, city)
        print_imported(
            {name: store.add_keyword(name, keyword, city=city, priority=priority) for name in names}, as_json=as_json
        )


@app.command("list")
def list_(
    platform: PlatformsOption = None,
    date: DateOption = None,
    active: Annotated[bool, typer.Option("--active", help="leave out paused keywords")] = False,
    as_json: AsJson = False,
) -> None:
    """List keywords in crawl order with their state on a day (today by default)."""
    with open_store() as store:
        rows: list[dict[str, Any]] = [
            {
                "platform": record.platform,
                "keyword": record.keyword.text,
                "cities": list(record.cities),
                "priority": record.priority,
                "paused": record.paused,
                "date": record.date,
                "state": record.state,
                "stop_reason": record.stop_reason,
                "pages": record.pages,
                "records": record.records,
                "updated_at": record.updated_at,
            }
            for name in _platforms(platform)
            for record in store.keywords(name, include_paused=not active, date=day(date))
        ]
    if as_json:
        print_json(rows)
    else:
        print_table(_COLUMNS, rows, empty="no keywords yet; add some with `jobdata keyword import FILE`")


@app.command()
def pause(keyword: KeywordArgument, platform: PlatformsOption = None) -> None:
    """Stop crawling a keyword until it is resumed; what is landed stays."""
    _pause(keyword, platform, paused=True)


@app.command()
def resume(keyword: KeywordArgument, platform: PlatformsOption = None) -> None:
    """Crawl a paused keyword again."""
    _pause(keyword, platform, paused=False)


def _pause(keyword: str, platforms: list[str] | None, *, paused: bool) -> None:
    from jobdata_resources.control import UnknownEntry

    changed = []
    with open_store() as store:
        for name in _platforms(platforms):
            try:
                store.pause_keyword(name, keyword, paused=paused)
            except UnknownEntry:
                if platforms:
                    raise
            else:
                changed.append(name)
    if not changed:
        raise UnknownEntry(f"keyword {keyword!r} is stored for no platform; see `jobdata keyword list`")
    typer.echo(f"{'paused' if paused else 'resumed'} {keyword!r} on {', '.join(changed)}")


def _platforms(given: list[str] | None) -> tuple[str, ...]:
    from jobdata_resources.control.keywords import table
    from jobdata_resources.control.models import KEYWORD_TABLES

    for name in given or ():
        table(name)
    return tuple(dict.fromkeys(given)) if given else tuple(KEYWORD_TABLES)
