"""When a tick of the company schedule collects: only when that can bring anything."""

from __future__ import annotations

import datetime as dt

import pytest

from crawler_core.values import SHANGHAI
from schedules.company_decision import decide_companies, has_news

DAY = dt.date(2026, 11, 21)
NOON = dt.datetime(2026, 11, 21, 12, tzinfo=SHANGHAI)
MINUTE = dt.timedelta(minutes=1)


@pytest.mark.parametrize(
    ("collected", "changes", "news"),
    [
        (None, [], True),
        ((DAY, NOON), [], False),
        ((DAY, NOON), [NOON - MINUTE], False),
        ((DAY, NOON), [NOON - MINUTE, NOON + MINUTE], True),
        ((DAY, NOON), [NOON], True),  # it may have been committed just after the look
        ((DAY - dt.timedelta(days=1), NOON), [], True),
        ((None, NOON), [], True),
    ],
)
def test_news(collected: tuple[dt.date | None, dt.datetime] | None, changes: list[dt.datetime], news: bool) -> None:
    assert has_news(date=DAY, collected=collected, changes=changes) is news


@pytest.mark.parametrize(
    ("due", "collecting", "news", "collect", "nothing"),
    [
        (0, False, True, True, False),
        (0, False, False, False, True),
        (0, True, True, False, True),
        (3, False, False, False, False),
    ],
)
def test_without_news_only_what_is_due_is_fetched(
    due: int, collecting: bool, news: bool, collect: bool, nothing: bool
) -> None:
    decision = decide_companies(due={"boss": due}, collecting=collecting, busy=(), news=news)
    assert (decision.collect, decision.nothing) == (collect, nothing)
    assert decision.platforms == (("boss",) if due else ())
