"""Company details and the pending list in the warehouse: one row per content, whole or not at all, twice the same."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from typing import Any

import pytest

from crawler_core.landing import Envelope, LandingZone, land_pages
from crawler_core.normalize.capital import Capital, normalise_capital
from crawler_core.platforms import PLATFORMS
from crawler_core.values import SHANGHAI
from jobdata_resources.warehouse import Warehouse, company_facts
from jobdata_resources.warehouse.company_pending import Listing, PendingCompany
from tests.support.landed_pages import DAY, envelope

QCWY = PLATFORMS["qcwy"]


def answer(company_id: str, minute: int, **coinfo: Any) -> Envelope:
    body = {"status": "1", "resultbody": {"coinfo": {"coid": company_id, "coname": f"公司{company_id}", **coinfo}}}
    at = dt.datetime.combine(DAY, dt.time(9, minute), SHANGHAI).isoformat(timespec="milliseconds")
    return envelope(
        json.dumps(body, ensure_ascii=False), platform="qcwy", kind="company:pc_info", keyword=company_id,
        city=f"公司{company_id}", fetched_at=at,
    )  # fmt: skip


def land(zone: LandingZone, batch: str, *pages: Envelope) -> None:
    land_pages(zone.companies, "qcwy", DAY, batch, "companies", [(page, 1) for page in pages])


def rows(warehouse: Warehouse, table: str = "qcwy_company") -> list[tuple[object, ...]]:
    return warehouse.query(f"SELECT * EXCEPT run FROM {table} ORDER BY ALL")


def test_a_content_is_one_row_and_loading_again_changes_nothing(warehouse: Warehouse, zone: LandingZone) -> None:
    land(zone, "b1", answer("1", 0, cosize="50-150人"), answer("2", 1))
    land(zone, "b2", answer("1", 5, cosize="50-150人"), answer("2", 6, cosize="少于50人"))
    result = warehouse.load_companies(QCWY, DAY, zone, run_id="r1")
    assert (result.batches, result.companies, result.contents) == (("b1", "b2"), 2, 3)
    found = warehouse.query(
        "SELECT company_id, size_text, toMinute(first_seen), toMinute(last_seen), run FROM qcwy_company ORDER BY ALL"
    )
    assert found == [("1", "50-150人", 0, 5, "r1"), ("2", "", 1, 1, "r1"), ("2", "少于50人", 6, 6, "r1")]
    assert warehouse.query("SELECT company_id, size_text, versions FROM qcwy_company_current ORDER BY 1") == [
        ("1", "50-150人", 1), ("2", "少于50人", 2),
    ]  # fmt: skip
    assert json.loads(str(warehouse.query("SELECT sources FROM qcwy_company WHERE company_id = '1'")[0][0])) == {
        "company_id": "pc_info", "name": "pc_info", "size_text": "pc_info",
    }  # fmt: skip
    before = rows(warehouse)
    warehouse.load_companies(QCWY, DAY, zone, run_id="r2")
    assert rows(warehouse) == before
    assert warehouse.ask.duplicate_keys("qcwy_company") == 0
    assert warehouse.load_companies(QCWY, DAY, zone, run_id="r3", again=()).batches == ()
    land(zone, "b3", answer("3", 7))
    assert warehouse.load_companies(QCWY, DAY, zone, run_id="r4", again=(), skip={"b3"}).batches == ()
    assert warehouse.load_companies(QCWY, DAY, zone, run_id="r5", again=()).batches == ("b3",)


TYPED = "SELECT size_min, size_max, type, legal_name, capital, capital_currency, toString(founded_on), unread"


def test_texts_become_typed_columns_and_a_new_rule_reaches_past_days(
    warehouse: Warehouse, zone: LandingZone, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry = {"companyName": "湖南示例科技有限责任公司", "regCapital": "1000万人民币", "startDate": "1999-09-09"}
    odd = {"regCapital": "1000万", "startDate": "九九年"}
    land(
        zone,
        "b1",
        answer("1", 0, cosize="50-150人", cotype="民营", license=registry),
        answer("2", 1, cosize="很多人", license=odd),
    )
    warehouse.load_companies(QCWY, DAY, zone, run_id="r1")
    first = (50, 150, "private", "湖南示例科技有限公司", Decimal("10000000.00"), "CNY", "1999-09-09", "")
    unread = "capital: ambiguous; founded: not_understood; size: not_understood"
    second = (None, None, "", "", None, "", None, unread)
    for relation in ("qcwy_company", "qcwy_company_current"):
        assert warehouse.query(f"{TYPED} FROM {relation} ORDER BY company_id") == [first, second], relation
    before = rows(warehouse)

    # A rule that reads more: the day is loaded again, and its texts and keys stay what they were.
    def wider(text: str | None) -> Capital:
        return Capital(Decimal(7), "CNY", "named") if text == "1000万" else normalise_capital(text)

    monkeypatch.setattr(company_facts, "normalise_capital", wider)
    warehouse.load_companies(QCWY, DAY, zone, run_id="r2")
    later = (*second[:4], Decimal("7.00"), "CNY", None, "founded: not_understood; size: not_understood")
    assert warehouse.query(f"{TYPED} FROM qcwy_company ORDER BY company_id") == [first, later]
    monkeypatch.undo()
    warehouse.load_companies(QCWY, DAY, zone, run_id="r3")
    assert rows(warehouse) == before


def test_a_load_that_died_is_not_seen_and_the_next_one_heals(
    warehouse: Warehouse, zone: LandingZone, monkeypatch: pytest.MonkeyPatch
) -> None:
    from jobdata_resources.warehouse import company_load

    land(zone, "b1", answer("1", 0))

    def die(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(company_load, "commit", die)
    with pytest.raises(KeyboardInterrupt):
        warehouse.load_companies(QCWY, DAY, zone, run_id="dies before the commit")
    assert warehouse.query("SELECT count() FROM qcwy_company_delta") == [(1,)]
    assert rows(warehouse) == []
    real = company_load.fold_committed
    calls: list[int] = []

    def die_later(*arguments: object) -> None:
        calls.append(1)
        if len(calls) > 1:
            raise KeyboardInterrupt
        real(*arguments)  # type: ignore[arg-type]

    monkeypatch.undo()
    monkeypatch.setattr(company_load, "fold_committed", die_later)
    with pytest.raises(KeyboardInterrupt):
        warehouse.load_companies(QCWY, DAY, zone, run_id="dies after the commit")
    monkeypatch.undo()
    seen = rows(warehouse)
    assert len(seen) == 1
    warehouse.load_companies(QCWY, DAY, zone, run_id="heals")
    assert rows(warehouse) == seen
    assert warehouse.query("SELECT count() FROM qcwy_company_delta") == [(0,)]


def pending(number: int, **changes: object) -> PendingCompany:
    values: dict[str, object] = {
        "platform": "qcwy", "company_id": str(number), "name": f"公司{number}", "demand": number,
        "newest_seen": dt.datetime.combine(DAY, dt.time(9, number), SHANGHAI), "last_fetched": None,
        "job_ids": ("j",), "company_key": "k", "listing": Listing(DAY, "Java", "000000", 1, "j"),
    }  # fmt: skip
    return PendingCompany(**(values | changes))  # type: ignore[arg-type]


def test_the_pending_list_of_a_day_is_replaced_as_a_whole(warehouse: Warehouse) -> None:
    old = pending(2, last_fetched=dt.datetime(2026, 10, 1, tzinfo=SHANGHAI))
    for number in range(1, 6):
        assert warehouse.publish_pending(DAY, [pending(number), old], run_id=f"r{number}") is True
        assert warehouse.publish_pending(DAY, [pending(number), old], run_id="again") is False
    assert warehouse.query("SELECT company_id, demand, reason FROM pending_company ORDER BY 1, 3") == [
        ("2", 2, "stale"), ("5", 5, "missing"),
    ]  # fmt: skip
    assert warehouse.query("SELECT uniqExact(load_id) FROM pending_company_list") == [(2,)]
    before = dt.date.fromordinal(DAY.toordinal() - 1)
    assert warehouse.publish_pending(before, [pending(7)], run_id="r7") is True
    assert warehouse.publish_pending(DAY, [], run_id="r8") is True
    assert warehouse.query("SELECT crawl_date, company_id FROM pending_company") == [(before, "7")]
