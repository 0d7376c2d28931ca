"""``<platform>_raw_pages`` on the fleet, report, schedule and reaper, through Dagster and both sandboxes."""

from __future__ import annotations

import datetime as dt
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from pydantic import SecretStr

from crawler_core.keyword import Keyword
from crawler_core.landing import LandingZone, verify
from crawler_core.platforms import PLATFORMS
from crawler_core.values import Token
from jobdata_assets import names
from jobdata_assets.definitions import build_definitions
from jobdata_assets.partitions import range_tags
from jobdata_assets.reports.fleet_report import report_metadata
from jobdata_resources.control import ControlStore, KeywordRow
from jobdata_resources.control_resource import ControlResource
from jobdata_resources.fleet.fleet import Fleet
from jobdata_resources.fleet.report import day_reports
from jobdata_resources.fleet.roster import Roster, open_boards
from jobdata_resources.fleet_resource import FleetResource
from jobdata_resources.landing import LandingResource
from jobdata_resources.warehouse_resource import WarehouseResource
from sandbox.ecs.process import EcsSandboxProcess
from sandbox.process import SandboxProcess
from schedules.fleet_crawl import fleet_crawl_schedule
from sensors.fleet_reaper import fleet_reaper_sensor
from tests.fleet.ground import fleet_environment
from tests.fleet.nodes import today, wait_for

ROOT = Path(__file__).resolve().parents[2]
WORDS = ["Python", "C++", "数据工程师"]


@pytest.fixture(scope="module")
def sandboxes() -> Iterator[tuple[SandboxProcess, EcsSandboxProcess]]:
    with SandboxProcess("--volume", "0.3") as market, EcsSandboxProcess("--price-step-seconds", "86400") as cloud:
        yield market, cloud


class House:
    """A project home on both sandboxes, as the environment describes it."""

    def __init__(self, home: Path, cloud: EcsSandboxProcess) -> None:
        self.home, self.cloud = home, cloud
        self.instance = dg.DagsterInstance.ephemeral()

    @property
    def zone(self) -> LandingZone:
        return LandingResource().zone()

    def living(self) -> list[str]:
        return [one["instance"] for one in self.cloud.control("GET", "/instances") if one["gone_at"] is None]

    def crawl(self, name: str, **config: Any) -> dg.ExecuteInProcessResult:
        return build_definitions().resolve_job_def(names.crawl_job(name)).execute_in_process(
            instance=self.instance,
            tags=range_tags(today(), WORDS[0], WORDS[-1]),
            run_config={"ops": {f"{name}_raw_pages": {"config": config}}},
            raise_on_error=False,
        )  # fmt: skip


