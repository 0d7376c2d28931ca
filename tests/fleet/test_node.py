"""The node program as child processes on one board, against the sandbox: shared work, bans, notices, kills, hangs."""

from __future__ import annotations

import http.server
import json
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest

from crawler_core import __version__
from crawler_core.crawl import Allowance
from crawler_core.fleet.board import Board
from crawler_core.fleet.mend import mend
from crawler_core.fleet.work import works
from crawler_core.keyword import Keyword
from crawler_core.landing import LandingZone, read_segment
from crawler_core.platforms import platform
from crawler_core.values import Query
from sandbox.process import SandboxProcess
from tests.fleet.nodes import check, fill, start, today, wait_for
from tests.support.node import environment

WORDS = ["数据工程师", "Python", "C++"]


@pytest.fixture(scope="module")
def shared() -> Iterator[SandboxProcess]:
    with SandboxProcess("--volume", "0.3") as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(shared: SandboxProcess) -> SandboxProcess:
    shared.control("DELETE", "/faults")
    shared.control("POST", "/reset")
    return shared


@pytest.fixture
def zone(tmp_path: Path) -> LandingZone:
    return LandingZone.from_url(f"file://{tmp_path}/landing")


def ended(child: subprocess.Popen[bytes]) -> tuple[int, dict[str, Any]]:
    out, _ = child.communicate(timeout=120)
    return child.returncode, json.loads(out or b"{}")


def test_a_crawl_plan_travels_with_the_work(sandbox: SandboxProcess, zone: LandingZone, tmp_path: Path) -> None:
    keyword = Keyword.parse("Python")
    query = Query("zhilian", keyword, platform("zhilian").nationwide)
    Board(zone, "b1").add(works([query], today(), {keyword.key: Allowance(pages=1)}))
    code, summary = ended(start(sandbox, tmp_path, "i-1", "127.0.2.1"))
    assert (code, summary["keywords"]) == (0, {"done": 1})
    manifest = zone.manifest("zhilian", today(), keyword)
    assert manifest is not None
    assert (manifest.state, manifest.stop_reason, manifest.pages) == ("done", "plan", 1)


def test_nodes_share_the_keywords_of_three_platforms(
    sandbox: SandboxProcess, zone: LandingZone, tmp_path: Path
) -> None:
    board = fill(zone, "b1", ["boss", "qcwy", "zhilian"], WORDS)
    children = [start(sandbox, tmp_path, f"i-{number}", f"127.0.2.{number}") for number in (1, 2)]
    results = [ended(child) for child in children]
    assert [code for code, _ in results] == [0, 0]
    assert [summary["reason"] for _, summary in results] == ["done", "done"]
    assert sum(summary["keywords"].get("done", 0) for _, summary in results) == 9
    assert check(zone, board, sandbox) <= {"i-1", "i-2"}
    beats = board.beats()
    assert {(beat.instance, beat.state, beat.version) for beat in beats} == {
        ("i-1", "gone", __version__),
        ("i-2", "gone", __version__),
    }
    egress = {
        page.egress for ref in zone.segments("qcwy", today()) for page in read_segment(zone.read(ref))
    }  # each node calls from its own address
    assert egress <= {"127.0.2.1", "127.0.2.2"}
    code, summary = ended(start(sandbox, tmp_path, "i-3", "127.0.2.3"))
    assert (code, summary["outcomes"], summary["reason"]) == (0, {}, "done")


def test_a_banned_node_gives_its_keyword_back_and_another_goes_on_at_the_next_page(
    sandbox: SandboxProcess, zone: LandingZone, tmp_path: Path
) -> None:
    board = fill(zone, "b1", ["qcwy"], ["数据工程师"])
    rule = {"platform": "qcwy", "kind": "ban_ip", "match": {"page": 4, "egress": "127.0.2.11"}, "params": {}}
    sandbox.control("POST", "/faults", rule | {"times": 1})
    code, summary = ended(start(sandbox, tmp_path, "i-1", "127.0.2.11"))
    assert (code, summary["reason"], summary["keywords"]) == (3, "banned", {"returned": 1})
    [(_, now)] = board.read().values()
    assert (now.holder, now.reasons) == ("", ("banned",))
    code, summary = ended(start(sandbox, tmp_path, "i-2", "127.0.2.12"))
    assert (code, summary["reason"]) == (0, "done")
    assert check(zone, board, sandbox) == {"i-1", "i-2"}


