"""The daemon, a launched run that fails, and a mail server with STARTTLS and login: as a person meets alerts."""

from __future__ import annotations

import datetime as dt
import time
from pathlib import Path

import pytest

from bench.dagster_dev import DagsterDev
from crawler_core.landing import LandingZone, land_pages
from crawler_core.values import SHANGHAI
from jobdata_resources.control import ControlStore
from jobdata_resources.settings import StoreSettings
from jobdata_resources.warehouse import open_warehouse
from tests.support.landed_pages import boss_body, boss_item, envelope
from tests.support.mail_server import USER, Mailbox, mail_server

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

START = """mutation($name: String!) { startSensor(sensorSelector: {repositoryLocationName: "jobdata",
  repositoryName: "__repository__", sensorName: $name}) { __typename ... on PythonError { message } } }"""
TICKS = """query($name: String!) { sensorOrError(sensorSelector: {repositoryLocationName: "jobdata",
  repositoryName: "__repository__", sensorName: $name}) { ... on Sensor { sensorState { ticks(limit: 20) {
  status error { causes { message } } skipReason } } } } }"""


def wait_for_mails(box: Mailbox, count: int, dev: DagsterDev, seconds: float = 240) -> None:
    deadline = time.monotonic() + seconds
    while len(box.mails) < count:
        assert time.monotonic() < deadline, f"{box.subjects()} {dev.ask(TICKS, name='alert_failed_run')}"
        time.sleep(1)


def test_a_failed_run_reaches_the_mailbox_and_so_does_its_end(tmp_path: Path) -> None:
    home = tmp_path / "home"
    today = dt.datetime.now(SHANGHAI).date()
    with mail_server(tmp_path) as box:
        environment = box.env() | {"SSL_CERT_FILE": str(tmp_path / "ca.pem"), "DAGSTER_UI_URL": "http://ui.example"}
        dev = DagsterDev(home, environment)
        with ControlStore(f"sqlite:///{home / 'control.db'}") as store:
            store.migrate()
            store.add_keyword("boss", "数据")
        with open_warehouse(StoreSettings(jobdata_home=home)) as warehouse:
            warehouse.migrate()
        box.refuse = "451 greylisted"
        with dev.running():
            day = {"dagster/partition": today.isoformat()}
            failed = dev.launch("boss_load", day)
            assert dev.wait(failed) == "FAILURE"
            assert dev.ask(START, name="alert_failed_run")["startSensor"]["__typename"] == "Sensor"
            deadline = time.monotonic() + 120
            while not (ticks := _ticks(dev, "FAILURE")):
                assert time.monotonic() < deadline
                time.sleep(1)
            assert "451 greylisted" in str(ticks[0]["error"]), "a mail that is not accepted fails the tick"
            assert box.mails == []
            box.refuse = ""
            wait_for_mails(box, 1, dev)

            items = [boss_item(number) for number in range(5)]
            page = envelope(boss_body(items), date=today.isoformat(), outcome="last")
            zone = LandingZone.from_url((home / "landing").as_uri())
            land_pages(zone, "boss", today, "数据", "100010000", [(page, len(items))])
            assert dev.wait(dev.launch("boss_load", day)) == "SUCCESS", dev.log.read_text()[-3000:]
            wait_for_mails(box, 2, dev)
        assert box.subjects() == ["[JobData] Alert: Run failed: boss_job", "[JobData] All clear: Run failed: boss_job"]
        text = box.mails[0].get_body(("plain",))
        assert text is not None
        assert f"http://ui.example/runs/{failed}" in text.get_content()
        assert f"no page of boss is landed for {today}" in text.get_content()
        assert box.encrypted == [True, True]
        assert set(box.logins) == {USER}


def _ticks(dev: DagsterDev, status: str) -> list[dict[str, object]]:
    ticks = dev.ask(TICKS, name="alert_failed_run")["sensorOrError"]["sensorState"]["ticks"]
    return [tick for tick in ticks if tick["status"] == status]
