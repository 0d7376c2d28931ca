"""What an idle project costs: sensors and schedules of 300 keywords and a year of partitions, as a share of one core.

    .venv/bin/python -m bench.idle [--keywords 300] [--days 365] [--seconds 300] [--json FILE]

``dagster dev`` is started twice in the same home with our ``dagster.yaml``: once with every schedule and sensor of the
definitions switched off, once with all of them on, whatever they are at the time. Counted is the CPU of daemon, code
server and webserver over a window after a warm-up; the difference is what sensors and schedules cost. Run processes
are counted by themselves: a run is work, but an idle project should start none, so they are added to the cost.

The day's keywords are all done and loaded, and platforms are at a closed port: nothing leaves the machine.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import psutil

from bench.dagster_dev import DagsterDev
from crawler_core.crawl.report import KeywordReport
from crawler_core.keyword import Keyword
from jobdata_resources.control import ControlStore, KeywordRow, RunRecord

PLATFORMS = ("boss", "qcwy", "zhilian")
GOAL = 0.02
_NOWHERE = "http://127.0.0.1:9"
_ON = """{ repositoryOrError(
  repositorySelector: {repositoryName: "__repository__", repositoryLocationName: "jobdata"}) { ... on Repository {
    sensors { name sensorState { status ticks(limit: 500) { status } } }
    schedules { name scheduleState { status ticks(limit: 500) { status } } } } } }"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """What was used in a window: CPU seconds per second of wall time, that is shares of one core."""

    name: str
    seconds: float
    daemon: float
    code_server: float
    webserver: float
    runs: float
    ticks: dict[str, int]

    @property
    def total(self) -> float:
        return self.daemon + self.code_server + self.webserver + self.runs


def role(command: list[str]) -> str:
    """Which part of Dagster a process is."""
    text = " ".join(command)
    if "dagster_webserver" in text or "dagster-webserver" in text:
        return "webserver"
    if "dagster._daemon" in text or "dagster-daemon" in text:
        return "daemon"
    if "execute_run" in text or "multiprocessing" in text or "execute_step" in text:
        return "runs"
    return "code_server"  # `dagster api grpc`, and `dagster dev` itself, which only waits


class Account:
    """CPU by role. A process that ends between two looks keeps what it had used at the last one."""

    def __init__(self, root: int) -> None:
        self._root = psutil.Process(root)
        self._used: dict[tuple[int, float], tuple[str, float]] = {}

    def look(self) -> dict[str, float]:
        for process in [self._root, *self._root.children(recursive=True)]:
            try:
                times, key = process.cpu_times(), (process.pid, process.create_time())
                name = self._used[key][0] if key in self._used else role(process.cmdline())
                self._used[key] = (name, times.user + times.system)
            except psutil.Error:
                continue
        totals = dict.fromkeys(("daemon", "code_server", "webserver", "runs"), 0.0)
        for name, seconds in self._used.values():
            totals[name] += seconds
        return totals


def ticks(dev: DagsterDev) -> dict[str, int]:
    """Ticks so far of everything that is switched on."""
    found = dev.ask(_ON)["repositoryOrError"]
    states = [(one["name"], one["sensorState"]) for one in found["sensors"]]
    states += [(one["name"], one["scheduleState"]) for one in found["schedules"]]
    failed = [name for name, state in states if any(tick["status"] == "FAILURE" for tick in state["ticks"])]
    if failed:  # a tick that fails is cheap
        raise RuntimeError(f"ticks of {', '.join(failed)} failed; see {dev.log}")
    return {name: len(state["ticks"]) for name, state in states if state["status"] == "RUNNING"}


def measure(dev: DagsterDev, name: str, warm_up: float, seconds: float) -> Window:
    with dev.running():
        account = Account(dev.process.pid)
        for _ in range(int(warm_up)):
            time.sleep(1)
            account.look()
        counted = ticks(dev)
        before, began = account.look(), time.monotonic()
        while time.monotonic() - began < seconds:
            time.sleep(0.5)
            after = account.look()
        wall = time.monotonic() - began
        later = ticks(dev)
    shares = {part: (after[part] - before[part]) / wall for part in before}
    return Window(
        name=name, seconds=wall, ticks={one: later[one] - counted.get(one, 0) for one in sorted(later)}, **shares
    )


def prepare(home: Path, dev: DagsterDev, count: int) -> None:
    """Keywords that are done today, and as partitions; the first ticks start loads of the day, which find no pages."""
    keywords = [f"idle {number:03d}" for number in range(count)]
    with ControlStore(f"sqlite:///{home / 'control.db'}") as store:
        store.migrate()
        for platform in PLATFORMS:
            store.import_keywords(platform, [KeywordRow(keyword=Keyword.parse(text)) for text in keywords])
            for text in keywords:
                store.record_keyword(
                    KeywordReport(
                        platform=platform, date=store.today(), keyword=text, state="done", stop_reason="last",
                        pages=1, records=30,
                    )
                )  # fmt: skip
        # Companies were collected today, and nothing was loaded or fetched since.
        now = dt.datetime.now(dt.UTC)
        store.record_run(
            RunRecord(
                run_id="idle", task="pending_company", state="success", started_at=now, ended_at=now, date=store.today()
            )
        )
    for platform in PLATFORMS:
        dev.add_partitions(f"{platform}_keyword", keywords)


def run(count: int, days: int, warm_up: float, seconds: float) -> dict[str, Any]:
    """Measure without and with sensors and schedules."""
    with tempfile.TemporaryDirectory(prefix="bench-idle-") as folder:
        home = Path(folder)
        environment = {f"{platform.upper()}_BASE_URL": _NOWHERE for platform in PLATFORMS}
        environment |= {"PARTITION_DAYS": str(days), "SCHEDULES_RUNNING": "false"}
        dev = DagsterDev(home, environment)
        dev.environment.pop("PYTHONDONTWRITEBYTECODE", None)  # compiling Dagster's own modules again is not our cost
        prepare(home, dev, count)
        off = measure(dev, "off", min(warm_up, 30), seconds)
        dev.environment["SCHEDULES_RUNNING"] = "true"
        on = measure(dev, "on", warm_up, seconds)
    cost = on.total - off.total
    return {
        "cores": os.cpu_count(),
        "python": sys.version.split()[0],
        "keywords": count,
        "days": days,
        "windows": [asdict(window) | {"total": round(window.total, 5)} for window in (off, on)],
        "cost": round(cost, 5),
        "cost_without_runs": round(cost - on.runs + off.runs, 5),
        "goal": GOAL,
        "reached": cost < GOAL,
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--keywords", type=int, default=300, help="keywords of each platform (default 300)")
    parser.add_argument("--days", type=int, default=365, help="days of partitions (default 365)")
    parser.add_argument("--warm-up", type=float, default=90, help="seconds before the window (default 90)")
    parser.add_argument("--seconds", type=float, default=300, help="length of each window (default 300)")
    parser.add_argument("--json", type=Path, help="also write the result here")
    arguments = parser.parse_args()
    result = run(arguments.keywords, arguments.days, arguments.warm_up, arguments.seconds)
    print(f"{'% of one core':<14}{'daemon':>9}{'code':>9}{'web':>9}{'runs':>9}{'total':>9}")
    for window in result["windows"]:
        parts = [window[part] for part in ("daemon", "code_server", "webserver", "runs", "total")]
        print(f"{window['name']:<14}" + "".join(f"{share:>9.2%}" for share in parts))
    print(f"sensors and schedules cost {result['cost']:.2%} of one core (goal below {GOAL:.0%})")
    text = json.dumps(result, indent=1)
    print(text)
    if arguments.json:
        arguments.json.write_text(text + "\n", encoding="utf-8")
    return 0 if result["reached"] else 1


if __name__ == "__main__":
    sys.exit(main())
