"""Questions about the whole market are asked in slices of the job id, and get the answer they get in one piece."""

from __future__ import annotations

import datetime as dt
import urllib.request
from collections.abc import Iterator

import pytest

from crawler_core.landing import LandingZone, land_pages
from crawler_core.platforms import PLATFORMS
from crawler_core.values import SHANGHAI
from jobdata_resources.warehouse import Warehouse, WarehouseError, WarehouseUnreachable, company_pending
from jobdata_resources.warehouse.facts import market_copy as copying
from jobdata_resources.warehouse.slices import WITHIN, id_slices, working_table
from tests.facts.conftest import Place
from tests.support.landed_pages import DAY, boss_pages

JOBS = 300
WORK = "a_question"
ROWS = "(SELECT job_id FROM boss_job)"


@pytest.fixture
def market(place: Place, zone: LandingZone) -> Iterator[Warehouse]:
    with place.open() as warehouse:
        land_pages(zone, "boss", DAY, "数据", "100010000", boss_pages(0, JOBS // 30, per_page=30))
        warehouse.load_day("boss", DAY, zone, run_id="run-1")
        warehouse.create_job_analytics()
        yield warehouse


def there(warehouse: Warehouse, name: str) -> bool:
    return [name] in [list(row) for row in warehouse.query("SHOW TABLES")]


@pytest.mark.parametrize(("size", "least", "most"), [(50, 5, 7), (300, 1, 2), (1_000, 1, 1), (1, 250, JOBS)])
def test_slices_hold_every_job_once(market: Warehouse, size: int, least: int, most: int) -> None:
    slices = list(id_slices(market.engine, ROWS, size=size))
    assert least <= len(slices) <= most
    assert (slices[0]["low"], slices[-1]["high"]) == ("", "")
    found = [row for bounds in slices for row in market.query(f"SELECT job_id FROM boss_job WHERE {WITHIN}", bounds)]
    assert len(found) == len(set(found)) == JOBS


def test_without_jobs_there_is_one_slice(place: Place) -> None:
    with place.open() as warehouse:
        warehouse.migrate()
        assert list(id_slices(warehouse.engine, ROWS, size=10)) == [{"low": "", "high": ""}]


def test_the_copy_of_the_market_is_the_market(market: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copying, "_SLICE", 40)
    columns = ("platform", "job_id", "title", "salary_min", "skills", "keywords", "first_seen", "status")
    asked = f"SELECT {', '.join(columns)} FROM {{of:Identifier}} ORDER BY job_id"
    with market.market_copy(WORK, columns) as copy:
        assert market.query(asked, {"of": copy}) == market.query(asked, {"of": "job_analytics"})
        assert market.query(f"SELECT count() FROM {copy}") == [(JOBS,)]
    assert not there(market, WORK)


def test_a_question_that_fails_leaves_no_table_and_one_that_was_killed_is_in_nobodys_way(market: Warehouse) -> None:
    market.command(f"CREATE TABLE {WORK} (left_behind String) ENGINE = MergeTree ORDER BY tuple()")
    select = f"SELECT job_id, throwIf({{fail:Bool}}) AS x FROM boss_job WHERE {WITHIN}"
    slices = list(id_slices(market.engine, ROWS, size=100))
    with working_table(market.engine, WORK, select, {"fail": False}, slices) as table:
        assert market.query(f"SELECT count() FROM {table}") == [(JOBS,)]
    with (
        pytest.raises(WarehouseError, match=f"fill {WORK}"),
        working_table(market.engine, WORK, select, {"fail": True}, slices),
    ):
        pass
    assert not there(market, WORK)


def test_a_lost_answer_counts_no_job_twice(http_place: Place, zone: LandingZone) -> None:
    with http_place.open() as warehouse:
        land_pages(zone, "boss", DAY, "数据", "100010000", boss_pages(0, 2))
        warehouse.load_day("boss", DAY, zone, run_id="run-1")
        slices = list(id_slices(warehouse.engine, ROWS, size=100))
        select = f"SELECT job_id FROM boss_job WHERE {WITHIN}"
        warehouse.engine._sleep = lambda _: None
        # The INSERT is executed and its answer is lost; sent again it would bring every job of the slice again.
        urllib.request.urlopen(f"http://127.0.0.1:{http_place.settings.clickhouse_port}/fault?drop=1").close()
        with (
            pytest.raises(WarehouseUnreachable, match=f"fill {WORK}"),
            working_table(warehouse.engine, WORK, select, {}, slices) as table,
        ):
            raise AssertionError(f"{warehouse.query(f'SELECT count() FROM {table}')} of 10 jobs")
        with working_table(warehouse.engine, WORK, select, {}, slices) as table:
            assert warehouse.query(f"SELECT count() FROM {table}") == [(10,)]


def test_companies_are_collected_in_slices(market: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    def ask() -> list[company_pending.PendingCompany]:
        return market.pending_companies(
            PLATFORMS["boss"], DAY, days=7, stale_before=dt.datetime(2026, 11, 20, tzinfo=SHANGHAI)
        )

    whole = ask()
    monkeypatch.setattr(company_pending, "_SLICE", 40)
    assert ask() == whole
    assert sum(one.demand for one in whole) == JOBS