@pytest.fixture
def house(
    sandboxes: tuple[SandboxProcess, EcsSandboxProcess], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[House]:
    market, cloud = sandboxes
    for name in list(os.environ):
        if name.upper().endswith("_PROXY"):
            monkeypatch.delenv(name)
    quick = {
        "JOBDATA_HOME": str(tmp_path),
        "FLEET_PYTHON": "python",
        "FLEET_INSTANCES": "2",
        "FLEET_POLL_SECONDS": "0.3",
        "FLEET_BOOT_SECONDS": "20",
        "FLEET_LEASE_SECONDS": "3",
        "SEGMENT_PAGES": "2",
        "PAGE_SIZE": "10",
        "SLEEP_MIN_SECONDS": "0.01",
        "SLEEP_MAX_SECONDS": "0.02",
    }
    for name, value in (market.env | fleet_environment(cloud.env) | quick).items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("EGRESS_ADDRESSES")
    market.control("POST", "/reset")
    cloud.control("POST", "/reset")
    with ControlStore(f"sqlite:///{tmp_path / 'control.db'}") as store:
        store.migrate()
        for name in PLATFORMS:
            store.import_keywords(name, [KeywordRow(keyword=Keyword.parse(word)) for word in WORDS])
        store.add_tokens([Token(mpt=SecretStr(one["mpt"]), wt2=SecretStr(one["wt2"])) for one in market.tokens()])
    made = House(tmp_path, cloud)
    for name in PLATFORMS:
        made.instance.add_dynamic_partitions(names.keyword_dimension(name), WORDS)
    with made.instance:
        yield made
    cloud.control("POST", "/reset")


def materialized(house: House, name: str) -> dict[str, dict[str, Any]]:
    records = house.instance.fetch_materializations(names.raw_pages(name), limit=100).records
    return {
        str(entry.partition): {key: value.value for key, value in entry.metadata.items()}
        for record in records
        if (entry := record.asset_materialization) is not None
    }


def test_a_run_on_the_fleet_gives_what_a_local_run_gives_and_shows_its_nodes(house: House) -> None:
    run = house.crawl("boss", on="fleet")
    assert run.success
    found = materialized(house, "boss")
    assert set(found) == {f"{today()}|{word}" for word in WORDS}
    manifests = {one.keyword: (one.state, one.pages, one.records) for one in house.zone.manifests("boss", today())}
    assert {word: found[f"{today()}|{word}"]["pages"] for word in WORDS} == {
        word: pages for word, (_, pages, _) in manifests.items()
    }
    assert house.living() == []
    assert list(verify(house.zone)) == []
    with ControlStore(f"sqlite:///{house.home / 'control.db'}") as store:
        assert set(store.keyword_states("boss", today()).values()) == {"done"}
        assert not any(token.leased_until for token in store.tokens())
        egress = store.egress("boss", today())
    assert set(egress) <= {one["address"] for one in house.cloud.control("GET", "/instances")}

    [observation] = house.instance.fetch_observations(names.raw_pages("boss"), limit=10).records
    entry = observation.asset_observation
    assert entry is not None
    nodes = entry.metadata["nodes"]
    assert isinstance(nodes, dg.TableMetadataValue)
    assert sum(int(str(record.data["keywords"])) for record in nodes.records) == len(WORDS)
    assert entry.metadata["instances"].value == len(nodes.records)
    messages = [event.message or "" for event in run.all_events]
    assert messages

    local = LandingZone.from_url(f"file://{house.home}/local")
    os.environ["LANDING_URL"] = local.url
    try:
        assert house.crawl("boss", on="local").success
    finally:
        del os.environ["LANDING_URL"]
    again = {one.keyword: (one.state, one.pages, one.records) for one in local.manifests("boss", today())}
    assert again == manifests

    before = len(house.cloud.control("GET", "/instances"))
    assert house.crawl("boss", on="fleet").success  # everything is landed: no instance is started
    assert len(house.cloud.control("GET", "/instances")) == before
    wrong = house.crawl("boss", on="moon")
    assert not wrong.success

    reports = day_reports(house.zone, ["boss"], today(), dt.datetime.now(dt.UTC))
    shown = report_metadata(reports, {"boss": 40})
    assert (shown["instances"], shown["new_postings"]) == (entry.metadata["instances"].value, 40)
    assert shown["pages"] == sum(pages for _, pages, _ in manifests.values())
    assert shown["cny_per_1000_pages"] == pytest.approx(shown["cost_cny"] / shown["pages"] * 1000, abs=1e-3)
    assert report_metadata([], {})["runs"].value == "no fleet on this day"

    with WarehouseResource().open(comment={"asset": "test"}) as warehouse:
        warehouse.migrate()
    day = today().isoformat()
    for job in ("boss_load", names.FLEET_REPORT_JOB):
        definition = build_definitions().resolve_job_def(job)
        definition.execute_in_process(instance=house.instance, partition_key=day, raise_on_error=job != "boss_load")
    [record] = house.instance.fetch_materializations(names.FLEET_REPORT, limit=10).records
    assert record.asset_materialization is not None
    told = {key: value.value for key, value in record.asset_materialization.metadata.items()}
    assert (told["pages"], told["cost_cny"]) == (shown["pages"], shown["cost_cny"])
    assert told["new_postings"] > 10
    assert told["cny_per_new_posting"] == pytest.approx(told["cost_cny"] / told["new_postings"], abs=1e-3)


PROGRAM = """
import sys
from jobdata_assets.definitions import build_definitions
from jobdata_assets.partitions import range_tags
from tests.fleet.nodes import today
import dagster as dg
instance = dg.DagsterInstance.ephemeral()
instance.add_dynamic_partitions("qcwy_keyword", sys.argv[1:])
run = build_definitions().resolve_job_def("qcwy_crawl").execute_in_process(
    instance=instance, tags=range_tags(today(), sys.argv[1], sys.argv[-1]), raise_on_error=False,
    run_config={"ops": {"qcwy_raw_pages": {"config": {"on": "fleet"}}}},
)
sys.exit(0 if run.success else 1)
"""


@pytest.mark.slow
def test_a_killed_run_is_gone_on_with_and_one_that_never_returns_is_reaped(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SLEEP_MIN_SECONDS", "1")
    monkeypatch.setenv("SLEEP_MAX_SECONDS", "2")
    monkeypatch.setenv("SEGMENT_PAGES", "1")
    env = os.environ | {"PYTHONPATH": str(ROOT)}
    child = subprocess.Popen([sys.executable, "-c", PROGRAM, *WORDS], env=env, cwd=ROOT)
    try:
        wait_for(lambda: house.zone.segments("qcwy", today()), 90)
    finally:
        child.send_signal(signal.SIGKILL)
        child.wait()
    [board] = open_boards(house.zone)
    survivors = set(house.living())
    assert survivors
    monkeypatch.setenv("SLEEP_MAX_SECONDS", "1")
    assert house.crawl("qcwy", on="fleet").success
    assert open_boards(house.zone) == []
    closing = Roster(house.zone, board).closed()
    assert closing is not None
    assert closing.reason == "done"
    assert survivors <= set(Roster(house.zone, board).seen())
    assert set(materialized(house, "qcwy")) == {f"{today()}|{word}" for word in WORDS}
    assert house.living() == []

    # One that does not come back: its instances go when it has been silent for long enough, and no sooner.
    monkeypatch.setenv("SLEEP_MIN_SECONDS", "20")
    monkeypatch.setenv("SLEEP_MAX_SECONDS", "40")
    program = PROGRAM.replace("qcwy", "zhilian")
    child = subprocess.Popen([sys.executable, "-c", program, *WORDS], env=os.environ | {"PYTHONPATH": str(ROOT)})
    try:
        wait_for(house.living, 90)
    finally:
        child.kill()
        child.wait()
    assert "no orphans" in str(reaper().skip_reason)
    assert house.living()
    monkeypatch.setenv("FLEET_ORPHAN_SECONDS", "0.2")
    time.sleep(0.3)
    message = str(reaper().skip_reason)
    assert "orphans deleted" in message
    wait_for(lambda: not house.living(), 30)
    assert "no orphans" in str(reaper().skip_reason)
    assert open_boards(house.zone) == []
    assert not Fleet(house.zone).ledger.open_bookings("zhilian", today())


def reaper() -> dg.SensorResult:
    resources = {"fleet": FleetResource(), "landing": LandingResource()}
    answer = fleet_reaper_sensor(running=False)(dg.build_sensor_context(resources=resources))
    assert isinstance(answer, dg.SensorResult)
    return answer


def test_the_reaper_is_off_without_a_fleet(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FLEET_IMAGE")
    assert "FLEET_IMAGE not set" in str(reaper().skip_reason)


def test_the_schedule_asks_for_the_fleet_when_crawls_run_there(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def tick(instance: dg.DagsterInstance) -> dg.RunRequest | dg.SkipReason:
        context = dg.build_schedule_context(
            instance=instance,
            scheduled_execution_time=dt.datetime.now(dt.UTC),
            resources={"fleet": FleetResource(), "control": ControlResource()},
        )
        answer = fleet_crawl_schedule(PLATFORMS["boss"], minute=30, running=False)(context)
        assert isinstance(answer, dg.RunRequest | dg.SkipReason)
        return answer

    folder = house.home / "instance"
    folder.mkdir()
    with dg.DagsterInstance.local_temp(str(folder)) as stored:
        stored.add_dynamic_partitions("boss_keyword", WORDS)
        skipped = tick(stored)
        assert isinstance(skipped, dg.SkipReason)
        assert "CRAWL_ON" in str(skipped.skip_message)
        monkeypatch.setenv("CRAWL_ON", "fleet")
        asked = tick(stored)
    assert isinstance(asked, dg.RunRequest)
    assert asked.run_config == {"ops": {"boss_raw_pages": {"config": {"on": "fleet"}}}}
    assert asked.tags["dagster/asset_partition_range_start"] == f"{today()}|{WORDS[0]}"
