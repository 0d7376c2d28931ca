"""How fast landed pages become committed rows, against the engine's own bare INSERT … SELECT in the same run.

``python -m bench.load [--quick] [--postings N] [--platform boss|zhilian]`` prints a table and one line of JSON. All
steps run in fresh processes and alternate, so that a busy machine hits them alike; figures are medians.

Limits held: load at least half as many postings a second as the bare insert; loading again, and loading into a table
of 5 million jobs, at most 1.2 times as long as into an empty one; peak memory below 1 GB.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import platform as machine
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import Any

from rich.console import Console
from rich.table import Table

from bench.load_pages import land_day

FIRST_DAY = dt.date(2026, 11, 1)


def run_step(*arguments: str) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "bench.load_steps", *arguments], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"{arguments[0]} failed:\n{done.stdout}{done.stderr}")
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


def measure(platform: str, postings: int, rounds: int, old_jobs: int, folder: Path) -> dict[str, Any]:
    days = [FIRST_DAY + dt.timedelta(days=number) for number in range(rounds)]
    size = land_day(folder, platform, postings, days)
    big = str(folder / "big")
    filled = run_step("fill", str(folder), platform, big, str(old_jobs))
    names = ("bare", "empty", "again", "into_big")
    taken: dict[str, list[dict[str, Any]]] = {name: [] for name in names}
    for number in range(rounds):
        home, day = str(folder / f"home{number}"), days[number].isoformat()
        taken["bare"].append(run_step("bare", str(folder), platform, str(folder / "bare")))
        taken["empty"].append(run_step("load", str(folder), platform, home, day))
        taken["again"].append(run_step("load", str(folder), platform, home, day))
        taken["into_big"].append(run_step("load", str(folder), platform, big, day))
        shutil.rmtree(home)
    seconds = {name: median(one["seconds"] for one in taken[name]) for name in names}
    count = taken["empty"][0]["postings"]
    return {
        "platform": platform,
        "postings": count,
        "bytes_per_posting": round(size),
        "old_jobs": filled["postings"],
        "rounds": rounds,
        "cores": os.cpu_count(),
        "python": machine.python_version(),
        "seconds": {name: round(value, 3) for name, value in seconds.items()},
        "all_seconds": {name: [round(one["seconds"], 3) for one in taken[name]] for name in names},
        "cpu_seconds": {name: round(median(one["cpu"] for one in taken[name]), 3) for name in names},
        "postings_per_second": {name: round(count / value) for name, value in seconds.items()},
        "peak_rss_mb": {name: round(max(one["rss_mb"] for one in taken[name])) for name in names},
        "ratio_to_bare": round(seconds["bare"] / seconds["empty"], 3),
        "ratio_again": round(seconds["again"] / seconds["empty"], 3),
        "ratio_into_big": round(seconds["into_big"] / seconds["empty"], 3),
    }


def report(result: dict[str, Any]) -> bool:
    table = Table(title=f"{result['platform']}: {result['postings']:,} postings of {result['bytes_per_posting']} bytes")
    for column in ("step", "seconds", "CPU s", "postings/s", "peak RSS MB"):
        table.add_column(column, justify="left" if column == "step" else "right")
    titles = {
        "bare": "bare INSERT … SELECT from JSON lines",
        "empty": "load a day into an empty warehouse",
        "again": "load the same day again",
        "into_big": f"load a day into {result['old_jobs']:,} jobs",
    }
    for name, title in titles.items():
        table.add_row(
            title,
            f"{result['seconds'][name]:.2f}",
            f"{result['cpu_seconds'][name]:.2f}",
            f"{result['postings_per_second'][name]:,}",
            str(result["peak_rss_mb"][name]),
        )
    console = Console(width=110)
    console.print(table)
    checks = {
        f"load/bare speed {result['ratio_to_bare']} >= 0.5": result["ratio_to_bare"] >= 0.5,
        f"again/empty time {result['ratio_again']} <= 1.2": result["ratio_again"] <= 1.2,
        f"big/empty time {result['ratio_into_big']} <= 1.2": result["ratio_into_big"] <= 1.2,
        f"peak memory {max(list(result['peak_rss_mb'].values())[1:])} MB < 1000 MB": max(
            list(result["peak_rss_mb"].values())[1:]
        )
        < 1000,
    }
    for text, held in checks.items():
        console.print(f"{'held  ' if held else 'MISSED'} {text}")
    return all(checks.values())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="30,000 postings, 500,000 old jobs, one round")
    parser.add_argument("--postings", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--old-jobs", type=int, default=5_000_000)
    parser.add_argument("--platform", choices=("boss", "zhilian"), action="append")
    arguments = parser.parse_args()
    postings, rounds, old = arguments.postings, arguments.rounds, arguments.old_jobs
    if arguments.quick:
        postings, rounds, old = min(postings, 30_000), 1, min(old, 500_000)
    held = True
    results = []
    for platform in arguments.platform or ["boss"]:
        with tempfile.TemporaryDirectory(prefix="bench-load-") as folder:
            results.append(measure(platform, postings, rounds, old, Path(folder)))
        held &= report(results[-1])
    print(json.dumps(results))
    raise SystemExit(0 if held or arguments.quick else 1)


if __name__ == "__main__":
    main()
