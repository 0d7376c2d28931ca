"""``<platform>_job``: landed pages into the embedded warehouse, its metadata and its checks."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from crawler_core.keyword import Keyword
from crawler_core.landing import Envelope, LandingZone, RequestRecord, land_pages
from crawler_core.platforms import PLATFORMS
from crawler_core.settings import load
from jobdata_assets import names
from jobdata_assets.daily import job_table
from jobdata_assets.daily.checks import DayFacts, measure, verdicts
from jobdata_assets.daily.coverage import Coverage
from jobdata_assets.daily.job_table import job_table_asset
from jobdata_assets.partitions import daily_partitions
from jobdata_resources.control import ControlStore
from jobdata_resources.control_resource import ControlResource
from jobdata_resources.landing import LandingResource
from jobdata_resources.settings import StoreSettings
from jobdata_resources.warehouse import LoadResult, open_warehouse
from jobdata_resources.warehouse_resource import WarehouseResource

DAY = dt.date(2026, 11, 21)
BOSS = PLATFORMS["boss"]
CHECKS = ("rows_loaded", "unique_keys", "required_fields", "keyword_coverage", "partition_budget")
QUALITY = ("unparsed_values", "schema_drift", "row_count_drift", "duplicate_ids", "orphans")
OURS = {"rows_loaded", "unique_keys", "required_fields", "keyword_coverage", "partition_budget"}
"""The checks of ``jobdata_assets.daily.checks``; the asset may have more."""


def job(number: int, **changed: Any) -> dict[str, Any]:
    return {
        "encryptJobId": f"job{number}",
        "jobName": f"数据工程师 {number}",
        "salaryDesc": "15-25K·14薪",
        "cityName": "长沙",
        "brandName": "示例 | 科技",
        "jobExperience": "3-5年",
        "jobDegree": "本科",
    } | changed


def page(keyword: str, items: Sequence[dict[str, Any]], *, number: int = 1, date: dt.date = DAY) -> Envelope:
    return Envelope(
        platform="boss", kind="search", keyword=keyword, city="100010000", page=number, attempt=1,
        date=date.isoformat(), fetched_at=f"{date}T09:00:{number:02d}.000+08:00", outcome="ok", status=200,
        latency_ms=12.0, egress="local", identity="local", node="local", crawler_version="0.1.0",
        request=RequestRecord("GET", "/wapi/zpgeek/miniapp/search/joblist.json", {"query": keyword}), detail="",
        body=json.dumps({"code": 0, "message": "Success", "zpData": {"list": list(items)}}, ensure_ascii=False),
    )  # fmt: skip


@pytest.fixture
def zone(store: ControlStore) -> LandingZone:
    for keyword in ("python", "数据 工程师"):
        store.add_keyword("boss", keyword)
    return LandingResource().zone()


def land(zone: LandingZone, keyword: str, *pages: Envelope, date: dt.date = DAY) -> None:
    counted = [(entry, len(json.loads(entry.body)["zpData"]["list"])) for entry in pages]
    land_pages(zone, "boss", date, Keyword.parse(keyword), "100010000", counted)


def land_day(zone: LandingZone, date: dt.date = DAY) -> None:
    first, second = page("python", [job(1), job(2)], date=date), page("python", [job(3)], number=2, date=date)
    land(zone, "python", first, second, date=date)
    land(zone, "数据 工程师", page("数据 工程师", [job(2), job(4)], date=date), date=date)


def run(
    instance: dg.DagsterInstance,
    date: dt.date = DAY,
    *,
    target: float = 0.95,
    after: Sequence[dg.AssetsDefinition] = (),
) -> dg.ExecuteInProcessResult:
    asset = job_table_asset(BOSS, daily_partitions(DAY, 14), coverage_target=target)
    return dg.materialize(
        [asset, *after],
        instance=instance,
        partition_key=date.isoformat(),
        resources={
            "landing": LandingResource(), "control": ControlResource(), "warehouse": WarehouseResource(),
        },
        raise_on_error=False,
    )  # fmt: skip


def evaluations(result: dg.ExecuteInProcessResult) -> dict[str, bool]:
    return {entry.check_name: entry.passed for entry in result.get_asset_check_evaluations()}


def metadata(result: dg.ExecuteInProcessResult) -> dict[str, Any]:
    [event] = result.asset_materializations_for_node("boss_job")
    return {name: value.value for name, value in event.metadata.items()}


def error_text(result: dg.ExecuteInProcessResult) -> str:
    [event] = [event for event in result.all_events if event.is_step_failure]
    return str(event.step_failure_data.error_display_string)


def contents(home: Path) -> list[tuple[Any, ...]]:
    with open_warehouse(load(StoreSettings)) as warehouse:
        rows = warehouse.query(
            "SELECT job_id, title, first_seen, last_seen FROM boss_job ORDER BY job_id, content_hash"
        )
        return rows + warehouse.query("SELECT * EXCEPT run FROM job_sighting ORDER BY ALL")


def test_a_day_is_loaded_checked_and_described(
    home: Path, zone: LandingZone, store: ControlStore, instance: dg.DagsterInstance
) -> None:
    land_day(zone)
    result = run(instance)
    assert result.success
    told = evaluations(result)
    assert told.keys() >= OURS
    assert all(told.values())
    found = metadata(result)
    assert found["dagster/table_name"] == "job_data.boss_job"
    assert found["dagster/partition_row_count"] == 4
    assert found["dagster/row_count"] == 4
    assert (found["sightings"], found["jobs"], found["pages"], found["coverage"]) == (5, 4, 3, 1.0)
    assert found["refused"] == {}
    assert found["outcomes"] == {"ok": 3}
    assert [column.name for column in found["dagster/column_schema"].columns[:2]] == ["job_id", "title"]
    assert found["preview"].splitlines()[2].startswith("| python | 1 | 数据工程师 1 | 示例 \\| 科技 | 长沙 |")
    [record] = store.runs("boss_job")
    assert (record.state, record.date, record.records) == ("success", DAY, 5)


def test_the_same_day_again_leaves_the_same_rows(home: Path, zone: LandingZone, instance: dg.DagsterInstance) -> None:
    land_day(zone)
    assert run(instance).success
    before = contents(home)
    again = run(instance)
    assert again.success
    assert metadata(again)["dagster/row_count"] == 4
    assert contents(home) == before


def test_nothing_landed_is_a_clear_failure(home: Path, zone: LandingZone, instance: dg.DagsterInstance) -> None:
    result = run(instance)
    assert not result.success
    text = error_text(result)
    assert "no page of boss is landed for 2026-11-21" in text
    assert "boss_raw_pages" in text
    assert not (home / "clickhouse").exists()


def test_missing_keywords_fail_the_day_and_stop_what_follows(
    home: Path, zone: LandingZone, instance: dg.DagsterInstance
) -> None:
    @dg.asset(deps=[names.job_table("boss")], partitions_def=daily_partitions(DAY, 14))
    def report() -> None: ...

    land(zone, "数据 工程师", page("数据 工程师", [job(1)]))
    result = run(instance, after=[report])
    assert not result.success
    assert evaluations(result)["keyword_coverage"] is False
    [evaluation] = [entry for entry in result.get_asset_check_evaluations() if entry.check_name == "keyword_coverage"]
    assert evaluation.metadata["missing"].value == ["python (pending)"]
    assert "report" not in {event.step_key for event in result.all_events if event.is_step_success}
    assert instance.get_latest_materialization_event(names.job_table("boss")) is not None
    assert len(contents(home)) == 2  # one job, one sighting: what is landed stays loaded


def test_a_lower_target_lets_the_day_pass(home: Path, zone: LandingZone, instance: dg.DagsterInstance) -> None:
    land(zone, "数据 工程师", page("数据 工程师", [job(1)]))
    assert run(instance, target=0.5).success


def test_records_without_required_fields_fail_the_day(
    home: Path, zone: LandingZone, instance: dg.DagsterInstance
) -> None:
    shifted = [job(number, jobName="") for number in range(10, 20)]
    land(zone, "python", page("python", [job(1), *shifted]))
    land(zone, "数据 工程师", page("数据 工程师", [job(2)]))
    result = run(instance)
    assert not result.success
    told = evaluations(result)
    assert {name for name in OURS if not told[name]} == {"required_fields"}
    assert sum(metadata(result)["refused"].values()) == 10


def test_a_page_nobody_understands_is_told_and_a_day_of_them_fails(
    home: Path, zone: LandingZone, instance: dg.DagsterInstance
) -> None:
    land(zone, "python", page("python", [job(1)]))
    land(zone, "数据 工程师", page("数据 工程师", []))
    some = run(instance)
    assert some.success
    assert evaluations(some)["rows_loaded"] is False
    other = DAY - dt.timedelta(days=1)
    land(zone, "python", page("python", [], date=other), date=other)
    none = run(instance, other)
    assert not none.success
    assert evaluations(none)["rows_loaded"] is False


def test_a_damaged_segment_is_named(home: Path, zone: LandingZone, instance: dg.DagsterInstance) -> None:
    land_day(zone)
    [segment] = (home / "landing").rglob("keyword=python/*.zst")
    segment.write_bytes(segment.read_bytes()[:-5])
    text = error_text(run(instance))
    assert "2026-11-21 was not loaded into boss_job" in text
    assert "keyword=python" in text


def test_a_warehouse_in_use_is_tried_again(
    home: Path, zone: LandingZone, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLICKHOUSE_LOCK_SECONDS", "0")
    monkeypatch.setattr(job_table, "_RETRY_SECONDS", 0)
    land_day(zone)
    holder = (
        "from jobdata_resources.settings import StoreSettings\n"
        "from jobdata_resources.warehouse import open_warehouse\n"
        "with open_warehouse(StoreSettings()): print('open', flush=True); input()"
    )
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen([sys.executable, "-c", holder], cwd=home, **pipes) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "open\n"
        busy = run(instance)
        other.communicate("\n")
    assert not busy.success
    assert len([event for event in busy.all_events if event.event_type_value == "STEP_UP_FOR_RETRY"]) == 3
    assert run(instance).success


def test_a_sighting_without_its_job_is_found(home: Path, zone: LandingZone, instance: dg.DagsterInstance) -> None:
    land_day(zone)
    assert run(instance).success
    with open_warehouse(load(StoreSettings)) as warehouse:
        assert measure(warehouse, BOSS, DAY).without_job == 0
        warehouse.command("TRUNCATE TABLE boss_job_base")
        facts = measure(warehouse, BOSS, DAY)
    assert (facts.rows, facts.sightings, facts.without_job) == (0, 5, 5)


# ---- what the measurements mean

GOOD = DayFacts(sightings=5, distinct_sightings=5, rows=4, distinct_rows=4, without_job=0, empty={"title": 0})
LOADED = LoadResult(
    platform="boss", date=DAY, load_id=1, segments=2, pages=3, records=100, refused={}, unparsed_pages=0,
    outcomes={"ok": 3}, sightings=5, jobs=4, contents=4, seconds=0.1,
)  # fmt: skip
WHOLE = Coverage(expected=2, done=2, missing={})


@pytest.mark.parametrize(
    ("facts", "loaded", "coverage", "keywords", "failed"),
    [
        ({}, {}, WHOLE, 100, set()),
        ({"sightings": 0, "distinct_sightings": 0}, {}, WHOLE, 100, {"rows_loaded"}),
        ({}, {"unparsed_pages": 1}, WHOLE, 100, {"rows_loaded"}),
        ({"rows": 5}, {}, WHOLE, 100, {"unique_keys"}),
        ({"sightings": 6}, {}, WHOLE, 100, {"unique_keys"}),
        ({"without_job": 1}, {}, WHOLE, 100, {"unique_keys"}),
        ({"empty": {"title": 1}}, {}, WHOLE, 100, {"required_fields"}),
        ({}, {"refused": {"no title": 5}}, WHOLE, 100, set()),
        ({}, {"refused": {"no title": 6}}, WHOLE, 100, {"required_fields"}),
        ({}, {}, Coverage(expected=20, done=19, missing={"a": "failed"}), 100, set()),
        ({}, {}, Coverage(expected=20, done=18, missing={"a": "failed", "b": "partial"}), 100, {"keyword_coverage"}),
        ({}, {}, Coverage(expected=0, done=0, missing={}), 100, set()),
        ({}, {}, WHOLE, 799, set()),
        ({}, {}, WHOLE, 800, {"partition_budget"}),
    ],
)
def test_verdicts(
    facts: dict[str, Any], loaded: dict[str, Any], coverage: Coverage, keywords: int, failed: set[str]
) -> None:
    results = list(
        verdicts(
            dataclasses.replace(LOADED, **loaded),
            dataclasses.replace(GOOD, **facts),
            coverage,
            coverage_target=0.95,
            dates=100,
            keywords=keywords,
        )
    )
    assert {str(result.check_name) for result in results if not result.passed} == failed
