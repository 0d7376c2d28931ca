"""The measured steps of the load benchmark, each in a process of its own: clean peak memory, cold engine.

``python -m bench.load_steps STEP FOLDER PLATFORM ARGUMENT…`` prints one JSON line. ``rss_mb`` is the peak (VmHWM)
after importing the engine and doing the step.
"""

from __future__ import annotations

import datetime as dt
import json
import sys
import time
from pathlib import Path
from typing import Any

from crawler_core.landing import LandingZone
from crawler_core.platforms import PLATFORMS
from jobdata_resources.settings import StoreSettings
from jobdata_resources.warehouse import Warehouse, open_warehouse
from jobdata_resources.warehouse import sqltext as sql
from jobdata_resources.warehouse.extract import PageSql


def _open(home: Path) -> Any:
    return open_warehouse(StoreSettings(_env_file=None, jobdata_home=home))  # type: ignore[call-arg]


def _peak_mb() -> float:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    return 0.0


def load(folder: Path, platform: str, home: str, day: str) -> dict[str, Any]:
    """Our load of a day, committed and folded."""
    zone = LandingZone.from_url((folder / "landing").as_uri())
    with _open(Path(home)) as warehouse:
        warehouse.migrate()
        started, cpu = time.perf_counter(), time.process_time()
        result = warehouse.load_day(platform, dt.date.fromisoformat(day), zone, run_id="bench")
        seconds, cpu = time.perf_counter() - started, time.process_time() - cpu
        count = warehouse.query("SELECT count() FROM job_sighting WHERE crawl_date = {day:Date}", {"day": day})[0][0]
    if count != result.sightings or result.refused or result.unparsed_pages:
        raise SystemExit(f"wrong result: {result}, {count} rows")
    return {"seconds": seconds, "cpu": cpu, "postings": result.sightings, "rss_mb": _peak_mb()}


def bare(folder: Path, platform: str, home: str) -> dict[str, Any]:
    """The engine alone: INSERT … SELECT of the same postings and columns into a MergeTree sorted the same way.

    Its settings are the engine's own; memory is not limited.
    """
    shape = PLATFORMS[platform].search
    page = PageSql(shape)
    members = page.members
    structure = ", ".join(f"{sql.name(name)} {kind}" for name, kind in members.items())
    values = ", ".join(f"{page.value(item)} AS {item.column}" for item in shape.fields)
    columns = ", ".join(
        f"{item.column} {kind} {'CODEC(ZSTD(3))' if 'String' in kind else ''}"
        for item in shape.fields
        for kind in (page.column_type(item),)
    )
    with _open(Path(home)) as warehouse:
        run = warehouse.engine.client.command
        for name, value in (("max_memory_usage", 0), ("max_execution_time", 0)):
            warehouse.engine.client.set_client_setting(name, value)
        run("DROP TABLE IF EXISTS bare SYNC")
        run(f"CREATE TABLE bare ({columns}, content_hash UInt64) ENGINE = MergeTree ORDER BY (job_id, content_hash)")
        started, cpu = time.perf_counter(), time.process_time()
        run(
            f"""INSERT INTO bare SELECT *, {page.content_hash()} FROM (SELECT {values} FROM (
            SELECT CAST(tuple({sql.columns(members)}), {sql.literal(page.item_type)}) AS it
            FROM file({sql.literal(str(folder / "items.jsonl"))}, JSONEachRow, {sql.literal(structure)})))"""
        )
        seconds, cpu = time.perf_counter() - started, time.process_time() - cpu
        count = warehouse.query("SELECT count() FROM bare")[0][0]
    return {"seconds": seconds, "cpu": cpu, "postings": count, "rss_mb": _peak_mb()}


def fill(_folder: Path, platform: str, home: str, rows: str) -> dict[str, Any]:
    """Put ``rows`` older jobs and sightings into the base tables, built in the engine."""
    with _open(Path(home)) as warehouse:
        # The facts of the old jobs are not what is measured: the rules are active before there are any.
        warehouse.rebuild_facts(run_id="bench")
        started = time.perf_counter()
        for first in range(0, int(rows), 100_000):
            count = min(100_000, int(rows) - first)
            _fill_jobs(warehouse, platform, first, count)
            warehouse.command(
                f"""INSERT INTO job_sighting_base (platform, crawl_date, keyword, city, page, rank, job_id,
                content_hash, fetched_at, load_id, run)
                SELECT '{platform}', toDate('2026-10-01') + number % 30, 'old', '749',
                number, 1, hex(sipHash128(number)), number, toDateTime64('2026-10-01 09:00:00', 3, 'Asia/Shanghai'), 1,
                '00000000000000000001/old' FROM numbers({first}, {count})"""
            )
        seconds = time.perf_counter() - started
        total = warehouse.query(f"SELECT count() FROM {platform}_job_base")[0][0]
        # A table that has been loaded for months is largely merged.
        for table in (f"{platform}_job_base", "job_sighting_base"):
            warehouse.command(f"SYSTEM START MERGES {table}")
            warehouse.command(f"OPTIMIZE TABLE {table}")
    return {"seconds": seconds, "postings": total, "rss_mb": _peak_mb()}


def _fill_jobs(warehouse: Warehouse, platform: str, first: int, count: int) -> None:
    relation = warehouse.catalog.relation(f"{platform}_job")
    text = "concat('text ', toString(number % 1000), substring(hex(sipHash128(number)), 1, 8))"
    values = {"job_id": "lower(hex(sipHash128(number)))", "content_hash": "number", "load_id": "1"}
    by_type = {
        "String": text,
        "Array(String)": "['Python', 'SQL']",
        "Bool": "false",
        "DateTime64(3, 'Asia/Shanghai')": "toDateTime64('2026-10-01 09:00:00', 3, 'Asia/Shanghai')",
    }
    names = [column.name for column in relation.columns]
    selected = [values.get(column.name) or by_type[column.type] for column in relation.columns]
    warehouse.command(
        f"INSERT INTO {relation.base} ({', '.join(names)}) SELECT {', '.join(selected)} FROM numbers({first}, {count})"
    )


if __name__ == "__main__":
    step, where, name, *rest = sys.argv[1:]
    print(json.dumps({"load": load, "bare": bare, "fill": fill}[step](Path(where), name, *rest)))