class Metadata(http.server.BaseHTTPRequestHandler):
    notice = False

    def do_GET(self) -> None:
        found = self.notice and self.path.endswith("/spot/termination-time")
        self.send_response(200 if found else 404)
        self.end_headers()
        self.wfile.write(b"2026-11-21T04:05:00Z" if found else b"")

    def log_message(self, *_: object) -> None:
        pass


@pytest.mark.parametrize("how", ["notice", "flag", "SIGTERM"])
def test_a_node_that_must_go_lands_what_it_has_and_frees_its_keyword(
    sandbox: SandboxProcess, zone: LandingZone, tmp_path: Path, how: str
) -> None:
    board = fill(zone, "b1", ["qcwy"], ["数据工程师"])
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Metadata)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    Metadata.notice = False
    url = f"http://127.0.0.1:{server.server_port}/latest"
    slow = {"SLEEP_MIN_SECONDS": "1.0", "SLEEP_MAX_SECONDS": "20", "SEGMENT_PAGES": "1", "FLEET_METADATA_URL": url}
    try:
        child = start(sandbox, tmp_path, "i-1", "127.0.2.21", **slow)
        wait_for(lambda: zone.segments("qcwy", today()))
        if how == "notice":
            Metadata.notice = True
        elif how == "flag":
            board.stop("enough")
        else:
            child.send_signal(signal.SIGTERM)
        code, summary = ended(child)
    finally:
        server.shutdown()
        server.server_close()
    assert (code, summary["reason"]) == (3, "reclaimed" if how == "notice" else "stop")
    assert summary["keywords"] == {"returned": 1}
    [(_, now)] = board.read().values()
    assert (now.holder, now.claims) == ("", 1)
    assert board.beats()[0].state == "gone"
    fetched = sum(summary["outcomes"].values())
    assert fetched == 0  # its keyword was under way: what it fetched is landed, and told by the next holder
    assert sum(ref.pages for ref in zone.segments("qcwy", today())) >= 1


def test_bad_input_is_named(sandbox: SandboxProcess, tmp_path: Path) -> None:
    for settings, message in (
        ({}, "FLEET_BOARD is not set"),
        ({"FLEET_BOARD": "../b"}, "no name of a board"),
        ({"FLEET_BOARD": "b1", "FLEET_LEASE_SECONDS": "0"}, "FLEET_LEASE_SECONDS"),
    ):
        env = environment(sandbox, tmp_path, **settings)
        done = subprocess.run(
            [sys.executable, "-m", "crawler_core", "node"],
            env=env,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert (done.returncode, message in done.stderr) == (2, True), done.stderr


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_nodes_killed_and_frozen_at_random_lose_nothing_and_land_nothing_twice(
    sandbox: SandboxProcess, zone: LandingZone, tmp_path: Path
) -> None:
    """SIGKILL: a machine that is gone. SIGSTOP and later SIGCONT: one that hangs and comes back, its lease lost."""
    rng = Random(5)
    board = fill(zone, "b1", ["boss", "qcwy", "zhilian"], [*WORDS, "Java"])
    slow = {"SLEEP_MIN_SECONDS": "0.6", "SLEEP_MAX_SECONDS": "1.0", "SEGMENT_PAGES": "1"}
    started = 0

    def node() -> subprocess.Popen[bytes]:
        nonlocal started
        started += 1
        return start(sandbox, tmp_path, f"i-{started}", f"127.0.3.{started}", **slow)

    everyone = [node() for _ in range(4)]
    frozen: list[subprocess.Popen[bytes]] = []
    try:
        for turn in range(8):
            victim = everyone[turn]
            try:
                victim.wait(rng.uniform(0.8, 1.6))
            except subprocess.TimeoutExpired:
                if turn % 2:
                    victim.kill()
                else:
                    victim.send_signal(signal.SIGSTOP)
                    frozen.append(victim)
            everyone.append(node())
            if turn >= 5 and frozen:
                frozen.pop(0).send_signal(signal.SIGCONT)
        for child in frozen:
            child.send_signal(signal.SIGCONT)
        wait_for(lambda: all(now.ended for _, now in board.read().values()), 120)
    finally:
        for child in everyone:
            child.kill()
            child.communicate()
    for work, now in board.read().values():
        assert now.last is not None
        assert now.last.report is not None
        mend(zone, work, now.last.report)
    assert len(check(zone, board, sandbox)) >= 4
    assert any(now.claims > 1 for _, now in board.read().values())
