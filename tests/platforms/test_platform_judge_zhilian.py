"""Zhaopin: what search answers mean, today's form and that of 2019."""

from __future__ import annotations

from typing import Any

import pytest

from crawler_core.outcome import Outcome
from crawler_core.platforms.zhilian.parse import judge, read_items
from crawler_core.values import Verdict
from tests.platforms.making import answer, page

BASE = {"positionNumber": "CC123456780J40000000001", "positionName": "数据工程师"}
DETAIL = {"position": {"base": BASE, "desc": {"description": "<p>岗位职责…</p>", "labels": ["Python"]}}}
RECORD = {
    "number": "CC123456780J40000000001", "jobId": "40000000001", "name": "数据工程师",
    "companyName": "湖南示例科技有限公司", "companyNumber": "CZ123456780", "companySize": "100-299人",
    "companyUrl": "https://company.zhaopin.com/CZ123456780.htm", "property": "民营", "propertyName": "民营",
    "industryName": "软件/IT服务", "workCity": "长沙", "cityId": "749", "cityDistrict": "岳麓", "streetName": "",
    "workingExp": "3-5年", "education": "本科", "workType": "全职", "salary60": "1.2-1.8万·13薪",
    "salaryReal": "12000-18000", "salaryCount": "13薪", "skillLabel": [{"value": "Python"}],
    "jobSkillTags": [{"name": "SQL"}], "welfareTagList": ["五险一金"], "recruitNumber": 2,
    "publishTime": "2026-01-13 10:02:33", "firstPublishTime": "2025-12-01 09:00:00",
    "positionURL": "https://www.zhaopin.com/jobdetail/CC123456780J40000000001.htm",
    "staffCard": {"staffName": "王女士"}, "jobDetailData": DETAIL,
}  # fmt: skip


def judged(number: int = 1, code: object = 200, **data: Any) -> Verdict:
    return judge(answer({"code": code, "apiCode": code, "data": data}), page(number, platform="zhilian"))


def records(count: int) -> list[dict[str, object]]:
    return [{"number": f"CC1J{index}"} for index in range(count)]


@pytest.mark.parametrize(
    ("number", "count", "size", "end", "outcome"),
    [
        (1, 321, 20, 0, Outcome.OK),
        (1, 321, 20, False, Outcome.OK),
        (1, 321, 20, None, Outcome.OK),
        (1, 321, 20, 1, Outcome.LAST),
        (1, 321, 20, True, Outcome.LAST),
        (1, "321", 20, "1", Outcome.LAST),
        (17, 340, 20, 0, Outcome.LAST),
        (1, 7, 7, 0, Outcome.LAST),
        (2, 25, 5, 0, Outcome.OK),
    ],
)
def test_end_of_a_search(number: int, count: object, size: int, end: object, outcome: Outcome) -> None:
    verdict = judged(number, count=count, isEndPage=end, isVerification=0, list=records(size))
    assert (verdict.outcome, verdict.records, verdict.total) == (outcome, size, int(str(count)))


@pytest.mark.parametrize("mark", [1, True, "1", "true"])
def test_a_demanded_human_check_is_a_challenge(mark: object) -> None:
    assert judged(isVerification=mark, count=0, list=[]).outcome is Outcome.CHALLENGE
    assert judged(isVerification=mark, count=9, list=records(9)).outcome is Outcome.CHALLENGE
    assert judged(code=500, isVerification=mark).outcome is Outcome.CHALLENGE


@pytest.mark.parametrize("mark", [0, False, None, "0", "false", ""])
def test_no_check_demanded(mark: object) -> None:
    assert judged(isVerification=mark, count=99, list=records(9)).outcome is Outcome.OK


@pytest.mark.parametrize(
    ("number", "count", "end", "outcome"),
    [
        (1, 0, 1, Outcome.EMPTY),
        (1, None, None, Outcome.EMPTY),
        (1, 9, 0, Outcome.BANNED),
        (1, 9, 1, Outcome.BANNED),
        (2, 21, 0, Outcome.BANNED),
        (2, 21, 1, Outcome.EMPTY),
        (2, 20, 0, Outcome.EMPTY),
        (20, 5000, 0, Outcome.BANNED),
        (21, 5000, 0, Outcome.EMPTY),
    ],
)
def test_nothing_found_and_soft_block_differ(number: int, count: object, end: object, outcome: Outcome) -> None:
    verdict = judged(number, count=count, isEndPage=end, list=[])
    assert verdict.outcome is outcome
    assert ("soft block" in verdict.detail) is (outcome is Outcome.BANNED)


@pytest.mark.parametrize(
    ("code", "outcome"),
    [
        (500, Outcome.TRANSPORT),
        ("500", Outcome.TRANSPORT),
        (429, Outcome.THROTTLED),
        (403, Outcome.BANNED),
        (401, Outcome.TOKEN_EXPIRED),
        (400, Outcome.SCHEMA_CHANGED),
        (0, Outcome.SCHEMA_CHANGED),
        (None, Outcome.SCHEMA_CHANGED),
    ],
)
def test_codes(code: object, outcome: Outcome) -> None:
    assert judged(code=code, count=0, list=[]).outcome is outcome


@pytest.mark.parametrize("data", [None, [], "x", {}, {"list": None}, {"list": {}}, {"items": records(1)}])
def test_success_without_a_list_is_a_changed_schema(data: object) -> None:
    assert judge(answer({"code": 200, "data": data}), page()).outcome is Outcome.SCHEMA_CHANGED


def test_form_of_2019() -> None:
    verdict = judged(numFound=300, numTotal=300, results=records(90))
    assert (verdict.outcome, verdict.records, verdict.total) == (Outcome.OK, 90, 300)
    assert judged(numFound=90, results=records(90)).outcome is Outcome.LAST
    assert judged(numFound=90, results=[]).outcome is Outcome.BANNED


def test_a_record_with_its_id_only_below_is_a_record() -> None:
    bare = {"jobDetailData": DETAIL}
    body = {"code": 200, "data": {"count": 99, "list": [bare, {"number": None, **bare}]}}
    verdict = judge(answer(body), page())
    assert (verdict.outcome, verdict.ids) == (Outcome.OK, ("CC123456780J40000000001",) * 2)
    assert [(item["job_id"], item["title"]) for item in read_items(answer(body).body)] == [
        ("CC123456780J40000000001", "数据工程师")
    ] * 2


def test_columns_of_a_record() -> None:
    (item,) = read_items(answer({"code": 200, "data": {"list": [RECORD]}}).body)
    assert {column: value for column, value in item.items() if value} == {
        "job_id": "CC123456780J40000000001", "position_id": "40000000001", "title": "数据工程师",
        "salary_text": "1.2-1.8万·13薪", "salary_range_text": "12000-18000", "salary_months_text": "13薪",
        "city": "长沙", "city_code": "749", "district": "岳麓", "experience_text": "3-5年", "degree_text": "本科",
        "skills": ["Python"], "labels": ["Python"], "welfare": ["五险一金"], "company_id": "CZ123456780",
        "company_name": "湖南示例科技有限公司", "company_size_text": "100-299人", "company_type_text": "民营",
        "industry": "软件/IT服务", "job_type": "全职", "recruit_count_text": "2",
        "description": "<p>岗位职责…</p>", "published_text": "2026-01-13 10:02:33",
        "first_published_text": "2025-12-01 09:00:00",
        "url": "https://www.zhaopin.com/jobdetail/CC123456780J40000000001.htm",
        "company_url": "https://company.zhaopin.com/CZ123456780.htm",
    }  # fmt: skip
