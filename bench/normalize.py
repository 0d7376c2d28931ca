"""How fast distinct strings become facts, and what normalising the distinct strings of one day costs.

``python -m bench.normalize [--quick] [--postings N] [--json] [--no-load]`` prints a table, with ``--json`` one line of
JSON instead. One core, one process; the figures are medians of three rounds.

The day is made of the sandbox's salaries, companies and places and the platforms' words, a third for each platform.
Company names are drawn evenly, so that they are many: the cost is that of a day with nothing remembered from the day
before. Publish times with seconds are nearly all distinct and are read by the engine (``facts.dates``); their strings
are given to the engine in the same way and are part of the sum, and Python's own reading of them is shown beside it.

Unless left out, a day of as many postings is then loaded without facts in a fresh process, three times. Limit, on CPU
seconds since other work may share the machine: normalising costs less than a fifth of that load.
"""

from __future__ import annotations

import argparse
import datetime as dt
import gc
import json
import platform as machine
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from statistics import median
from typing import Any

from rich.console import Console
from rich.table import Table

from bench.facts import DISTRICTS, FIRST_DAY, run_step
from bench.load_pages import land_day
from crawler_core.normalize import NORMALISERS, tally
from crawler_core.values import SHANGHAI
from jobdata_resources.settings import StoreSettings
from jobdata_resources.warehouse import open_warehouse
from jobdata_resources.warehouse.facts.dates import publish_reason, published_at
from sandbox.company import Company, make_company
from sandbox.dice import Dice
from sandbox.salary import make_pay, publish
from sandbox.vocabulary import DEGREE, EXPERIENCE, QCWY_EXPERIENCE_VARIANTS, size_text

PLATFORMS = ("boss", "qcwy", "zhilian")
FETCHED_AT = dt.datetime(2026, 11, 21, 9, 30, tzinfo=SHANGHAI)
POSTINGS_PER_COMPANY = 8
"""Postings on a day per company name; the captured lists have 1 to 5, a full day of a platform more."""
ROUNDS = 3
LIMIT = 0.2
BY_THE_ENGINE = "publish_date"


