"""Companies read from landed answers: the columns, where a value is from, and that nothing breaks the reader."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler_core.crawl import CompanyRecord, read_company
from crawler_core.crawl.company_resume import answered
from crawler_core.errors import BadSetting
from crawler_core.landing import RequestRecord
from crawler_core.platforms import PLATFORMS, platform
from crawler_core.platforms.company import (
    COLUMNS,
    CompanyTarget,
    CompanyVerdict,
    Finding,
)
from crawler_core.platforms.fields import split_path
from crawler_core.platforms.zhilian.company import initial_state
from tests.platforms.making import answer
from tests.platforms.making_company import (
    BRAND,
    COINFO,
    DETAIL_PATH,
    FULL,
    QCWY,
    ZHILIAN,
    call,
    company,
    envelope,
    html,
    known,
    said,
)


def test_the_columns_are_the_same_everywhere() -> None:
    assert set(COLUMNS) == {item.name for item in fields(CompanyRecord)} - {"platform", "fetched_at", "sources"}
    for spec in PLATFORMS.values():
        assert spec.company is not None
        for shape in spec.company.shapes.values():
            names = [column.column for column in shape.fields]
            assert names[0] == "company_id"
            assert len(names) == len(set(names))
            assert set(names) <= set(COLUMNS)
            assert [split_path(path) for column in shape.fields for path in column.paths]
        assert set(spec.company.from_request) <= set(COLUMNS)


def test_a_boss_record_prefers_the_registry_and_says_where_a_value_is_from() -> None:
    brand = {"code": 0, "zpData": {"introduce": "lang", "brandName": "示例", "comName": "old"}}
    job = {"code": 0, "zpData": {DETAIL_PATH: {"code": 0, "zpData": {"brandComInfoVO": BRAND | {"introduce": ""}}}}}
    record = read_company(
        platform("boss"),
        [
            envelope("boss", "brand_detail", json.dumps(brand).encode()),
            envelope("boss", "job_detail", json.dumps(job).encode(), 2),
            envelope("boss", "job_detail", b"{", 3, outcome="transport"),
        ],
    )
    assert (record.company_id, record.full_name, record.introduction) == ("1a~", "示例科技有限公司", "lang")
    assert (record.legal_person, record.founded_text, record.welfare) == ("张三", "2020-02-14", ("五险一金",))
    assert record.sources["full_name"].call == "job_detail"
    assert record.sources["introduction"].call == "brand_detail"
    assert record.fetched_at == "2026-11-21T09:00:02.000+08:00"
    assert record.columns()["stage_text"] == ""


def test_51job_and_zhilian_records() -> None:
    body = json.dumps({"status": "1", "resultbody": {"coinfo": COINFO}}).encode()
    record = read_company(platform("qcwy"), [envelope("qcwy", "pc_info", body)])
    assert (record.company_id, record.full_name, record.credit_code) == ("5000001", "示例科技有限公司", "91")
    assert (record.introduction, record.type_text) == ("我们", "民营")
    record = read_company(platform("zhilian"), [envelope("zhilian", "job_page", html())])
    assert (record.company_id, record.full_name, record.introduction) == ("CZ1", "示例科技有限公司", "</b>")


def test_what_the_answer_does_not_say_comes_from_the_request() -> None:
    body = b'{"code":0,"zpData":{"introduce":"x"}}'
    asked = RequestRecord("GET", "/x", {"brandId": "7~"})
    record = read_company(platform("boss"), [envelope("boss", "brand_detail", body, keyword="", request=asked)])
    assert (record.company_id, record.name) == ("7~", "示例")
    assert {record.sources["company_id"].call, record.sources["name"].call} == {"request"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('__INITIAL_STATE__={"a":1}', {"a": 1}),
        ('window.__INITIAL_STATE__ = {"a":"<\\/script>"};</script>', {"a": "</script>"}),
        ('window["__INITIAL_STATE__"]={"a":undefined,"b":"undefined"}</script>', {"a": None, "b": "undefined"}),
        ('__INITIAL_STATE__="{}"', None),
        ("__INITIAL_STATE__=" + " " * 99 + "{}", None),
        ('__INITIAL_STATE__={"a":', None),
        ("no state", None),
    ],
)
def test_the_state_of_a_page(text: str, expected: object) -> None:
    found = initial_state(f"<html>{text}".encode())
    assert (json.loads(found)["state"] if found else None) == expected


@pytest.mark.timeout(20)
@pytest.mark.parametrize("evil", [b'"\\"' * 300_000, b"undefined " * 300_000, b'{"a":' * 300_000, b'\\"' * 500_000])
def test_the_state_of_an_evil_page_is_read_in_linear_time(evil: bytes) -> None:
    assert initial_state(b"__INITIAL_STATE__={" + evil) == b""


BODIES = st.one_of(
    st.binary(max_size=200),
    st.binary(max_size=80).map(lambda raw: b"<script>__INITIAL_STATE__={" + raw),
    st.recursive(
        st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["code", "zpData", "status", "resultbody", "coinfo", "license", "brandList",
                             "brandComInfoVO", "jobDetail", "detailedCompany", "companyNumber", DETAIL_PATH]),
            inner, max_size=4,
        ),
        max_leaves=12,
    ).flatmap(lambda value: st.sampled_from([json.dumps(value).encode(), html(value)])),
)  # fmt: skip
TARGETS = [FULL, CompanyTarget("boss", "", "示例", FULL.extra), CompanyTarget("boss", "", "示例"), QCWY, ZHILIAN]


@given(st.sampled_from(TARGETS), BODIES, st.sampled_from([200, 200, 200, 400, 404, 429]))
def test_judging_and_reading_are_total_and_agree(target: CompanyTarget, body: bytes, status: int) -> None:
    step = call(target)
    try:
        verdict = step.judge(answer(body, status))
    except BadSetting:
        assert target.platform == "qcwy"
        return
    page = envelope(target.platform, step.name, body, outcome=str(verdict.outcome))
    record = read_company(platform(target.platform), [page])
    assert record.company_id
    assert record.columns().keys() == COLUMNS.keys()
    if isinstance(verdict, CompanyVerdict):
        company(target.platform).plan(target, known((step.name, verdict)))
    if not isinstance(verdict, CompanyVerdict) or verdict.finding is not Finding.FOUND:
        assert record.fetched_at == ""


def test_real_boss_details(shared_data: Any) -> None:
    count = 0
    for line in (shared_data / "boss_detail_2023.responses.jsonl").read_bytes().splitlines():
        batch = json.dumps({"code": 0, "zpData": {DETAIL_PATH: json.loads(line)}}).encode()
        target = CompanyTarget("boss", "", "x", FULL.extra)
        for body in (line, batch):
            verdict = said(target, answer(body))
            assert verdict.finding is Finding.FOUND
            record = read_company(platform("boss"), [envelope("boss", "job_detail", body)])
            assert record.company_id == verdict.ids[0]
            count += bool(record.full_name and record.registered_capital and record.founded_text)
    assert count > 300


def test_a_landed_answer_counts_only_for_the_question_it_was_given_to() -> None:
    down = {"outcome": "empty", "status": 404}
    landed = [envelope("zhilian", "job_page", b"", request=RequestRecord("GET", "/x", {"number": "CC1J1"}), **down)]
    spec = company("zhilian")
    assert len(answered(spec, ZHILIAN, landed)) == 1
    newer = replace(ZHILIAN, extra={"job_id": "CC1J9,CC1J1"})
    assert answered(spec, newer, landed) == []
