"""Forgetting old rows on both databases: by day, in chunks, counted the same in a dry run, and twice."""

from __future__ import annotations

import datetime as dt

import pytest
from pydantic import SecretStr

from crawler_core.crawl import KeywordReport
from crawler_core.values import SHANGHAI, Token
from jobdata_resources.control import ControlStore, RunRecord, history
from tests.control.conftest import NOON, FakeClock

FIRST_KEPT = dt.date(2026, 11, 10)


def test_rows_of_days_before_the_first_kept_one_go(store: ControlStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "_CHUNK", 2)
    for day in range(5, 15):
        date = dt.date(2026, 11, day)
        store.record_keyword(
            KeywordReport(
                platform="boss", date=date, keyword="Java", state="done", stop_reason="last", pages=1, records=30
            )
        )
        store.record_egress("r", "boss", date, {"203.0.113.7": 1})
        ended = dt.datetime.combine(date, dt.time(0, 0), SHANGHAI)
        store.record_run(RunRecord(run_id=str(day), task="t", state="success", started_at=ended, ended_at=ended))
    hung = dt.datetime(2026, 11, 1, tzinfo=SHANGHAI)
    store.record_run(RunRecord(run_id="hung", task="t", state="started", started_at=hung))

    expected = {"crawl_checkpoint": 5, "ip_upload_stats": 5, "scheduled_task_run": 6}
    assert store.forget_history(FIRST_KEPT, dry_run=True) == expected
    assert len(store.runs()) == 11
    assert store.forget_history(FIRST_KEPT) == expected
    assert sorted(run.run_id for run in store.runs()) == ["10", "11", "12", "13", "14"], "midnight of the day is kept"
    assert store.checkpoints("boss", FIRST_KEPT)
    assert not store.checkpoints("boss", FIRST_KEPT - dt.timedelta(days=1))
    assert set(store.forget_history(FIRST_KEPT).values()) == {0}


def test_only_lapsed_leases_are_freed(store: ControlStore, clock: FakeClock) -> None:
    store.add_tokens([Token(mpt=SecretStr(letter * 40), wt2=SecretStr("")) for letter in "ab"])
    assert store.token_source(lease=dt.timedelta(minutes=1)).lease() is not None
    assert store.token_source(lease=dt.timedelta(hours=1)).lease() is not None
    clock.advance(minutes=30)
    assert store.free_lapsed_leases(dry_run=True) == 1
    assert store.free_lapsed_leases() == 1
    assert store.free_lapsed_leases() == 0
    assert sorted(token.leased_until or NOON for token in store.tokens()) == [NOON, NOON + dt.timedelta(hours=1)]
