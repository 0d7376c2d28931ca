"""The crawl program: ``python -m crawler_core crawl`` and ``node``. No Dagster, no warehouse, no control store."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import signal
import sys
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from crawler_core.crawl import CrawlReport, crawl_async
from crawler_core.errors import BadInput, CrawlError, NoIdentity
from crawler_core.fleet.program import node_command
from crawler_core.keyword import Keyword
from crawler_core.landing import LandingZone
from crawler_core.platforms import PLATFORMS, platform
from crawler_core.settings import CrawlSettings, load
from crawler_core.values import SHANGHAI, Query

__all__ = ["app", "main"]

COMPLETE, BAD_INPUT, INCOMPLETE = 0, 2, 3

app = typer.Typer(no_args_is_help=True, rich_markup_mode="markdown", pretty_exceptions_enable=False)


@app.callback()
def _group() -> None:
    """Crawl recruiting platforms and land every raw page."""


@app.command("crawl")
def crawl_command(
    platform_name: Annotated[str, typer.Option("--platform", "-p", help=f"one of: {', '.join(PLATFORMS)}")],
    keyword: Annotated[list[str], typer.Option("--keyword", "-k", help="search keyword; repeat for several")],
    city: Annotated[list[str] | None, typer.Option("--city", help="name or code; default the whole country")] = None,
    max_pages: Annotated[int | None, typer.Option("--max-pages", min=1, help="page cap of each search")] = None,
    date: Annotated[str | None, typer.Option("--date", help="partition day YYYY-MM-DD; default today")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="print the summary as JSON")] = False,
) -> None:
    """Crawl keywords of one platform and land the pages under **LANDING_URL**.

    Resumes where an earlier crawl of the day stopped. Settings come from the environment (`.env` is read): hosts,
    **QCWY_SIGN_KEY**, **BOSS_TOKENS**, **SLEEP_MIN_SECONDS**, **EGRESS_ADDRESSES**, **PROXY_TUNNEL** and others.

    Exit code: 0 complete, 3 incomplete (run again to go on), 2 bad input.
    """
    console = Console(stderr=True, highlight=False)
    try:
        report = _run(platform_name, keyword, city or [], max_pages, date, console)
    except BadInput as error:
        console.print(f"error: {error}", markup=False, soft_wrap=True)
        raise typer.Exit(BAD_INPUT) from None
    except NoIdentity as error:
        console.print(f"error: {error}", markup=False, soft_wrap=True)
        raise typer.Exit(INCOMPLETE) from None
    except CrawlError as error:
        console.print(f"error: {error}", markup=False, soft_wrap=True)
        raise typer.Exit(INCOMPLETE) from None
    if as_json:
        sys.stdout.write(json.dumps(summary(report), ensure_ascii=False) + "\n")
    else:
        _print(report)
    raise typer.Exit(INCOMPLETE if report.unfinished or report.stop_reason else COMPLETE)


app.command("node")(node_command)


def _run(
    name: str, keywords: list[str], cities: list[str], max_pages: int | None, date: str | None, console: Console
) -> CrawlReport:
    spec = platform(name)
    overrides = {"max_pages": max_pages} if max_pages else {}
    settings = load(CrawlSettings, **overrides)
    day = _day(date)
    codes = [spec.city_code(city) for city in cities] or [spec.nationwide]
    queries = [Query(spec.name, Keyword.parse(text), code) for text in keywords for code in codes]
    landing = LandingZone.from_url(settings.landing_url, s3_endpoint=settings.landing_s3_endpoint)

    async def main() -> CrawlReport:
        task = asyncio.current_task()
        if task is not None:
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
        return await crawl_async(
            spec,
            queries,
            date=day,
            settings=settings,
            landing=landing,
            on_event=lambda line: console.print(line, markup=False, soft_wrap=True),
        )

    try:
        return asyncio.run(main())
    except (asyncio.CancelledError, KeyboardInterrupt):
        console.print("stopped on request; what was fetched is landed, run again to go on", markup=False)
        raise typer.Exit(INCOMPLETE) from None


def _day(text: str | None) -> dt.date:
    today = dt.datetime.now(SHANGHAI).date()
    if text is None:
        return today
    try:
        day = dt.date.fromisoformat(text)
    except ValueError:
        raise BadInput(f"--date {text!r} is not a day; write YYYY-MM-DD") from None
    if day > today:
        raise BadInput(
            f"--date {text} is in the future (today is {today} in Asia/Shanghai); a day is crawled on that day"
        )
    return day


def summary(report: CrawlReport) -> dict[str, object]:
    """The summary as data: what ``--json`` prints."""
    return {
        "platform": report.platform,
        "date": report.date.isoformat(),
        "complete": not report.unfinished and not report.stop_reason,
        "stop_reason": report.stop_reason,
        "pages": report.pages,
        "records": report.records,
        "fetched": report.fetched,
        "outcomes": report.outcomes,
        "egress": report.egress,
        "seconds": report.seconds,
        "keywords": [
            {
                "keyword": item.keyword,
                "state": item.state,
                "stop_reason": item.stop_reason,
                "pages": item.pages,
                "records": item.records,
                "fetched": item.fetched,
                "resumed": item.resumed,
                "already_landed": item.already_landed,
                "error": item.error,
            }
            for item in report.keywords
        ],
    }


def _print(report: CrawlReport) -> None:
    console = Console(highlight=False, width=None if sys.stdout.isatty() else 120)
    table = Table(title=f"{report.platform} {report.date}")
    for column in ("keyword", "state", "stop reason", "pages", "records", "requests", "outcomes"):
        table.add_column(column, justify="right" if column in ("pages", "records", "requests") else "left")
    for item in report.keywords:
        outcomes = " ".join(f"{name}:{count}" for name, count in sorted(item.outcomes.items()))
        table.add_row(
            item.keyword,
            item.state,
            item.stop_reason,
            str(item.pages),
            str(item.records),
            "already landed" if item.already_landed else str(item.fetched),
            outcomes,
        )
    console.print(table)
    egress = ", ".join(f"{address} ({count})" for address, count in sorted(report.egress.items())) or "none"
    console.print(
        f"{report.pages} pages, {report.records} records, {report.fetched} requests in {report.seconds:.1f} s"
    )
    console.print(f"egress: {egress}")
    console.print(f"stopped: {report.stop_reason or 'every keyword was tried'}", markup=False, soft_wrap=True)


def main() -> None:
    """Entry point of ``python -m crawler_core``."""
    app(prog_name="python -m crawler_core")
