"""The fleet: pages an hour against instances under limits per address, and what supervising a hundred nodes costs.

    python -m bench.fleet [--instances 1 5 20] [--nodes 100]

Rates count from the moment all instances of a round crawl, so that booting twenty Python processes on two cores is not
what is measured. Supervising is measured against simulated nodes: objects in the bucket and a cloud in memory.
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
from crawler_core.settings import CrawlSettings
from crawler_core.values import SHANGHAI, Query
from jobdata_resources.fleet.ecs import Ecs, Instance, Launch, Price
from jobdata_resources.fleet.fleet import Fleet
from jobdata_resources.fleet.hands import Hands
from jobdata_resources.fleet.settings import FleetSettings
from jobdata_resources.fleet.supervisor import Listener
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


class MemoryCloud(Ecs):
    """A cloud of instances that are always there: what supervising costs without the network."""

    def __init__(self, settings: FleetSettings) -> None:
        super().__init__(settings)
        self.running: dict[str, Instance] = {}

    def prices(self, now: dt.datetime) -> list[Price]:
        return [Price(0.05, "z1", "t1")]

    def instances(self, **tags: str) -> list[Instance]:
        return list(self.running.values())

    def run(self, launch: Launch) -> list[str]:
        ids = [f"i-{len(self.running) + number:04d}" for number in range(launch.amount)]
        for one in ids:
            self.running[one] = Instance(
                id=one, status="Running", zone="z1", type="t1", created=dt.datetime.now(SHANGHAI), tags=launch.tags
            )
        return ids

    def delete(self, ids: object) -> None:
        for one in list(ids):  # type: ignore[call-overload]
            self.running.pop(one, None)

    def ready(self, ids: object) -> set[str]:
        return set(ids)  # type: ignore[call-overload]

    def command(self, instance: str, script: str, *, seconds: float, token: str) -> str:
        return token


def simulate(folder: str, nodes: int, seconds: float) -> None:
    """Another process: nodes that claim, beat every fifteen seconds and finish a keyword a minute each."""
    board = Board(LandingZone.from_url(f"file://{folder}/landing"), "bench")
    claims = {}
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        turn = time.monotonic()
        for number in range(nodes):
            name = f"i-{number:04d}.sim"
            at = dt.datetime.now(SHANGHAI).isoformat(timespec="milliseconds")
            board.beat(Beat(node=name, instance=f"i-{number:04d}", version="1", at=at, lease_seconds=60))
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
    with tempfile.TemporaryDirectory() as folder:
        zone = LandingZone.from_url(f"file://{folder}/landing")
        settings = FleetSettings(
            fleet_instances=nodes,
            fleet_vswitches=("z1=v1",),
            fleet_types=("t1",),
            fleet_image="i",
            fleet_security_group="s",
            fleet_python="python",
            fleet_drain_seconds=0,
            fleet_cost_per_day=1000,
            fleet_hours_per_day=10_000,
        )
        crawl = CrawlSettings(landing_url=zone.url)
        fleet = Fleet(zone, settings=settings, node=NodeSettings(), crawl=crawl)
        cloud = MemoryCloud(settings)
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
        todo = works([Query("qcwy", Keyword.parse(f"k{number}"), "0") for number in range(10 * nodes)],
                     dt.datetime.now(SHANGHAI).date())  # fmt: skip
        marks: list[tuple[float, float]] = []
        other: list[subprocess.Popen[bytes]] = []

        def look(_look: object) -> None:
            if len(cloud.running) == nodes and not other:
                program = f"from bench.fleet import simulate; simulate({folder!r}, {nodes}, {seconds + 60})"
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
