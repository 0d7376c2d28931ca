"""Limits and tokens under a clock that stands still."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.limits import Limits, LimitSettings, Refusal
from sandbox.tokens import TokenPool
from sandbox.wire import Call

CALL = Call("boss", "search", "127.0.1.1", "token-a")
OTHER = Call("boss", "search", "127.0.1.2", "token-b")


def test_the_soft_limit_throttles_and_says_how_long(clock) -> None:
    limits = Limits(LimitSettings(pages_per_minute=2), clock)
    assert limits.admit(CALL).refusal is None
    clock.advance(10)
    assert limits.admit(CALL).refusal is None
    refused = limits.admit(CALL)
    assert (refused.refusal, refused.retry_after) == (Refusal.THROTTLED, 50.0)
    assert limits.admit(OTHER).refusal is None
    clock.advance(50)
    assert limits.admit(CALL).refusal is None


def test_hammering_past_the_hard_limit_bans_and_the_ban_heals(clock) -> None:
    limits = Limits(LimitSettings(pages_per_minute=1, ban_above_per_minute=3, ban_seconds=30), clock)
    found = [limits.admit(CALL).refusal for _ in range(5)]
    assert found == [None, Refusal.THROTTLED, Refusal.THROTTLED, Refusal.BANNED, Refusal.BANNED]
    assert limits.banned()[0]["egress"] == CALL.egress
    assert limits.bans == 1
    assert limits.admit(OTHER).refusal is None
    clock.advance(60)
    assert limits.admit(CALL).refusal is None
    assert limits.banned() == []


def test_a_ban_holds_on_one_platform_only(clock) -> None:
    limits = Limits(LimitSettings(), clock)
    limits.ban("boss", CALL.egress, 5)
    assert limits.admit(CALL).refusal is Refusal.BANNED
    assert limits.admit(Call("qcwy", "search", CALL.egress)).refusal is None


def test_the_daily_budget_of_an_address_ends_with_the_day(clock) -> None:
    limits = Limits(LimitSettings(pages_per_day=2, ban_seconds=1), clock)
    limits.new_day("2026-01-13")
    assert [limits.admit(CALL).refusal for _ in range(3)] == [None, None, Refusal.BANNED]
    limits.new_day("2026-01-14")
    clock.advance(1)
    assert limits.admit(CALL).refusal is None


def test_tokens_have_their_own_limits(clock) -> None:
    limits = Limits(LimitSettings(token_pages_per_minute=1, token_pages_per_day=2), clock)
    assert limits.admit(CALL).refusal is None
    assert limits.admit(CALL).refusal is Refusal.LOGIN_THROTTLED
    assert limits.admit(OTHER).refusal is None
    clock.advance(60)
    assert limits.admit(CALL).refusal is None
    assert limits.admit(CALL).refusal is Refusal.LOGIN_FLAGGED


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(0, 40), min_size=1, max_size=60), st.integers(1, 5))
def test_no_minute_ever_holds_more_than_the_soft_limit(gaps: list[float], limit: int) -> None:
    now = 0.0
    limits = Limits(LimitSettings(pages_per_minute=limit, ban_above_per_minute=None), lambda: now)
    passed: list[float] = []
    for gap in gaps:
        now += gap
        verdict = limits.admit(CALL)
        if verdict.refusal is None:
            passed.append(now)
        else:
            assert 0 < verdict.retry_after <= 60
        assert sum(1 for moment in passed if moment > now - 60) <= limit


@pytest.mark.parametrize(
    "wrong", [{"nothing": 1}, {"pages_per_minute": -1}, {"pages_per_day": "9"}, {"ban_seconds": None}]
)
def test_wrong_limits_are_refused_by_name(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        LimitSettings().changed(wrong)


def test_tokens_end_by_use_by_time_and_by_order(clock) -> None:
    pool = TokenPool(7, clock)
    names = [one["mpt"] for one in pool.valid()]
    assert len(set(names)) == 8
    assert all(one["wt2"].endswith("~~") for one in pool.valid())
    last = pool.alive(names[-1])
    assert last is not None
    last.uses = 500
    assert pool.alive(names[-1]) is None
    clock.advance(1_800)
    assert pool.alive(names[3]) is None
    assert pool.expire(names[0])
    assert not pool.expire("nobody")
    assert [one["mpt"] for one in pool.valid()] == names[1:3] + names[4:7]
    pool.reset()
    assert [one["mpt"] for one in pool.valid()] == names
