"""``python -m crawler_core node``: reads the environment, opens the board, and runs a node."""

from __future__ import annotations

import asyncio
import json
import secrets
import signal
import sys
from typing import Annotated

import typer
from rich.console import Console

from crawler_core.errors import BadInput, BadSetting, CrawlError
from crawler_core.fleet.board import Board, valid_name
from crawler_core.fleet.metadata import role_credentials
from crawler_core.fleet.node import Node, NodeReport
from crawler_core.fleet.settings import NodeSettings
from crawler_core.landing import LandingZone
from crawler_core.settings import CrawlSettings, load

__all__ = ["node_command"]

COMPLETE, BAD_INPUT, INCOMPLETE = 0, 2, 3


def node_command(
    board: Annotated[str, typer.Option("--board", help="board to work from; default FLEET_BOARD")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="print the summary as JSON")] = False,
) -> None:
    """Crawl keywords from a fleet's board under **LANDING_URL** until none is left.

    Needs outbound HTTP to the platforms and the bucket, nothing else. Drains and ends when the board says stop, when
    the instance is to be reclaimed, and on SIGTERM; gives keywords back when its address is refused.

    Exit code: 0 nothing left to do, 3 ended early, 2 bad input.
    """
    console = Console(stderr=True, highlight=False)
    try:
        report = asyncio.run(_run(board, console))
    except CrawlError as error:
        console.print(f"error: {error}", markup=False, soft_wrap=True)
        raise typer.Exit(BAD_INPUT if isinstance(error, BadInput) else INCOMPLETE) from None
    if as_json:
        sys.stdout.write(json.dumps(report.summary(), ensure_ascii=False) + "\n")
    else:
        done = ", ".join(f"{count} {state}" for state, count in sorted(report.keywords.items())) or "no keywords"
        console.print(f"{report.node}: {report.reason}: {done} in {report.seconds:.1f} s", markup=False)
    raise typer.Exit(COMPLETE if report.complete else INCOMPLETE)


async def _run(name: str, console: Console) -> NodeReport:
    settings, crawl = load(NodeSettings), load(CrawlSettings)
    name = name or settings.fleet_board
    if not name:
        raise BadSetting("FLEET_BOARD is not set and --board not given; name the board to work from")
    credentials = None
    if settings.fleet_node_role:
        credentials = role_credentials(settings.fleet_metadata_url, settings.fleet_node_role)
    zone = LandingZone.from_url(crawl.landing_url, s3_endpoint=crawl.landing_s3_endpoint, credentials=credentials)
    process = valid_name(f"{crawl.node_name}.{secrets.token_hex(3)}")
    node = Node(
        Board(zone, name),
        process,
        settings=settings,
        crawl=crawl,
        on_event=lambda line: console.print(line, markup=False, soft_wrap=True),
    )
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, node.leave, "stop")
    return await node.run()
