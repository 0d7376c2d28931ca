"""51job: what search answers mean, today's form and that of 2022."""

from __future__ import annotations

from typing import Any

import pytest

from crawler_core.errors import BadSetting
from crawler_core.outcome import Outcome
from crawler_core.platforms.qcwy.parse import judge, read_items
from crawler_core.values import Verdict
from tests.platforms.making import answer, page

REQUEST_ID = "0f0e0d0c0b0a09080706050403020100"
RECORD = {
    "jobId": "180000001", "jobType": "0100", "jobName": "数据工程师", "jobTags": ["3年及以上", "本科", "Python"],
    "jobAreaString": "长沙·岳麓区",
    "jobAreaLevelDetail": {"provinceString": "湖南省", "cityString": "长沙", "districtString": "岳麓区"},
    "provideSalaryString": "1.2-1.8万·13薪", "jobSalaryMin": "12000", "jobSalaryMax": 18000,
    "issueDateString": "2026-01-13 09:00:00", "updateDateTime": "2026-01-13 09:05:11", "workYearString": "3年及以上",
    "degreeString": "本科", "industryType1Str": "计算机软件", "industryType2Str": "", "encCoId": "AbCdEfGhIjK",
    "coId": "5000001", "companyName": "示例科技", "fullCompanyName": "湖南示例科技有限公司",
    "companyTypeString": "民营", "companySizeString": "150-500人",
    "jobHref": "https://jobs.51job.com/changsha-ylq/180000001.html",
    "companyHref": "https://jobs.51job.com/all/coAbCdEfGhIjK.html", "jobDescribe": "岗位职责：\n1. …",
    "termStr": "全职", "isIntern": False, "hrName": "王女士", "property": '{"a":1}',
    "jobWelfareCodeDataList": [{"code": "1", "chineseTitle": "五险一金"}, {"chineseTitle": None}, {}],
}  # fmt: skip


def judged(job: Any, number: int = 1, status: object = "1", http: int = 200) -> Verdict:
    body = {"status": status, "message": "成功", "resultbody": {"requestId": REQUEST_ID, "job": job}}
    return judge(answer(body, http), page(number, platform="qcwy"))


def items(count: int) -> list[dict[str, object]]:
    return [{"jobId": str(180000000 + index)} for index in range(count)]


@pytest.mark.parametrize("total", [{"totalCount": 137}, {"totalcount": 137}, {"totalcount": "137"}])
def test_a_page_hands_on_its_request_id(total: dict[str, object]) -> None:
    verdict = judged({"items": items(50), **total})
    assert (verdict.outcome, verdict.records, verdict.total) == (Outcome.OK, 50, 137)
    assert verdict.carry == {"requestId": REQUEST_ID}


def test_request_id_of_the_job_member_is_taken_too() -> None:
    body = {"status": "1", "resultbody": {"job": {"requestId": "0f", "items": items(1), "totalCount": 9}}}
    assert judge(answer(body), page()).carry == {"requestId": "0f"}


@pytest.mark.parametrize(
    ("number", "count", "total", "outcome"),
    [
        (1, 20, 20, Outcome.LAST),
        (1, 7, 7, Outcome.LAST),
        (2, 50, 100, Outcome.LAST),
        (1, 20, 21, Outcome.OK),
        (1, 7, 50, Outcome.OK),  # a short page is no proof of the end
        (3, 37, 137, Outcome.OK),  # perhaps the last, perhaps short: the next page tells
        (3, 37, None, Outcome.OK),
    ],
)
def test_the_total_decides_what_is_last(number: int, count: int, total: int | None, outcome: Outcome) -> None:
    assert judged({"items": items(count), "totalCount": total}, number).outcome is outcome


@pytest.mark.parametrize(
    ("number", "total", "outcome"),
    [
        (1, 0, Outcome.EMPTY),
        (1, None, Outcome.EMPTY),
        (1, 12, Outcome.BANNED),
        (3, 137, Outcome.BANNED),  # at most 100 records came before
        (4, 137, Outcome.EMPTY),
        (8, 137, Outcome.EMPTY),
        (21, 5000, Outcome.EMPTY),  # beyond what the site shows
        (20, 5000, Outcome.BANNED),
    ],
)
def test_empty_pages(number: int, total: int | None, outcome: Outcome) -> None:
    verdict = judged({"items": [], "totalCount": total}, number)
    assert verdict.outcome is outcome
    assert ("soft block" in verdict.detail) is (outcome is Outcome.BANNED)


