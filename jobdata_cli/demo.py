"""``jobdata demo``: the main job end to end against the sandbox, on the embedded stores, through Dagster.

Three days of three platforms are crawled, landed and loaded, and the details of a batch of companies; then companies
are resolved, openings linked, and the view over the market and its report made. On the way the sandbox bans an
address, lets a token expire, cuts an answer off and throttles, and one crawl is killed and resumed; the closing tables
show all of it.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from jobdata_cli.failure import BAD_INPUT, INCOMPLETE, fail

__all__ = ["register", "sync_partitions"]

_DAYS = 3
_FAULTS = [
    {"platform": "boss", "kind": "ban_ip", "match": {"page": 2, "call": "search"}, "times": 1},
    {"platform": "boss", "kind": "expire_token", "match": {"page": 3, "call": "search"}, "times": 1},
    {"platform": "zhilian", "kind": "truncate", "match": {"page": 2}, "times": 1},
    {"platform": "qcwy", "kind": "throttle", "match": {"page": 1}, "times": 1},
]
_KILLED = ("qcwy", "数据工程师")


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command("demo")(_demo)


def _demo(
    fleet: Annotated[bool, typer.Option("--fleet", help="crawl today on instances of a sandbox cloud instead")] = False,
) -> None:
    """Crawl the sandbox's three platforms into deduplicated ClickHouse tables and show what came of it.

    Writes only under **JOBDATA_HOME** (`./var`), the summary to `demo.json` there. Takes about two minutes.
    """
    console = Console(highlight=False, width=None if sys.stdout.isatty() else 120)
    started = time.monotonic()
    from jobdata_cli.playground import playground

    try:
        with playground(max_seconds=1800) as ground:
            if fleet:
                from jobdata_cli.demo_fleet import fleet_demo

                ok = fleet_demo(ground.sandbox, ground.home, sync_partitions(), console)
            else:
                ok = _run(ground.sandbox, ground.home, console, started)
    except ValueError as error:
        fail(str(error), BAD_INPUT)
    if not ok:
        fail("the demo is incomplete: see the lines above", INCOMPLETE)


def _run(sandbox: Any, home: Path, console: Console, started: float) -> bool:
    from crawler_core.platforms import PLATFORMS
    from crawler_core.values import SHANGHAI
    from jobdata_assets.definitions import build_definitions
    from jobdata_assets.names import COMPANY_CLEANING_JOB, MARKET_JOB, MARKET_REPORT_JOB
    from jobdata_cli.demo_report import collect, show

    console.print(f"sandbox on {sandbox.urls['boss']} and two more ports, home {home}")
    keywords = sync_partitions()
    definitions = build_definitions()
    today = dt.datetime.now(SHANGHAI).date()
    days = [today - dt.timedelta(days=back) for back in reversed(range(_DAYS))]
    ok = True
    for day in days:
        sandbox.control("POST", "/day", {"date": day.isoformat()})
        if day == today:
            sandbox.control("POST", "/faults", _FAULTS)
            console.print(_kill_a_crawl(home, day))
        for name in PLATFORMS:
            ok &= _crawl(definitions, name, day, keywords[name], console)
            ok &= _load(definitions, name, day, console)
    ok &= _execute(definitions, COMPANY_CLEANING_JOB, console, today, partition_key=today.isoformat())
    refreshed = _execute(definitions, MARKET_JOB, console, today)
    ok &= refreshed and _execute(definitions, MARKET_REPORT_JOB, console, today, partition_key=today.isoformat())
    summary = collect(home, days, time.monotonic() - started, market=refreshed)
    (home / "demo.json").write_text(json.dumps(summary, ensure_ascii=False, indent=1))
    show(summary, console)
    return ok


def sync_partitions() -> dict[str, list[str]]:
    """Add the control store's keywords to the dynamic partitions; returns each platform's partition keys in order."""
    from dagster import DagsterInstance

    from crawler_core.platforms import PLATFORMS
    from crawler_core.settings import load
    from jobdata_assets.names import keyword_dimension
    from jobdata_resources.control import ControlStore
    from jobdata_resources.settings import StoreSettings

    found: dict[str, list[str]] = {}
    with DagsterInstance.get() as instance, ControlStore(load(StoreSettings).control_db_url) as store:
        for name in PLATFORMS:
            dimension = keyword_dimension(name)
            known = set(instance.get_dynamic_partitions(dimension))
            texts = [record.keyword.text for record in store.keywords(name, include_paused=False)]
            new = [text for text in texts if text not in known]
            if new:
                instance.add_dynamic_partitions(dimension, new)
            found[name] = list(instance.get_dynamic_partitions(dimension))
    return found


def _crawl(definitions: Any, name: str, day: dt.date, keywords: list[str], console: Console) -> bool:
    from jobdata_assets.partitions import range_tags

    config = {"ops": {f"{name}_raw_pages": {"config": {"late": True}}}}
    return _execute(
        definitions, f"{name}_crawl", console, day, tags=range_tags(day, keywords[0], keywords[-1]), ops=config
    )


def _load(definitions: Any, name: str, day: dt.date, console: Console) -> bool:
    return _execute(definitions, f"{name}_load", console, day, partition_key=day.isoformat())


def _execute(
    definitions: Any,
    job: str,
    console: Console,
    day: dt.date,
    *,
    tags: dict[str, str] | None = None,
    ops: dict[str, Any] | None = None,
    partition_key: str | None = None,
) -> bool:
    """Run a job as the UI would, in this process, recorded in the same instance."""
    from dagster import DagsterInstance

    began = time.monotonic()
    with DagsterInstance.get() as instance:
        result = definitions.resolve_job_def(job).execute_in_process(
            instance=instance,
            partition_key=partition_key,
            tags=tags,
            run_config={**(ops or {}), "loggers": {"console": {"config": {"log_level": "ERROR"}}}},
            raise_on_error=False,
        )
    state = "done" if result.success else "FAILED"
    console.print(f"{day} {job:14} {state} in {time.monotonic() - began:.1f} s (run {result.run_id[:8]})")
    return bool(result.success)


def _kill_a_crawl(home: Path, day: dt.date) -> str:
    """Start the node program on one keyword and kill it after its first segment; the crawl job resumes it."""
    from crawler_core.keyword import Keyword
    from crawler_core.landing import LandingZone

    platform, word = _KILLED
    zone = LandingZone.from_url(f"file://{home / 'landing'}")
    keyword = Keyword.parse(word)
    if zone.manifest(platform, day, keyword) is not None:
        return f"{day} {platform} {word}: landed by an earlier demo, nothing to interrupt"
    settings = {"SLEEP_MIN_SECONDS": "0.3", "SLEEP_MAX_SECONDS": "0.5", "SEGMENT_PAGES": "1", "NODE_NAME": "node-1"}
    child = subprocess.Popen(
        [sys.executable, "-m", "crawler_core", "crawl", "-p", platform, "-k", word, "--date", day.isoformat()],
        env={**os.environ, **settings},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 30
    while child.poll() is None and time.monotonic() < deadline:
        manifest = zone.manifest(platform, day, keyword)
        if manifest is not None and manifest.pages:
            child.kill()
        time.sleep(0.05)
    child.kill()
    child.wait()
    manifest = zone.manifest(platform, day, keyword)
    pages = manifest.pages if manifest else 0
    return (
        f"{day} {platform} {word}: node program killed after {pages} landed page(s); the crawl job goes on from there"
    )
