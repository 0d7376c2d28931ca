"""The measured steps of the fact benchmark, each in a process of its own.

``python -m bench.facts_steps STEP FOLDER HOME ARGUMENT…`` prints one JSON line.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import sys
import time
from pathlib import Path
from typing import Any

from crawler_core.landing import LandingZone
from crawler_core.normalize import NORMALISERS
from jobdata_resources.settings import StoreSettings
from jobdata_resources.warehouse import open_warehouse
from jobdata_resources.warehouse.facts.fields import FACT_FIELDS

PLATFORM = "boss"


def _open(home: str, **options: Any) -> Any:
    return open_warehouse(StoreSettings(_env_file=None, jobdata_home=home), **options)  # type: ignore[call-arg]


def _zone(folder: Path) -> LandingZone:
    return LandingZone.from_url((folder / "landing").as_uri())


def load(folder: Path, home: str, facts: str, *days: str) -> dict[str, Any]:
    """Load days; ``facts`` is yes or no. Seconds are those of the loads, opening and migrating left out."""
    options = {} if facts == "yes" else {"normalisers": None}
    with _open(home, **options) as warehouse:
        warehouse.migrate()
        cpu, zone = time.process_time(), _zone(folder)
        loads = [warehouse.load_day(PLATFORM, dt.date.fromisoformat(day), zone, run_id="bench") for day in days]
        cpu = time.process_time() - cpu
    return {
        "seconds": sum(one.seconds for one in loads),
        "prepare": sum(one.prepare_seconds for one in loads),
        "cpu": cpu,
        "postings": sum(one.sightings for one in loads),
        "strings": {name: sum(one.prepared.get(name, 0) for one in loads) for name in loads[0].prepared},
    }


def rebuild(_folder: Path, home: str, rules: str) -> dict[str, Any]:
    """All fields get a new version of their rules."""
    newer = {name: dataclasses.replace(one, rules=rules) for name, one in NORMALISERS.items()}
    with _open(home, normalisers=newer) as warehouse:
        warehouse.migrate()
        cpu = time.process_time()
        result = warehouse.rebuild_facts(run_id="bench")
        cpu = time.process_time() - cpu
        [(postings,)] = warehouse.query("SELECT sum(sightings) FROM crawl_run")
    if len(result.activated) != len(FACT_FIELDS):
        raise SystemExit(f"not all fields were rebuilt: {result}")
    return {"seconds": result.seconds, "cpu": cpu, "postings": int(postings), "strings": result.strings}


def scan(_folder: Path, home: str) -> dict[str, Any]:
    """The engine's own limit for a rebuild: the distinct strings of the same columns, and nothing else."""
    with _open(home) as warehouse:
        started = time.perf_counter()
        for field in FACT_FIELDS:
            columns = {column.name for column in warehouse.catalog.relation(f"{PLATFORM}_job").columns}
            if source := field.source(columns):
                warehouse.query(f"SELECT count() FROM (SELECT DISTINCT {source} FROM {PLATFORM}_job_base)")
        seconds = time.perf_counter() - started
    return {"seconds": seconds}


def view(_folder: Path, home: str) -> dict[str, Any]:
    """A copy of ``job_analytics`` as reports make it."""
    columns = ("platform", "status", "first_seen", "last_seen", "city", "salary_min", "skills", "company_name")
    with _open(home) as warehouse:
        warehouse.create_job_analytics()
        started, cpu = time.perf_counter(), time.process_time()
        with warehouse.market_copy("bench_market", columns) as copy:
            seconds, cpu = time.perf_counter() - started, time.process_time() - cpu
            [(jobs,)] = warehouse.query(f"SELECT count() FROM {copy}")
    return {"seconds": round(seconds, 3), "cpu_seconds": round(cpu, 3), "jobs": jobs}


if __name__ == "__main__":
    step, where, home, *rest = sys.argv[1:]
    steps: dict[str, Any] = {"load": load, "rebuild": rebuild, "scan": scan, "view": view}
    print(json.dumps(steps[step](Path(where), home, *rest)))
