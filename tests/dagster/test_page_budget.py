"""The division of a day's pages: budget, floor, sweeps and rates, for any keywords."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from jobdata_assets.crawl.page_budget import Candidate, DayYield, PlannedPages, candidates, plan_pages

DAY = dt.date(2026, 11, 21)
FLOOR, SWEEP = 3, 7

_days = st.one_of(st.none(), st.integers(1, 12))
_rates = st.floats(0, 50, allow_nan=False)


@st.composite
def keywords(draw: st.DrawFn) -> list[Candidate]:
    return [
        Candidate(
            keyword=f"k{number}",
            searches=draw(st.integers(1, 3)),
            waited=draw(_days),
            swept=draw(_days),
            size=draw(st.integers(1, 30)),
            top=draw(_rates),
            deep=draw(_rates),
        )
        for number in range(draw(st.integers(1, 12)))
    ]


def plan(wanted: list[Candidate], budget: int) -> dict[str, PlannedPages]:
    return {one.keyword: one for one in plan_pages(wanted, budget=budget, floor_days=FLOOR, sweep_days=SWEEP)}


@given(keywords(), st.integers(0, 200))
def test_the_budget_is_never_exceeded_and_every_keyword_has_a_reason(wanted: list[Candidate], budget: int) -> None:
    found = plan(wanted, budget)
    assert list(found) == [one.keyword for one in wanted]
    assert sum(one.pages for one in found.values()) <= budget
    assert all(one.pages >= 0 and one.reason for one in found.values())
    assert all(found[one.keyword].pages <= max(one.size, one.searches) for one in wanted)


@given(keywords(), st.integers(0, 200))
def test_the_floor_is_kept_and_where_it_cannot_be_the_longest_wait_comes_first(
    wanted: list[Candidate], budget: int
) -> None:
    found = plan(wanted, budget)
    due = [one for one in wanted if one.waited is None or one.waited >= FLOOR]
    if sum(one.searches for one in due) <= budget:
        assert all(found[one.keyword].pages >= one.searches for one in due)
    elif due:
        first = max(due, key=lambda one: 1000 if one.waited is None else one.waited)
        assert found[first.keyword].pages >= min(first.searches, budget) or first.searches > budget


@given(keywords(), st.integers(0, 200), st.data())
def test_a_higher_rate_never_gets_fewer_pages(wanted: list[Candidate], budget: int, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(wanted) - 1))
    one = wanted[place]
    better = replace(one, top=one.top + data.draw(_rates), deep=one.deep + data.draw(_rates))
    before = plan(wanted, budget)[one.keyword].pages
    assert plan([*wanted[:place], better, *wanted[place + 1 :]], budget)[one.keyword].pages >= before


@given(keywords())
def test_everybody_is_swept_in_turn(wanted: list[Candidate]) -> None:
    """A month with a budget for the floors and some sweeps: nobody waits much longer than the rest needs."""
    budget = 2 * max(max(one.size, one.searches) for one in wanted) + sum(one.searches for one in wanted)
    swept: dict[str, int] = {}
    for day in range(SWEEP + 2 * len(wanted)):
        for name, one in plan(wanted, budget).items():
            if one.sweep:
                swept.setdefault(name, day)
        wanted = [
            replace(one, waited=(one.waited or 0) + 1, swept=1 if one.keyword in swept else (one.swept or 0) + 1)
            for one in wanted
        ]
    assert set(swept) == {one.keyword for one in wanted}


def test_pages_go_where_new_postings_are() -> None:
    # Lists sorted by date: the top brings all, a sweep nothing more. And shuffled ones: the other way round.
    sorted_by_date = Candidate(keyword="sorted", waited=1, swept=2, size=10, top=6.0, deep=0.1)
    shuffled = Candidate(keyword="shuffled", waited=1, swept=6, size=10, top=0.1, deep=8.0)
    quiet = Candidate(keyword="quiet", waited=1, swept=2, size=10, top=0.0, deep=0.0)
    found = plan([quiet, sorted_by_date, shuffled], 14)
    assert (found["shuffled"].pages, found["shuffled"].sweep) == (7, True)  # half of the day at most
    assert (found["sorted"].pages, found["sorted"].sweep) == (7, False)
    assert found["quiet"].reason == "rests: last asked 1 day ago"
    assert found["shuffled"].reason == "sweep: about 48.0 new in 10 pages"


def rows(*days: tuple[int, int, int, bool, bool]) -> list[DayYield]:
    return [
        DayYield(date=DAY - dt.timedelta(days=ago), pages=pages, fresh=fresh, complete=complete, sweep=sweep)
        for ago, pages, fresh, complete, sweep in days
    ]


def known(history: dict[str, list[DayYield]], *keywords: str, budget: int = 100, cap: int = 20) -> list[Candidate]:
    return candidates(
        history, searches=dict.fromkeys(keywords, 1), date=DAY, budget=budget, page_cap=cap
    )  # fmt: skip


def test_rates_come_from_what_sweeps_and_other_days_have_brought() -> None:
    history = {
        "a": rows((9, 8, 120, True, True), (5, 8, 20, True, True), (3, 2, 3, False, False), (1, 8, 12, True, True)),
        "b": rows((2, 5, 75, False, True)),
    }
    a, b, c = known(history, "a", "b", "c")
    assert (a.waited, a.swept, a.size, a.deep) == (1, 1, 8, 4.0)  # 32 new in the eight days between the sweeps
    assert a.top == (3 + 0.5) / 3
    assert (b.swept, b.size) == (None, 10)  # cut off after five pages: not swept, and at least twice as long
    assert (c.waited, c.swept, c.size) == (None, None, 9)  # like the others


def test_a_list_longer_than_half_a_day_counts_as_swept_when_it_had_its_share() -> None:
    [one] = known({"a": rows((1, 10, 150, False, True))}, "a", budget=20)
    assert (one.swept, one.size) == (1, 20)


def test_today_and_days_of_rest_tell_nothing() -> None:
    [one] = known({"a": rows((0, 9, 9, True, True), (1, 0, 0, True, False))}, "a")
    assert (one.waited, one.swept, one.size) == (None, None, 5)
