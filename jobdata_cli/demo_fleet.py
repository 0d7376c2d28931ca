"""``jobdata demo --fleet``: three crawls on the fleet, against the sandboxes of the platforms and of the cloud.

Each platform's crawl job runs in a process of its own, as the daemon would run it. This one shows the instances in a
live table, read from the boards, and lets some of them meet a fate: reclaimed, hung, banned.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.live import Live
from rich.table import Table

if TYPE_CHECKING:
    from jobdata_resources.fleet.report import BoardReport
    from sandbox.ecs.process import EcsSandboxProcess
    from sandbox.process import SandboxProcess

__all__ = ["fleet_demo", "fleet_variables", "node_table", "run_crawl"]

_FATES = ("reclaim", "hang", "ban")
_MOST_SECONDS = 600.0
_SETTINGS = {
    "FLEET_PYTHON": "python",  # the instances of the sandbox have this interpreter's libraries
    "FLEET_INSTANCES": "4",
    "FLEET_POLL_SECONDS": "0.5",
    "FLEET_BOOT_SECONDS": "60",
    "FLEET_LEASE_SECONDS": "6",
    "FLEET_PATIENCE_SECONDS": "10",
    "SLEEP_MIN_SECONDS": "0.5",
    "SLEEP_MAX_SECONDS": "1.2",
    "SEGMENT_PAGES": "2",
    "BAN_SECONDS": "600",
    "NODE_NAME": "supervisor",
}


def fleet_demo(sandbox: SandboxProcess, home: Path, keywords: dict[str, list[str]], console: Console) -> bool:
    """Crawl today's keywords of every platform on the fleet, load and report; whether all of it worked."""
    from crawler_core.values import SHANGHAI
    from sandbox.ecs.process import EcsSandboxProcess

    started, today = time.monotonic(), dt.datetime.now(SHANGHAI).date()
    for name in [name for name in os.environ if name.upper().endswith("_PROXY")]:
        del os.environ[name]  # the SDK obeys them even for loopback
    os.environ.pop("EGRESS_ADDRESSES", None)
    with EcsSandboxProcess("--max-seconds", "1800", home=home / "ecs") as cloud:
        os.environ.update(fleet_variables(cloud.env) | _SETTINGS)
        console.print(f"cloud sandbox on {cloud.urls['api']}; three crawl runs start, each with up to 4 instances")
        children = {name: _start(name, today, words) for name, words in keywords.items()}
        try:
            reports = _watch(children, sandbox, cloud, today, console)
        finally:
            for child in children.values():
                if child.poll() is None:
                    child.kill()
                child.wait()
        ok = all(child.returncode == 0 for child in children.values())
        left = [one for one in cloud.control("GET", "/instances") if one["gone_at"] is None]
    summary = _summary(reports, len(left), time.monotonic() - started)
    (home / "demo.json").write_text(json.dumps({"fleet": summary}, ensure_ascii=False, indent=1))
    console.print(
        f"{summary['keywords']} keywords and {summary['pages']} pages on {summary['instances']} instances, of which"
        f" {summary['lost']} were lost on the way; CNY {summary['cost_cny']:.4f}; {len(left)} instances left"
    )
    return ok and not left


def run_crawl(name: str, day: str, first: str, last: str) -> None:
    """The crawl job of a platform on the fleet, in this process; ends it with 0 when it succeeded."""
    from dagster import DagsterInstance

    from jobdata_assets.definitions import build_definitions
    from jobdata_assets.partitions import range_tags

    with DagsterInstance.get() as instance:
        result = build_definitions().resolve_job_def(f"{name}_crawl").execute_in_process(
            instance=instance,
            tags=range_tags(dt.date.fromisoformat(day), first, last),
            run_config={
                "ops": {f"{name}_raw_pages": {"config": {"on": "fleet"}}},
                "loggers": {"console": {"config": {"log_level": "ERROR"}}},
            },
            raise_on_error=False,
        )  # fmt: skip
    sys.exit(0 if result.success else 1)


