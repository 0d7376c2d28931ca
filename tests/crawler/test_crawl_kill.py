"""A crawl killed at fifty random moments loses nothing and lands nothing twice."""

from __future__ import annotations

import datetime as dt
import subprocess
from pathlib import Path
from random import Random
from urllib.parse import quote

import pytest

from crawler_core.crawl.resume import judge_envelope
from crawler_core.keyword import Keyword
from crawler_core.landing import LandingZone, read_segment, verify
from crawler_core.platforms import platform
from crawler_core.values import SHANGHAI, Query
from sandbox.process import SandboxProcess
from tests.support.node import command, environment, run_node

KILLS = 50
SEGMENT_PAGES = 3
WORDS = ["数据工程师", "Python", "Java", "算法工程师", "产品经理", "C++"]


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_crawl_killed_at_random_moments_loses_nothing_and_lands_nothing_twice(tmp_path: Path) -> None:
    rng = Random(20261121)
    today = dt.datetime.now(SHANGHAI).date()
    zone = LandingZone.from_url(f"file://{tmp_path}/landing")
    kills = 0
    days: list[dt.date] = []
    with SandboxProcess() as sandbox:
        settings = {"PAGE_SIZE": "10", "SEGMENT_PAGES": str(SEGMENT_PAGES), "SLEEP_MIN_SECONDS": "0"}
        env = environment(sandbox, tmp_path, **settings, SLEEP_MAX_SECONDS="0.04")
        while kills < KILLS:
            day = today - dt.timedelta(days=len(days))
            days.append(day)
            before = requests(sandbox)
            killed_here = 0
            while kills < KILLS and kill_once(env, day, rng):
                kills += 1
                killed_here += 1
            code, summary, stderr = run_node(env, "qcwy", WORDS, "--date", day.isoformat())
            assert (code, summary["complete"]) == (0, True), stderr
            landed = check(zone, sandbox, day, today)
            # A killed crawl fetches again at most the open and the sealing segment of each keyword under way.
            again = requests(sandbox) - before - landed
            assert again <= killed_here * 4 * 2 * SEGMENT_PAGES
    assert kills == KILLS
    assert list(verify(zone)) == []


def kill_once(env: dict[str, str], day: dt.date, rng: Random) -> bool:
    """Start a crawl and kill it; False when it was complete before the moment came."""
    child = subprocess.Popen(
        command("qcwy", WORDS, "--date", day.isoformat()),
        env=env,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        child.wait(rng.uniform(0.3, 1.6))
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
        return True
    assert child.returncode == 0
    return False


def requests(sandbox: SandboxProcess) -> int:
    """Search pages the sandbox has served so far."""
    return int(sandbox.control("GET", "/stats")["requests"])


def check(zone: LandingZone, sandbox: SandboxProcess, day: dt.date, market_day: dt.date) -> int:
    """Every id the platform lists is landed exactly once; returns the pages landed."""
    spec = platform("qcwy")
    pages = 0
    for word in WORDS:
        keyword = Keyword.parse(word)
        manifest = zone.manifest("qcwy", day, keyword)
        assert manifest is not None
        ids: list[str] = []
        for ref in zone.refs(manifest):
            for envelope in read_segment(zone.read(ref)):
                ids += judge_envelope(spec, Query("qcwy", keyword, envelope.city), envelope).ids
                pages += 1
        truth = sandbox.control("GET", f"/truth?platform=qcwy&keyword={quote(word, safe='')}&day={market_day}")["ids"]
        assert sorted(ids) == sorted(truth), word
    return pages
