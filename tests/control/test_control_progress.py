from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Literal

import pytest

from crawler_core.crawl.report import CheckpointUpdate, KeywordReport
from crawler_core.errors import BadInput
from crawler_core.keyword import Keyword
from jobdata_resources.control import ControlStore, KeywordRow, RunRecord

DAY = dt.date(2026, 11, 21)
NEXT = dt.date(2026, 11, 22)
State = Literal["partial", "done", "failed"]


def report(keyword: str, state: State, *, date: dt.date = DAY, pages: int = 2, reason: str = "last") -> KeywordReport:
    return KeywordReport(
        platform="boss", date=date, keyword=keyword, state=state, stop_reason=reason, pages=pages, records=pages * 30
    )


def progress(
    keyword: str, city: str, pages: int, *, date: dt.date = DAY, state: State = "partial", platform: str = "boss"
) -> CheckpointUpdate:
    return CheckpointUpdate(
        platform=platform, date=date, keyword=keyword, city=city, next_page=pages + 1, state=state, pages=pages,
        records=pages * 30,
    )  # fmt: skip


@pytest.fixture
def filled(store: ControlStore) -> ControlStore:
    priorities = {"a": 0, "b": 5, "c": 0, "d": 5, "e": 9, "f": 0}
    store.import_keywords(
        "boss", [KeywordRow(keyword=Keyword.parse(text), priority=value) for text, value in priorities.items()]
    )
    return store


def order(store: ControlStore, date: dt.date) -> str:
    return "".join(record.keyword.text for record in store.open_keywords("boss", date))


def test_open_keywords_come_partial_failed_pending_then_priority_then_age(filled: ControlStore) -> None:
    assert order(filled, DAY) == "ebdacf"
    filled.record_keyword(report("a", "failed", reason="challenge"))
    filled.record_keyword(report("b", "failed", reason="banned"))
    filled.record_keyword(report("c", "partial", reason="no_identity"))
    filled.record_progress(progress("f", "1", 1))
    filled.record_keyword(report("e", "done"))
    assert order(filled, DAY) == "cfbad"


def test_on_a_new_day_every_active_keyword_is_pending(filled: ControlStore, clock: Any) -> None:
    filled.record_keyword(report("a", "done"))
    filled.record_keyword(report("b", "failed"))
    filled.pause_keyword("boss", "f")
    assert order(filled, NEXT) == "ebdac"
    assert set(filled.keyword_states("boss", NEXT).values()) == {"pending"}
    clock.advance(days=1)
    assert {record.state for record in filled.keywords("boss", include_paused=False)} == {"pending"}
    assert filled.keywords("boss")[0].pages == 0


def test_states_of_a_past_day_stay_readable(filled: ControlStore) -> None:
    filled.record_keyword(report("a", "done", pages=4))
    filled.record_keyword(report("a", "failed", date=NEXT, pages=1, reason="challenge"))
    assert filled.keyword_states("boss", DAY)["a"] == "done"
    assert filled.keyword_states("boss", NEXT)["a"] == "failed"
    assert {record.keyword.text: record.pages for record in filled.keywords("boss", date=DAY)}["a"] == 4


def test_a_late_report_of_a_past_day_does_not_touch_the_newer_one(filled: ControlStore) -> None:
    filled.record_keyword(report("a", "partial", date=NEXT))
    filled.record_keyword(report("a", "done", date=DAY))
    assert filled.keyword_states("boss", NEXT)["a"] == "partial"
    assert filled.keyword_states("boss", DAY)["a"] == "done"
    from sqlalchemy import create_engine, text

    engine = create_engine(filled._database.engine.url)
    with engine.connect() as connection:
        row = connection.execute(text("SELECT state, state_date FROM boss_keyword WHERE keyword = 'a'")).one()
    engine.dispose()
    assert (row[0], str(row[1])) == ("partial", "2026-11-22")