@pytest.mark.parametrize("http", [200, 400, 401, 403])
@pytest.mark.parametrize("status", ["110011", 110011])
def test_a_wrong_signature_is_a_setting_not_a_page(http: int, status: object) -> None:
    with pytest.raises(BadSetting, match=r"QCWY_SIGN_KEY.*110011.*clock"):
        judged({}, status=status, http=http)


@pytest.mark.parametrize("http", [200, 401])
def test_statuses(http: int) -> None:
    assert judged({}, status="100004", http=http).outcome is Outcome.SCHEMA_CHANGED
    assert "parameters refused" in judged({}, status="100004", http=http).detail
    assert judged({}, status="110104", http=http).outcome is Outcome.TOKEN_EXPIRED


def test_http_status_decides_where_the_body_says_nothing() -> None:
    assert judged({"items": items(1)}, status="0", http=403).outcome is Outcome.BANNED
    assert judged({"items": items(1)}, status="1", http=403).outcome is Outcome.BANNED
    assert judged({"items": items(1)}, status="110011", http=429).outcome is Outcome.THROTTLED
    assert judged({"items": items(1)}, status="110011", http=500).outcome is Outcome.TRANSPORT


@pytest.mark.parametrize("status", ["0", "999", "", None, {}])
def test_unknown_status(status: object) -> None:
    assert judged({"items": items(1)}, status=status).outcome is Outcome.SCHEMA_CHANGED


def test_status_as_number() -> None:
    assert judged({"items": items(1), "totalCount": 9}, status=1).outcome is Outcome.OK


@pytest.mark.parametrize("job", [None, [], "x", {}, {"items": None}, {"items": {}}, {"list": items(1)}])
def test_success_without_items_is_a_changed_schema(job: object) -> None:
    assert judged(job).outcome is Outcome.SCHEMA_CHANGED


@pytest.mark.parametrize(
    ("form", "outcome"),
    [
        ({"curr_page": "217", "total_page": "2000", "jobid_count": "100000"}, Outcome.OK),
        ({"curr_page": "7", "total_page": "7"}, Outcome.LAST),
        ({}, Outcome.OK),
    ],
)
def test_form_of_2022(form: dict[str, str], outcome: Outcome) -> None:
    verdict = judge(answer({"engine_jds": [{"jobid": "142290526"}], **form}), page())
    assert (verdict.outcome, verdict.ids) == (outcome, ("142290526",))


def test_form_of_2022_without_records() -> None:
    empty = {"engine_jds": [], "curr_page": "1", "jobid_count": "0"}
    assert judge(answer(empty), page()).outcome is Outcome.EMPTY
    assert judge(answer(empty | {"jobid_count": "9"}), page()).outcome is Outcome.BANNED


def test_columns_of_a_record() -> None:
    (item,) = read_items(answer({"status": "1", "resultbody": {"job": {"items": [RECORD]}}}).body)
    assert {column: value for column, value in item.items() if value} == {
        "job_id": "180000001", "title": "数据工程师", "salary_text": "1.2-1.8万·13薪", "salary_min_text": "12000",
        "salary_max_text": "18000", "city": "长沙", "district": "岳麓区", "province": "湖南省",
        "area_text": "长沙·岳麓区", "experience_text": "3年及以上", "degree_text": "本科",
        "labels": ["3年及以上", "本科", "Python"], "welfare": ["五险一金"], "company_id": "5000001",
        "company_key": "AbCdEfGhIjK", "company_name": "示例科技", "company_full_name": "湖南示例科技有限公司",
        "company_size_text": "150-500人", "company_type_text": "民营", "industry": "计算机软件",
        "description": "岗位职责：\n1. …", "job_type": "全职", "job_type_code": "0100",
        "published_text": "2026-01-13 09:00:00", "updated_text": "2026-01-13 09:05:11",
        "url": "https://jobs.51job.com/changsha-ylq/180000001.html",
        "company_url": "https://jobs.51job.com/all/coAbCdEfGhIjK.html",
    }  # fmt: skip
