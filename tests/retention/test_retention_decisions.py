"""What is past its retention, as tables and as properties: no store, no clock."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler_core.values import SHANGHAI
from jobdata_resources.retention.decide import (
    Commit,
    LandedFolder,
    first_kept_day,
    month_is_past,
    reason_to_keep,
    removable_runs,
)
from schedules.cleanup_decision import decide_cleanup

NOON = dt.datetime(2026, 11, 21, 12, 0, tzinfo=SHANGHAI)
HOUR = dt.timedelta(hours=1)


def folder(unit: str = "Java", at: dt.datetime | None = NOON, segments: int = 2, unnamed: int = 0) -> LandedFolder:
    return LandedFolder(unit=unit, updated_at=at, segments=segments, unnamed=unnamed, bytes=10)


@pytest.mark.parametrize(
    ("commits", "reason"),
    [
        ([], "not loaded"),
        ([Commit(at=NOON + HOUR, segments=4)], None),
        ([Commit(at=NOON + HOUR, segments=9)], None),  # an earlier clean-up removed some already
        ([Commit(at=NOON + HOUR, segments=3)], "not loaded"),  # one landed while it was read
        ([Commit(at=NOON, segments=4)], "not loaded"),  # changed in the same instant
        ([Commit(at=NOON - HOUR, segments=4)], "not loaded"),  # crawled again later
        ([Commit(at=NOON - HOUR, segments=4), Commit(at=NOON + HOUR, segments=4)], None),
        ([Commit(at=NOON + HOUR, units=frozenset({"Java"}))], None),
        ([Commit(at=NOON + HOUR, units=frozenset({"C++"}))], "not loaded"),
        ([Commit(at=NOON - HOUR, units=frozenset({"Java"}))], "not loaded"),
    ],
)
def test_pages_go_only_when_a_later_load_has_read_them(commits: list[Commit], reason: str | None) -> None:
    day = [folder(), folder("C++")]
    assert reason_to_keep(day[0], day, commits) == reason


@pytest.mark.parametrize(
    ("one", "reason"),
    [
        (folder(at=None), "no readable manifest"),
        (folder(unnamed=1), "files that no manifest names"),
        (folder(), None),
    ],
)
def test_what_no_load_can_have_read_stays(one: LandedFolder, reason: str | None) -> None:
    assert reason_to_keep(one, [one], [Commit(at=NOON + HOUR, segments=99)]) == reason


_instants = st.integers(-100, 100).map(lambda hours: NOON + hours * HOUR)
_folders = st.builds(
    LandedFolder,
    unit=st.sampled_from("abc"),
    updated_at=st.none() | _instants,
    segments=st.integers(0, 5),
    unnamed=st.integers(0, 1),
)
_commits = st.lists(
    st.builds(Commit, at=_instants, segments=st.integers(0, 12))
    | st.builds(Commit, at=_instants, units=st.frozensets(st.sampled_from("abc"))),
    max_size=4,
)


@given(st.lists(_folders, min_size=1, max_size=4), _commits, _commits)
def test_removing_is_safe_and_monotonic(day: list[LandedFolder], commits: list[Commit], later: list[Commit]) -> None:
    """Nothing goes without a load after its last change; more loads, or fewer folders, never bring a reason back."""
    for one in day:
        if reason_to_keep(one, day, commits) is None:
            assert one.updated_at is not None
            assert not one.unnamed
            assert any(commit.at > one.updated_at for commit in commits)
            assert reason_to_keep(one, day, [*commits, *later]) is None
            assert reason_to_keep(one, [one], commits) is None, "a killed removal is finished by the next one"


@pytest.mark.parametrize(
    ("month", "first_kept", "past"),
    [
        (202610, dt.date(2026, 11, 1), True),
        (202610, dt.date(2026, 10, 31), False),
        (202612, dt.date(2027, 1, 1), True),
        (202612, dt.date(2026, 12, 31), False),
        (202611, dt.date(2025, 1, 1), False),
    ],
)
def test_a_month_is_past_when_its_last_day_is(month: int, first_kept: dt.date, past: bool) -> None:
    assert month_is_past(month, first_kept) is past


@given(st.dates(dt.date(2000, 1, 1), dt.date(2100, 1, 1)), st.dates(dt.date(2000, 1, 1), dt.date(2100, 1, 1)))
def test_no_kept_day_is_in_a_past_month(day: dt.date, first_kept: dt.date) -> None:
    if month_is_past(day.year * 100 + day.month, first_kept):
        assert day < first_kept


@given(st.dates(dt.date(2000, 1, 1), dt.date(2100, 1, 1)), st.integers(1, 4000))
def test_today_is_always_kept(today: dt.date, days: int) -> None:
    first = first_kept_day(today, days)
    assert first is not None
    assert first < today
    assert (today - first).days == days
    assert first_kept_day(today, None) is None


@given(st.lists(st.text("abc", max_size=3), unique=True), st.lists(st.text("abc", max_size=3)))
def test_runs_that_hold_a_status_stay(finished: list[str], holders: list[str]) -> None:
    gone = removable_runs(finished, holders)
    assert not set(gone) & set(holders)
    assert set(finished) - set(gone) <= set(holders)
    assert gone == [run for run in finished if run in gone]


def test_one_clean_up_at_a_time() -> None:
    assert decide_cleanup([]) is None
    assert decide_cleanup(["abc"]) == "a clean-up is still under way (run abc)"
