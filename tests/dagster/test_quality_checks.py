"""The quality checks of ``<p>_job`` on real loads: five usual days, then one that is not."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from crawler_core.keyword import Keyword
from crawler_core.landing import Envelope, LandingZone, RequestRecord, land_pages
from crawler_core.platforms import PLATFORMS
from crawler_core.settings import load
from jobdata_assets import names
from jobdata_assets.daily.job_table import job_table_asset
from jobdata_assets.daily.quality import quality_verdicts
from jobdata_assets.daily.quality_measure import measure_quality
from jobdata_assets.partitions import daily_partitions
from jobdata_resources.control import ControlStore
from jobdata_resources.control_resource import ControlResource
from jobdata_resources.landing import LandingResource
from jobdata_resources.settings import StoreSettings
from jobdata_resources.warehouse import open_warehouse
from jobdata_resources.warehouse_resource import WarehouseResource

DAY = dt.date(2026, 11, 21)
BOSS = PLATFORMS["boss"]
ITEMS = 12


def item(number: int, **changed: Any) -> dict[str, Any]:
    return {
        "encryptJobId": f"job{number}",
        "jobName": f"数据工程师 {number}",
        "salaryDesc": "15-25K·14薪",
        "cityName": "长沙",
        "brandName": "示例科技",
        "jobExperience": "3-5年",
        "jobDegree": "本科",
    } | changed


def envelope(date: dt.date, number: int, items: list[dict[str, Any]]) -> Envelope:
    return Envelope(
        platform="boss", kind="search", keyword="python", city="100010000", page=number, attempt=1,
        date=date.isoformat(), fetched_at=f"{date}T09:00:{number:02d}.000+08:00", outcome="ok", status=200,
        latency_ms=12.0, egress="local", identity="local", node="local", crawler_version="0.1.0",
        request=RequestRecord("GET", "/wapi/zpgeek/miniapp/search/joblist.json", {"query": "python"}), detail="",
        body=json.dumps({"code": 0, "message": "Success", "zpData": {"list": items}}, ensure_ascii=False),
    )  # fmt: skip


def land(zone: LandingZone, date: dt.date, *pages: list[dict[str, Any]]) -> None:
    counted = [(envelope(date, number, items), len(items)) for number, items in enumerate(pages, start=1)]
    land_pages(zone, "boss", date, Keyword.parse("python"), "100010000", counted)


def usual(**changed: Any) -> list[dict[str, Any]]:
    return [item(number, **changed) for number in range(ITEMS)]


def run(instance: dg.DagsterInstance, date: dt.date) -> dict[str, dg.AssetCheckEvaluation]:
    result = dg.materialize(
        [job_table_asset(BOSS, daily_partitions(DAY, 14), coverage_target=0.95)],
        instance=instance,
        partition_key=date.isoformat(),
        resources={
            "landing": LandingResource(), "control": ControlResource(), "warehouse": WarehouseResource(),
        },
    )  # fmt: skip
    assert result.success
    return {entry.check_name: entry for entry in result.get_asset_check_evaluations()}


@pytest.fixture
def zone(home: Path, store: ControlStore) -> LandingZone:
    """Four usual days are landed and loaded."""
    store.add_keyword("boss", "python")
    found = LandingResource().zone()
    with open_warehouse(load(StoreSettings)) as warehouse:
        for number in range(4, 0, -1):
            date = DAY - dt.timedelta(days=number)
            land(found, date, usual())
            warehouse.load_day("boss", date, found, run_id=f"run-{number}")
    return found


QUALITY = ("unparsed_values", "schema_drift", "row_count_drift", "duplicate_ids", "orphans")


def failed(evaluations: dict[str, dg.AssetCheckEvaluation]) -> set[str]:
    return {name for name in QUALITY if not evaluations[name].passed}


def test_a_usual_day_passes(zone: LandingZone, instance: dg.DagsterInstance) -> None:
    land(zone, DAY, usual())
    evaluations = run(instance, DAY)
    assert failed(evaluations) == set()
    assert evaluations["schema_drift"].metadata["sampled_items"].value == 10
    assert evaluations["schema_drift"].metadata["days_compared"].value == 4
    assert evaluations["row_count_drift"].metadata["median"].value == ITEMS
    assert evaluations["unparsed_values"].metadata["salary_unparsed_share"].value == 0.0
    partitions = instance.get_latest_materialization_event(names.job_table("boss"))
    assert partitions is not None


def test_a_shifted_day_is_told_with_strings_members_and_pages(zone: LandingZone, instance: dg.DagsterInstance) -> None:
    strange = [
        {key: value for key, value in one.items() if key != "jobDegree"} | {"jobExperience": {"name": "3-5年"}}
        for one in usual(salaryDesc="十五千", bonus="yes")
    ]
    land(zone, DAY, strange)
    evaluations = run(instance, DAY)
    assert failed(evaluations) == {"unparsed_values", "schema_drift"}
    unparsed, drift = evaluations["unparsed_values"], evaluations["schema_drift"]
    assert unparsed.severity == dg.AssetCheckSeverity.WARN
    # The result is that of the day, which stays when other days are loaded.
    assert {entry.partition for entry in evaluations.values()} == {DAY.isoformat()}
    assert unparsed.metadata["salary_unparsed_share"].value == 1.0
    assert "十五千" in str(unparsed.metadata["strings"].value)
    assert "salary 100.0% unparsed, usually 0.0%" in str(unparsed.description)
    [segment] = [ref.path for ref in zone.segments("boss", DAY)]
    told = str(drift.description)
    assert f"jobDegree (column degree_text) missing since {DAY}: string, see {segment} page 1" in told
    assert f"jobExperience (column experience_text) retyped since {DAY}: string → object" in told
    assert f"bonus new since {DAY}: string" in told
    assert drift.metadata["drifts"].value == 3


def test_fewer_jobs_and_repeated_pages_are_told(zone: LandingZone, instance: dg.DagsterInstance) -> None:
    few = usual()[:5]
    land(zone, DAY, few, few)
    evaluations = run(instance, DAY)
    assert failed(evaluations) == {"row_count_drift", "duplicate_ids"}
    assert "5 jobs, usually 12 (from 6 to 24 is no drift)" in str(evaluations["row_count_drift"].description)
    assert evaluations["duplicate_ids"].metadata["repeated_share"].value == 0.5
    assert "| python | 100010000 | 10 | 5 |" in str(evaluations["duplicate_ids"].metadata["searches"].value)


def test_lost_rows_are_orphans(zone: LandingZone) -> None:
    with open_warehouse(load(StoreSettings)) as warehouse:
        date = DAY - dt.timedelta(days=1)
        good = measure_quality(warehouse, BOSS, date)
        assert (good.unseen, good.unstored, good.twice) == (0, 0, 0)
        # As an engine would that has lost a part: the rows of the tables behind the views are gone.
        warehouse.command("CREATE TABLE kept AS job_sighting_base ENGINE = Memory")
        warehouse.command("INSERT INTO kept SELECT * FROM job_sighting_base WHERE job_id != 'job2'")
        warehouse.command("TRUNCATE TABLE job_sighting_base")
        warehouse.command("INSERT INTO job_sighting_base SELECT * FROM kept")
        lost = measure_quality(warehouse, BOSS, date)
        assert (lost.unseen, lost.unseen_jobs, lost.unstored) == (1, ["job2"], 0)
        warehouse.command("TRUNCATE TABLE boss_job_base")
        gone = measure_quality(warehouse, BOSS, date)
        assert (gone.unseen, gone.unstored) == (0, ITEMS - 1)
        [orphans] = [one for one in quality_verdicts(BOSS, gone) if one.check_name == "orphans"]
        assert not orphans.passed
        assert "11 sightings without their content; load the day again" in str(orphans.description)
        warehouse.load_day("boss", date, zone, run_id="again")
        healed = measure_quality(warehouse, BOSS, date)
        assert (healed.unseen, healed.unstored) == (0, 0)


def test_a_day_that_is_not_loaded_is_not_measured(zone: LandingZone) -> None:
    with open_warehouse(load(StoreSettings)) as warehouse, pytest.raises(ValueError, match="2026-11-21 is not loaded"):
        measure_quality(warehouse, BOSS, DAY)
