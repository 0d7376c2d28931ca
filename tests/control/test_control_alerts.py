"""Incidents, totals and identities in the control store, on both databases."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from jobdata_resources.control import (
    ControlStore,
    IdentityRun,
    IncidentRecord,
    PlatformTotal,
    RunRecord,
    UnknownEntry,
)
from tests.control.conftest import NOON, FakeClock

HOUR = dt.timedelta(hours=1)
DAY = dt.date(2026, 11, 21)
INCIDENT = IncidentRecord(
    fingerprint="f1", kind="failed_run", subject="数据" * 200, opened_at=NOON + dt.timedelta(microseconds=7),
    seen_at=NOON, story="{}" + "长" * 3_000,
)  # fmt: skip


def test_an_incident_comes_back_as_it_was_stored_and_is_replaced_by_its_later_state(store: ControlStore) -> None:
    store.store_incidents([INCIDENT])
    stored = replace(INCIDENT, subject=INCIDENT.subject[:255])
    assert store.incidents() == [stored]
    told = replace(stored, mailed_at=NOON, mails=1, healed_at=NOON + HOUR)
    store.store_incidents([told])
    assert store.incidents(["failed_run"]) == [told]
    assert store.incidents(["tokens_low"]) == []
    closed = replace(told, closed_at=NOON + HOUR)
    again = replace(stored, opened_at=NOON + 2 * HOUR)
    other = replace(stored, fingerprint="f2", kind="tokens_low")
    store.store_incidents([closed, again, other])
    assert store.incidents() == [other, again]
    assert store.incidents(["failed_run"], with_closed=True) == [closed, again]
    assert store.latest_incidents("failed_run") == {"f1": again}


def test_an_incident_is_closed_by_hand_once(store: ControlStore, clock: FakeClock) -> None:
    store.store_incidents([INCIDENT, replace(INCIDENT, fingerprint="f2")])
    clock.advance(hours=1)
    closed = store.close_incident("f1")
    assert (closed.healed_at, closed.closed_at) == (NOON, clock.now)
    assert [one.fingerprint for one in store.incidents()] == ["f2"]
    for unknown in ("f1", "f3"):
        with pytest.raises(UnknownEntry, match="jobdata alert list"):
            store.close_incident(unknown)
    assert store.latest_incidents("failed_run")["f1"] == closed


def test_totals_of_a_key_are_stored_once(store: ControlStore, clock: FakeClock) -> None:
    figures = [PlatformTotal(platform=name, rows=9, jobs=5_000_000_000, companies=2, new_24h=1) for name in ("a", "b")]
    first = store.store_totals("k1", NOON, figures)
    assert store.store_totals("k1", NOON + HOUR, []) == first, "a retry finds what its first attempt stored"
    store.store_totals("k2", NOON + 6 * HOUR, figures[:1])
    assert [(one.key, one.taken_at, len(one.platforms)) for one in store.totals(NOON)] == [
        ("k1", NOON, 2), ("k2", NOON + 6 * HOUR, 1),
    ]  # fmt: skip
    assert store.totals(NOON)[0] == first
    clock.advance(hours=7)
    store.totals_delivered("k1", reported=True)
    store.totals_delivered("k1", mailed=True)
    delivered, untouched = store.totals(NOON)
    assert (delivered.reported_at, delivered.mailed_at) == (clock.now, clock.now)
    assert (untouched.reported_at, untouched.mailed_at) == (None, None)


def test_what_identities_did_is_replaced_not_added_and_tokens_are_no_addresses(store: ControlStore) -> None:
    address = IdentityRun(
        run_id="r1", platform="boss", kind="egress", name="127.0.1.1", pages=10, errors=1, bans=0,
        started_at=NOON - HOUR, updated_at=NOON,
    )  # fmt: skip
    token = replace(address, kind="token", name="1a2b3c4d")
    store.record_identities(DAY, [address, token], node="n1")
    grown = replace(address, pages=25, bans=1, updated_at=NOON + HOUR)
    store.record_identities(DAY, [grown], node="n1")
    assert store.identity_runs(NOON) == [grown, token]
    assert store.identity_runs(NOON + HOUR) == [grown]
    assert store.egress("boss", DAY) == {"127.0.1.1": 25}
    store.record_egress("company run", "boss", DAY, {"127.0.1.1": 3})
    assert store.egress("boss", DAY) == {"127.0.1.1": 28}
    assert store.identity_runs(NOON) == [grown, token], "rows without their times say nothing about a rate"


@pytest.mark.parametrize(("state", "expected"), [("success", DAY), ("failure", None)])
def test_the_newest_day_is_that_of_success(store: ControlStore, state: str, expected: dt.date | None) -> None:
    for back in (0, 3):
        date = DAY - dt.timedelta(days=back)
        store.record_run(RunRecord(run_id=f"r{back}", task="boss_job", state=state, started_at=NOON, date=date))
    assert store.newest_day("boss_job") == expected
    assert store.newest_day("qcwy_job") is None
