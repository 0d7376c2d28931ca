"""Zhaopin: paging with `isEndPage`, the shape of ids, the human check and the soft block."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from sandbox.faults import read_rule
from sandbox.market import Market


def number(item) -> str:
    return item.get("number") or item["jobDetailData"]["position"]["base"]["positionNumber"]


def test_paging_until_the_end_page_yields_every_posting_once(box, asks, ask_json) -> None:
    ids: list[str] = []
    page, end = 0, 0
    while not end:
        page += 1
        data = ask_json("zhilian", asks.zhilian(page, pageSize=50))["data"]
        assert data["isVerification"] == 0
        assert len(data["list"]) <= 20
        ids += [number(item) for item in data["list"]]
        end = data["isEndPage"]
    assert ids == [p.job_id for p in box.market.search("zhilian", "Python", "全国", box.state.day)]
    assert len(ids) == data["count"]


def test_pages_are_capped_at_twenty(asks, ask_json, box) -> None:
    box.market = box.zhilian._market = Market(7, volume=6)
    data = ask_json("zhilian", asks.zhilian(20))["data"]
    assert data["count"] > 400
    assert data["isEndPage"] == 1
    assert len(data["list"]) == 20
    assert ask_json("zhilian", asks.zhilian(21))["data"]["list"] == []


def test_some_records_have_their_number_further_down_only(asks, ask_json, box) -> None:
    items = [
        item
        for keyword in ("Python", "Java", "产品经理", "C++")
        for page in (1, 2, 3)
        for item in ask_json("zhilian", asks.zhilian(page, keyword=keyword))["data"]["list"]
    ]
    nameless = [item for item in items if "number" not in item]
    assert 0 < len(nameless) < len(items) / 8
    assert all(item["jobDetailData"]["position"]["base"]["positionName"] for item in nameless)
    size = sum(len(json.dumps(item, ensure_ascii=False).encode()) for item in items) / len(items)
    assert 1_100 < size < 2_000


def test_an_unknown_keyword_may_honestly_have_nothing(asks, ask_json, box) -> None:
    empty = next(k for k in (f"职业{n}" for n in range(99)) if not box.market.slots(k))
    data = ask_json("zhilian", asks.zhilian(keyword=empty))["data"]
    assert data == {"count": 0, "isEndPage": 1, "isVerification": 0, "list": []}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("_v=0.12345678", "_v=1"),
        ("-1768300000000-123456", ""),
        ("-123456", "-12"),
        ("x-zp-client-id=3f2b8c1a-7d4e-4f6a", "x-zp-client-id=3f2b8c1a-7d4e-1f6a"),
    ],
)
def test_ids_of_another_shape_are_refused(asks, ask_json, old, new) -> None:
    ask = asks.zhilian()
    assert old in ask.target
    answer = ask_json("zhilian", replace(ask, target=ask.target.replace(old, new)))
    assert answer["code"] == 500
    assert answer["data"] is None


def test_the_short_page_request_id_is_accepted(asks, ask_json) -> None:
    ask = asks.zhilian()
    short = ask.target.replace("3f2b8c1a7d4e4f6a9b0c1d2e3f4a5b6c-", "")
    assert ask_json("zhilian", replace(ask, target=short))["code"] == 200


@pytest.mark.parametrize("name", ["Content-Type", "Origin", "Referer", "x-zp-page-code", "x-zp-platform"])
def test_headers_are_checked(asks, ask_json, name) -> None:
    assert name in ask_json("zhilian", asks.zhilian(headers={name: ""}))["message"]


@pytest.mark.parametrize(
    "change",
    [
        {"page": 0},
        {"page": "x"},
        {"pageSize": 0},
        {"S_SOU_WORK_CITY": "1"},
        {"S_SOU_FULL_INDEX": 5},
        {"keyword": "长" * 101},
    ],
)
def test_a_wrong_body_is_refused(asks, ask_json, change) -> None:
    assert ask_json("zhilian", asks.zhilian(**change))["code"] == 500


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff"])
def test_a_body_that_is_no_object_is_refused(asks, ask_json, body) -> None:
    assert ask_json("zhilian", replace(asks.zhilian(), body=body))["code"] == 500


def test_human_check_soft_block_and_ban_differ(asks, ask_json, box) -> None:
    box.faults.add([read_rule({"kind": "challenge"})])
    assert ask_json("zhilian", asks.zhilian())["data"]["isVerification"] == 1
    box.faults.add([read_rule({"kind": "soft_block"})])
    soft = ask_json("zhilian", asks.zhilian())["data"]
    assert soft["count"] > 0
    assert soft["list"] == []
    assert soft["isVerification"] == 0
    box.limits.ban("zhilian", "127.0.1.1", 5)
    banned = box.fronts["zhilian"].handle(asks.zhilian()).reply
    assert banned.status == 403
    assert banned.body.startswith(b"<")


def test_the_job_page_carries_company_facts_in_its_state(asks, ask_json, box) -> None:
    item = next(one for one in ask_json("zhilian", asks.zhilian())["data"]["list"] if "number" in one)
    page = replace(asks.zhilian(), method="GET", target=f"/jobdetail/{item['number']}.htm", body=b"")
    reply = box.fronts["zhilian"].handle(page).reply
    state = json.loads(reply.body.decode().partition("__INITIAL_STATE__=")[2].partition("</script>")[0])
    assert state["jobDetail"]["detailedCompany"]["companyNumber"] == item["companyNumber"]
    assert state["companyExtDetail"]["businessInformation"]["businessInformationData"]["legalPerson"]
    gone = replace(page, target="/jobdetail/CC1J1.htm")
    assert box.fronts["zhilian"].handle(gone).reply.status == 404
