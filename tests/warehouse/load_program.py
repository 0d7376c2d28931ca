"""Run by the tests in processes of their own: load days, or look at them, in an embedded warehouse.

``python -m tests.warehouse.load_program load HOME DAY… `` loads the days in order and prints ``loading DAY`` before
each and ``loaded DAY`` after. ``look HOME`` prints what a reader sees. ``keep HOME`` opens the warehouse, prints
``open`` and waits for the end of its input.
"""

from __future__ import annotations

import datetime as dt
import json
import sys
from pathlib import Path

from crawler_core.landing import LandingZone
from jobdata_resources.settings import StoreSettings
from jobdata_resources.warehouse import open_warehouse


def main(mode: str, home: Path, *days: str) -> None:
    settings = StoreSettings(_env_file=None, jobdata_home=home, clickhouse_lock_seconds=20)  # type: ignore[call-arg]
    zone = LandingZone.from_url((home / "landing").as_uri())
    with open_warehouse(settings) as warehouse:
        if mode == "keep":
            print("open", flush=True)
            sys.stdin.read()
            return
        warehouse.migrate()
        for day in days:
            print(f"loading {day}", flush=True)
            warehouse.load_day("boss", dt.date.fromisoformat(day), zone, run_id=f"run-{day}")
            print(f"loaded {day}", flush=True)
        if mode == "look":
            seen = {
                name: {str(day): count for day, count in warehouse.query(sql)}
                for name, sql in {
                    "sightings": "SELECT crawl_date, count() FROM job_sighting GROUP BY 1",
                    "pages": "SELECT crawl_date, count() FROM crawl_page GROUP BY 1",
                    "jobs": "SELECT toDate(first_seen), count() FROM boss_job GROUP BY 1",
                    "loads": "SELECT crawl_date, count() FROM crawl_run GROUP BY 1",
                }.items()
            }
            seen["duplicates"] = {
                name: warehouse.ask.duplicate_keys(name) for name in ("boss_job", "job_sighting", "crawl_page")
            }
            print(json.dumps(seen), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), *sys.argv[3:])
