from __future__ import annotations

import datetime as dt

from jobdata_resources.control import ControlStore, PlanRow

DAY = dt.date(2026, 11, 21)
BEFORE = DAY - dt.timedelta(days=1)


def row(keyword: str, pages: int = 3, *, day: dt.date = DAY, sweep: bool = False, reason: str = "floor") -> PlanRow:
    return PlanRow(platform="boss", date=day, keyword=keyword, pages=pages, sweep=sweep, reason=reason)


def test_a_plan_is_replaced_and_what_its_keywords_brought_is_kept(store: ControlStore) -> None:
    store.save_plan("boss", BEFORE, [row("java", day=BEFORE)])
    store.save_plan("boss", DAY, [row("java"), row("c++"), row("数据 工程师", 0)])
    assert [(one.keyword, one.pages, one.fetched) for one in store.plan("boss", DAY)] == [
        ("c++", 3, None), ("java", 3, None), ("数据 工程师", 0, None),
    ]  # fmt: skip
    for _ in range(2):
        store.record_yield("boss", DAY, "java", fetched=2, fresh=9, complete=True)
    store.save_plan("boss", DAY, [row("数据 工程师", 5, sweep=True, reason="长" * 300)])
    java, data = store.plan("boss", DAY)
    assert (java.keyword, java.fetched, java.fresh, java.complete) == ("java", 2, 9, True)
    assert (data.pages, data.sweep, data.fetched, len(data.reason)) == (5, True, None, 255)
    assert [(one.date, one.keyword) for one in store.plans("boss", BEFORE, DAY)] == [
        (BEFORE, "java"), (DAY, "java"), (DAY, "数据 工程师"),
    ]  # fmt: skip
    assert store.plan("qcwy", DAY) == []


def test_an_empty_plan_and_a_keyword_without_one(store: ControlStore) -> None:
    store.save_plan("boss", DAY, [row("java")])
    store.record_yield("boss", DAY, "c++", fetched=2, fresh=9, complete=True)
    assert [one.keyword for one in store.plan("boss", DAY)] == ["java"]
    store.save_plan("boss", DAY, [])
    assert store.plan("boss", DAY) == []
