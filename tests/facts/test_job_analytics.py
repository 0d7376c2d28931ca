"""The view over all platforms: one shape, current content, and a status that rests on evidence."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from typing import Any

import pytest

from crawler_core.landing import Envelope, LandingZone, land_pages
from jobdata_resources.resolution.store import begin
from jobdata_resources.warehouse import Warehouse
from tests.facts.conftest import Place
from tests.support.landed_pages import DAY, boss_body, boss_item, envelope

DAYS = [DAY + dt.timedelta(days=number) for number in range(5)]


def search(keyword: str, day: int, jobs: list[int], end: str = "last", city: str = "100010000") -> tuple[Any, ...]:
    return keyword, day, jobs, end, city


def crawl(zone: LandingZone, warehouse: Warehouse, searches: list[tuple[Any, ...]]) -> None:
    """Land and load searches; ``end`` is the outcome of their last page."""
    for keyword, day, jobs, end, city in searches:
        date = DAYS[day].isoformat()
        items = [boss_item(number) for number in jobs]
        pages: list[tuple[Envelope, int]] = []
        if jobs:
            outcome = end if end in ("ok", "last") else "ok"
            pages.append(
                (envelope(boss_body(items), keyword=keyword, city=city, date=date, outcome=outcome), len(jobs))
            )
        if end not in ("ok", "last"):
            page = envelope(boss_body([]), keyword=keyword, city=city, date=date, outcome=end, page=len(pages) + 1)
            pages.append((page, 0))
        land_pages(zone, "boss", DAYS[day], keyword, city, pages)
    for day in sorted({one[1] for one in searches}):
        warehouse.load_day("boss", DAYS[day], zone, run_id=f"run-{day}")
    warehouse.create_job_analytics()


STATUS = [
    ("seen in the newest crawl", [search("a", 0, [1])], "open"),
    ("a later complete crawl did not show it", [search("a", 0, [1]), search("a", 1, [2])], "gone"),
    ("a later crawl that found nothing at all", [search("a", 0, [1]), search("a", 1, [], "empty")], "gone"),
    ("a later crawl that ended with an empty page", [search("a", 0, [1]), search("a", 1, [2], "empty")], "gone"),
    ("a later crawl that ended at the page cap", [search("a", 0, [1]), search("a", 1, [2], "ok")], "open"),
    ("a later crawl that was stopped", [search("a", 0, [1]), search("a", 1, [2], "banned")], "open"),
    ("a later crawl of another keyword", [search("a", 0, [1]), search("b", 1, [2])], "open"),
    ("a later crawl of another city", [search("a", 0, [1]), search("a", 1, [2], city="101250100")], "open"),
    ("seen again after it was gone", [search("a", 0, [1]), search("a", 1, [2]), search("a", 2, [1])], "open"),
    (
        "one of two keywords of its last day is enough",
        [search("a", 0, [1]), search("b", 0, [1], "ok"), search("a", 1, [2])],
        "gone",
    ),
    (
        "a keyword that had lost it before has no say",
        [search("a", 0, [1]), search("a", 1, [2]), search("b", 1, [1], "ok"), search("a", 2, [2])],
        "open",
    ),
    (
        "the day of its last sighting does not count against it",
        [search("a", 0, [1], "ok"), search("b", 0, [2])],
        "open",
    ),
]


@pytest.mark.parametrize(("searches", "status"), [case[1:] for case in STATUS], ids=[case[0] for case in STATUS])
def test_status(warehouse: Warehouse, zone: LandingZone, searches: list[tuple[Any, ...]], status: str) -> None:
    crawl(zone, warehouse, searches)
    job = f"{1:016x}1nNz3di4ElpY"
    assert warehouse.query("SELECT status FROM job_analytics WHERE job_id = {id:String}", {"id": job}) == [(status,)]


def test_an_uncommitted_load_says_nothing(
    warehouse: Warehouse, zone: LandingZone, monkeypatch: pytest.MonkeyPatch
) -> None:
    crawl(zone, warehouse, [search("a", 0, [1])])

    def die(_: object) -> dict[str, int]:
        raise RuntimeError

    monkeypatch.setattr(warehouse.facts, "before_commit", die)
    with pytest.raises(RuntimeError):
        crawl(zone, warehouse, [search("a", 1, [2])])
    assert warehouse.query("SELECT count() FROM boss_job_delta") == [(1,)]
    assert warehouse.query("SELECT job_id LIKE '%1' || '1nNz3di4ElpY', status FROM job_analytics") == [(1, "open")]


def test_newest_content_and_all_sightings(place: Place, zone: LandingZone) -> None:
    with place.open() as warehouse:
        row = _changed_job(warehouse, zone)
    assert row | {
        "salary_min": Decimal(15000), "salary_max": Decimal(25000), "salary_months": 14, "salary_unit": "month",
        "salary_text": "15-25K·14薪", "versions": 2, "days_open": 3, "status": "open", "keywords": ["java", "数据"],
        "experience_min": 3, "experience_max": 5, "degree": "bachelor", "degree_rank": 4, "city": "长沙",
        "province": "湖南", "platform_company_id": "b1", "company_id": "", "opening_id": "",
        "company_name": "示例科技1",
        "company_size_min": 100, "company_size_max": 499, "company_stage": "round_a", "company_type": "",
        "skills": ["Python", "SQL"], "url": f"https://www.zhipin.com/job_detail/{1:016x}1nNz3di4ElpY.html",
        "salary_reason": "", "company_type_reason": "not published",
    } == row  # fmt: skip
    assert (row["first_seen"].date(), row["last_seen"].date()) == (DAYS[0], DAYS[2])


def _changed_job(warehouse: Warehouse, zone: LandingZone) -> dict[str, Any]:
    for number, salary in enumerate(("10-15K", "15-25K·14薪", "15-25K·14薪")):
        day = DAYS[number]
        for keyword in ("数据", "java")[: 2 - number % 2]:
            item = boss_item(
                1, salaryDesc=salary, encryptBrandId="b1", brandScaleName="100-499人", brandStageName="A轮"
            )
            page = envelope(boss_body([item]), keyword=keyword, date=day.isoformat(), outcome="last")
            land_pages(zone, "boss", day, keyword, "100010000", [(page, 1)])
        warehouse.load_day("boss", day, zone, run_id=f"run-{number}")
    warehouse.create_job_analytics()
    [row] = dictionaries(warehouse)
    return row


def test_platforms_share_one_shape(warehouse: Warehouse, zone: LandingZone) -> None:
    qcwy = {
        "jobId": "7", "jobName": "数据工程师", "provideSalaryString": "1.2-1.8万·13薪", "workYearString": "3年及以上",
        "degreeString": "本科", "jobAreaString": "长沙·岳麓区",
        "issueDateString": "2026-11-01 09:30:00", "jobTags": ["3年及以上", "本科", "Flink", "五险一金"],
        "jobWelfareCodeDataList": [{"chineseTitle": "五险一金"}], "companyTypeString": "民营", "coId": "88",
        "fullCompanyName": "湖南示例科技有限公司", "companySizeString": "150-500人", "jobHref": "https://jobs.example/7",
    }  # fmt: skip
    zhilian = {
        "number": "CC1J2", "name": "数据工程师", "salary60": "面议", "workCity": "长沙", "cityDistrict": "岳麓区",
        "workingExp": "不限", "education": "大专", "companyName": "湖南示例科技有限公司", "companyNumber": "CZ1",
        "skillLabel": [{"value": "Spark"}], "propertyName": "国企",
    }  # fmt: skip
    bodies = {
        "boss": boss_body([boss_item(1)]),
        "qcwy": json.dumps({"resultbody": {"job": {"items": [qcwy]}}}, ensure_ascii=False),
        "zhilian": json.dumps({"data": {"list": [zhilian]}}, ensure_ascii=False),
    }
    for platform, body in bodies.items():
        land_pages(zone, platform, DAY, "数据", "100", [(envelope(body, platform=platform, city="100"), 1)])
        warehouse.load_day(platform, DAY, zone, run_id=f"run-{platform}")
    warehouse.create_job_analytics()
    rows = {row["platform"]: row for row in dictionaries(warehouse)}
    assert {name: (row["city"], row["district"]) for name, row in rows.items()} == {
        "boss": ("长沙", ""), "qcwy": ("长沙", "岳麓区"), "zhilian": ("长沙", "岳麓区"),
    }  # fmt: skip
    assert (rows["qcwy"]["skills"], rows["zhilian"]["skills"]) == (["Flink"], ["Spark"])
    assert (rows["qcwy"]["salary_min"], rows["qcwy"]["salary_months"]) == (Decimal(12000), 13)
    assert (rows["zhilian"]["salary_min"], rows["zhilian"]["salary_reason"]) == (None, "negotiable")
    assert (rows["qcwy"]["company_type"], rows["zhilian"]["company_type"]) == ("private", "state_owned")
    assert rows["qcwy"]["financing_stage_reason"] == "not published"
    assert f"{rows['qcwy']['published_at']:%Y-%m-%d %H:%M:%S%z}" == "2026-11-01 09:30:00+0800"
    assert {name: (row["published_at"] is None, row["publish_date_reason"]) for name, row in rows.items()} == {
        "boss": (True, "not published"), "qcwy": (False, ""), "zhilian": (True, "empty"),
    }  # fmt: skip
    assert rows["qcwy"]["url"] == "https://jobs.example/7"
    assert rows["zhilian"]["url"] == "https://www.zhaopin.com/jobdetail/CC1J2.htm"


def test_companies_and_openings_are_joined_when_they_are_known(warehouse: Warehouse, zone: LandingZone) -> None:
    brands = {"one": "甲", "two": "乙", "": "丙"}
    items = [
        boss_item(number, encryptBrandId=brand, brandName=name) for number, (brand, name) in enumerate(brands.items())
    ]
    land_pages(zone, "boss", DAY, "数据", "100010000", [(envelope(boss_body(items)), 3)])
    warehouse.load_day("boss", DAY, zone, run_id="run-1")
    warehouse.create_job_analytics()
    question = "SELECT platform_company_id, company_id, opening_id FROM job_analytics ORDER BY job_id"
    assert warehouse.query(question) == [("one", "", ""), ("two", "", ""), ("", "", "")]
    jobs = [job for (job,) in warehouse.query("SELECT job_id FROM job_analytics ORDER BY job_id")]
    # "two" is a brand of two companies; an account without an id is one of its platform and name.
    accounts = (("one", "", "C1"), ("two", "x", "C2"), ("two", "y", "C3"), ("", "丙", "C4"))
    with begin(warehouse, "company", "run-2") as answer:
        answer.insert("company_alias_version", (("boss", *one, []) for one in accounts))
        answer.insert("company_alias_version", [("qcwy", "one", "", "C5", [])])
        answer.commit({})
    warehouse.create_job_analytics()
    assert warehouse.query(question) == [("one", "C1", ""), ("two", "", ""), ("", "C4", "")]
    # A link tells of which company an opening is, and knows no more than the account where it names none.
    with begin(warehouse, "job_link", "run-3") as answer:
        links = (("O1", ""), ("O2", "C3"), ("O1", "C1"))
        answer.insert(
            "job_link_version", (("boss", job, *link, "first", 1, {}) for job, link in zip(jobs, links, strict=True))
        )
        answer.commit({})
    assert warehouse.query(question) == [("one", "C1", "O1"), ("two", "C3", "O2"), ("", "C1", "O1")]


def dictionaries(warehouse: Warehouse) -> list[dict[str, Any]]:
    result = warehouse.engine.client.query("SELECT * FROM job_analytics ORDER BY platform")
    return [dict(zip(result.column_names, row, strict=True)) for row in result.result_rows]
