"""Node processes on a board, and what the sandbox says should have been landed."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from urllib.parse import quote

from crawler_core.crawl.resume import judge_envelope
from crawler_core.fleet.board import Board
from crawler_core.fleet.work import Work, works
from crawler_core.keyword import Keyword
from crawler_core.landing import LandingZone, read_segment, verify
from crawler_core.outcome import POLICY, Outcome
from crawler_core.platforms import platform
from crawler_core.values import SHANGHAI, Query
from sandbox.process import SandboxProcess
from tests.support.node import environment

LEASE = "3"


def today() -> dt.date:
    return dt.datetime.now(SHANGHAI).date()


def fill(zone: LandingZone, name: str, platforms: Sequence[str], words: Sequence[str]) -> Board:
    """A board with every word on every platform."""
    board = Board(zone, name)
    for one in platforms:
        spec = platform(one)
        board.add(works([Query(one, Keyword.parse(word), spec.nationwide) for word in words], today()))
    return board


def start(sandbox: SandboxProcess, home: Path, name: str, address: str, **settings: str) -> subprocess.Popen[bytes]:
    """A node process of its own address."""
    own = {
        "FLEET_BOARD": "b1",
        "FLEET_LEASE_SECONDS": LEASE,
        "FLEET_PATIENCE_SECONDS": "5",
        "FLEET_IDLE_SECONDS": "60",
        "NODE_NAME": name,
        "EGRESS_ADDRESSES": address,
        "SEGMENT_PAGES": "2",
        "PAGE_SIZE": "10",
        "BAN_SECONDS": "600",
        "RETRY_SECONDS": "0.1",
        "COOL_DOWN_SECONDS": "0.1",
    }
    with (home / f"{name}.log").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "crawler_core", "node", "--json"],
            env=environment(sandbox, home, **(own | settings)),
            stdout=subprocess.PIPE,
            stderr=log,
        )


def wait_for(what: Callable[[], object], seconds: float = 60.0) -> None:
    """Until ``what`` is true; fails after a generous time."""
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


def landed(zone: LandingZone, work: Work) -> tuple[list[str], set[str]]:
    """Ids on the pages that count, and the nodes that fetched them."""
    keyword = Keyword.parse(work.keyword)
    manifest = zone.manifest(work.platform, work.date, keyword)
    assert manifest is not None
    assert manifest.state == "done", (work.keyword, manifest.stop_reason)
    ids: list[str] = []
    nodes = set()
    for ref in zone.refs(manifest):
        for page in read_segment(zone.read(ref)):
            nodes.add(page.node)
            if POLICY[Outcome(page.outcome)].advances:
                ids += judge_envelope(platform(work.platform), Query(work.platform, keyword, page.city), page).ids
    return ids, nodes


def check(zone: LandingZone, board: Board, sandbox: SandboxProcess) -> set[str]:
    """Every keyword is landed completely and each posting once; the nodes that did it."""
    assert list(verify(zone)) == []
    nodes: set[str] = set()
    for work, now in board.read().values():
        assert now.last is not None
        assert now.last.kind == "done", (work.keyword, now.last)
        ids, by = landed(zone, work)
        nodes |= by
        path = f"/truth?platform={work.platform}&keyword={quote(work.keyword, safe='')}&day={work.date}"
        assert sorted(ids) == sorted(sandbox.control("GET", path)["ids"]), (work.platform, work.keyword)
    return nodes
