"""``job_analytics``: what a person sees of it, the ready questions, the examples of the documentation, the rebuild."""

from __future__ import annotations

import datetime as dt
import re
import socket
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster._core.definitions.data_version import CachingStaleStatusResolver
from dagster._core.loader import LoadingContextForTest

from crawler_core.landing import LandingZone, land_pages
from crawler_core.normalize import NORMALISERS
from crawler_core.platforms import PLATFORMS
from crawler_core.settings import load
from jobdata_assets import code_version as versions
from jobdata_assets import names
from jobdata_assets.daily.job_table import job_table_asset
from jobdata_assets.market.analytics import job_analytics_asset, rebuild_facts_job
from jobdata_assets.market.market_queries import (
    Count,
    SalaryLevel,
    TrendDay,
    counts_by,
    market_sql,
    salary_levels,
    trend,
)
from jobdata_assets.partitions import daily_partitions
from jobdata_resources.control import ControlStore
from jobdata_resources.control_resource import ControlResource
from jobdata_resources.landing import LandingResource
from jobdata_resources.settings import StoreSettings
from jobdata_resources.warehouse import Warehouse, open_warehouse
from jobdata_resources.warehouse.facts.fields import fact_rules
from jobdata_resources.warehouse_resource import WarehouseResource
from tests.support.landed_pages import boss_body, boss_item, envelope

ROOT = Path(__file__).parents[2]
DAY = dt.date(2026, 11, 21)
YESTERDAY = DAY - dt.timedelta(days=1)
PAYS = ("10-20K", "20-30K·14薪", "面议", "150-200元/天")


def land(zone: LandingZone, date: dt.date, numbers: range, keyword: str = "数据工程师") -> None:
    items = [
        boss_item(number, salaryDesc=PAYS[number % 4] if number else "看情况", brandName=f"示例科技{number % 2}")
        for number in numbers
    ]
    page = envelope(boss_body(items), keyword=keyword, date=date.isoformat(), outcome="last")
    land_pages(zone, "boss", date, keyword, "100010000", [(page, len(items))])


@pytest.fixture
def zone(home: Path, store: ControlStore) -> LandingZone:
    """Jobs 0 to 7 yesterday, 4 to 9 today: four are gone."""
    store.add_keyword("boss", "数据工程师")
    found = LandingResource().zone()
    land(found, YESTERDAY, range(8))
    land(found, DAY, range(4, 10))
    with open_warehouse(load(StoreSettings)) as warehouse:
        for day in (YESTERDAY, DAY):
            warehouse.load_day("boss", day, found, run_id="run-1")
    return found


def make_view(instance: dg.DagsterInstance) -> dict[str, Any]:
    result = dg.materialize(
        [job_analytics_asset()],
        instance=instance,
        resources={"warehouse": WarehouseResource()},
        selection="job_analytics",
    )
    assert result.success
    [event] = result.asset_materializations_for_node("job_analytics")
    return {name: value.value for name, value in event.metadata.items()}


def test_what_the_ui_shows(zone: LandingZone, instance: dg.DagsterInstance) -> None:
    found = make_view(instance)
    assert found["dagster/row_count"] == found["boss_jobs"] == 10
    assert found["dagster/table_name"] == "job_data.job_analytics"
    columns = [column.name for column in found["dagster/column_schema"].columns]
    assert columns[:3] == ["platform", "job_id", "title"]
    assert {"status", "salary_min", "company_id", "opening_id", "days_open"} <= set(columns)
    assert "| boss | 10 | 6 | 4 | 2 | 0.00% | 0 |" in found["platforms"]
    assert found["salary_unparsed_share"] == 0.3
    assert "company_type_unparsed_share" not in found  # Boss publishes none
    assert found["preview"].splitlines()[0].startswith("| platform | title |")
    assert len(found["preview"].splitlines()) == 2 + 4
    assert found["companies_resolved"] is False
    assert make_view(instance)["boss_jobs"] == 10


def test_an_empty_warehouse_has_an_empty_view(home: Path, instance: dg.DagsterInstance) -> None:
    found = make_view(instance)
    assert found["dagster/row_count"] == 0


@pytest.fixture
def market(zone: LandingZone, instance: dg.DagsterInstance) -> Any:
    make_view(instance)
    with open_warehouse(load(StoreSettings)) as warehouse:
        yield warehouse


def test_trend(market: Warehouse) -> None:
    assert trend(market, YESTERDAY, DAY) == [
        TrendDay(YESTERDAY, "boss", new=8, closed=4), TrendDay(DAY, "boss", new=2, closed=0),
    ]  # fmt: skip
    assert trend(market, DAY, DAY, platform="boss") == [TrendDay(DAY, "boss", new=2, closed=0)]
    assert trend(market, DAY, DAY, platform="qcwy") == []


def test_salary_levels(market: Warehouse) -> None:
    # Open are 4 to 9: twice each 15,000 and 25,000, one negotiable, one by the day with 3,806.25.
    [level] = salary_levels(market)
    assert level == SalaryLevel("长沙", "数据工程师", 6, 5, p25=15000.0, median=15000.0, p75=25000.0, p90=25000.0)
    assert [one.jobs for one in salary_levels(market, status="")] == [10]
    assert salary_levels(market, min_jobs=7) == []
    assert salary_levels(market, city="上海") == salary_levels(market, keyword="java") == []


