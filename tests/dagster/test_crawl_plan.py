"""``crawl_plan`` through Dagster: the plan of a day, the crawl that keeps to it, and the plan of the next day."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster._core.test_utils import create_run_for_test

from crawler_core.crawl import KeywordReport
from crawler_core.values import SHANGHAI
from jobdata_assets import names
from jobdata_assets.crawl.crawl_plan import crawl_plan_asset
from jobdata_assets.partitions import daily_partitions
from jobdata_resources.control import ControlStore
from schedules.daily import crawl_plan_schedule
from schedules.daily_decision import decide_daily
from tests.dagster.desk import TODAY, Desk, failure
from tests.support.toy_platform import market

TOMORROW = TODAY + dt.timedelta(days=1)


@pytest.fixture
def budget(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRAWL_PAGES_PER_DAY", "12")


def make(desk: Desk, day: dt.date | None = None) -> dg.ExecuteInProcessResult:
    return dg.materialize(
        [crawl_plan_asset([desk.platform], daily_partitions(TODAY, 14))],
        instance=desk.instance,
        resources={name: value for name, value in desk.resources().items() if name != "landing"},
        partition_key=(day or desk.day).isoformat(),
        raise_on_error=False,
    )


def metadata(run: dg.ExecuteInProcessResult) -> dict[str, Any]:
    assert run.success
    [event] = run.asset_materializations_for_node(names.CRAWL_PLAN.to_python_identifier())
    return {name: value.value for name, value in event.metadata.items()}


def planned(store: ControlStore, day: dt.date = TODAY) -> dict[str, int]:
    return {row.keyword: row.pages for row in store.plan("boss", day)}


def test_a_day_is_planned_crawled_and_the_next_one_learns_from_it(desk: Desk, budget: None) -> None:
    desk.keywords("Java", "数据 工程师", "resting")
    desk.store.pause_keyword("boss", "resting")
    found = metadata(make(desk))
    assert planned(desk.store) == {"java": 5, "数据 工程师": 5}
    assert (found["boss_budget"], found["boss_pages"], found["boss_sweeps"]) == (12, 10, 2)
    assert "| Java | 5 | to the end | sweep: never swept |" in found["boss_plan"]

    desk.script(market(4))
    run = desk.launch("Java", "数据 工程师")
    assert run.success
    entry = desk.materializations(run)[f"{TODAY}|Java"]
    assert (entry["pages"], entry["stop_reason"], entry["fresh"]) == (4, "last", 8)
    row = desk.store.plan("boss", TODAY)[0]
    assert (row.fetched, row.fresh, row.complete) == (4, 8, True)

    desk.crawler._day = desk.day = TOMORROW
    again = metadata(make(desk))
    assert again["boss_new_per_1000_pages_yesterday"] == 2000.0
    assert sum(planned(desk.store, TOMORROW).values()) <= 12
    script = desk.script(market(4))
    run = desk.launch("Java", "数据 工程师")
    assert run.success
    ends = {entry["stop_reason"] for entry in desk.materializations(run).values()}
    assert ends <= {"nothing_new", "last", "plan"}
    assert len(script.log) <= sum(planned(desk.store, TOMORROW).values())
    assert set(desk.store.keyword_states("boss", TOMORROW).values()) == {"done"}


def test_a_day_without_a_plan_is_crawled_to_its_end(desk: Desk, budget: None) -> None:
    desk.keywords("a")
    desk.script(market(9))
    run = desk.launch("a")
    entry = desk.materializations(run)[f"{TODAY}|a"]
    assert (entry["pages"], entry["stop_reason"]) == (9, "last")
    assert "fresh" not in entry


def test_planning_again_keeps_what_was_begun_and_a_late_keyword_enters(desk: Desk, budget: None) -> None:
    desk.keywords("a", "b")
    make(desk)
    desk.script(market(9))
    desk.launch("a")
    first = planned(desk.store)
    desk.keywords("c")
    desk.launch("c")
    assert planned(desk.store)["c"] == 1
    found = metadata(make(desk))
    after = planned(desk.store)
    assert (after["a"], after["c"]) == (first["a"], 1)
    assert found["boss_pages"] == sum(after.values()) <= 12
    desk.store.pause_keyword("boss", "b")
    make(desk)
    assert set(planned(desk.store)) == {"a", "c"}


def test_the_reasons_why_no_plan_is_made(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.keywords("a")
    assert "CRAWL_PAGES_PER_DAY is not set" in failure(make(desk))[0]
    monkeypatch.setenv("CRAWL_PAGES_PER_DAY", "5")
    assert "is not today" in failure(make(desk, TODAY - dt.timedelta(days=1)))[0]
    assert planned(desk.store) == {}


def test_a_keyword_that_failed_is_not_taken_for_complete(desk: Desk, budget: None) -> None:
    from jobdata_assets.crawl.allowances import record_yield

    desk.keywords("a")
    make(desk)
    report = KeywordReport(
        platform="boss", date=TODAY, keyword="a", state="failed", stop_reason="banned", pages=2, records=4, fresh=4
    )
    record_yield(desk.store, report)
    [row] = desk.store.plan("boss", TODAY)
    assert (row.fetched, row.fresh, row.complete) == (2, 4, False)
    record_yield(desk.store, replace(report, fresh=None, pages=9))
    assert desk.store.plan("boss", TODAY) == [row]


# ---- the schedule


@pytest.mark.parametrize(
    ("running", "off", "start", "message"),
    [
        ((), "", True, "report of 2026-11-21"),
        (("run-1",), "", False, "still under way (run run-1)"),
        (("run-1",), "not set", False, "not set"),
    ],
)
def test_daily_decision(running: tuple[str, ...], off: str, start: bool, message: str) -> None:
    decision = decide_daily(what="report", date=TODAY, running=running, off=off)
    assert decision.start is start
    assert message in decision.message


def test_the_schedule_plans_the_day_in_shanghai(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    schedule = crawl_plan_schedule(running=False)
    when = dt.datetime.combine(TODAY, dt.time(7, 40), SHANGHAI)
    with dg.DagsterInstance.local_temp(str(tmp_path)) as stored:

        def tick() -> Any:
            return schedule(dg.build_schedule_context(instance=stored, scheduled_execution_time=when))

        skipped = tick()
        assert isinstance(skipped, dg.SkipReason)
        assert "CRAWL_PAGES_PER_DAY" in (skipped.skip_message or "")
        monkeypatch.setenv("CRAWL_PAGES_PER_DAY", "100")
        request = tick()
        assert isinstance(request, dg.RunRequest)
        assert request.partition_key == TODAY.isoformat()
        create_run_for_test(
            stored, job_name=names.CRAWL_PLAN_JOB, status=dg.DagsterRunStatus.STARTED,
            asset_selection=frozenset({names.CRAWL_PLAN}),
        )  # fmt: skip
        assert isinstance(tick(), dg.SkipReason)