def test_progress_makes_a_keyword_partial_with_the_totals_of_its_cities(filled: ControlStore) -> None:
    filled.record_progress(progress("a", "1", 3))
    filled.record_progress(progress("a", "2", 1))
    filled.record_progress(progress("a", "1", 5, state="done"))
    (first,) = [record for record in filled.keywords("boss", date=DAY) if record.keyword.text == "a"]
    assert (first.state, first.pages, first.records) == ("partial", 6, 180)
    assert [(item.city, item.next_page, item.state, item.pages) for item in filled.checkpoints("boss", DAY)] == [
        ("", 0, "partial", 6),
        ("1", 6, "done", 5),
        ("2", 2, "partial", 1),
    ]


def test_storing_the_same_progress_again_changes_nothing(filled: ControlStore) -> None:
    for _ in range(3):
        filled.record_progress(progress("a", "1", 3))
        filled.record_keyword(report("a", "done", pages=3))
    assert [item.pages for item in filled.checkpoints("boss", DAY)] == [3, 3]
    assert filled.keyword_states("boss", DAY)["a"] == "done"


def test_the_report_of_a_keyword_carries_its_reason(filled: ControlStore) -> None:
    filled.record_keyword(report("a", "failed", reason="challenge " * 50))
    (first,) = [record for record in filled.keywords("boss", date=DAY) if record.state == "failed"]
    assert first.stop_reason.startswith("challenge challenge")
    assert len(first.stop_reason) == 255


def test_a_keyword_that_is_not_stored_keeps_its_checkpoint_only(filled: ControlStore) -> None:
    filled.record_keyword(report("ad hoc", "done"))
    assert [item.keyword for item in filled.checkpoints("boss", DAY)] == ["ad hoc"]
    assert "ad hoc" not in filled.keyword_states("boss", DAY)


def test_progress_without_city_or_of_an_unknown_platform_is_refused(sqlite_store: ControlStore) -> None:
    with pytest.raises(BadInput, match="names no city"):
        sqlite_store.record_progress(progress("a", "", 1))
    with pytest.raises(BadInput, match="'lagou' is unknown"):
        sqlite_store.record_progress(progress("a", "1", 1, platform="lagou"))
    assert sqlite_store.checkpoints("boss", DAY) == []
    assert sqlite_store.checkpoints("lagou", DAY) == []


def test_crawls_that_report_at_the_same_time_lose_nothing(filled: ControlStore) -> None:
    def work(number: int) -> None:
        keyword = "abcdef"[number % 6]
        for pages in (1, 2, 3):
            filled.record_progress(progress(keyword, f"{number}", pages))
        filled.record_keyword(report(keyword, "done", pages=3))

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(work, range(12)))
    assert set(filled.keyword_states("boss", DAY).values()) == {"done"}
    cities = [item for item in filled.checkpoints("boss", DAY) if item.city]
    assert sorted(int(item.city) for item in cities) == list(range(12))
    assert {item.pages for item in cities} == {3}


def test_runs_are_stored_once_and_keep_their_start(store: ControlStore, clock: Any) -> None:
    start = clock()
    store.record_run(
        RunRecord(run_id="r1", task="boss_crawl", state="started", started_at=start, platform="boss", date=DAY)
    )
    clock.advance(minutes=5)
    end = clock()
    store.record_run(
        RunRecord(
            run_id="r1", task="boss_crawl", state="success", started_at=end, ended_at=end, pages=9, detail="x" * 2000
        )
    )
    store.record_run(RunRecord(run_id="r2", task="boss_load", state="started", started_at=clock()))
    assert [run.run_id for run in store.runs()] == ["r2", "r1"]
    (run,) = store.runs("boss_crawl")
    assert (run.state, run.started_at, run.ended_at, run.pages, len(run.detail)) == ("success", start, clock(), 9, 1000)


def test_egress_counts_are_totals_of_a_run(store: ControlStore) -> None:
    store.record_egress("r1", "boss", DAY, {"10.0.0.1": 3, "10.0.0.2": 1})
    store.record_egress("r1", "boss", DAY, {"10.0.0.1": 5})
    store.record_egress("r2", "boss", DAY, {"10.0.0.1": 10}, node="node 7")
    store.record_egress("r1", "qcwy", DAY, {"10.0.0.1": 100})
    assert store.egress("boss", DAY) == {"10.0.0.1": 15, "10.0.0.2": 1}
