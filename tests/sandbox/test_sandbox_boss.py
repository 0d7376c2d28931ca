"""Boss: paging, the session, detail and batch, and every way it says no."""

from __future__ import annotations

import pytest

from sandbox.boss import BRANDS, COMPANY, DETAIL, IMPROVEMENT, SEARCH
from sandbox.market import Market


def listed(answer) -> list[str]:
    return [item["encryptJobId"] for item in answer["zpData"]["list"]]


def test_paging_on_has_more_yields_every_posting_once(box, asks, ask_json) -> None:
    ids: list[str] = []
    page = 0
    more = True
    while more:
        page += 1
        answer = ask_json("boss", asks.boss(page))
        assert answer["code"] == 0
        assert "totalCount" not in answer["zpData"]
        ids += listed(answer)
        more = answer["zpData"]["hasMore"]
    truth = [p.job_id for p in box.market.search("boss", "Python", "全国", box.state.day)]
    assert ids == truth
    assert ask_json("boss", asks.boss(page + 1))["zpData"] == {"hasMore": False, "list": []}


@pytest.mark.parametrize(("asked", "given"), [(10, 10), (30, 30), (50, 30), (None, 15)])
def test_page_size_is_honoured_up_to_thirty(asks, ask_json, asked, given) -> None:
    assert len(listed(ask_json("boss", asks.boss(pageSize=asked)))) == given


def test_the_page_cap_ends_paging(asks, ask_json, box) -> None:
    box.market = box.boss._market = Market(7, volume=4)
    found = box.market.search("boss", "Python", "全国", box.state.day)
    assert len(found) > box.boss.window == 300
    assert ask_json("boss", asks.boss(9, pageSize=30))["zpData"]["hasMore"] is True
    assert ask_json("boss", asks.boss(10, pageSize=30))["zpData"]["hasMore"] is False
    assert listed(ask_json("boss", asks.boss(11, pageSize=30))) == []


def test_a_record_has_the_fields_and_the_size_of_a_real_one(asks, box) -> None:
    import json

    body = box.fronts["boss"].handle(asks.boss(pageSize=30)).reply.body
    records = json.loads(body)["zpData"]["list"]
    assert 1_100 < len(body) / len(records) < 1_700
    for record in records:
        assert {"encryptJobId", "securityId", "lid", "jobName", "salaryDesc", "jobLabels", "skills"} <= record.keys()
        assert {"cityName", "districtName", "brandName", "brandScale", "jobValidStatus"} <= record.keys()
    assert 0 < sum("encryptBrandId" in record for record in records) < 30


def test_security_ids_are_fresh_and_open_the_detail(asks, ask_json, clock) -> None:
    first, second = (ask_json("boss", asks.boss())["zpData"]["list"][0] for _ in range(2))
    assert first["encryptJobId"] == second["encryptJobId"]
    assert first["securityId"] != second["securityId"]
    ask = {"securityId": first["securityId"], "jobId": first["encryptJobId"], "lid": first["lid"], "source": 11}
    detail = ask_json("boss", asks.boss_get(DETAIL, **ask))
    base = detail["zpData"]["jobBaseInfoVO"]
    assert base["jobId"] == first["encryptJobId"]
    assert base["salaryDesc"] == first["salaryDesc"]
    brand = detail["zpData"]["brandComInfoVO"]["encryptBrandId"]
    company = ask_json("boss", asks.boss_get(COMPANY, brandId=brand))
    assert company["zpData"]["comName"] == detail["zpData"]["brandComInfoVO"]["comName"]

    assert ask_json("boss", asks.boss_get(DETAIL, **ask | {"jobId": "another"}))["code"] == 19
    assert ask_json("boss", asks.boss_get(DETAIL, **ask | {"securityId": "invented~~"}))["code"] == 19
    assert ask_json("boss", asks.boss_get(DETAIL, jobId=first["encryptJobId"]))["code"] == 17
    clock.advance(3_601)
    assert ask_json("boss", asks.boss_get(DETAIL, **ask))["code"] == 19


