"""Refusals that look the same on every platform: HTTP statuses, HTML, cut bodies, waits."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from crawler_core.errors import BadSetting
from crawler_core.outcome import Outcome
from crawler_core.platforms import PLATFORMS, platform
from crawler_core.platforms.boss.detail import detail_refs, judge_job_detail
from crawler_core.platforms.items import read_items
from crawler_core.values import Verdict
from tests.platforms.making import answer, page

NAMES = list(PLATFORMS)

BOSS_PAGE = {"code": 0, "zpData": {"hasMore": True, "list": [{"encryptJobId": "a1~", "jobName": "403 数据"}]}}
QCWY_PAGE = {
    "status": "1",
    "resultbody": {"requestId": "0f", "job": {"totalCount": 99, "items": [{"jobId": "1", "jobName": "403 数据"}]}},
}
ZHILIAN_PAGE = {"code": 200, "data": {"count": 99, "isEndPage": 0, "list": [{"number": "CC1", "name": "403 数据"}]}}
PAGES: dict[str, dict[str, Any]] = {"boss": BOSS_PAGE, "qcwy": QCWY_PAGE, "zhilian": ZHILIAN_PAGE}


def judge(name: str, body: Any = b"", status: int = 200, number: int = 1, **headers: str) -> Verdict:
    return platform(name).judge(answer(body, status, **headers), page(number, platform=name))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("status", "body", "outcome"),
    [
        (403, b"", Outcome.BANNED),
        (403, b"<html>", Outcome.BANNED),
        (405, b"<!doctypehtml><title>405</title>", Outcome.BANNED),
        (405, b'{"message":"Method Not Allowed"}', Outcome.SCHEMA_CHANGED),
        (429, b"", Outcome.THROTTLED),
        (401, b"{}", Outcome.TOKEN_EXPIRED),
        (404, b"{}", Outcome.SCHEMA_CHANGED),
        (404, b"<html>", Outcome.SCHEMA_CHANGED),
        (407, b"", Outcome.TRANSPORT),
        (408, b"", Outcome.TRANSPORT),
        (500, b"{}", Outcome.TRANSPORT),
        (503, b"<html>", Outcome.TRANSPORT),
        (302, b"", Outcome.CHALLENGE),
        (200, b"<html>", Outcome.CHALLENGE),
        (200, b"\r\n  <!DOCTYPE html>", Outcome.CHALLENGE),
        (200, b"", Outcome.TRANSPORT),
        (200, b" \n", Outcome.TRANSPORT),
        (200, b"upstream connect error", Outcome.TRANSPORT),
        (200, b"[]", Outcome.SCHEMA_CHANGED),
        (200, b"{}", Outcome.SCHEMA_CHANGED),
        (200, b"null", Outcome.SCHEMA_CHANGED),
        (200, b"[" * 100_000, Outcome.TRANSPORT),
    ],
)
def test_refusals(name: str, status: int, body: bytes, outcome: Outcome) -> None:
    verdict = judge(name, body, status)
    assert verdict.outcome is outcome
    assert verdict.detail
    assert verdict.ids == ()


@pytest.mark.parametrize("name", NAMES)
def test_a_page_is_ok_whatever_its_texts_say(name: str) -> None:
    text = json.dumps(PAGES[name], ensure_ascii=False).replace("403 数据", "error analysis <html> 403 验证 频繁")
    verdict = judge(name, text.encode())
    assert verdict.outcome is Outcome.OK
    assert verdict.records == len(verdict.ids) == 1
    assert verdict.detail == ""


@pytest.mark.parametrize("name", NAMES)
def test_a_page_cut_anywhere_is_transport(name: str) -> None:
    body = json.dumps(PAGES[name], ensure_ascii=False).encode()
    outcomes = {judge(name, body[:length]).outcome for length in range(len(body))}
    assert outcomes == {Outcome.TRANSPORT}
    assert judge(name, body[: len(body) // 2]).detail == "truncated JSON"


@pytest.mark.parametrize("name", NAMES)
def test_half_a_surrogate_pair_does_not_cost_the_page(name: str) -> None:
    body = json.dumps(PAGES[name]).replace("403 ", "\\ud83d").encode()
    assert judge(name, body).outcome is Outcome.OK
    (item,) = read_items(platform(name).search, body)
    assert item["title"] == "\ufffd数据"


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("key", ["encryptJobId", "jobId", "number"])
def test_records_without_one_usable_id_are_a_changed_schema(name: str, key: str) -> None:
    changed = json.dumps(PAGES[name]).replace(f'"{key}"', '"positionNo"')
    verdict = judge(name, changed.encode())
    if changed != json.dumps(PAGES[name]):
        assert (verdict.outcome, verdict.records, verdict.ids) == (Outcome.SCHEMA_CHANGED, 1, ())
        assert verdict.detail == "none of 1 records has an id"


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({}, None),
        ({"retry_after": "120"}, timedelta(minutes=2)),
        ({"retry_after": " 5 "}, timedelta(seconds=5)),
        ({"retry_after": "0"}, None),
        ({"retry_after": "-3"}, None),
        ({"retry_after": "soon"}, None),
        ({"retry_after": "1.5"}, None),
        ({"retry_after": "²"}, None),
        ({"retry_after": "9" * 40}, timedelta(days=1)),
        ({"retry_after": "100000"}, timedelta(days=1)),
        (
            {"retry_after": "Sat, 21 Nov 2026 01:31:00 GMT", "date": "Sat, 21 Nov 2026 01:30:00 GMT"},
            timedelta(minutes=1),
        ),
        ({"retry_after": "Sat, 21 Nov 2026 01:29:00 GMT", "date": "Sat, 21 Nov 2026 01:30:00 GMT"}, None),
        ({"retry_after": "Sat, 21 Nov 2026 01:31:00 GMT"}, None),
        ({"retry_after": "Sat, 99 Nov 2026 01:31:00 GMT", "date": "Sat, 21 Nov 2026 01:30:00 GMT"}, None),
    ],
)
@pytest.mark.parametrize("status", [429, 503])
def test_retry_after(headers: dict[str, str], wait: timedelta | None, status: int) -> None:
    assert judge("boss", b"", status, **headers).retry_after == wait


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
MEMBERS = st.sampled_from(
    [
        *("code", "status", "data", "zpData", "resultbody", "job", "items", "list", "jobList", "results"),
        *("engine_jds", "hasMore", "isEndPage", "count", "totalCount", "isVerification", "encryptJobId", "jobId"),
        *("jobid", "number", "jobDetailData", "position", "base", "positionNumber", "requestId", "jobBaseInfoVO"),
        *("curr_page", "/wapi/zpgeek/miniapp/job/detail.json"),
    ]
)
NEAR_MISSES = st.recursive(
    st.none() | st.booleans() | st.integers(-1, 300) | st.sampled_from(["", "1", "0", "200", "110011", "x"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(MEMBERS, inner, max_size=5),
    max_leaves=25,
)
BODIES = (
    st.binary(max_size=60)
    | JSON.map(lambda value: json.dumps(value).encode())
    | NEAR_MISSES.map(lambda value: json.dumps(value).encode())
)


@given(body=BODIES, status=st.sampled_from([200, 200, 200, 204, 302, 400, 403, 429, 500]), number=st.integers(1, 60))
@example(
    body=b'{"code":0,"zpData":{"hasMore":true,"list":[null,1,"x",[2],{"encryptJobId":{"a":1}}]}}', status=200, number=1
)
@example(body=b'{"status":"1","resultbody":{"job":{"items":{"a":1},"totalCount":1e400}}}', status=200, number=1)
@example(body=b'{"code":NaN}', status=200, number=1)
@example(body=b'{"code":"\xff"}', status=200, number=1)
def test_every_body_gets_one_verdict(body: bytes, status: int, number: int) -> None:
    response = answer(body, status, retry_after="soon")
    for name in NAMES:
        try:
            verdict = platform(name).judge(response, page(number, platform=name))
        except BadSetting as error:
            assert name == "qcwy"
            assert "QCWY_SIGN_KEY" in str(error)  # noqa: PT017 - only this one error is allowed
            continue
        assert isinstance(verdict.outcome, Outcome)
        assert len(verdict.ids) <= verdict.records
        assert all(identifier.isprintable() and identifier for identifier in verdict.ids)
        assert bool(verdict.ids) or verdict.outcome not in (Outcome.OK, Outcome.LAST)
    assert isinstance(judge_job_detail(response).outcome, Outcome)
    assert isinstance(detail_refs(body), tuple)
