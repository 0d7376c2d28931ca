"""Boss Zhipin: what search and detail answers mean, outer and inner."""

from __future__ import annotations

from typing import Any

import pytest

from crawler_core.outcome import Outcome
from crawler_core.platforms.boss.detail import DetailRef, detail_refs, judge_job_detail, read_detail
from crawler_core.platforms.boss.parse import judge, read_items
from crawler_core.values import Verdict
from tests.platforms.making import answer, page

DETAIL = "/wapi/zpgeek/miniapp/job/detail.json"
IMPROVEMENT = "/wapi/zpgeek/miniapp/jobdetail/improvement/query.json"
RECORD = {
    "encryptJobId": "8f21c0de55aa10bb03R-2du7FVNY", "securityId": "Zk3…~~", "lid": "6aKx2pQvT3M.search.1",
    "jobName": "数据工程师", "salaryDesc": "15-25K·14薪", "jobExperience": "3-5年", "jobDegree": "本科",
    "jobLabels": ["3-5年", "本科", "Python"], "skills": ["Python", "SQL"], "cityName": "长沙",
    "districtName": "岳麓区", "businessName": "麓谷", "performance": "负责数据平台…", "brandName": "示例科技",
    "brandLogo": "https://example.invalid/l.png", "brandScale": "100-499人", "bossName": "王女士",
    "bossTitle": "HR", "bossAvatar": "https://example.invalid/a.png", "jobValidStatus": 1,
}  # fmt: skip


def search(data: Any = None, code: object = 0) -> Verdict:
    return judge(answer({"code": code, "message": "…", "zpData": data}), page())


def records(*ids: object) -> list[dict[str, object]]:
    return [{"encryptJobId": identifier} for identifier in ids]


@pytest.mark.parametrize(
    ("code", "outcome"),
    [
        (1, Outcome.TRANSPORT),
        (2, Outcome.SCHEMA_CHANGED),
        (4, Outcome.THROTTLED),
        (7, Outcome.TOKEN_EXPIRED),
        ("7", Outcome.TOKEN_EXPIRED),
        (9, Outcome.THROTTLED),
        (17, Outcome.SCHEMA_CHANGED),
        (24, Outcome.TOKEN_EXPIRED),
        (31, Outcome.BANNED),
        (35, Outcome.BANNED),
        (36, Outcome.CHALLENGE),
        (37, Outcome.CHALLENGE),
        (100, Outcome.SCHEMA_CHANGED),
        (121, Outcome.SCHEMA_CHANGED),
        (4711, Outcome.SCHEMA_CHANGED),
        (None, Outcome.SCHEMA_CHANGED),
        (True, Outcome.SCHEMA_CHANGED),
        ({}, Outcome.SCHEMA_CHANGED),
    ],
)
@pytest.mark.parametrize("data", [None, {}, {"name": "0f", "seed": "x", "ts": 1}, {"list": [], "hasMore": False}])
def test_codes(code: object, outcome: Outcome, data: object) -> None:
    verdict = search(data, code)
    assert verdict.outcome is outcome
    assert verdict.records == 0
    assert "…" not in verdict.detail  # the platform's free text stays in the landed body


@pytest.mark.parametrize("key", ["list", "jobList"])
@pytest.mark.parametrize(
    ("more", "outcome"), [(True, Outcome.OK), (1, Outcome.OK), (False, Outcome.LAST), (0, Outcome.LAST)]
)
def test_has_more_decides(key: str, more: object, outcome: Outcome) -> None:
    verdict = search({key: records("a~", 12), "hasMore": more, "totalCount": 300})
    assert (verdict.outcome, verdict.ids, verdict.records, verdict.total) == (outcome, ("a~", "12"), 2, 300)


def test_without_has_more_the_crawl_goes_on_to_the_page_cap() -> None:
    assert search({"list": records("a")}).outcome is Outcome.OK


@pytest.mark.parametrize("empty", [{"list": []}, {"jobList": []}, {"list": None, "jobList": []}])
def test_nothing_found_and_soft_block_differ(empty: dict[str, object]) -> None:
    assert search(empty | {"hasMore": False}).outcome is Outcome.EMPTY
    assert search(empty).outcome is Outcome.EMPTY
    blocked = search(empty | {"hasMore": True})
    assert blocked.outcome is Outcome.BANNED
    assert "soft block" in blocked.detail


def test_the_list_that_has_records_wins() -> None:
    assert search({"list": [], "jobList": records("a"), "hasMore": True}).ids == ("a",)


@pytest.mark.parametrize("data", [None, [], "x", 7, {}, {"list": {}}, {"list": "x"}, {"records": records("a")}])
def test_success_without_a_list_is_a_changed_schema(data: object) -> None:
    assert search(data).outcome is Outcome.SCHEMA_CHANGED


