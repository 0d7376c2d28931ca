from __future__ import annotations

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from crawler_core.pacer import Pace, Pacer
from tests.support.clock import FakeClock

PACE = Pace(delay_min=10, delay_max=20, pages_per_day=100)


def wait(pacer: Pacer, clock: FakeClock) -> float:
    seconds = pacer.ready_in()
    clock.advance(seconds)
    assert pacer.ready_in() == 0
    return seconds


@given(st.integers(), st.lists(st.floats(0, 50), max_size=30))
def test_the_delay_holds_between_any_two_requests(seed: int, latencies: list[float]) -> None:
    clock = FakeClock()
    pacer = Pacer(PACE, clock, Random(seed))
    ends: list[float] = []
    for latency in latencies:
        wait(pacer, clock)
        if ends:
            assert clock.monotonic() - ends[-1] >= PACE.delay_min
        pacer.begin()
        clock.advance(latency)
        pacer.finish()
        ends.append(clock.monotonic())
        assert pacer.ready_in() <= PACE.delay_max


def test_a_retry_after_a_failure_waits_like_any_request() -> None:
    clock = FakeClock()
    pacer = Pacer(PACE, clock, Random(1))
    wait(pacer, clock)
    permit = pacer.begin()
    clock.advance(1)
    pacer.finish()
    pacer.blocked(permit, base_seconds=0)
    assert pacer.ready_in() >= PACE.delay_min


def test_a_burst_counts_once_and_the_next_event_doubles_the_rest() -> None:
    clock = FakeClock()
    pacer = Pacer(PACE, clock, Random(1))
    permits = []
    for _ in range(5):
        permits.append(pacer.begin())
        clock.advance(0.1)
    assert [pacer.blocked(permit, 60) for permit in permits] == [True, False, False, False, False]
    first = pacer.ready_in()
    assert 60 <= first <= 75
    assert pacer.strikes == 1
    wait(pacer, clock)
    assert pacer.blocked(pacer.begin(), 60)
    assert 120 <= pacer.ready_in() <= 150


def test_retry_after_lengthens_a_rest_and_never_shortens_it() -> None:
    clock = FakeClock()
    pacer = Pacer(PACE, clock, Random(1))
    pacer.blocked(pacer.begin(), 60, retry_after=0)
    assert pacer.ready_in() >= 60
    wait(pacer, clock)
    pacer.blocked(pacer.begin(), 60, retry_after=900)
    assert pacer.ready_in() == 900


def test_a_page_that_counts_ends_the_series_of_strikes() -> None:
    clock = FakeClock()
    pacer = Pacer(PACE, clock, Random(1))
    pacer.blocked(pacer.begin(), 60)
    wait(pacer, clock)
    pacer.begin()
    pacer.succeeded()
    clock.advance(30)
    pacer.blocked(pacer.begin(), 60)
    assert pacer.ready_in() <= 75


def test_every_request_spends_the_budget_and_earlier_processes_count() -> None:
    pacer = Pacer(PACE, FakeClock(), Random(1), spent=97)
    for left in (2, 1, 0):
        pacer.begin()
        assert pacer.budget_left == left