def test_batch_answers_by_path_and_may_fail_inside_only(asks, ask_json, box) -> None:
    item = ask_json("boss", asks.boss())["zpData"]["list"][0]
    good = {"securityId": item["securityId"], "jobId": item["encryptJobId"], "lid": item["lid"], "source": 11}
    both = ({"method": DETAIL} | good, {"method": IMPROVEMENT} | good)
    answer = ask_json("boss", asks.batch(*both))
    assert answer["code"] == 0
    assert set(answer["zpData"]) == {DETAIL, IMPROVEMENT}
    assert answer["zpData"][DETAIL]["zpData"]["jobBaseInfoVO"]["jobId"] == item["encryptJobId"]

    spoiled = ask_json("boss", asks.batch({"method": DETAIL} | good | {"securityId": "x"}, both[1]))
    assert spoiled["code"] == 0
    assert [spoiled["zpData"][path]["code"] for path in (DETAIL, IMPROVEMENT)] == [19, 0]
    assert ask_json("boss", asks.batch({"method": "/etc/passwd"}))["zpData"]["/etc/passwd"]["code"] == 2
    assert ask_json("boss", asks.boss_get("/wapi/batch/batchRunV3", batch_method_feed="{"))["code"] == 19
    assert ask_json("boss", asks.boss_get("/wapi/batch/batchRunV3"))["code"] == 17

    from sandbox.faults import read_rule

    box.faults.add([read_rule({"kind": "inner_code", "params": {"code": 36}, "match": {"call": "batch"}})])
    failed = ask_json("boss", asks.batch(*both))
    assert failed["code"] == 0
    assert failed["zpData"][DETAIL]["code"] == 36


def test_a_closed_job_says_so(asks, ask_json, box, clock) -> None:
    from datetime import date

    item = ask_json("boss", asks.boss())["zpData"]["list"][0]
    box.state.day = date(2027, 1, 13)
    ask = {"securityId": item["securityId"], "jobId": item["encryptJobId"], "lid": item["lid"]}
    base = ask_json("boss", asks.boss_get(DETAIL, **ask))["zpData"]["jobBaseInfoVO"]
    assert base["jobValidStatus"] != 1
    assert base["deleted"] == 1


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"headers": {"mpt": ""}}, 7),
        ({"headers": {"mpt": "f" * 32}}, 7),
        ({"headers": {"wt2": "another~~"}}, 7),
        ({"headers": {"User-Agent": "python-requests"}}, 37),
        ({"headers": {"zp_app_id": "1"}}, 37),
        ({"headers": {"traceid": "1"}}, 37),
        ({"headers": {"ua": "{"}}, 37),
        ({"headers": {"ua": "[]"}}, 37),
        ({"page": 0}, 19),
        ({"page": "x"}, 19),
        ({"city": "999"}, 19),
        ({"city": None}, 17),
        ({"keyword": "长" * 101}, 22),
        ({"appId": 1}, 19),
        ({"appId": None}, 17),
    ],
)
def test_a_wrong_request_gets_its_code_in_http_200(asks, box, ask_json, change, code) -> None:
    ask = asks.boss(**change)
    assert box.fronts["boss"].handle(ask).reply.status == 200
    answer = ask_json("boss", ask)
    assert answer["code"] == code
    assert answer["message"]
    if code == 37:
        assert set(answer["zpData"]) == {"name", "seed", "ts"}


def test_an_anonymous_login_ticket_is_accepted(asks, ask_json) -> None:
    assert ask_json("boss", asks.boss(headers={"wt2": ""}))["code"] == 0


def test_a_used_up_token_is_code_7(asks, ask_json, box) -> None:
    asks.token = box.tokens.valid()[-1]
    assert [ask_json("boss", asks.boss())["code"] for _ in range(501)] == [0] * 500 + [7]


def test_limits_speak_in_boss_codes(asks, ask_json, box) -> None:
    box.limits.settings = box.limits.settings.changed({"token_pages_per_minute": 1})
    assert [ask_json("boss", asks.boss())["code"] for _ in range(2)] == [0, 4]
    box.limits.reset()
    box.limits.settings = box.limits.settings.changed({"token_pages_per_minute": None, "token_pages_per_day": 1})
    assert [ask_json("boss", asks.boss())["code"] for _ in range(2)] == [0, 36]
    box.limits.ban("boss", "127.0.1.1", 9)
    assert ask_json("boss", asks.boss())["code"] == 35


def test_other_paths_and_methods_are_refused(asks, box) -> None:
    from dataclasses import replace

    assert box.fronts["boss"].handle(asks.boss_get("/nothing")).reply.status == 404
    assert box.fronts["boss"].handle(replace(asks.boss(), method="POST")).reply.status == 405
    assert SEARCH in asks.boss().target


def test_companies_are_found_by_name(asks, ask_json, box) -> None:
    company = box.market.companies[5]
    found = ask_json("boss", asks.boss_get(BRANDS, query=company.brand, page=1, city="100010000"))["zpData"][
        "brandList"
    ]
    assert company.boss_id in {one["encryptBrandId"] for one in found}