def test_records_without_id_are_counted_but_do_not_spoil_the_page() -> None:
    verdict = search(
        {"list": [*records("a", "", None, {"x": 1}, True), None, 3, {"encryptId": "old"}], "hasMore": True}
    )
    assert (verdict.outcome, verdict.ids, verdict.records) == (Outcome.OK, ("a", "old"), 8)
    assert verdict.detail == "6 of 8 records have no id"


def test_columns_of_a_mini_program_record() -> None:
    (item,) = read_items(answer({"code": 0, "zpData": {"hasMore": True, "list": [RECORD]}}).body)
    assert {column: value for column, value in item.items() if value} == {
        "job_id": "8f21c0de55aa10bb03R-2du7FVNY", "title": "数据工程师", "salary_text": "15-25K·14薪", "city": "长沙",
        "district": "岳麓区", "business_area": "麓谷", "experience_text": "3-5年", "degree_text": "本科",
        "skills": ["Python", "SQL"], "labels": ["3-5年", "本科", "Python"], "company_name": "示例科技",
        "company_size_text": "100-499人", "description": "负责数据平台…", "recruiter_title": "HR", "job_status": "1",
    }  # fmt: skip


def test_detail_refs_come_from_the_list_page() -> None:
    half = {"encryptJobId": "b", "securityId": ""}
    body = answer({"code": 0, "zpData": {"list": [RECORD, half, None, 1]}}).body
    assert detail_refs(body) == (DetailRef("8f21c0de55aa10bb03R-2du7FVNY", "Zk3…~~", "6aKx2pQvT3M.search.1"),)
    assert "Zk3" not in repr(detail_refs(body))
    assert detail_refs(body.replace(b'"list"', b'"jobList"')) == detail_refs(body)
    assert detail_refs(b"{") == ()


def batch(inner: object, code: int = 0, improvement: int = 0) -> bytes:
    data = {DETAIL: inner, IMPROVEMENT: {"code": improvement, "zpData": {}}}
    return answer({"code": code, "message": "Success", "zpData": data}).body


JOB = {"encryptJobId": "j1~", "jobId": 179655288, "positionName": "数据工程师", "jobDesc": "一\n二", "lowSalary": 15}
COMPANY = {"encryptBrandId": "b1~", "comName": "湖南示例科技有限公司", "regCapital": "100万人民币"}
INNER = {"code": 0, "zpData": {"jobBaseInfoVO": JOB, "brandComInfoVO": COMPANY, "bossBaseInfoVO": {"name": "王女士"}}}


@pytest.mark.parametrize("body", [batch(INNER), batch(INNER, improvement=31), answer(INNER).body])
def test_detail_in_a_batch_and_plain(body: bytes) -> None:
    verdict = judge_job_detail(answer(body))
    assert (verdict.outcome, verdict.ids, verdict.records) == (Outcome.OK, ("j1~",), 1)
    (item,) = read_detail(body)
    assert {column: value for column, value in item.items() if value} == {
        "job_id": "j1~", "title": "数据工程师", "description": "一\n二", "salary_low_text": "15", "company_id": "b1~",
        "company_full_name": "湖南示例科技有限公司", "company_capital_text": "100万人民币",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("code", "outcome"),
    [
        (4, Outcome.THROTTLED),
        (7, Outcome.TOKEN_EXPIRED),
        (35, Outcome.BANNED),
        (37, Outcome.CHALLENGE),
        (99, Outcome.SCHEMA_CHANGED),
    ],
)
def test_a_batch_can_fail_outside_and_inside(code: int, outcome: Outcome) -> None:
    assert judge_job_detail(answer(batch(INNER, code=code))).outcome is outcome
    inside = judge_job_detail(answer(batch({"code": code, "zpData": {}})))
    assert inside.outcome is outcome
    assert inside.detail.startswith(f"inside the batch, code {code}")


@pytest.mark.parametrize(
    "body",
    [
        batch(None),
        batch([]),
        batch({"code": 0}),
        batch({"code": 0, "zpData": {"jobBaseInfoVO": {}}}),
        batch({"zpData": INNER["zpData"]}),
        answer({"code": 0, "zpData": {}}).body,
        answer({"code": 0}).body,
    ],
)
def test_detail_of_another_shape(body: bytes) -> None:
    assert judge_job_detail(answer(body)).outcome is Outcome.SCHEMA_CHANGED


def test_detail_refusals() -> None:
    assert judge_job_detail(answer(b"<html>")).outcome is Outcome.CHALLENGE
    assert judge_job_detail(answer(batch(INNER)[:40])).outcome is Outcome.TRANSPORT
