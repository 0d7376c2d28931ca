"""Schedules and sensors as Dagster calls them: a temporary instance, a real control store, no run started."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster._core.test_utils import create_run_for_test

from crawler_core.crawl import KeywordReport
from crawler_core.keyword import Keyword
from crawler_core.platforms import PLATFORMS
from crawler_core.values import SHANGHAI
from jobdata_resources.control import ControlStore, KeywordRow
from jobdata_resources.control_resource import ControlResource
from schedules.crawl import crawl_schedule
from sensors.daily_load import daily_load_sensor
from sensors.keywords import keyword_partitions_sensor

BOSS = PLATFORMS["boss"]
DAY = dt.date(2026, 11, 21)
RESOURCES = {"control": ControlResource()}


@pytest.fixture
def stored(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    """A schedule opens its instance by reference, which an ephemeral one does not have."""
    folder = tmp_path / "instance"
    folder.mkdir()
    with dg.DagsterInstance.local_temp(str(folder)) as instance:
        yield instance


def at(hour: int, day: dt.date = DAY) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(hour), SHANGHAI)


def add(store: ControlStore, *texts: str, platform: str = "boss") -> None:
    store.import_keywords(platform, [KeywordRow(keyword=Keyword.parse(text)) for text in texts])


def ended(store: ControlStore, keyword: str, state: str = "done", day: dt.date = DAY) -> None:
    store.record_keyword(
        KeywordReport(
            platform="boss", date=day, keyword=keyword, state=state, stop_reason="last", pages=1, records=30  # type: ignore[arg-type]
        )
    )  # fmt: skip


# ---- the crawl schedule


def tick(stored: dg.DagsterInstance, when: dt.datetime | None = None) -> dg.RunRequest | dg.SkipReason:
    schedule = crawl_schedule(BOSS, minute=0, running=False)
    context = dg.build_schedule_context(instance=stored, scheduled_execution_time=when or at(8), resources=RESOURCES)
    answer = schedule(context)
    assert isinstance(answer, dg.RunRequest | dg.SkipReason)
    return answer


def test_a_tick_asks_for_one_run_over_the_keyword_range(store: ControlStore, stored: dg.DagsterInstance) -> None:
    add(store, "a", "b", "数据 工程师")
    stored.add_dynamic_partitions("boss_keyword", ["a", "b", "数据 工程师"])
    answer = tick(stored)
    assert isinstance(answer, dg.RunRequest)
    assert answer.partition_key is None
    assert answer.tags["dagster/asset_partition_range_start"] == "2026-11-21|a"
    assert answer.tags["dagster/asset_partition_range_end"] == "2026-11-21|数据 工程师"
    assert (answer.tags["platform"], answer.tags["jobdata/crawl"]) == ("boss", "boss")


def test_the_day_is_the_one_in_shanghai(store: ControlStore, stored: dg.DagsterInstance) -> None:
    add(store, "a")
    stored.add_dynamic_partitions("boss_keyword", ["a"])
    answer = tick(stored, dt.datetime(2026, 11, 20, 23, 30, tzinfo=dt.UTC))
    assert isinstance(answer, dg.RunRequest)
    assert answer.tags["dagster/asset_partition_range_start"] == "2026-11-21|a"


def test_a_later_tick_asks_for_what_is_left(store: ControlStore, stored: dg.DagsterInstance) -> None:
    add(store, "a", "b", "c", "d")
    stored.add_dynamic_partitions("boss_keyword", ["a", "b", "c", "d"])
    ended(store, "a")
    ended(store, "c", "failed")
    store.pause_keyword("boss", "d")
    answer = tick(stored)
    assert isinstance(answer, dg.RunRequest)
    assert answer.tags["dagster/asset_partition_range_start"] == "2026-11-21|b"
    assert answer.tags["dagster/asset_partition_range_end"] == "2026-11-21|c"


def test_without_keywords_the_tick_says_how_to_import_some(store: ControlStore, stored: dg.DagsterInstance) -> None:
    answer = tick(stored)
    assert isinstance(answer, dg.SkipReason)
    assert "jobdata keyword import --platform boss" in str(answer.skip_message)


def test_without_tables_the_tick_says_how_to_make_them(home: Any, stored: dg.DagsterInstance) -> None:
    answer = tick(stored)
    assert isinstance(answer, dg.SkipReason)
    assert "jobdata db migrate" in str(answer.skip_message)


@pytest.mark.parametrize(
    ("job", "selection"),
    [("boss_crawl", None), ("__ASSET_JOB", frozenset({dg.AssetKey("boss_raw_pages")}))],
)
@pytest.mark.parametrize("status", [dg.DagsterRunStatus.NOT_STARTED, dg.DagsterRunStatus.STARTED])
def test_a_crawl_under_way_skips_the_tick(
    store: ControlStore,
    stored: dg.DagsterInstance,
    job: str,
    selection: frozenset[dg.AssetKey] | None,
    status: dg.DagsterRunStatus,
) -> None:
    add(store, "a")
    stored.add_dynamic_partitions("boss_keyword", ["a"])
    run = create_run_for_test(stored, job_name=job, status=status, asset_selection=selection)
    answer = tick(stored)
    assert isinstance(answer, dg.SkipReason)
    assert run.run_id in str(answer.skip_message)


def test_other_runs_do_not_skip_the_tick(store: ControlStore, stored: dg.DagsterInstance) -> None:
    add(store, "a")
    stored.add_dynamic_partitions("boss_keyword", ["a"])
    create_run_for_test(stored, job_name="qcwy_crawl", status=dg.DagsterRunStatus.STARTED)
    create_run_for_test(stored, job_name="boss_crawl", status=dg.DagsterRunStatus.SUCCESS)
    assert isinstance(tick(stored), dg.RunRequest)


def test_the_range_resolves_to_the_partitions_of_the_asset(store: ControlStore, stored: dg.DagsterInstance) -> None:
    """What the daemon does with the tags, up to the planned events of the run."""
    from jobdata_assets.definitions import build_definitions

    keywords = ["a", "C++", "数据 工程师"]
    today = dt.datetime.now(SHANGHAI)
    add(store, *keywords)
    stored.add_dynamic_partitions("boss_keyword", keywords)
    answer = tick(stored, today)
    assert isinstance(answer, dg.RunRequest)
    repository = build_definitions().get_repository_def()
    run = stored.create_run_for_job(
        repository.get_job("boss_crawl"), tags=answer.tags, asset_selection=frozenset({dg.AssetKey("boss_raw_pages")})
    )
    planned = stored.fetch_planned_materializations(dg.AssetKey("boss_raw_pages"), limit=10).records
    assert {record.partition_key for record in planned} == {f"{today.date()}|{keyword}" for keyword in keywords}
    assert {record.run_id for record in planned} == {run.run_id}


# ---- the keyword sensor


def sync(instance: dg.DagsterInstance) -> dg.SensorResult:
    sensor = keyword_partitions_sensor(list(PLATFORMS.values()), running=False)
    answer = sensor(dg.build_sensor_context(instance=instance, resources=RESOURCES))
    assert isinstance(answer, dg.SensorResult)
    for request in answer.dynamic_partitions_requests or []:  # what the daemon does with them
        assert isinstance(request, dg.AddDynamicPartitionsRequest)
        instance.add_dynamic_partitions(request.partitions_def_name, request.partition_keys)
    return answer


def test_new_keywords_become_partitions_and_paused_ones_stay(store: ControlStore, instance: dg.DagsterInstance) -> None:
    add(store, "b", "a")
    add(store, "c", platform="qcwy")
    store.add_keyword("boss", "a", priority=9)
    answer = sync(instance)
    assert not answer.run_requests
    assert list(instance.get_dynamic_partitions("boss_keyword")) == ["b", "a"]  # the order they were added in
    assert list(instance.get_dynamic_partitions("qcwy_keyword")) == ["c"]
    store.pause_keyword("boss", "b")
    add(store, "d")
    sync(instance)
    assert list(instance.get_dynamic_partitions("boss_keyword")) == ["b", "a", "d"]
    resting = sync(instance)
    assert not resting.dynamic_partitions_requests
    assert "boss: 2 keyword(s), all present" in str(resting.skip_reason)


def test_a_project_without_tables_changes_no_partition(home: Any, instance: dg.DagsterInstance) -> None:
    instance.add_dynamic_partitions("boss_keyword", ["old"])
    assert "there is no control store yet" in str(sync(instance).skip_reason)
    assert list(instance.get_dynamic_partitions("boss_keyword")) == ["old"]


# ---- the load sensor


class Watch:
    """The load sensor over several ticks, with its cursor."""

    def __init__(self, instance: dg.DagsterInstance) -> None:
        self.instance, self.cursor = instance, None

    def tick(self, now: dt.datetime) -> dg.SensorResult:
        sensor = daily_load_sensor(BOSS, deadline_hour=22, running=False, now=lambda: now)
        answer = sensor(dg.build_sensor_context(instance=self.instance, cursor=self.cursor, resources=RESOURCES))
        assert isinstance(answer, dg.SensorResult)
        self.cursor = answer.cursor
        return answer


def test_a_complete_day_is_loaded_once(store: ControlStore, instance: dg.DagsterInstance) -> None:
    add(store, "a", "b")
    watch = Watch(instance)
    ended(store, "a")
    assert "1 still open" in str(watch.tick(at(9)).skip_reason)
    ended(store, "b", "failed")
    [request] = watch.tick(at(10)).run_requests or []
    assert request.partition_key == "2026-11-21"
    assert request.tags["jobdata/completeness"] == "complete"
    assert request.tags["jobdata/missing_keywords"] == "b"
    again = watch.tick(at(11))
    assert not again.run_requests
    assert "loaded as it is" in str(again.skip_reason)
    ended(store, "b")
    [later] = watch.tick(at(12)).run_requests or []
    assert later.run_key != request.run_key
    assert "jobdata/missing_keywords" not in later.tags


def test_the_deadline_loads_what_there_is(store: ControlStore, instance: dg.DagsterInstance) -> None:
    add(store, "a", "b", "c")
    ended(store, "a")
    watch = Watch(instance)
    assert not watch.tick(at(21)).run_requests
    [request] = watch.tick(at(22)).run_requests or []
    assert request.tags["jobdata/completeness"] == "deadline"
    assert request.tags["jobdata/missing_keywords"] == "b, c"
    assert not watch.tick(at(23)).run_requests


def test_a_crawl_over_midnight_is_loaded_when_it_ends(store: ControlStore, instance: dg.DagsterInstance) -> None:
    add(store, "a", "b")
    ended(store, "a")
    watch = Watch(instance)
    assert watch.tick(at(22)).run_requests
    run = create_run_for_test(instance, job_name="boss_crawl", status=dg.DagsterRunStatus.STARTED)
    ended(store, "b", "partial")
    tomorrow = DAY + dt.timedelta(days=1)
    assert not watch.tick(at(1, tomorrow)).run_requests
    instance.report_run_failed(run)
    [request] = watch.tick(at(2, tomorrow)).run_requests or []
    assert (request.partition_key, request.tags["jobdata/completeness"]) == ("2026-11-21", "final")


def test_a_lost_or_broken_cursor_asks_with_the_same_run_key(store: ControlStore, instance: dg.DagsterInstance) -> None:
    add(store, "a")
    ended(store, "a")
    watch = Watch(instance)
    [first] = watch.tick(at(9)).run_requests or []
    for broken in (None, "", "nonsense", "[]", json.dumps({"2026-11-21": 1})):
        watch.cursor = broken
        [again] = watch.tick(at(10)).run_requests or []
        assert again.run_key == first.run_key


def test_sensors_do_not_open_the_warehouse(
    store: ControlStore, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    import jobdata_resources.warehouse as package

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a sensor opened the warehouse")

    monkeypatch.setattr(package, "open_warehouse", refuse)
    add(store, "a")
    ended(store, "a")
    assert Watch(instance).tick(at(9)).run_requests
    sync(instance)
