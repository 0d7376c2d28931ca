"""What a keyword partition costs in Dagster: one run over a day of 100 keywords, against one run per keyword.

    .venv/bin/python -m bench.dagster [--keywords 100] [--single 3] [--json FILE]

Both ways are launched as a user launches them: through GraphQL into the queue of a running ``dagster dev`` with our
``dagster.yaml`` and ``workspace.yaml``, crawling one page a keyword from the sandbox (a process of its own, not
counted). Counted is the CPU of webserver, daemon, code server and run processes from launch to success, children
that have ended included, less what the idle system uses in the same time. The keywords of the two ways are different
ones, so each run has the same work to do per keyword. CPU seconds hardly depend on the machine's load; wall time does.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bench.dagster_dev import DagsterDev
from crawler_core.keyword import Keyword
from jobdata_resources.control import ControlStore, KeywordRow
from sandbox.process import SandboxProcess

PLATFORM = "zhilian"  # needs neither token nor key
GOAL = 50.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """What one way of running cost. CPU in seconds, idle use taken off."""

    name: str
    runs: int
    partitions: int
    wall_seconds: float
    cpu_seconds: float

    @property
    def cpu_per_partition(self) -> float:
        return self.cpu_seconds / self.partitions


def measure(dev: DagsterDev, name: str, ranges: list[tuple[str, str, int]], idle: float, date: str) -> Way:
    """Launch one run per range, one after another."""
    began, before = time.monotonic(), dev.cpu_seconds()
    for first, last, _ in ranges:
        tags = {
            "dagster/asset_partition_range_start": f"{date}|{first}",
            "dagster/asset_partition_range_end": f"{date}|{last}",
        }
        run_id = dev.launch(f"{PLATFORM}_crawl", tags)
        status = dev.wait(run_id)
        if status != "SUCCESS":
            raise RuntimeError(f"run {run_id} ended {status}; see {dev.log}")
    time.sleep(3)  # the run process ends, and its parent waits for it, a moment after the status is there
    wall = time.monotonic() - began
    cpu = dev.cpu_seconds() - before - idle * wall
    return Way(name=name, runs=len(ranges), partitions=sum(n for _, _, n in ranges), wall_seconds=wall, cpu_seconds=cpu)


def prepare(home: Path, dev: DagsterDev, keywords: list[str]) -> str:
    """Keywords in the control store and as partitions; the day."""
    with ControlStore(f"sqlite:///{home / 'control.db'}") as store:
        store.migrate()
        store.import_keywords(PLATFORM, [KeywordRow(keyword=Keyword.parse(text)) for text in keywords])
        date = store.today().isoformat()
    dev.add_partitions(f"{PLATFORM}_keyword", keywords)
    return date


def run(count: int, single: int) -> dict[str, Any]:
    """Measure both ways."""
    keywords = [f"benchmark {number:03d}" for number in range(count + single + 1)]
    with (
        tempfile.TemporaryDirectory(prefix="bench-dagster-") as folder,
        SandboxProcess("--companies", "200") as sandbox,
    ):
        home = Path(folder)
        environment = sandbox.env | {"SLEEP_MIN_SECONDS": "0", "SLEEP_MAX_SECONDS": "0", "MAX_PAGES": "1"}
        dev = DagsterDev(home, environment)
        date = prepare(home, dev, keywords)
        with dev.running():
            warm = keywords[-1]
            measure(dev, "warm-up", [(warm, warm, 1)], 0.0, date)
            began, before = time.monotonic(), dev.cpu_seconds()
            time.sleep(20)
            idle = (dev.cpu_seconds() - before) / (time.monotonic() - began)
            one = measure(dev, "one run", [(keywords[0], keywords[count - 1], count)], idle, date)
            each = [(keyword, keyword, 1) for keyword in keywords[count : count + single]]
            many = measure(dev, "one run per keyword", each, idle, date)
    ratio = many.cpu_per_partition / one.cpu_per_partition
    return {
        "cores": os.cpu_count(),
        "python": sys.version.split()[0],
        "idle_cpu_per_second": round(idle, 4),
        "ways": [asdict(way) | {"cpu_per_partition": round(way.cpu_per_partition, 4)} for way in (one, many)],
        "ratio": round(ratio, 1),
        "goal": GOAL,
        "reached": ratio >= GOAL,
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--keywords", type=int, default=100, help="keywords of the day (default 100)")
    parser.add_argument("--single", type=int, default=3, help="keywords that get a run of their own (default 3)")
    parser.add_argument("--json", type=Path, help="also write the result here")
    arguments = parser.parse_args()
    result = run(arguments.keywords, arguments.single)
    print(f"{'way':<22}{'runs':>6}{'keywords':>10}{'wall s':>9}{'CPU s':>9}{'CPU s / keyword':>17}")
    for way in result["ways"]:
        print(
            f"{way['name']:<22}{way['runs']:>6}{way['partitions']:>10}{way['wall_seconds']:>9.1f}"
            f"{way['cpu_seconds']:>9.2f}{way['cpu_per_partition']:>17.4f}"
        )
    print(f"one run is {result['ratio']} times cheaper per keyword (goal {GOAL:g}), {result['cores']} cores")
    text = json.dumps(result, indent=1)
    print(text)
    if arguments.json:
        arguments.json.write_text(text + "\n", encoding="utf-8")
    return 0 if result["reached"] else 1


if __name__ == "__main__":
    sys.exit(main())
