"""``company``, ``job_link`` and the view after them: what the UI shows, what readers see, run again and reversed."""

from __future__ import annotations

import datetime as dt
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from click.testing import Result
from rich.console import Console
from typer.testing import CliRunner

from crawler_core.landing import LandingZone, land_pages
from crawler_core.settings import load
from jobdata_assets.companies.company import company_asset
from jobdata_assets.market.analytics import job_analytics_asset
from jobdata_assets.market.job_link import job_link_asset
from jobdata_cli.app import app
from jobdata_cli.demo_market import collect_market, show_market
from jobdata_resources.landing import LandingResource
from jobdata_resources.settings import StoreSettings
from jobdata_resources.warehouse import Warehouse, open_warehouse
from jobdata_resources.warehouse.loadlock import load_lock
from jobdata_resources.warehouse_resource import WarehouseResource
from tests.support.landed_pages import boss_body, boss_item, envelope

DAY = dt.date(2026, 11, 21)
YESTERDAY = DAY - dt.timedelta(days=1)
TEXT = (
    "岗位职责：1.负责离线与实时数据仓库的建模、开发与维护；2.搭建数据采集、清洗与调度链路，保证数据按时产出；"
    "任职要求：1.3年及以上相关工作经验；2.熟悉Python、SQL，了解Hive、Spark；3.逻辑清晰，善于沟通，有较强的责任心。"
)
OTHER = (
    "岗位职责：门店日常运营与排班，客户接待与会员维护，库存盘点与陈列；任职要求：有连锁零售经验，能接受轮班与周末工作。"
)
ASSETS = ("company", "job_link", "job_analytics")


def boss(number: int, **values: Any) -> dict[str, Any]:
    base = {"jobName": "数据工程师", "brandName": "示例", "brandScale": "100-499人", "performance": TEXT}
    return boss_item(number, **{**base, **values})


def qcwy(number: int, **values: Any) -> dict[str, Any]:
    return {
        "jobId": str(number), "jobName": "数据工程师", "provideSalaryString": "1.5-2.5万", "jobAreaString": "长沙",
        "coId": "5001", "companyName": "示例科技", "fullCompanyName": "湖南示例科技有限公司",
        "companySizeString": "150-500人", "jobDescribe": TEXT, **values,
    }  # fmt: skip


def land(zone: LandingZone, platform: str, day: dt.date, word: str, items: list[dict[str, Any]]) -> None:
    answer = {"status": "1", "resultbody": {"job": {"items": items}}}
    body = boss_body(items) if platform == "boss" else json.dumps(answer, ensure_ascii=False)
    page = envelope(body, platform=platform, date=day.isoformat(), keyword=word, outcome="last")
    land_pages(zone, platform, day, word, "100010000", [(page, len(items))])


@pytest.fixture
def loaded(home: Any) -> Iterator[Warehouse]:
    """One opening, on Boss under two keywords and on another day, and on 51job; another job; and two namesakes.

    The warehouse stays open: opening the embedded engine costs more than the questions.
    """
    zone = LandingResource().zone()
    land(zone, "boss", YESTERDAY, "数据工程师", [boss(1), boss(3, jobName="店长", performance=OTHER)])
    land(zone, "boss", DAY, "数据工程师", [boss(2, jobName="数据工程师-急招")])
    land(zone, "boss", DAY, "Python", [boss(1)])
    land(zone, "boss", DAY, "零售", [boss(7, jobName="导购", brandName="路远", performance=OTHER)])
    namesake = qcwy(20, jobName="司机", coId="7", fullCompanyName="长沙路远贸易有限公司", companyName="路远")
    land(zone, "qcwy", DAY, "数据工程师", [qcwy(10), namesake])
    with open_warehouse(load(StoreSettings)) as warehouse:
        for platform, day in (("boss", YESTERDAY), ("boss", DAY), ("qcwy", DAY)):
            warehouse.load_day(platform, day, zone, run_id="load")
        yield warehouse


def refresh(instance: dg.DagsterInstance, *only: str) -> dict[str, dict[str, Any]]:
    """Make all three as the job does, or some of them; their metadata."""
    made = only or ASSETS
    result = dg.materialize(
        [company_asset(), job_link_asset(), job_analytics_asset()],
        instance=instance,
        resources={"warehouse": WarehouseResource()},
        selection=[*made],
    )
    assert result.success
    assert all(check.passed for check in result.get_asset_check_evaluations())
    return {
        name: {key: value.value for key, value in event.metadata.items()}
        for name in made
        for event in result.asset_materializations_for_node(name)
    }


