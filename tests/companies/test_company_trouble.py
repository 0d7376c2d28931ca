"""What goes wrong on the way to a company: blocks, changed answers, missing keys, killed processes."""

from __future__ import annotations

import datetime as dt
import os
import subprocess
import sys
import time
from pathlib import Path

import dagster as dg
import pytest

from crawler_core.platforms import PLATFORMS
from jobdata_assets import names
from jobdata_assets.companies.company_run import BatchReport, batch_name, fetch_batch
from jobdata_resources.control import CompanyDemand, ControlStore
from jobdata_resources.control_resource import ControlResource
from jobdata_resources.crawler import CrawlerResource
from jobdata_resources.settings import CompanySettings, load
from tests.companies.conftest import House
from tests.support.companies import listed_targets, today

ROOT = Path(__file__).parents[2]


def queue_some(house: House, name: str, count: int) -> list[str]:
    """Queue companies straight from listings: the way through the warehouse has a test of its own."""
    targets = [one for one in listed_targets(house.sandbox, house.zone, name, "数据工程师") if one.company_id][:count]
    house.store.enqueue_companies(
        name, [CompanyDemand(company_id=one.company_id, name=one.name, hints=dict(one.extra)) for one in targets]
    )
    return [one.company_id for one in targets]


def fetch(house: House, name: str, run: str, *, limit: int = 8) -> BatchReport:
    return fetch_batch(
        PLATFORMS[name],
        date=today(),
        batch_id=batch_name(today(), run),
        limit=limit,
        settings=load(CompanySettings),
        crawler=CrawlerResource(),
        landing=house.zone,
        store=house.store,
        log=print,
    )


def test_an_empty_queue_is_a_success_that_says_so(house: House) -> None:
    result = house.run(names.company_job("zhilian"))
    [event] = result.asset_materializations_for_node("zhilian_company")
    assert event.metadata["note"].value == "the queue is empty: nothing to fetch"
    assert not (Path(os.environ["JOBDATA_HOME"]) / "clickhouse").exists()


def test_a_challenge_waits_and_a_gone_company_stays_gone(house: House) -> None:
    refs = queue_some(house, "qcwy", 3)
    house.sandbox.control("POST", "/faults", {"platform": "qcwy", "kind": "challenge", "times": None})
    blocked = fetch(house, "qcwy", "one")
    assert blocked.states == {"retry_later": 3}
    assert house.store.company_queue("qcwy").due == 0
    assert all(one.not_before for one in house.store.queued_companies("qcwy", refs).values())
    house.sandbox.control("DELETE", "/faults")
    house.sandbox.control("POST", "/reset", {})

    good = queue_some(house, "boss", 2)
    house.store.enqueue_companies("boss", [CompanyDemand(company_id="0123~", name="某公司")])
    report = fetch(house, "boss", "two")
    assert report.states == {"done": 2, "gone": 1}
    states = {ref: one.state for ref, one in house.store.queued_companies("boss", [*good, "0123~"]).items()}
    assert states == dict.fromkeys(good, "done") | {"0123~": "gone"}
    assert fetch(house, "boss", "three") == BatchReport()


def test_a_changed_answer_stops_the_batch_fails_the_run_and_keeps_the_rest(house: House) -> None:
    queue_some(house, "qcwy", 6)
    house.sandbox.control("POST", "/faults", {
        "platform": "qcwy", "kind": "schema_change", "times": None, "params": {"rename": {"coinfo": "companyInfo"}},
    })  # fmt: skip
    os.environ["EGRESS_ADDRESSES"] = "127.0.1.1"
    try:
        result = house.run(names.company_job("qcwy"), raises=False)
    finally:
        del os.environ["EGRESS_ADDRESSES"]
    assert not result.success
    [event] = result.asset_materializations_for_node("qcwy_company")
    assert event.metadata["states"].value == {"refused": 3}
    assert event.metadata["released"].value == 3
    assert "not answered as expected" in str(event.metadata["stop_reason"].value)
    assert house.store.company_queue("qcwy").states == {"pending": 3, "refused": 3}


def test_a_missing_key_names_it_and_gives_the_batch_back(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    queue_some(house, "qcwy", 2)
    monkeypatch.delenv("QCWY_SIGN_KEY")
    result = house.run(names.company_job("qcwy"), raises=False)
    [event] = [event for event in result.all_events if event.is_step_failure]
    assert "QCWY_SIGN_KEY" in str(event.step_failure_data.user_failure_data.description)
    assert house.store.company_queue("qcwy").states == {"pending": 2}


PROGRAM = """
import sys
from jobdata_resources.control import ControlStore
from tests.companies.test_company_trouble import fetch
from tests.companies.conftest import House

class Bare(House):
    def __init__(self, store):
        self.store = store

with ControlStore(sys.argv[1]) as store:
    fetch(Bare(store), "zhilian", "killed")
"""


@pytest.mark.slow
def test_a_killed_batch_is_taken_over_and_its_landed_answers_are_not_asked_again(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    refs = queue_some(house, "zhilian", 8)
    url = f"sqlite:///{os.environ['JOBDATA_HOME']}/control.db"
    slow = {"SLEEP_MIN_SECONDS": "0.3", "SLEEP_MAX_SECONDS": "0.4", "SEGMENT_PAGES": "1", "COMPANY_LEASE_SECONDS": "10"}
    child = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, url], cwd=ROOT, env={**os.environ, **slow, "PYTHONPATH": str(ROOT)}
    )
    deadline = time.monotonic() + 60
    while house.store.company_queue("zhilian").states.get("done", 0) < 3 and time.monotonic() < deadline:
        time.sleep(0.05)
    child.kill()
    child.wait()
    assert house.store.company_queue("zhilian").states["leased"] >= 1
    assert fetch(house, "zhilian", "early") == BatchReport()  # its lease still runs

    later = ControlStore(url, clock=lambda: dt.datetime.now(dt.UTC) + dt.timedelta(seconds=11))
    monkeypatch.setattr(house, "store", later)
    asked = house.requests()
    report = fetch(house, "zhilian", "next")
    assert (report.resumed, report.batch_id) == (True, batch_name(today(), "killed"))
    assert report.states == {"done": report.claimed}
    assert house.requests() - asked == report.fetched <= report.claimed
    assert {one.state for one in later.queued_companies("zhilian", refs).values()} == {"done"}
    monkeypatch.undo()


def test_the_schedule_starts_what_is_due_and_not_under_way(house: House, tmp_path: Path) -> None:
    queue_some(house, "qcwy", 1)
    repository = house.definitions.get_repository_def()
    schedule = repository.get_schedule_def("company_cleaning_schedule")

    def tick(instance: dg.DagsterInstance) -> list[tuple[str, ...]]:
        context = dg.build_schedule_context(
            instance=instance,
            scheduled_execution_time=dt.datetime.now(dt.UTC),
            resources={"control": ControlResource()},
            repository_def=repository,
        )
        requests = schedule.evaluate_tick(context).run_requests or []
        assert {one.tags["dagster/partition"] for one in requests} == {today().isoformat()}
        return [tuple(key.to_user_string() for key in one.asset_selection or ()) for one in requests]

    (tmp_path / "dagster").mkdir()
    with dg.DagsterInstance.local_temp(str(tmp_path / "dagster")) as instance:
        assert tick(instance) == [("pending_company",), ("qcwy_company",)]
        job = repository.get_job(names.company_job("qcwy"))
        instance.create_run_for_job(job, status=dg.DagsterRunStatus.STARTED)
        assert tick(instance) == [("pending_company",)]