def fleet_variables(cloud: dict[str, str]) -> dict[str, str]:
    """The settings of the fleet for what a sandbox cloud says of itself."""
    switches = zip(cloud["ECS_ZONE_IDS"].split(","), cloud["ECS_VSWITCH_IDS"].split(","), strict=True)
    keys = {name: value for name, value in cloud.items() if name.startswith("ALIBABA_CLOUD_")}
    return keys | {
        "ECS_REGION": cloud["ECS_REGION"],
        "ECS_ENDPOINT": f"{cloud['ECS_PROTOCOL']}://{cloud['ECS_ENDPOINT']}",
        "FLEET_IMAGE": cloud["ECS_IMAGE_ID"],
        "FLEET_SECURITY_GROUP": cloud["ECS_SECURITY_GROUP_ID"],
        "FLEET_VSWITCHES": ",".join("=".join(pair) for pair in switches),
        "FLEET_TYPES": cloud["ECS_INSTANCE_TYPES"],
        "FLEET_NODE_ROLE": cloud["ECS_RAM_ROLE"],
    }


def node_table(reports: list[BoardReport]) -> Table:
    """Every instance of the day, as it is now."""
    ended, works = sum(one.keywords for one in reports), sum(one.works for one in reports)
    cost = sum(one.cost for one in reports)
    table = Table(title=f"{ended} of {works} keywords ended, CNY {cost:.4f}", title_justify="left")
    for column in ("board", "instance", "address", "state", "reason", "crawls"):
        table.add_column(column)
    for column in ("keywords", "pages"):
        table.add_column(column, justify="right")
    for report in reports:
        for row in report.rows:
            style = "dim" if row.state == "gone" else "yellow" if row.state in ("draining", "recycling") else ""
            table.add_row(
                report.board,
                row.instance,
                row.addresses,
                row.state,
                row.reason,
                row.holds,
                str(row.keywords),
                str(row.pages),
                style=style,
            )
    return table


def _start(name: str, today: dt.date, words: list[str]) -> subprocess.Popen[bytes]:
    program = "import sys; from jobdata_cli.demo_fleet import run_crawl; run_crawl(*sys.argv[1:])"
    command = [sys.executable, "-c", program, name, today.isoformat(), words[0], words[-1]]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _watch(
    children: dict[str, subprocess.Popen[bytes]],
    sandbox: SandboxProcess,
    cloud: EcsSandboxProcess,
    today: dt.date,
    console: Console,
) -> list[BoardReport]:
    """Show the boards until every run has ended."""
    from crawler_core.landing import LandingZone
    from crawler_core.settings import CrawlSettings, load
    from crawler_core.values import SHANGHAI
    from jobdata_resources.fleet.report import day_reports

    zone = LandingZone.from_url(load(CrawlSettings).landing_url)
    fates = iter(_FATES)
    struck: set[str] = set()
    deadline = time.monotonic() + _MOST_SECONDS
    reports: list[BoardReport] = []
    with Live(console=console, refresh_per_second=4, transient=not console.is_terminal) as live:
        while any(child.poll() is None for child in children.values()) and time.monotonic() < deadline:
            reports = day_reports(zone, list(children), today, dt.datetime.now(SHANGHAI))
            live.update(node_table(reports))
            _strike(reports, fates, struck, sandbox, cloud)
            time.sleep(0.5)
        reports = day_reports(zone, list(children), today, dt.datetime.now(SHANGHAI))
        live.update(node_table(reports))
    if not console.is_terminal:
        console.print(node_table(reports))
    return reports


def _strike(
    reports: list[BoardReport], fates: Any, struck: set[str], sandbox: SandboxProcess, cloud: EcsSandboxProcess
) -> None:
    """One instance of each platform meets a fate once it crawls."""
    for report in reports:
        row = next((row for row in report.rows if row.state == "up" and row.holds), None)
        if row is None or report.platform in struck:
            continue
        fate = next(fates, None)
        struck.add(report.platform)
        if fate == "reclaim":
            cloud.control("POST", "/reclaim", {"instance": row.instance, "notice": True})
        elif fate == "hang":
            cloud.control("POST", "/hang", {"instance": row.instance})
        elif fate == "ban":
            address = next(
                one["address"] for one in cloud.control("GET", "/instances") if one["instance"] == row.instance
            )
            rule = {"platform": report.platform, "kind": "ban_ip", "match": {"egress": address}, "times": 1}
            sandbox.control("POST", "/faults", rule | {"params": {"seconds": 600}})


def _summary(reports: list[BoardReport], left: int, seconds: float) -> dict[str, Any]:
    return {
        "keywords": sum(one.keywords for one in reports),
        "works": sum(one.works for one in reports),
        "pages": sum(one.pages for one in reports),
        "instances": sum(one.instances for one in reports),
        "lost": sum(sum(one.lost.values()) for one in reports),
        "instances_left": left,
        "cost_cny": round(sum(one.cost for one in reports), 4),
        "boards": {one.board: one.reason for one in reports},
        "seconds": round(seconds, 1),
    }
