"""Everything switched on under a running daemon: each schedule and sensor ticks, and each kind of alert is mailed."""

from __future__ import annotations

import datetime as dt
import time
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster._core.definitions.run_request import InstigatorType
from dagster._core.scheduler.instigation import TickStatus
from pydantic import SecretStr

from bench.dagster_dev import DagsterDev
from crawler_core.keyword import Keyword
from crawler_core.landing import LandingZone, land_pages
from crawler_core.platforms import PLATFORMS
from crawler_core.values import SHANGHAI, Token
from jobdata_assets.partitions import daily_partitions
from jobdata_resources.alerts import KINDS
from jobdata_resources.control import ControlStore, KeywordRow, RunRecord
from jobdata_resources.settings import StoreSettings
from jobdata_resources.warehouse import open_warehouse
from sandbox.process import SandboxProcess
from tests.support.landed_pages import boss_pages
from tests.support.mail_server import USER, Mailbox, mail_server
from tests.support.ticks import record_tick

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]

KEYWORD = "Python"
TICKS = """{ repositoryOrError(repositorySelector: {repositoryLocationName: "jobdata",
  repositoryName: "__repository__"}) { ... on Repository {
    schedules { name scheduleState { status ticks(limit: 30) { status error { message } } } }
    sensors { name sensorState { status ticks(limit: 30) { status error { message } } } } } } }"""
FAULTS: list[dict[str, Any]] = [
    {"platform": "zhilian", "kind": "challenge", "times": None},
    {"platform": "qcwy", "kind": "schema_change", "params": {"rename": {"jobName": "title"}}, "times": None},
    {"platform": "boss", "kind": "ban_ip", "match": {"keyword": KEYWORD}, "params": {"seconds": 1}},
]
"""Zhaopin gets nothing (failed run, coverage), 51job no titles (failed check), Boss a ban (identity).

The ban hits whichever address asks first: that is another one from day to day.
"""


def ticks(dev: DagsterDev) -> dict[str, list[dict[str, Any]]]:
    """The ticks of everything that is switched on, by name."""
    found = dev.ask(TICKS)["repositoryOrError"]
    states = {one["name"]: one["scheduleState"] for one in found["schedules"]}
    states |= {one["name"]: one["sensorState"] for one in found["sensors"]}
    assert {state["status"] for state in states.values()} == {"RUNNING"}
    return {name: [tick for tick in state["ticks"] if tick["status"] != "STARTED"] for name, state in states.items()}


def told(box: Mailbox) -> set[str]:
    """Titles of the kinds of alert that were mailed."""
    alerts = [subject for subject in box.subjects() if subject.startswith("[JobData] Alert: ")]
    return {subject.removeprefix("[JobData] Alert: ").partition(": ")[0] for subject in alerts}


def reported(box: Mailbox) -> bool:
    """The totals and the market report have arrived."""
    subjects = box.subjects()
    return any("new in 24 h" in one for one in subjects) and any("market" in one.lower() for one in subjects)


def leave_yesterday(dev: DagsterDev, home: Path, store: ControlStore, today: dt.date) -> None:
    """What went wrong before: a day whose pages looked otherwise, a failed partition, a sensor that fails."""
    yesterday = today - dt.timedelta(days=1)
    zone = LandingZone.from_url((home / "landing").as_uri())
    land_pages(zone, "boss", yesterday, KEYWORD, "100010000", boss_pages(1, 3, date=yesterday.isoformat()))
    with open_warehouse(StoreSettings(jobdata_home=home)) as warehouse:
        warehouse.load_day("boss", yesterday, zone, run_id="yesterday")
    stale = today - dt.timedelta(days=3)
    start = dt.datetime.combine(stale, dt.time(22), SHANGHAI)
    store.record_run(RunRecord(run_id="old", task="qcwy_job", state="success", started_at=start, date=stale))

    @dg.asset(key="zhilian_job", partitions_def=daily_partitions(today, 14))
    def broken() -> None:
        raise ValueError("the disk was full")

    with dg.DagsterInstance.get() as instance:
        dg.materialize([broken], instance=instance, partition_key=yesterday.isoformat(), raise_on_error=False)
        for back in (240, 180):
            failed = time.time() - back
            record_tick(instance, InstigatorType.SENSOR, "upload", TickStatus.FAILURE, failed, location="elsewhere")


def test_all_tick_without_an_error_and_every_kind_of_mail_arrives(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    today = dt.datetime.now(SHANGHAI).date()
    with mail_server(tmp_path) as box, SandboxProcess("--companies", "200") as sandbox:
        sandbox.control("POST", "/faults", FAULTS)
        environment = sandbox.env | box.env() | {
            "SSL_CERT_FILE": str(tmp_path / "ca.pem"), "MAX_PAGES": "2", "SCHEDULES_RUNNING": "true",
            "SCHEDULES_QUICK": "true", "CRAWL_PAGES_PER_DAY": "100", "ALERT_DIGEST_HOUR": "0",
            "LOAD_DEADLINE_HOUR": "0", "ALERT_TOKENS_MIN": "3",
        }  # fmt: skip
        dev = DagsterDev(home, environment)
        with ControlStore(f"sqlite:///{home / 'control.db'}") as store:
            store.migrate()
            for platform in PLATFORMS:
                store.import_keywords(platform, [KeywordRow(keyword=Keyword.parse(KEYWORD))])
            store.add_tokens(Token(SecretStr(one["mpt"]), SecretStr(one["wt2"])) for one in sandbox.tokens()[:2])
            monkeypatch.setenv("DAGSTER_HOME", str(dev.home))
            leave_yesterday(dev, home, store, today)
        wanted = {kind.title for kind in KINDS.values()}
        with dev.running():
            deadline = time.monotonic() + 900
            silent: list[str] = ["everything"]
            while silent or wanted - told(box) or not reported(box):
                assert time.monotonic() < deadline, (silent, wanted - told(box), dev.log.read_text()[-3000:])
                time.sleep(5)
                silent = [name for name, ended in ticks(dev).items() if not ended]
            failed = {
                name: tick["error"]["message"]
                for name, ended in ticks(dev).items()
                for tick in ended
                if tick["status"] == "FAILURE"
            }
        assert failed == {}
        assert set(box.encrypted) == {True}
        assert set(box.logins) == {USER}
