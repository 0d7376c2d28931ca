"""When the market is refreshed: the decision as a table, and the sensor as Dagster calls it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster._core.test_utils import create_run_for_test

from crawler_core.platforms import PLATFORMS
from crawler_core.values import SHANGHAI
from jobdata_assets import names
from sensors.market import market_sensor
from sensors.market_decision import COMPANY_WAIT, LOAD_WAIT, MarketState, decide_market

NOW = dt.datetime(2026, 11, 21, 20, 0, tzinfo=SHANGHAI)
MINUTE = dt.timedelta(minutes=1)


def seen(ago: dt.timedelta, **marks: int) -> MarketState:
    return MarketState(marks=marks, started=NOW - ago)


CASES: list[tuple[str, dict[str, Any], str | None, str]] = [
    ("nothing was ever loaded", {}, None, "nothing is loaded yet"),
    ("the first load", {"jobs": {"boss_job": 5}}, "jobs", "new in boss_job"),
    ("as it was", {"jobs": {"boss_job": 5}, "state": seen(MINUTE, boss_job=5)}, None, "nothing was loaded since"),
    ("a day more", {"jobs": {"boss_job": 6}, "state": seen(MINUTE, boss_job=5)}, "jobs", "new in boss_job"),
    ("another load is on its way", {"jobs": {"boss_job": 6}, "loading": True}, None, "a load is under way"),
    (
        "loads without an end are not waited for",
        {"jobs": {"boss_job": 6}, "loading": True, "state": MarketState(since=NOW - LOAD_WAIT)},
        "jobs",
        "not waited for any longer",
    ),
    ("it runs already", {"jobs": {"boss_job": 6}, "refreshing": True}, None, "a refresh is under way"),
    (
        "details shortly after a refresh",
        {"companies": {"boss_company": 9}, "state": seen(COMPANY_WAIT - MINUTE, boss_company=8)},
        None,
        "once an hour, next at 20:01",
    ),
    (
        "details an hour after a refresh",
        {"companies": {"boss_company": 9}, "state": seen(COMPANY_WAIT, boss_company=8)},
        "companies",
        "new in boss_company",
    ),
    ("details alone, never refreshed", {"companies": {"boss_company": 9}}, "companies", "new in boss_company"),
    (
        "jobs do not wait for the hour",
        {"jobs": {"qcwy_job": 9}, "companies": {"boss_company": 9}, "state": seen(MINUTE, boss_company=8)},
        "jobs",
        "new in qcwy_job, boss_company",
    ),
]


@pytest.mark.parametrize(("given", "reason", "message"), [one[1:] for one in CASES], ids=[one[0] for one in CASES])
def test_decision(given: dict[str, Any], reason: str | None, message: str) -> None:
    usual: dict[str, Any] = {
        "jobs": {}, "companies": {}, "loading": False, "refreshing": False, "now": NOW, "state": MarketState(),
    }  # fmt: skip
    found = decide_market(**{**usual, **given})
    assert (found.reason, message in found.message) == (reason, True), found.message
    marks = {**given.get("jobs", {}), **given.get("companies", {})}
    if reason:
        assert found.state == MarketState(marks=marks, started=NOW)
    else:
        assert found.state.marks == usual["state"].marks or found.state.marks == given["state"].marks


def test_the_wait_is_counted_from_the_first_tick_that_saw_something_new() -> None:
    state = MarketState()
    for minutes in range(0, 121, 30):
        found = decide_market(
            jobs={"boss_job": minutes + 1},  # a backfill: each tick sees another load
            companies={},
            loading=True,
            refreshing=False,
            now=NOW + minutes * MINUTE,
            state=state,
        )
        state = found.state
        assert found.reason == ("jobs" if minutes == 120 else None)
    assert state.since is None


@pytest.fixture
def stored(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    folder = tmp_path / "instance"
    folder.mkdir()
    with dg.DagsterInstance.local_temp(str(folder)) as instance:
        yield instance


def test_ticks(stored: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch) -> None:
    """From the first load on, as the daemon calls it; the warehouse is never opened."""
    monkeypatch.setattr("jobdata_resources.warehouse.client.open_engine", lambda *_, **__: pytest.fail("opened"))
    clock = [NOW]
    sensor = market_sensor(list(PLATFORMS.values()), running=False, now=lambda: clock[0])
    cursor: str | None = None

    def tick() -> dg.SensorResult:
        nonlocal cursor
        answer = sensor(dg.build_sensor_context(instance=stored, cursor=cursor))
        assert isinstance(answer, dg.SensorResult)
        cursor = answer.cursor
        clock[0] += MINUTE
        return answer

    def loaded(asset: dg.AssetKey) -> None:
        stored.report_runless_asset_event(dg.AssetMaterialization(asset, partition="2026-11-21"))

    assert tick().skip_reason is not None
    loaded(names.job_table("boss"))
    other = create_run_for_test(stored, job_name=names.load_job("qcwy"), status=dg.DagsterRunStatus.STARTED)
    assert "a load is under way" in str(tick().skip_reason)
    stored.report_run_canceled(other)
    [request] = tick().run_requests or []
    assert request.tags == {"jobdata/reason": "jobs"}
    assert "nothing was loaded" in str(tick().skip_reason)
    loaded(names.company_table("zhilian"))
    assert "once an hour" in str(tick().skip_reason)
    clock[0] += COMPANY_WAIT
    [later] = tick().run_requests or []
    assert later.tags == {"jobdata/reason": "companies"}
    assert later.run_key != request.run_key
    # A lost cursor asks for the same run key, which Dagster starts once.
    cursor = "not json"
    [again] = tick().run_requests or []
    assert again.run_key == later.run_key
    create_run_for_test(stored, job_name=names.MARKET_JOB, status=dg.DagsterRunStatus.STARTED)
    loaded(names.job_table("qcwy"))
    assert "a refresh is under way" in str(tick().skip_reason)
