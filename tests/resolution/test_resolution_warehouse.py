"""Resolution and linking on a warehouse: what readers see, what survives a failure, what a person can change."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest

from crawler_core.landing import LandingZone, land_pages
from jobdata_resources.resolution import (
    MentionKey,
    Override,
    collect_mentions,
    link_jobs,
    record_override,
    resolve_companies,
    withdraw_override,
)
from jobdata_resources.resolution.store import Answer
from jobdata_resources.warehouse import Warehouse, WarehouseBusy
from jobdata_resources.warehouse.loadlock import load_lock
from tests.support.landed_pages import DAY, boss_body, boss_item, envelope

TEXT = (
    "岗位职责：1.负责离线与实时数据仓库的建模、开发与维护；2.搭建数据采集、清洗与调度链路，保证数据按时产出；"
    "任职要求：1.{years}相关工作经验；2.熟悉Python、SQL，了解Hive、Spark；3.逻辑清晰，善于沟通，有较强的责任心。"
)
OTHER = (
    "岗位职责：门店日常运营与排班，客户接待与会员维护，库存盘点与陈列；任职要求：有连锁零售经验，能接受轮班与周末工作。"
)


def qcwy_item(number: int, **values: Any) -> dict[str, Any]:
    item = {
        "jobId": str(number),
        "jobName": "数据工程师",
        "provideSalaryString": "1.5-2.5万",
        "jobAreaString": "长沙·岳麓区",
        "coId": "5001",
        "companyName": "示例科技",
        "fullCompanyName": "湖南示例科技有限公司",
        "companySizeString": "150-500人",
        "jobDescribe": TEXT.format(years="3年及以上"),
    }
    return {**item, **values}


def land(
    zone: LandingZone,
    *,
    boss: Sequence[Any] = (),
    qcwy: Sequence[Any] = (),
    details: Sequence[Any] = (),
    word: str = "数据",
) -> None:
    pages: dict[str, list[Any]] = {"boss": [], "qcwy": []}
    if boss:
        pages["boss"].append((envelope(boss_body(boss), keyword=word), len(boss)))
    for number, detail in enumerate(details, 2):
        body = json.dumps({"code": 0, "zpData": detail}, ensure_ascii=False)
        pages["boss"].append((envelope(body, kind="job_detail", page=number, keyword=word), 1))
    if qcwy:
        body = json.dumps({"status": "1", "resultbody": {"job": {"items": qcwy}}}, ensure_ascii=False)
        pages["qcwy"].append((envelope(body, platform="qcwy", keyword=word), len(qcwy)))
    for platform, found in pages.items():
        if found:
            land_pages(zone, platform, DAY, word, "100010000", found)


def load(warehouse: Warehouse, zone: LandingZone) -> None:
    for platform in ("boss", "qcwy"):
        warehouse.load_day(platform, DAY, zone, run_id="test")


def boss_posting(number: int, **values: Any) -> dict[str, Any]:
    base = {
        "jobName": "数据工程师",
        "brandName": "示例",
        "brandScale": "100-499人",
        "performance": TEXT.format(years="3-5年"),
    }
    return boss_item(number, **{**base, **values})


def company_of(warehouse: Warehouse) -> dict[tuple[str, str, str], str]:
    rows = warehouse.query("SELECT platform, platform_company_id, name, company_id FROM company_alias")
    return {(platform, number, name): company for platform, number, name, company in rows}


@pytest.fixture
def loaded(warehouse: Warehouse, zone: LandingZone) -> Warehouse:
    """One opening on two platforms, once more on Boss, one under a second keyword, and another job."""
    land(
        zone,
        boss=[
            boss_posting(1),
            boss_posting(2, jobName="数据工程师-急招"),
            boss_posting(3, performance=OTHER, jobName="店长"),
        ],
        qcwy=[qcwy_item(10), qcwy_item(11, jobName="店长", jobDescribe=OTHER, jobAreaString="北京")],
    )
    land(zone, boss=[boss_posting(1)], word="Python")
    load(warehouse, zone)
    return warehouse


def test_postings_of_one_opening_are_linked_and_none_is_lost(loaded: Warehouse) -> None:
    report = resolve_companies(loaded, "r1")
    assert (report.accounts, report.companies, report.shared_pairs) == (2, {"legal": 1}, 1)
    found = link_jobs(loaded, "r2")
    assert (found.postings, found.openings, found.linked, found.across_platforms) == (5, 3, 3, 1)
    rows = loaded.query("SELECT platform, job_id, opening_id, company_id, rule, evidence FROM job_link")
    openings: dict[str, set[tuple[str, str]]] = {}
    for platform, job_id, opening, _, _, _ in rows:
        openings.setdefault(opening, set()).add((platform, job_id))
    ids = [boss_posting(number)["encryptJobId"] for number in (1, 2, 3)]
    assert {frozenset(group) for group in openings.values()} == {
        frozenset({("boss", ids[0]), ("boss", ids[1]), ("qcwy", "10")}),
        frozenset({("boss", ids[2])}),
        frozenset({("qcwy", "11")}),
    }
    assert {row[3] for row in rows} == set(company_of(loaded).values())
    linked = [row for row in rows if row[4] not in ("first", "single")]
    assert all(row[4] == "same_company" and row[5]["with"] and float(row[5]["body"]) >= 0.8 for row in linked)


def test_a_second_run_changes_nothing_and_the_answer_before_stays_for_its_readers(loaded: Warehouse) -> None:
    resolve_companies(loaded, "r1")
    before = company_of(loaded)
    decisions = loaded.query("SELECT rule, left, right, verdict FROM company_decision ORDER BY ALL")
    for number in range(3):
        resolve_companies(loaded, f"again-{number}")
        link_jobs(loaded, f"link-{number}")
    assert company_of(loaded) == before
    assert loaded.query("SELECT rule, left, right, verdict FROM company_decision ORDER BY ALL") == decisions
    for table in ("company_version", "company_alias_version", "company_decision_version", "job_link_version"):
        assert loaded.query(f"SELECT uniqExact(resolution_id) FROM {table}") == [(2,)], table
    for table in ("link_account", "link_value", "link_feature", "link_edge", "link_member"):
        assert loaded.query(f"SELECT count() FROM {table}") == [(0,)], table


def test_a_run_that_dies_before_its_commit_shows_nothing(loaded: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    resolve_companies(loaded, "r1")
    link_jobs(loaded, "r2")
    shown = loaded.query("SELECT * FROM job_link ORDER BY ALL"), loaded.query("SELECT * FROM company ORDER BY ALL")
    load_more = Override("boss:?示例", "qcwy:5001", "separate", "another company")
    record_override(loaded, load_more, decided_by="test")
    with monkeypatch.context() as patch:
        patch.setattr(Answer, "commit", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt()))
        for run in (resolve_companies, link_jobs):
            with pytest.raises(KeyboardInterrupt):
                run(loaded, "dies")
    assert (
        loaded.query("SELECT * FROM job_link ORDER BY ALL"),
        loaded.query("SELECT * FROM company ORDER BY ALL"),
    ) == shown
    assert resolve_companies(loaded, "heals").companies == {"brand": 1, "legal": 1}
    assert loaded.query("SELECT uniqExact(resolution_id) FROM company_version") == [(2,)]


def test_a_person_reverses_a_decision_and_takes_that_back(loaded: Warehouse) -> None:
    resolve_companies(loaded, "r1")
    assert len(set(company_of(loaded).values())) == 1
    record_override(loaded, Override("qcwy:5001", "boss:?示例", "separate", "namesake"), decided_by="li")
    resolve_companies(loaded, "r2")
    assert len(set(company_of(loaded).values())) == 2
    [(verdict, evidence)] = loaded.query("SELECT verdict, evidence FROM company_decision WHERE rule = 'override'")[:1]
    assert (verdict, evidence["reason"]) == ("separate", "namesake")
    withdraw_override(loaded, "boss:?示例", "qcwy:5001", reason="was right", decided_by="li")
    resolve_companies(loaded, "r3")
    assert len(set(company_of(loaded).values())) == 1


def test_a_doubtful_pair_is_shown_with_both_names(warehouse: Warehouse, zone: LandingZone) -> None:
    land(zone, boss=[boss_posting(1, performance=OTHER)], qcwy=[qcwy_item(10)])
    load(warehouse, zone)
    assert resolve_companies(warehouse, "r1").review == 1
    [row] = warehouse.query("SELECT rule, left, left_names, right, right_names, evidence FROM company_review")
    assert row[:5] == ("only_bearer_of_core", "boss:?示例", ["示例"], "qcwy:5001", ["湖南示例科技有限公司", "示例科技"])
    assert row[5]["missing"] == "a core of three characters"


def test_registry_facts_of_details_make_companies_of_one_brand_id(warehouse: Warehouse, zone: LandingZone) -> None:
    def detail(number: int, name: str) -> dict[str, Any]:
        brand = {"encryptBrandId": "x~", "brandName": "字节跳动", "comName": name, "startDate": "2012-03-09"}
        base = {"jobId": boss_posting(number)["encryptJobId"], "positionName": "数据工程师", "jobDesc": OTHER}
        return {"jobBaseInfoVO": base, "brandComInfoVO": brand}

    names = ("抖音视界有限公司", "北京抖音信息服务有限公司")
    land(
        zone,
        boss=[
            *(boss_posting(number, brandName="字节跳动", encryptBrandId="x~") for number in (1, 2, 3)),
            boss_posting(4, brandName="字节跳动", encryptBrandId="x~", performance=OTHER * 2, jobName="店长"),
        ],
        details=[detail(number, name) for number, name in enumerate(names, 1)],
        qcwy=[qcwy_item(10, fullCompanyName=names[0], companyName="抖音视界")],
    )
    load(warehouse, zone)
    mentions = {mention.key: mention for mention in collect_mentions(warehouse)}
    assert mentions[MentionKey("boss", "x~")].several
    assert mentions[MentionKey("boss", "x~", names[0])].registry.founded == "2012-03-09"
    resolve_companies(warehouse, "r1")
    found = company_of(warehouse)
    assert found["boss", "x~", names[0]] == found["qcwy", "5001", ""]
    assert len({found["boss", "x~", name] for name in (*names, "")}) == 3
    link_jobs(warehouse, "r2")
    by_job = dict(warehouse.query("SELECT job_id, company_id FROM job_link WHERE platform = 'boss'"))
    assert by_job[boss_posting(1)["encryptJobId"]] == found["boss", "x~", names[0]]
    # The third has no detail but shares its opening with a posting of a known company; the fourth has neither.
    assert by_job[boss_posting(3)["encryptJobId"]] == found["boss", "x~", names[0]]
    assert by_job[boss_posting(4)["encryptJobId"]] == found["boss", "x~", ""]


def test_one_run_at_a_time(loaded: Warehouse) -> None:
    with load_lock(loaded.engine, "resolution", "other"), pytest.raises(WarehouseBusy, match="run other"):
        resolve_companies(loaded, "r1")


def test_linking_without_companies_still_links_an_account(loaded: Warehouse) -> None:
    report = link_jobs(loaded, "r1")
    assert (report.postings, report.openings, report.across_platforms) == (5, 4, 0)


def test_an_empty_warehouse_gives_empty_answers(warehouse: Warehouse) -> None:
    assert resolve_companies(warehouse, "r1").accounts == 0
    assert link_jobs(warehouse, "r2").postings == 0
    assert warehouse.query("SELECT count() FROM company") == [(0,)]
