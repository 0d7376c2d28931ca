"""From listings to company tables through Dagster, against the sandbox."""

from __future__ import annotations

import datetime as dt

import pytest

from tests.companies.conftest import House
from tests.support.companies import today, truth

PLATFORMS = ("boss", "qcwy", "zhilian")


@pytest.mark.parametrize("name", PLATFORMS)
def test_companies_of_current_jobs_are_collected_fetched_and_loaded(house: House, name: str) -> None:
    house.market(name)
    collected = house.collect()
    assert collected["companies"][name] == 12
    assert collected["queued"][name] == 12
    listed = house.rows("SELECT * FROM pending_company ORDER BY ALL")
    assert {(row[1], row[5] is not None, row[7]) for row in listed} == {(name, True, "missing")}
    assert house.collect()["queued"] == dict.fromkeys(PLATFORMS, 0)
    assert house.rows("SELECT * FROM pending_company ORDER BY ALL") == listed

    first = house.fetch(name)
    assert (first["claimed"], first["states"], first["pending_left"]) == (8, {"done": 8}, 4)
    assert first["dagster/row_count"] == first["companies"] == 8
    assert first["preview"].count("\n") == 9
    assert [column.name for column in first["dagster/column_schema"].columns[:3]] == [
        "company_id", "company_key", "name",
    ]  # fmt: skip
    known = truth(house.sandbox)
    key = "company_key" if name == "qcwy" else "company_id"
    rows = house.rows(f"SELECT {key}, name, full_name, first_seen, last_seen FROM {name}_company_current")
    assert len(rows) == 8
    for company_id, shown, full_name, first_seen, last_seen in rows:
        fact = known[company_id]
        assert full_name == fact["legal_name"]
        assert shown in fact["listed"][name]
        assert first_seen == last_seen

    second = house.fetch(name)
    assert (second["claimed"], second["states"], second["pending_left"]) == (4, {"done": 4}, 0)
    asked = house.requests()
    third = house.fetch(name)
    assert third["note"] == "the queue is empty: nothing to fetch"
    assert house.requests() == asked
    assert house.rows(f"SELECT count(), uniqExact(company_id) FROM {name}_company") == [(12, 12)]

    # What is fetched is not wanted again, and the next ones take its place.
    assert house.collect()["changed"]
    again = {row[2:4] for row in house.rows("SELECT * FROM pending_company")}
    assert len(again) == 12
    assert not again & {row[2:4] for row in listed}

    secrets = [text for token in house.sandbox.tokens() for text in token.values() if text]
    secrets.append(house.sandbox.env["QCWY_SIGN_KEY"])
    told = house.told() + repr(house.store.queued_companies(name, [row[0] for row in rows]))
    assert not any(secret in told for secret in secrets)


def test_a_past_day_is_read_from_landed_pages_and_changes_nothing(house: House) -> None:
    house.market("qcwy")
    house.collect()
    house.fetch("qcwy")
    before = house.rows("SELECT * EXCEPT run FROM qcwy_company ORDER BY ALL")
    asked = house.requests()
    empty = house.fetch("qcwy", date=today() - dt.timedelta(days=1))
    assert "nothing is landed on that day" in empty["note"]
    day, past = house.zone.companies.local_root / "company/platform=qcwy", today() - dt.timedelta(days=3)
    (day / f"date={today()}").rename(day / f"date={past}")
    for manifest in (day / f"date={past}").rglob("manifest.json"):
        manifest.write_text(manifest.read_text().replace(today().isoformat(), past.isoformat()))
    for _ in range(2):
        again = house.fetch("qcwy", date=past)
        assert again["companies"] == 8
        assert house.rows("SELECT * EXCEPT (run, landed) FROM qcwy_company ORDER BY ALL") == [
            (*row[:-1],) for row in before
        ]
    assert house.requests() == asked
    assert house.rows("SELECT count() FROM company_run WHERE platform = 'qcwy'") == [(3,)]
