"""51job: the signature over the raw target, paging by request id, the checks on parameters and headers."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.qcwy import COMPANY, signature

GET_TARGET = (
    "/open/noauth/search-pc?api_key=51job&timestamp=1700000000&keyword=%E6%95%B0%E6%8D%AE"
    "&searchType=2&pageNum=1&pageSize=20"
)


def test_the_verifier_knows_the_published_vectors() -> None:
    get = signature("example-51job-key", GET_TARGET)
    assert get == "f7a4bd50f7164fdbf1e23f7cd469003960f763e16f35325daf083520ff71ee5b"
    target = "/open/noauth/jobs/company?api_key=51job&timestamp=1700000000"
    post = signature("example-51job-key", target, b'{"pageNum":1,"pageSize":20,"coId":"1234567"}')
    assert post == "80f68da44f96f97ad48673b5ba346babd62cf7c01d0721cb685d416ede778a9e"


@settings(max_examples=50, deadline=None)
@given(st.binary(min_size=1, max_size=40), st.integers(0, 200))
def test_any_change_of_the_target_changes_the_signature(tail: bytes, place: int) -> None:
    text = GET_TARGET + tail.decode("utf-8", "surrogateescape")
    place %= len(text)
    changed = text[:place] + ("1" if text[place] != "1" else "2") + text[place + 1 :]
    assert signature("k", text) != signature("k", changed)


def test_paging_by_request_id_yields_every_posting_once(box, asks, ask_json) -> None:
    ids: list[str] = []
    request_id, page = "", 0
    while True:
        page += 1
        body = ask_json("qcwy", asks.qcwy(page, request_id=request_id, pageSize=20))["resultbody"]
        assert body["job"]["totalCount"] == body["job"]["totalcount"]
        request_id = body["requestId"]
        assert len(request_id) == 32
        assert body["job"]["requestId"] == request_id
        if not body["job"]["items"]:
            break
        ids += [item["jobId"] for item in body["job"]["items"]]
    assert ids == [p.job_id for p in box.market.search("qcwy", "Python", "全国", box.state.day)]
    assert len(ids) == body["job"]["totalCount"]


def test_records_vary_as_the_real_ones_do(asks, box) -> None:
    bodies = [box.fronts["qcwy"].handle(asks.qcwy(keyword=k)).reply.body for k in ("Python", "Java", "数据工程师")]
    items = [item for body in bodies for item in json.loads(body)["resultbody"]["job"]["items"]]
    assert {type(item["property"]) for item in items} == {str, dict}
    assert all(json.loads(item["property"])["jobId"] for item in items if isinstance(item["property"], str))
    assert {type(item["jobSalaryMin"]) for item in items} == {str, int}
    assert any(item["jobHref"].startswith("//") for item in items)
    assert any("?req=" in item["jobHref"] for item in items)
    assert {"", None} & {item["degreeString"] for item in items}
    assert 1_100 < sum(map(len, bodies)) / len(items) < 1_900


def test_a_list_of_areas_is_their_sum(asks, ask_json) -> None:
    totals = [
        ask_json("qcwy", asks.qcwy(jobArea=area))["resultbody"]["job"]["totalCount"]
        for area in ("030200", "040000", "030200,040000")
    ]
    assert totals[2] == totals[0] + totals[1] > 0


def test_a_target_encoded_in_another_way_needs_another_signature(asks, ask_json) -> None:
    ask = asks.qcwy(keyword="C++ 工程师")
    respelled = replace(ask, target=ask.target.replace("%2B%2B", "%2b%2b"))
    assert ask_json("qcwy", ask)["status"] == "1"
    assert ask_json("qcwy", respelled)["status"] == "110011"
    resigned = replace(respelled, headers=asks.qcwy_headers(respelled.target))
    assert ask_json("qcwy", resigned)["status"] == "1"


def test_bad_signatures_are_counted(asks, ask_json, box) -> None:
    ask = asks.qcwy()
    for sign in ("", "0" * 64, "签名"):
        answer = ask_json("qcwy", replace(ask, headers=dict(ask.headers) | {"sign": sign}))
        assert (answer["status"], answer["message"]) == ("110011", "鉴权失败，签名错误")
    assert box.state.stats.report()["platforms"]["qcwy"]["signature_failures"] == 3


@pytest.mark.parametrize(
    "change",
    [
        {"page": 0},
        {"pageSize": 51},
        {"pageSize": "x"},
        {"jobArea": "123456"},
        {"api_key": "other"},
        {"timestamp": "now"},
        {"page": 2},
        {"page": 2, "request_id": "0" * 32},
        {"keyword": "长" * 101},
    ],
)
def test_a_wrong_parameter_is_100004(asks, ask_json, change) -> None:
    assert ask_json("qcwy", asks.qcwy(**change))["status"] == "100004"


def test_a_request_id_serves_its_own_search_only(asks, ask_json) -> None:
    request_id = ask_json("qcwy", asks.qcwy())["resultbody"]["requestId"]
    assert ask_json("qcwy", asks.qcwy(2, request_id=request_id))["status"] == "1"
    assert ask_json("qcwy", asks.qcwy(2, keyword="Java", request_id=request_id))["status"] == "100004"


def test_an_old_timestamp_is_refused(asks, ask_json, clock) -> None:
    ask = asks.qcwy()
    clock.advance(600)
    assert ask_json("qcwy", ask)["status"] == "1"
    clock.advance(1)
    assert ask_json("qcwy", ask)["status"] == "110011"


@pytest.mark.parametrize(
    "change", [{"From-Domain": ""}, {"uuid": "short"}, {"property": "%7B"}, {"property": "%5B%5D"}]
)
def test_headers_that_no_browser_sends_are_refused(asks, ask_json, change) -> None:
    ask = asks.qcwy()
    assert ask_json("qcwy", replace(ask, headers=dict(ask.headers) | change))["status"] == "100004"


def test_the_company_call_is_signed_too(asks, ask_json, clock) -> None:
    item = ask_json("qcwy", asks.qcwy())["resultbody"]["job"]["items"][0]
    target = f"{COMPANY}?api_key=51job&timestamp={int(clock())}&encryCompanyId={item['encCoId']}"
    ask = replace(asks.qcwy(), target=target, headers=asks.qcwy_headers(target))
    info = ask_json("qcwy", ask)["resultbody"]["coinfo"]
    assert info["coid"] == item["coId"]
    assert info["license"]["legalPerson"]
    assert ask_json("qcwy", replace(ask, target=target + "1"))["status"] == "110011"


def test_bans_and_challenges_are_html(asks, box) -> None:
    box.limits.ban("qcwy", "127.0.1.1", 5)
    banned = box.fronts["qcwy"].handle(asks.qcwy()).reply
    assert banned.status == 405
    assert banned.body.startswith(b"<")
    box.limits.reset()
    from sandbox.faults import read_rule

    box.faults.add([read_rule({"kind": "challenge"})])
    challenge = box.fronts["qcwy"].handle(asks.qcwy()).reply
    assert challenge.status == 200
    assert challenge.body.startswith(b"<")
    assert b"acw_sc__v2" in challenge.body


def test_the_jobs_of_a_company_are_asked_with_a_signed_body(asks, ask_json, clock) -> None:
    item = ask_json("qcwy", asks.qcwy())["resultbody"]["job"]["items"][0]
    target = f"/open/noauth/jobs/company?api_key=51job&timestamp={int(clock())}"
    body = json.dumps({"pageNum": 1, "pageSize": 50, "coId": item["coId"]}, separators=(",", ":")).encode()
    headers = asks.qcwy_headers(target) | {"sign": signature(asks.key, target, body)}
    ask = replace(asks.qcwy(), method="POST", target=target, headers=headers, body=body)
    answer = ask_json("qcwy", ask)["resultbody"]["job"]
    assert item["jobId"] in {one["jobId"] for one in answer["items"]}
    assert {one["coId"] for one in answer["items"]} == {item["coId"]}
    assert ask_json("qcwy", replace(ask, body=body + b" "))["status"] == "110011"
