"""The fleet: pages an hour against instances under limits per address, and what supervising a hundred nodes costs.

    python -m bench.fleet [--instances 1 5 20] [--nodes 100]

Rates count from the moment all instances of a round crawl, so that booting twenty Python processes on two cores is
not what is measured. Supervising is measured with the real SDK against the cloud sandbox; the nodes are simulated by
another process that writes what nodes write.
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from crawler_core.crawl.report import KeywordReport
from crawler_core.fleet.board import Beat, Board
from crawler_core.fleet.settings import NodeSettings
from crawler_core.fleet.work import works
from crawler_core.keyword import Keyword
from crawler_core.landing import LandingZone
from crawler_core.settings import CrawlSettings, load
from crawler_core.values import SHANGHAI, Query
from jobdata_cli.demo_fleet import fleet_variables
from jobdata_resources.fleet.ecs import Ecs
from jobdata_resources.fleet.fleet import Fleet
from jobdata_resources.fleet.hands import Hands
from jobdata_resources.fleet.roster import Roster
from jobdata_resources.fleet.settings import FleetSettings
from jobdata_resources.fleet.supervisor import Listener
from sandbox.ecs.process import EcsSandboxProcess
from sandbox.process import SandboxProcess

ROOT = Path(__file__).resolve().parents[1]
PAUSE = 1.0
"""Seconds between two pages of an address: the limit that instances multiply."""


# ---- pages an hour


def measure_rate(instances: int, seconds: float) -> float:
    """Pages an hour of node processes with an address each, while all of them crawl."""
    with tempfile.TemporaryDirectory() as folder, SandboxProcess() as sandbox:
        zone = LandingZone.from_url(f"file://{folder}/landing")
        board = Board(zone, "bench")
        today = dt.datetime.now(SHANGHAI).date()
        words = [
            f"{place}{job}"
            for place in "甲乙丙丁戊己庚辛壬癸"
            for job in ("数据工程师", "Java", "会计", "销售", "产品经理")
        ]
        board.add(works([Query("qcwy", Keyword.parse(word), "000000") for word in words * 1], today))
        limits = {"pages_per_minute": int(90 / PAUSE), "ban_above_per_minute": int(200 / PAUSE)}
        sandbox.control("POST", "/limits", limits)
        children = [_node(sandbox, folder, f"i-{number}", f"127.0.4.{number + 1}") for number in range(instances)]
        try:
            while len(_busy(board)) < instances:
                time.sleep(0.2)
            before, began = _served(sandbox), time.monotonic()
            time.sleep(seconds)
            after, ended = _served(sandbox), time.monotonic()
        finally:
            for child in children:
                child.kill()
                child.wait()
        return (after - before) / (ended - began) * 3600


def _node(sandbox: SandboxProcess, folder: str, name: str, address: str) -> subprocess.Popen[bytes]:
    env = {key: value for key, value in os.environ.items() if key in ("PATH", "HOME", "LANG")} | sandbox.env
    own = {
        "PYTHONPATH": str(ROOT),
        "JOBDATA_HOME": folder,
        "FLEET_BOARD": "bench",
        "FLEET_LEASE_SECONDS": "20",
        "NODE_NAME": name,
        "EGRESS_ADDRESSES": address,
        "SLEEP_MIN_SECONDS": str(PAUSE),
        "SLEEP_MAX_SECONDS": str(PAUSE),
        "PAGE_SIZE": "1",
    }
    return subprocess.Popen(
        [sys.executable, "-m", "crawler_core", "node"],
        env=env | own,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def _busy(board: Board) -> set[str]:
    return {now.holder for _, now in board.read().values() if now.holder}


def _served(sandbox: SandboxProcess) -> int:
    return int(sandbox.control("GET", "/stats")["requests"])


# ---- supervising


class NoPrograms(Ecs):
    """The SDK against the cloud sandbox, except that nothing is started on the instances: the nodes are simulated."""

    def command(self, *_: object, token: str, **__: object) -> str:
        return token


def simulate(folder: str, seconds: float) -> None:
    """Another process: nodes that claim, beat every fifteen seconds and finish a keyword a minute each."""
    zone = LandingZone.from_url(f"file://{folder}/landing")
    board, instances = Board(zone, "bench"), sorted(Roster(zone, "bench").seen())
    claims = {}
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        turn = time.monotonic()
        for number, instance in enumerate(instances):
            name = f"{instance}.sim"
            at = dt.datetime.now(SHANGHAI).isoformat(timespec="milliseconds")
            board.beat(Beat(node=name, instance=instance, version="1", at=at, lease_seconds=60))
            if name in claims and number % 4 == int(turn) % 4:
                work = claims.pop(name)
                board.finish(
                    work,
                    KeywordReport(
                        platform="qcwy",
                        date=work.work.date,
                        keyword=work.work.keyword,
                        state="done",
                        stop_reason="last",
                        pages=10,
                        records=200,
                    ),
                )
            if name not in claims and (got := board.take(name)) is not None:
                claims[name] = got
        time.sleep(max(0.0, 15 - (time.monotonic() - turn)))


class _Enough(Exception):
    pass


def measure_supervising(nodes: int, seconds: float) -> tuple[float, float]:
    """CPU seconds a second and MB of a supervisor of simulated nodes, after they have started."""
    with tempfile.TemporaryDirectory() as folder, EcsSandboxProcess() as sandbox:
        zone = LandingZone.from_url(f"file://{folder}/landing")
        for name in [name for name in os.environ if name.upper().endswith("_PROXY")]:
            del os.environ[name]
        given = fleet_variables(sandbox.env)
        os.environ.update(given)
        settings = load(
            FleetSettings,
            fleet_instances=nodes,
            fleet_python="python",
            fleet_drain_seconds=0,
            fleet_cost_per_day=1000,
            fleet_hours_per_day=10_000,
        )
        crawl = CrawlSettings(landing_url=zone.url)
        fleet = Fleet(zone, settings=settings, node=NodeSettings(), crawl=crawl)
        cloud = NoPrograms(settings)
        hands = Hands(
            ecs=cloud,
            ledger=fleet.ledger,
            zone=zone,
            settings=settings,
            node=NodeSettings(),
            crawl=crawl,
            artefact=fleet.artefact(),
            now=lambda: dt.datetime.now(SHANGHAI),
        )
        queries = [Query("qcwy", Keyword.parse(f"k{number}"), "0") for number in range(10 * nodes)]
        todo = works(queries, dt.datetime.now(SHANGHAI).date())
        marks: list[tuple[float, float]] = []
        other: list[subprocess.Popen[bytes]] = []

        def look(_look: object) -> None:
            if len(Roster(zone, "bench").seen()) == nodes and not other:
                program = f"from bench.fleet import simulate; simulate({folder!r}, {seconds + 60})"
                other.append(subprocess.Popen([sys.executable, "-c", program], cwd=ROOT))
            if len(fleet_beats(zone)) == nodes:
                used = resource.getrusage(resource.RUSAGE_SELF)
                marks.append((time.monotonic(), used.ru_utime + used.ru_stime))
                if marks[-1][0] - marks[0][0] > seconds:
                    raise _Enough

        listener = Listener(keyword=lambda _r, _n: None, checkpoint=lambda _u: None, line=print, look=look)
        try:
            fleet.supervise("bench", todo, hands, listener)
        except _Enough:
            pass
        finally:
            for child in other:
                child.kill()
                child.wait()
        (began, cpu), (ended, cpu_after) = marks[0], marks[-1]
        return (cpu_after - cpu) / (ended - began), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def fleet_beats(zone: LandingZone) -> list[str]:
    return zone.paths("fleet/bench/node")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--instances", type=int, nargs="+", default=[1, 5, 20])
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--nodes", type=int, default=100)
    options = parser.parse_args()
    base = None
    for count in options.instances:
        rate = measure_rate(count, options.seconds)
        base = base or rate / count
        print(f"{count:3d} instances: {rate:9.0f} pages/h, {rate / count / base:.3f} of linear")
    cores, memory = measure_supervising(options.nodes, 2 * options.seconds)
    print(f"supervising {options.nodes} nodes: {cores:.3f} of a core, {memory:.0f} MB")


if __name__ == "__main__":
    main()