def test_counts(market: Warehouse) -> None:
    skills = counts_by(market, "skill")
    assert [(one.key, one.jobs, one.open) for one in skills] == [("python", 10, 6), ("sql", 10, 6)]
    assert counts_by(market, "city") == [Count("长沙", "长沙", 10, 6, 15000.0)]
    companies = counts_by(market, "company", keyword="数据工程师", limit=1)
    assert [(one.title, one.jobs) for one in companies] == [("示例科技0", 5)]
    assert counts_by(market, "city", keyword="java") == []


def test_there_is_no_such_question() -> None:
    with pytest.raises(FileNotFoundError, match="market_by_colour"):
        market_sql("market_by_colour")


EXAMPLES = re.findall(r"```(sql|python)\n(.*?)```", (ROOT / "docs" / "query-the-market.md").read_text(), re.DOTALL)


def test_the_examples_of_the_documentation_run(
    zone: LandingZone, instance: dg.DagsterInstance, capsys: pytest.CaptureFixture[str]
) -> None:
    make_view(instance)
    statements = [text for kind, text in EXAMPLES if kind == "sql"]
    assert len(statements) >= 4
    with open_warehouse(load(StoreSettings)) as warehouse:
        for statement in statements:
            assert warehouse.query(statement.rstrip().removesuffix(";")), statement
    [program] = [text for kind, text in EXAMPLES if kind == "python"]
    exec(compile(program, "docs/query-the-market.md", "exec"), {})  # noqa: S102 - our own documentation
    printed = capsys.readouterr().out
    assert "2026-11-20 boss 8 4" in printed
    assert "python 10 15000.0" in printed


# ---- rebuilding


def run_day(instance: dg.DagsterInstance, date: dt.date) -> dg.ExecuteInProcessResult:
    return dg.materialize(
        [job_table_asset(PLATFORMS["boss"], daily_partitions(DAY, 14), coverage_target=0.95)],
        instance=instance,
        partition_key=date.isoformat(),
        resources=resources(),
    )


def resources() -> dict[str, Any]:
    return {"landing": LandingResource(), "control": ControlResource(), "warehouse": WarehouseResource()}


def everything(warehouse: Warehouse) -> list[Any]:
    return [
        warehouse.query(f"SELECT * FROM {name} ORDER BY ALL")
        for name in ("boss_job", "job_sighting", "crawl_page", "fact_salary_active", "fact_place_active")
    ]


def test_a_past_day_is_built_from_landed_pages_without_a_network(
    zone: LandingZone, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_warehouse(load(StoreSettings)) as warehouse:
        before = everything(warehouse)
    real = socket.socket.connect

    def refuse(self: socket.socket, address: Any) -> None:
        if self.family != socket.AF_UNIX:
            raise AssertionError(f"the rebuild asked for {address}")
        real(self, address)

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: pytest.fail("the rebuild looked up a name"))
    for name in ("crawler_core.transport", "crawler_core.crawl.session"):
        monkeypatch.setitem(sys.modules, name, None)  # importing it now fails
    assert run_day(instance, YESTERDAY).success
    with open_warehouse(load(StoreSettings)) as warehouse:
        assert everything(warehouse) == before


def test_a_changed_rule_makes_days_stale(
    zone: LandingZone, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_day(instance, YESTERDAY)
    key, day = names.job_table("boss"), YESTERDAY.isoformat()

    def causes() -> list[str]:
        asset = job_table_asset(PLATFORMS["boss"], daily_partitions(DAY, 14), coverage_target=0.95)
        graph = dg.Definitions(assets=[asset], resources=resources()).resolve_asset_graph()
        resolver = CachingStaleStatusResolver(instance, graph, LoadingContextForTest(instance))
        return [cause.reason for cause in resolver.get_stale_causes(key, day)]

    assert causes() == []
    newer = {**NORMALISERS, "salary": replace(NORMALISERS["salary"], rules="2")}
    monkeypatch.setattr(versions, "fact_rules", lambda: fact_rules(newer))
    assert causes() == ["has a new code version"]
    run_day(instance, YESTERDAY)
    assert causes() == []


def test_the_rebuild_job_switches_readers(zone: LandingZone, instance: dg.DagsterInstance) -> None:
    newer = {**NORMALISERS, "salary": replace(NORMALISERS["salary"], rules="5")}

    class NewerWarehouse(WarehouseResource):
        @contextmanager
        def open(self, comment: Mapping[str, str] | None = None) -> Iterator[Warehouse]:
            with open_warehouse(load(StoreSettings), comment=comment, normalisers=newer) as warehouse:
                yield warehouse

    result = rebuild_facts_job().execute_in_process(instance=instance, resources={"warehouse": NewerWarehouse()})
    assert result.success
    with open_warehouse(load(StoreSettings)) as warehouse:
        assert warehouse.query("SELECT DISTINCT rule FROM fact_salary_active") == [("salary-5.1",)]
        assert warehouse.query("SELECT count() FROM fact_salary_active") == [(6,)]
