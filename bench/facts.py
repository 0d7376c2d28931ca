"""What facts cost: reading the distinct strings of a day against loading it, and rebuilding thirty days.

``python -m bench.facts [--quick] [--postings N] [--days N] [--day-postings N] [--json]`` prints a table, with
``--json`` one line of JSON instead. Every step runs in a fresh process; all ratios are of one run.

* A day: the same landed day is loaded without facts, with facts into an empty warehouse (nothing known, all rules
  activated) and again the next day (everything known). The share is what ``before_commit`` takes, profile of the
  items' members included, of the rest of the load. Limit: a fifth.
* Thirty days: all fields get new rules and every stored string is read anew (``rebuild_facts``), against the engine's
  own scan for the distinct strings; and every day is loaded again from its pages, against the engine's own bare
  INSERT … SELECT of the same postings. Wanted: 100,000 postings a second.

The made-up day has as many distinct salaries, places and words as a wide search: 2,400 salaries, 3,000 districts.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import Any

from rich.console import Console
from rich.table import Table

from bench.load import run_step as run_load_step
from bench.load_pages import land_day

FIRST_DAY = dt.date(2026, 11, 1)
DISTRICTS = tuple(f"{number // 55 % 55:02d}{chr(0x4E00 + number % 2500)}区" for number in range(3000))
LIMIT = 0.2
WANTED = 100_000


def run_step(step: str, folder: Path, home: Path, *arguments: str) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "bench.facts_steps", step, str(folder), str(home), *arguments],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"{step} failed:\n{done.stdout}{done.stderr}")
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


def measure_day(postings: int, rounds: int, folder: Path) -> dict[str, Any]:
    days = [FIRST_DAY, FIRST_DAY + dt.timedelta(days=1)]
    land_day(folder, "boss", postings, days, districts=DISTRICTS)
    taken: dict[str, list[dict[str, Any]]] = {"plain": [], "cold": [], "warm": []}
    for number in range(rounds):
        first, second = (day.isoformat() for day in days)
        taken["plain"].append(run_step("load", folder, folder / f"plain{number}", "no", first))
        taken["cold"].append(run_step("load", folder, folder / f"home{number}", "yes", first))
        taken["warm"].append(run_step("load", folder, folder / f"home{number}", "yes", second))
    shares = {
        name: [one["prepare"] / (one["seconds"] - one["prepare"]) for one in taken[name]] for name in ("cold", "warm")
    }
    return {
        "postings": taken["cold"][0]["postings"],
        "strings": taken["cold"][0]["strings"],
        "seconds": {name: round(median(one["seconds"] for one in found), 3) for name, found in taken.items()},
        "prepare_seconds": {name: round(median(one["prepare"] for one in taken[name]), 3) for name in shares},
        "cpu_seconds": {name: round(median(one["cpu"] for one in found), 3) for name, found in taken.items()},
        "share_of_load": {name: round(median(found), 3) for name, found in shares.items()},
        "all_shares": {name: [round(share, 3) for share in found] for name, found in shares.items()},
    }


def measure_rebuild(days: int, postings: int, folder: Path) -> dict[str, Any]:
    dates = [FIRST_DAY + dt.timedelta(days=number) for number in range(days)]
    land_day(folder, "boss", postings, dates, districts=DISTRICTS)
    texts, home = [date.isoformat() for date in dates], folder / "home"
    run_step("load", folder, home, "yes", *texts)
    scan = run_step("scan", folder, home)
    rebuilt = [run_step("rebuild", folder, home, f"{number}") for number in (7, 8, 9)]
    seconds = median(one["seconds"] for one in rebuilt)
    count = rebuilt[0]["postings"]
    view = run_step("view", folder, home)
    reload = run_step("load", folder, folder / "home2", "yes", *texts)
    bare = run_load_step("bare", str(folder), "boss", str(folder / "bare"))
    bare_rate, rate = bare["postings"] / bare["seconds"], count / reload["seconds"]
    return {
        "days": days,
        "postings": count,
        "strings": rebuilt[0]["strings"],
        "facts_seconds": round(seconds, 3),
        "facts_cpu_seconds": round(median(one["cpu"] for one in rebuilt), 3),
        "facts_postings_per_second": round(count / seconds),
        "scan_seconds": round(scan["seconds"], 3),
        "facts_to_scan": round(seconds / scan["seconds"], 2),
        "reload_seconds": round(reload["seconds"], 3),
        "reload_cpu_seconds": round(reload["cpu"], 3),
        "reload_postings_per_second": round(rate),
        "bare_postings_per_second": round(bare_rate),
        "reload_to_bare": round(rate / bare_rate, 3),
        # Other work on the machine changes wall time between the two; CPU per posting tells them apart all the same.
        "reload_to_bare_cpu": round(bare["cpu"] / bare["postings"] / (reload["cpu"] / count), 3),
        "view_seconds": view["seconds"],
        "view_cpu_seconds": view["cpu_seconds"],
        "view_jobs": view["jobs"],
    }


def report(day: dict[str, Any], rebuild: dict[str, Any]) -> None:
    console = Console(width=110)
    table = Table(title=f"a day of {day['postings']:,} postings, {sum(day['strings'].values()):,} distinct strings")
    for column in ("load", "seconds", "facts and profile s", "CPU s", "share of the load"):
        table.add_column(column, justify="left" if column == "load" else "right")
    titles = {"plain": "without facts", "cold": "with facts, nothing known", "warm": "the next day, all known"}
    for name, title in titles.items():
        spent, share = day["prepare_seconds"].get(name), day["share_of_load"].get(name)
        table.add_row(
            *(title, f"{day['seconds'][name]:.2f}", "-" if spent is None else f"{spent:.2f}"),
            *(f"{day['cpu_seconds'][name]:.2f}", "-" if share is None else f"{share:.3f}"),
        )
    console.print(table)
    again = Table(title=f"rebuilding {rebuild['days']} days, {rebuild['postings']:,} postings")
    for column in ("path", "seconds", "postings/s", "against the engine alone"):
        again.add_column(column, justify="left" if column == "path" else "right")
    again.add_row(
        "facts of all strings by new rules",
        f"{rebuild['facts_seconds']:.2f}",
        f"{rebuild['facts_postings_per_second']:,}",
        f"{rebuild['facts_to_scan']} times the scan for distinct strings",
    )
    again.add_row(
        "every day from its pages",
        f"{rebuild['reload_seconds']:.2f}",
        f"{rebuild['reload_postings_per_second']:,}",
        f"{rebuild['reload_to_bare']} of the bare insert's speed, {rebuild['reload_to_bare_cpu']} by CPU",
    )
    console.print(again)
    console.print(
        f"a copy of job_analytics for a report: {rebuild['view_jobs']:,} jobs in {rebuild['view_seconds']} s,"
        f" CPU {rebuild['view_cpu_seconds']} s; CPU of the reload: {rebuild['reload_cpu_seconds']} s"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="20,000 postings, 5 days of 5,000, one round")
    parser.add_argument("--postings", type=int, default=200_000)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--day-postings", type=int, default=50_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", action="store_true", help="print one line of JSON and no table")
    arguments = parser.parse_args()
    postings, days, each, rounds = arguments.postings, arguments.days, arguments.day_postings, arguments.rounds
    if arguments.quick:
        postings, days, each, rounds = min(postings, 20_000), min(days, 5), min(each, 5_000), 1
    with tempfile.TemporaryDirectory(prefix="bench-facts-") as folder:
        day = measure_day(postings, rounds, Path(folder))
    with tempfile.TemporaryDirectory(prefix="bench-facts-") as folder:
        rebuild = measure_rebuild(days, each, Path(folder))
    held = {
        f"facts of a day {day['share_of_load']['cold']} of its load < {LIMIT}": day["share_of_load"]["cold"] < LIMIT,
        f"facts of {days} days at {rebuild['facts_postings_per_second']:,} postings/s >= {WANTED:,}": (
            rebuild["facts_postings_per_second"] >= WANTED
        ),
        f"pages of {days} days at {rebuild['reload_postings_per_second']:,} postings/s >= {WANTED:,}, or"
        f" {rebuild['reload_to_bare_cpu']} >= 0.5 of the engine's own speed by CPU": (
            rebuild["reload_postings_per_second"] >= WANTED or rebuild["reload_to_bare_cpu"] >= 0.5
        ),
    }
    if arguments.json:
        print(json.dumps({"cores": os.cpu_count(), "day": day, "rebuild": rebuild, "held": held}, ensure_ascii=False))
    else:
        report(day, rebuild)
        for text, kept in held.items():
            print(f"{'held  ' if kept else 'MISSED'} {text}")
    raise SystemExit(0 if all(held.values()) or arguments.quick else 1)


if __name__ == "__main__":
    main()