STABLE = (
    "SELECT * EXCEPT resolution_id FROM company ORDER BY company_id",
    "SELECT * EXCEPT resolution_id FROM company_alias ORDER BY platform, platform_company_id, name",
    "SELECT * EXCEPT resolution_id FROM company_decision ORDER BY rule, left, right",
    "SELECT * FROM company_review ORDER BY rule, left, right",
    "SELECT * EXCEPT resolution_id FROM job_link ORDER BY platform, job_id",
    "SELECT platform, job_id, company_id, opening_id FROM job_analytics ORDER BY platform, job_id",
)
OF_THE_OPENING = "SELECT {} FROM job_analytics WHERE title LIKE '数据工程师%'"


@pytest.mark.slow
def test_companies_openings_and_the_view(
    loaded: Warehouse, instance: dg.DagsterInstance, capsys: pytest.CaptureFixture[str]
) -> None:
    found = refresh(instance)
    shows_companies(found["company"])
    shows_openings(found["job_link"], found["job_analytics"])
    # One company on both platforms, its listings without an id included; one opening of three postings.
    counted = OF_THE_OPENING.format("uniqExact(company_id), uniqExact(opening_id), count(), min(company_id) != ''")
    assert loaded.query(counted) == [(1, 1, 3, True)]
    assert loaded.query(
        "SELECT c.name, count(), uniqExact(j.opening_id) FROM job_analytics AS j JOIN company AS c USING company_id"
        " GROUP BY c.name ORDER BY 2 DESC, 1"
    ) == [("湖南示例科技有限公司", 4, 2), ("路远", 1, 1), ("长沙路远贸易有限公司", 1, 1)]  # fmt: skip
    assert loaded.query(OF_THE_OPENING.format("DISTINCT platform_company_id") + " ORDER BY ALL") == [("",), ("5001",)]

    summary_of_the_demo(collect_market(loaded))
    examples_of_the_readme(loaded, capsys)

    # Again: the same rows.
    before = [loaded.query(sql) for sql in STABLE]
    again = refresh(instance)["company"]
    assert [loaded.query(sql) for sql in STABLE] == before
    assert (again["new_accounts"], again["moved_accounts"]) == (0, 0)

    # A person keeps the two accounts apart. Before links are made again, the view names no company that is gone.
    a_person_decides()
    apart = refresh(instance, "company")["company"]
    assert (apart["dagster/row_count"], apart["overrides"], apart["moved_accounts"]) == (4, 1, 1)
    assert "| override | 0 | 0 | 1 |" in apart["decisions"]
    assert loaded.query(OF_THE_OPENING.format("uniqExact(company_id), uniqExact(opening_id)")) == [(2, 1)]
    unknown = "SELECT count() FROM job_analytics WHERE company_id NOT IN (SELECT company_id FROM company)"
    assert loaded.query(unknown) == [(0,)]

    # Links follow: what a person keeps apart is not one opening either.
    assert refresh(instance, "job_link")["job_link"]["across_platforms"] == 0
    assert loaded.query(OF_THE_OPENING.format("uniqExact(company_id), uniqExact(opening_id)")) == [(2, 2)]
    assert loaded.query(unknown) == [(0,)]


def a_person_decides() -> None:
    """Through the command line: find the accounts, see why they are one, say that they are not."""
    answer = jobdata("company", "find", "示例", "--json")
    accounts = {one["account"]: one["company"] for one in json.loads(answer.stdout)}
    assert accounts == dict.fromkeys(("boss:?示例", "qcwy:5001"), "湖南示例科技有限公司")
    [merged] = json.loads(jobdata("company", "why", "boss:?示例", "--json").stdout)
    assert (merged["rule"], merged["verdict"]) == ("brand_and_shared_posting", "merge")
    assert "长沙路远贸易有限公司" in jobdata("company", "review").stdout
    wrong = jobdata("company", "separate", "boss:?示列", "qcwy:5001", "--reason", "a namesake", "--by", "li")
    assert wrong.exit_code == 2
    assert "account 'boss:?示列' is not known; `jobdata company find NAME` shows accounts" in wrong.stderr
    done = jobdata("company", "separate", "boss:?示例", "qcwy:5001", "--reason", "a namesake", "--by", "li")
    assert (done.exit_code, "market_refresh" in done.stdout) == (0, True)


def jobdata(*arguments: str) -> Result:
    return CliRunner().invoke(app, [*arguments])