def day_strings(postings: int) -> dict[str, dict[str | None, int]]:
    """The distinct strings of a day by field, with how often each occurs."""
    dice = Dice(7, "bench-normalize")
    companies = [make_company(7, number) for number in range(max(1, postings // POSTINGS_PER_COMPANY))]
    strings: dict[str, dict[str | None, int]] = defaultdict(lambda: defaultdict(int))
    for number in range(postings):
        platform = PLATFORMS[number % 3]
        company = companies[dice.below(len(companies))]
        level = dice.below(7)
        intern = dice.chance(0.03)
        city = company.city
        district, area = dice.pick(city.districts)
        experience = (*EXPERIENCE[platform], *(QCWY_EXPERIENCE_VARIANTS if platform == "qcwy" else ()))
        posted = FETCHED_AT - dt.timedelta(seconds=dice.below(14 * 86_400))
        values = {
            "salary": publish(platform, make_pay(dice, level, 0.8 + 0.4 * dice.unit(), intern), dice).text,
            "experience": "5天/周" if intern else dice.pick(experience),
            "degree": dice.pick(DEGREE),
            "company_size": size_text(platform, company.headcount),
            "place": _place(platform, city.name, district, area),
            "company_name": dice.pick(company.listed[platform]),
            "publish_date": None if platform == "boss" else f"{posted:%Y-%m-%d %H:%M:%S}",
        }
        values |= (
            {"financing_stage": company.stage} if platform == "boss" else {"company_type": _type(platform, company)}
        )
        for field, text in values.items():
            strings[field][text] += 1
    return strings


def _place(platform: str, city: str, district: str, area: str) -> str:
    return {"boss": f"{city}·{district}·{area}", "qcwy": f"{city}·{district}"}.get(
        platform, f"{city}·{district.removesuffix('区')}·{area}"
    )


def _type(platform: str, company: Company) -> str:
    return company.types[1 if platform == "zhilian" else 0]


def measure(postings: int) -> dict[str, Any]:
    strings = day_strings(postings)
    gc.collect()
    gc.freeze()  # the made-up day itself is not walked again while its strings are read
    fields: dict[str, dict[str, Any]] = {}
    for field, counted in strings.items():
        taken, used = [], []
        for _ in range(ROUNDS):
            started, cpu = time.perf_counter(), time.process_time()
            results = NORMALISERS[field].apply(counted, fetched_at=FETCHED_AT)
            taken.append(time.perf_counter() - started)
            used.append(time.process_time() - cpu)
        seconds = median(taken)
        fields[field] = {
            "distinct": len(counted),
            "seconds": round(seconds, 4),
            "cpu_seconds": round(median(used), 4),
            "strings_per_second": round(len(counted) / seconds),
            "unparsed": {name: n for name, n in tally(results, counted.values()).items() if name != "parsed"},
        }
    read = [one for field, one in fields.items() if field != BY_THE_ENGINE]
    dates = engine_dates([text or "" for text in strings[BY_THE_ENGINE]])
    return {
        "postings": postings,
        "rounds": ROUNDS,
        "python": machine.python_version(),
        "seconds": round(sum(one["seconds"] for one in (*read, dates)), 3),
        "cpu_seconds": round(sum(one["cpu_seconds"] for one in (*read, dates)), 3),
        "fields": fields,
        "engine_dates": dates,
    }


def engine_dates(texts: list[str]) -> dict[str, Any]:
    """What the engine needs for the day's publish times, by the expressions of ``job_analytics``."""
    question = f"SELECT count({published_at('x')}), countIf({publish_reason('x')} != '') FROM texts"
    taken, used = [], []
    with (
        tempfile.TemporaryDirectory(prefix="bench-normalize-") as folder,
        open_warehouse(StoreSettings(_env_file=None, jobdata_home=Path(folder))) as warehouse,
    ):
        warehouse.command("CREATE TABLE texts (x String) ENGINE = Memory")
        warehouse.engine.client.insert("texts", [[text] for text in texts], column_names=["x"])
        for _ in range(ROUNDS):
            started, cpu = time.perf_counter(), time.process_time()
            [(read, refused)] = warehouse.query(question)
            taken.append(time.perf_counter() - started)
            used.append(time.process_time() - cpu)
    return {
        "read": int(read),
        "refused": int(refused),
        "seconds": round(median(taken), 4),
        "cpu_seconds": round(median(used), 4),
    }


def measure_load(postings: int) -> dict[str, float]:
    """Wall and CPU seconds of loading a day of as many postings, without facts."""
    with tempfile.TemporaryDirectory(prefix="bench-normalize-") as name:
        folder = Path(name)
        land_day(folder, "boss", postings, [FIRST_DAY], districts=DISTRICTS)
        rounds = [
            run_step("load", folder, folder / f"home{number}", "no", FIRST_DAY.isoformat()) for number in range(ROUNDS)
        ]
    return {
        name: round(median(one[key] for one in rounds), 3)
        for name, key in (("seconds", "seconds"), ("cpu_seconds", "cpu"))
    }


def report(result: dict[str, Any]) -> None:
    table = Table(title=f"the distinct strings of a day of {result['postings']:,} postings, one core")
    for column in ("field", "distinct", "ms", "CPU ms", "strings/s", "unparsed postings"):
        table.add_column(column, justify="left" if column in ("field", "unparsed postings") else "right")
    for field, one in result["fields"].items():
        unparsed = ", ".join(f"{name} {count:,}" for name, count in one["unparsed"].items())
        wall, cpu = f"{one['seconds'] * 1000:.1f}", f"{one['cpu_seconds'] * 1000:.1f}"
        table.add_row(field, f"{one['distinct']:,}", wall, cpu, f"{one['strings_per_second']:,}", unparsed)
    console = Console(width=110)
    console.print(table)
    rate = result["postings"] / result["seconds"]
    console.print(f"whole day: {result['seconds']:.2f} s (CPU {result['cpu_seconds']:.2f} s), {rate:,.0f} postings/s")
    dates, python = result["engine_dates"], result["fields"][BY_THE_ENGINE]
    console.print(
        f"publish dates by the engine: CPU {dates['cpu_seconds'] * 1000:.0f} ms, in the sum; by Python, not in the sum:"
        f" CPU {python['cpu_seconds'] * 1000:.0f} ms"
    )
    if load := result.get("load"):
        console.print(f"loading as many postings: {load['seconds']:.2f} s (CPU {load['cpu_seconds']:.2f} s)")
        share = result["share_of_load"]
        console.print(
            f"{'held  ' if share['cpu'] < LIMIT else 'MISSED'} CPU {share['cpu']} of the load's < {LIMIT}"
            f" (wall {share['wall']})"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="20,000 postings")
    parser.add_argument("--postings", type=int, default=200_000)
    parser.add_argument("--json", action="store_true", help="print one line of JSON and no table")
    parser.add_argument("--no-load", action="store_true", help="do not load a day to compare with")
    arguments = parser.parse_args()
    postings = 20_000 if arguments.quick else arguments.postings
    result = measure(postings)
    if not arguments.no_load:
        load = result["load"] = measure_load(postings)
        result["share_of_load"] = {
            "cpu": round(result["cpu_seconds"] / load["cpu_seconds"], 3),
            "wall": round(result["seconds"] / load["seconds"], 3),
        }
    if arguments.json:
        print(json.dumps(result, ensure_ascii=False))
    else:
        report(result)
    if "load" in result and not arguments.quick:
        raise SystemExit(0 if result["share_of_load"]["cpu"] < LIMIT else 1)


if __name__ == "__main__":
    main()
