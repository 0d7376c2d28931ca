"""The decisions of sensors, schedules and crawl runs as tables: no Dagster, no clock, no store."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler_core.landing import CityProgress, Manifest, SegmentEntry, State
from crawler_core.values import SHANGHAI
from jobdata_assets.crawl.day_plan import Target, plan_day
from jobdata_assets.daily.coverage import Tracked, measure_coverage
from jobdata_assets.metadata import markdown_table
from jobdata_assets.partitions import PARTITION_LIMIT, by_date, daily_partitions
from schedules.crawl_decision import decide_crawl
from sensors.keyword_plan import plan_keyword_changes
from sensors.load_decision import Fired, decide_load

DAY = dt.date(2026, 11, 21)
YESTERDAY, TOMORROW = DAY - dt.timedelta(days=1), DAY + dt.timedelta(days=1)


def manifest(keyword: str, state: State = "done", pages: int = 1, city: str = "100", date: dt.date = DAY) -> Manifest:
    entry = SegmentEntry(
        name="100-00001.jsonl.zst", sha256="", size_bytes=1, lines=pages, first_page=1, last_page=pages,
        pages=pages, records=pages * 30, outcomes={"ok": pages}, egress={"local": pages},
    )  # fmt: skip
    cities = {city: CityProgress(city=city, state=state, segments=[entry] if pages else [])}
    return Manifest(platform="boss", date=date.isoformat(), keyword=keyword, state=state, cities=cities)


# ---- what a crawl run does with each keyword

ACTIVE = Target(frozenset({"100"}), paused=False)
PAUSED = Target(frozenset({"100"}), paused=True)
TWO_CITIES = Target(frozenset({"100", "101"}), paused=False)


@pytest.mark.parametrize(
    ("date", "found", "target", "late", "expected"),
    [
        (DAY, None, ACTIVE, False, "crawl"),
        (DAY, manifest("k", "partial"), ACTIVE, False, "crawl"),
        (DAY, manifest("k", "failed"), ACTIVE, False, "crawl"),
        (DAY, manifest("k", "done"), ACTIVE, False, "landed"),
        (DAY, manifest("k", "done"), PAUSED, False, "landed"),
        (DAY, manifest("k", "done"), None, False, "landed"),
        (DAY, manifest("k", "done"), TWO_CITIES, False, "crawl"),
        (DAY, None, PAUSED, False, "paused"),
        (DAY, manifest("k", "partial"), PAUSED, False, "paused"),
        (DAY, None, None, False, "refused: not in the control store"),
        (YESTERDAY, manifest("k", "done"), ACTIVE, False, "landed"),
        (YESTERDAY, manifest("k", "partial"), ACTIVE, False, "landed"),
        (YESTERDAY, manifest("k", "failed", pages=0), ACTIVE, False, "refused: no landed pages"),
        (YESTERDAY, None, ACTIVE, False, "refused: no landed pages"),
        (YESTERDAY, None, ACTIVE, True, "crawl"),
        (YESTERDAY, manifest("k", "partial"), ACTIVE, True, "crawl"),
        (YESTERDAY, manifest("k", "done"), ACTIVE, True, "landed"),
        (YESTERDAY, None, PAUSED, True, "paused"),
        (YESTERDAY, None, None, True, "refused: not in the control store"),
        (TOMORROW, None, ACTIVE, False, "refused: in the future"),
        (TOMORROW, None, ACTIVE, True, "refused: in the future"),
        (TOMORROW, manifest("k", "done"), ACTIVE, False, "refused: in the future"),
    ],
)
def test_plan_day(date: dt.date, found: Manifest | None, target: Target | None, late: bool, expected: str) -> None:
    plan = plan_day(
        date=date,
        today=DAY,
        wanted=["k"],
        manifests={"k": found} if found else {},
        targets={"k": target} if target else {},
        late=late,
    )
    kind, _, reason = expected.partition(": ")
    assert {name: bool(getattr(plan, name)) for name in ("landed", "crawl", "paused", "refused")} == {
        name: name == kind for name in ("landed", "crawl", "paused", "refused")
    }
    if reason:
        assert reason in plan.refused["k"]


# ---- coverage


@pytest.mark.parametrize(
    ("tracked", "landed", "today", "expected", "missing"),
    [
        ([("a", False), ("b", False)], {"a": "done", "b": "done"}, DAY, 2, {}),
        ([("a", False), ("b", False)], {"a": "done"}, DAY, 2, {"b": "pending"}),
        ([("a", False), ("b", False)], {"a": "done", "b": "failed"}, DAY, 2, {"b": "failed"}),
        ([("a", False), ("b", True)], {"a": "done", "b": "partial"}, DAY, 1, {}),  # paused because it fails
        ([("a", False), ("b", False), ("new", False)], {"a": "done", "b": "done"}, TOMORROW, 2, {}),  # added since
        ([("a", False), ("b", False), ("c", False)], {"a": "done", "c": "done"}, TOMORROW, 3, {"b": "pending"}),
        ([("JAVA", False)], {"Java": "done"}, DAY, 1, {}),
        ([], {"a": "done", "b": "partial"}, DAY, 2, {"b": "partial"}),  # a node without control store landed them
        ([], {}, DAY, 0, {}),
    ],
)
def test_coverage(
    tracked: list[tuple[str, bool]], landed: dict[str, State], today: dt.date, expected: int, missing: dict[str, str]
) -> None:
    coverage = measure_coverage(
        date=DAY,
        today=today,
        tracked=[Tracked(text, paused, serial) for serial, (text, paused) in enumerate(tracked, 1)],
        manifests=[manifest(keyword, state) for keyword, state in landed.items()],
    )
    assert (coverage.expected, dict(coverage.missing)) == (expected, missing)
    assert coverage.done == expected - len(missing)
    assert coverage.ratio == (coverage.done / expected if expected else 1)


# ---- keyword partitions


@pytest.mark.parametrize(
    ("source", "existing", "add", "waiting", "message"),
    [
        (None, ["a"], (), 0, "no control store"),
        ([], ["a"], (), 0, "jobdata keyword import --platform boss"),
        (["a", "b"], ["a", "b", "old"], (), 0, "2 keyword(s), all present"),
        (["b", "a"], [], ("b", "a"), 0, "2 new"),
        (["Java"], ["JAVA"], (), 0, "all present"),
        (["Java", "JAVA"], [], ("Java",), 0, "1 new"),
        (["a", "b", "c", "d", "e"], ["c"], ("a", "b", "d"), 1, "1 more at the next tick"),
    ],
)
def test_keyword_plan(
    source: list[str] | None, existing: list[str], add: tuple[str, ...], waiting: int, message: str
) -> None:
    plan = plan_keyword_changes("boss", source, existing, batch=3)
    assert (plan.add, plan.waiting) == (add, waiting)
    assert message in plan.message


@given(st.lists(st.text(min_size=1)), st.lists(st.text(min_size=1)), st.integers(1, 5))
def test_keyword_plans_come_to_rest_with_every_keyword_present_once(
    source: list[str], existing: list[str], batch: int
) -> None:
    keys = list(existing)
    while (plan := plan_keyword_changes("boss", source, keys, batch=batch)).add:
        assert 0 < len(plan.add) <= batch
        keys += plan.add
    assert keys[: len(existing)] == existing  # append-only
    added = [key.casefold() for key in keys[len(existing) :]]
    assert len(set(added)) == len(added)
    assert {key.casefold() for key in source} <= {key.casefold() for key in keys}


# ---- the crawl schedule

KEYS = ["a", "b", "c", "d"]


@pytest.mark.parametrize(
    ("keys", "states", "running", "wanted", "message"),
    [
        (KEYS, dict.fromkeys(KEYS, "pending"), [], ("a", "d", 4), "4 of 4"),
        (KEYS, {"a": "done", "b": "failed", "c": "done", "d": "partial"}, [], ("b", "d", 2), "2 of 4"),
        (KEYS, {"b": "pending"}, [], ("b", "b", 1), "1 of 1"),
        (KEYS, {"B": "pending"}, [], ("b", "b", 1), "1 of 1"),
        (KEYS, dict.fromkeys(KEYS, "done"), [], None, "all 4 boss keywords"),
        (KEYS, {}, [], None, "jobdata keyword import --platform boss"),
        ([], {"a": "pending"}, [], None, "keyword_partitions"),
        (KEYS, {"a": "pending"}, ["run-1"], None, "still under way (run run-1)"),
    ],
)
def test_crawl_decision(
    keys: list[str],
    states: Mapping[str, str],
    running: list[str],
    wanted: tuple[str, str, int] | None,
    message: str,
) -> None:
    decision = decide_crawl(platform="boss", date=DAY, keys=keys, states=states, running=running)
    assert (decision.first, decision.last, decision.open_keywords) == (wanted or (None, None, 0))
    assert message in decision.message


# ---- the load sensor


def at(hour: int, day: dt.date = DAY) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(hour), SHANGHAI)


DONE, MIXED, OPEN = {"a": "done", "b": "done"}, {"a": "done", "b": "failed"}, {"a": "done", "b": "partial"}


@pytest.mark.parametrize(
    ("states", "now", "crawling", "reason", "message"),
    [
        ({}, at(23), False, None, "no active keywords"),
        ({"a": "pending"}, at(23), False, None, "nothing crawled yet"),
        ({"a": "pending"}, at(9, TOMORROW), False, None, "nothing crawled yet"),
        (DONE, at(9), False, "complete", "2 of 2"),
        (DONE, at(9), True, "complete", "2 of 2"),
        (MIXED, at(9), False, "complete", "missing: b (failed)"),
        (OPEN, at(9), False, None, "1 still open"),
        (OPEN, at(22), True, "deadline", "missing: b (partial)"),
        (OPEN, at(1, TOMORROW), True, None, "still running"),
        (OPEN, at(1, TOMORROW), False, "final", "missing: b (partial)"),
    ],
)
def test_load_decision(
    states: dict[str, str], now: dt.datetime, crawling: bool, reason: str | None, message: str
) -> None:
    decision = decide_load(date=DAY, now=now, deadline_hour=22, states=states, crawling=crawling, fired=Fired())
    assert decision.reason == reason
    assert message in decision.message


def test_each_completeness_fires_once_and_later_pages_fire_again() -> None:
    fired = Fired()

    def step(states: dict[str, str], now: dt.datetime, *, crawling: bool = False) -> str | None:
        nonlocal fired
        decision = decide_load(date=DAY, now=now, deadline_hour=22, states=states, crawling=crawling, fired=fired)
        fired = decision.fired
        return decision.reason

    assert step(OPEN, at(21)) is None
    assert step(OPEN, at(22), crawling=True) == "deadline"
    assert step(OPEN, at(22), crawling=True) is None
    assert step({"a": "done", "b": "partial", "c": "partial"}, at(23), crawling=True) is None  # once only
    assert step({"a": "done", "b": "done", "c": "partial"}, at(0, TOMORROW), crawling=True) is None
    assert step({"a": "done", "b": "done", "c": "partial"}, at(1, TOMORROW)) == "final"
    assert step({"a": "done", "b": "done", "c": "partial"}, at(2, TOMORROW)) is None
    assert step({"a": "done", "b": "done", "c": "done"}, at(3, TOMORROW)) == "complete"
    assert step({"a": "done", "b": "done", "c": "done"}, at(4, TOMORROW)) is None
    # a keyword added tomorrow is pending on the old day: nothing new is landed, so nothing fires
    assert step({"a": "done", "b": "done", "c": "done", "new": "pending"}, at(5, TOMORROW)) is None


@given(
    st.lists(st.dictionaries(st.sampled_from("abc"), st.sampled_from(["pending", "partial", "done", "failed"]))),
    st.lists(st.integers(0, 47)),
)
def test_the_same_states_never_fire_twice(history: list[dict[str, str]], hours: list[int]) -> None:
    fired, seen = Fired(), ""
    for states, hour in zip(history, sorted(hours), strict=False):
        now = at(0) + dt.timedelta(hours=hour)
        decision = decide_load(date=DAY, now=now, deadline_hour=22, states=states, crawling=False, fired=fired)
        if decision.reason:
            assert decision.digest != seen
            assert any(state != "pending" for state in states.values())
            seen = decision.digest
        fired = decision.fired


# ---- partitions


def test_days_roll_with_the_calendar_and_end_today() -> None:
    daily = daily_partitions(DAY, 120)
    keys = daily.get_partition_keys(current_time=at(9))
    assert keys[-1] == DAY.isoformat()
    assert dt.date.fromisoformat(keys[0]).weekday() == 0
    assert 120 <= len(keys) - 1 <= 126
    assert daily.get_partition_keys(current_time=at(0, TOMORROW))[-1] == TOMORROW.isoformat()
    assert daily.get_partition_keys(current_time=at(23, DAY))[-1] == DAY.isoformat()


def test_the_default_range_leaves_room_for_hundreds_of_keywords() -> None:
    assert len(daily_partitions(DAY, 120).get_partition_keys(current_time=at(9))) * 600 < 0.8 * PARTITION_LIMIT


def test_partition_keys_by_date() -> None:
    keys = ["2026-11-21|C++", "2026-11-20|数据 工程师", "2026-11-21|a"]
    assert by_date(keys) == {YESTERDAY: ("数据 工程师",), DAY: ("C++", "a")}


# ---- what people see


def test_markdown_cells_cannot_break_the_table_or_become_markup() -> None:
    table = markdown_table(["job", "n"], [["C++ | <b>x</b>\n*[a](javascript:1)*", 3], [None, "长" * 100]])
    head, rule, first, second = table.split("\n")
    assert (head, rule) == ("| job | n |", "| --- | --- |")
    assert first == "| C++ \\| &lt;b&gt;x&lt;/b&gt; \\*\\[a\\](javascript:1)\\* | 3 |"
    assert second.count("长") == 59