def shows_companies(company: dict[str, Any]) -> None:
    assert (company["dagster/row_count"], company["accounts"]) == (3, 4)
    assert (company["legal_companies"], company["brand_companies"], company["across_platforms"]) == (2, 1, 1)
    assert (company["merges"], company["merges_by_rule"]) == (1, {"brand_and_shared_posting": 1})
    assert company["dagster/table_name"] == "job_data.company"
    assert "| 湖南示例科技有限公司 | legal | boss, qcwy | 2 | 4 |" in company["preview"]
    columns = {column.name: column.description for column in company["dagster/column_schema"].columns}
    assert columns["credit_code"] == "unified social credit code"
    # What a person must decide, with both names and what is missing to decide it.
    assert company["review_pairs"] == 1
    [line] = company["review"].splitlines()[2:]
    assert "| boss:?路远 | 路远 | qcwy:7 | 路远, 长沙路远贸易有限公司 | core: 路远; missing: " in line


def shows_openings(links: dict[str, Any], view: dict[str, Any]) -> None:
    assert (links["dagster/row_count"], links["openings"], links["across_platforms"]) == (6, 4, 1)
    assert (links["linked_postings"], links["linked_share"]) == (3, 0.5)
    assert "| 湖南示例科技有限公司 | boss, qcwy | 3 | 数据工程师 / 数据工程师-急招 |" in links["preview"]
    assert (view["companies_resolved"], view["resolved_share"]) == (True, 1.0)
    assert "| boss | 4 | 3 | 1 | 2 | 100.00% | 3 |" in view["platforms"]


def summary_of_the_demo(found: dict[str, Any]) -> None:
    merges = {"brand_and_shared_posting": 1}
    assert found["companies"] == {
        "total": 3, "legal": 2, "brand": 1, "accounts": 4, "across_platforms": 1, "merges": merges, "review": 1,
    }  # fmt: skip
    assert found["openings"] == {"postings": 6, "openings": 4, "across_platforms": 1}
    assert found["market"] == {"jobs": 6, "open": 5, "gone": 1, "with_company": 1.0, "with_salary": 1.0}
    assert found["unparsed"]["qcwy"]["degree"] == {"share": 1.0, "reasons": {"empty": 1.0}}
    assert found["unparsed"]["boss"]["salary"] == {"share": 0.0, "reasons": {}}
    assert "company_type" not in found["unparsed"]["boss"]
    console = Console(record=True, width=160, file=io.StringIO())
    show_market(found, console)
    text = console.export_text()
    assert "4 accounts are 3 companies (2 legal, 1 brand)" in text
    assert re.search(r"degree .* 100.00% .* qcwy empty 100.00%", text)


def examples_of_the_readme(warehouse: Warehouse, capsys: pytest.CaptureFixture[str]) -> None:
    """Every statement of the section answers with rows, and the program prints figures of this market."""
    text = (Path(__file__).parents[2] / "README.md").read_text()
    [section] = re.findall(r"^## Query the market$(.*?)^## ", text, re.MULTILINE | re.DOTALL)
    blocks = re.findall(r"```(sql|python)\n(.*?)```", section, re.DOTALL)
    statements = [one for kind, block in blocks if kind == "sql" for one in block.split(";\n") if one.strip()]
    assert len(statements) >= 4
    for statement in statements:
        assert warehouse.query(statement), statement
    [program] = [block for kind, block in blocks if kind == "python"]
    exec(compile(program, "README.md", "exec"), {})  # noqa: S102 - our own documentation
    printed = capsys.readouterr().out
    assert "2026-11-20 boss 2 1" in printed
    assert re.search(r"^示例\S* 4 3$", printed, re.MULTILINE)


def test_an_empty_warehouse_gives_empty_tables(home: Any, instance: dg.DagsterInstance) -> None:
    found = refresh(instance)
    assert [found[name]["dagster/row_count"] for name in ASSETS] == [0, 0, 0]


@pytest.mark.parametrize("make", [company_asset, job_link_asset])
def test_a_resolution_under_way_is_waited_for(
    make: Any, home: Any, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(f"{make.__module__}._RETRY_SECONDS", 0)
    monkeypatch.setattr(f"{make.__module__}._RETRIES", 1)
    asset = make()
    with open_warehouse(load(StoreSettings)) as warehouse, load_lock(warehouse.engine, "resolution", "other"):
        result = dg.materialize(
            [asset], instance=instance, resources={"warehouse": WarehouseResource()}, raise_on_error=False
        )
    assert not result.success
    assert len([event for event in result.all_events if event.is_step_up_for_retry]) == 1
    [failure] = [event for event in result.all_events if event.is_step_failure]
    assert "run other" in str(failure.step_failure_data)
