"""Fault rules: which request they hit, and what they do to the answer."""

from __future__ import annotations

import json

import pytest

from sandbox.faults import KINDS, Faults, read_rule
from sandbox.market import PLATFORMS
from sandbox.wire import Call


def call(keyword: str = "Python", page: int = 1, egress: str = "127.0.1.1", platform: str = "boss") -> Call:
    return Call(platform, "search", egress, "t", keyword, "全国", page)


def fires(faults: Faults, *calls: Call) -> list[int]:
    return [len(faults.take(one)) for one in calls]


@pytest.fixture
def faults() -> Faults:
    return Faults(7)


def test_a_rule_hits_what_it_matches_and_is_used_up(faults) -> None:
    faults.add(
        [read_rule({"kind": "drop", "platform": "boss", "match": {"keyword": "PYTHON", "page": [2, 3]}, "times": 2})]
    )
    calls = (call(), call(page=2), call("Java", 2), call(page=2, platform="qcwy"), call(page=3), call(page=2))
    assert fires(faults, *calls) == [0, 1, 0, 0, 1, 0]
    assert faults.listing()[0]["fired"] == 2


def test_rules_may_wait_and_repeat(faults) -> None:
    faults.add([read_rule({"kind": "drop", "after": 2, "every": 3, "times": None})])
    assert fires(faults, *[call()] * 10) == [0, 0, 1, 0, 0, 1, 0, 0, 1, 0]


def test_a_rate_depends_on_what_is_asked_and_not_on_the_order() -> None:
    rule = {"kind": "status", "rate": 0.3, "times": None}
    calls = [call(page=number % 40, egress=f"127.0.1.{number % 5}") for number in range(200)]
    one, two = Faults(7), Faults(7)
    one.add([read_rule(rule)])
    two.add([read_rule(rule)])
    forward = sum(fires(one, *calls))
    assert forward == sum(fires(two, *reversed(calls)))
    assert 30 < forward < 90


@pytest.mark.parametrize(
    "wrong",
    [
        7, {}, {"kind": "explode"}, {"kind": "drop", "matches": {}}, {"kind": "drop", "match": {"colour": 1}},
        {"kind": "drop", "times": -1}, {"kind": "drop", "every": 0}, {"kind": "drop", "rate": 2},
        {"kind": "drop", "params": []},
        {"kind": "latency", "params": {"seconds": "1"}},
        {"kind": "code", "params": {"code": "many"}},
        {"kind": "truncate", "params": {"how": "loudly"}},
        {"kind": "schema_change", "params": {"rename": ["a"]}},
        {"kind": "schema_change", "params": {"remove": "a"}},
    ],
)  # fmt: skip
def test_a_wrong_rule_is_refused(wrong) -> None:
    with pytest.raises(ValueError, match=r"fault|match|times|every|rate|known"):
        read_rule(wrong)


MEANINGFUL = [
    (platform, kind)
    for platform in PLATFORMS
    for kind in KINDS
    if kind != "inner_code" and (kind != "expire_token" or platform == "boss")
]


@pytest.mark.parametrize(("platform", "kind"), MEANINGFUL)
def test_every_kind_does_something_once_and_then_stops(box, asks, platform, kind) -> None:
    def deliver():
        return box.fronts[platform].handle(asks.page(platform))

    honest = deliver()
    box.faults.add([read_rule({"kind": kind, "platform": platform, "params": {"code": 4, "seconds": 0.25}})])
    if kind == "duplicate_page":
        page_two = asks.page(platform, 2)
        if platform == "qcwy":
            request_id = json.loads(honest.reply.body)["resultbody"]["requestId"]
            page_two = asks.qcwy(2, request_id=request_id)
        twice = box.fronts[platform].handle(page_two).reply.body
        assert ids(platform, twice) == ids(platform, honest.reply.body)
    else:
        spoiled = deliver()
        assert (spoiled.reply, spoiled.delay, spoiled.drop) != (honest.reply, 0.0, False)
        assert kind == "latency" or spoiled.reply.outcome != "ok"
    assert box.state.stats.faults[kind] == 1
    box.limits.reset()
    box.tokens.reset()
    assert deliver().reply.outcome == "ok"


def ids(platform: str, body: bytes) -> list[str]:
    value = json.loads(body)
    if platform == "boss":
        return [item["encryptJobId"] for item in value["zpData"]["list"]]
    if platform == "qcwy":
        return [item["jobId"] for item in value["resultbody"]["job"]["items"]]
    return [item["jobDetailData"]["position"]["base"]["positionNumber"] for item in value["data"]["list"]]


def test_a_changed_schema_renames_and_removes_at_every_depth(box, asks, ask_json) -> None:
    rule = {"kind": "schema_change", "params": {"rename": {"list": "rows", "jobName": "title"}, "remove": ["lid"]}}
    box.faults.add([read_rule(rule)])
    data = ask_json("boss", asks.boss())["zpData"]
    assert "list" not in data
    assert "title" in data["rows"][0]
    assert "lid" not in data["rows"][0]


def test_truncation_and_throttling_look_as_they_should(box, asks) -> None:
    box.faults.add([read_rule({"kind": "truncate", "params": {"fraction": 0.25}})])
    with pytest.raises(ValueError):  # noqa: PT011 - cut inside a character or between two
        json.loads(box.fronts["boss"].handle(asks.boss()).reply.body)
    box.faults.add([read_rule({"kind": "throttle", "params": {"retry_after": 3}})])
    reply = box.fronts["boss"].handle(asks.boss()).reply
    assert reply.status == 429
    assert reply.headers["Retry-After"] == "3"


def test_a_ban_by_rule_hits_one_address_and_heals(box, asks, ask_json, clock) -> None:
    box.faults.add([read_rule({"kind": "ban_ip", "match": {"egress": "127.0.1.1"}, "params": {"seconds": 5}})])
    assert ask_json("boss", asks.boss(), egress="127.0.1.2")["code"] == 0
    assert ask_json("boss", asks.boss(), egress="127.0.1.1")["code"] == 35
    assert ask_json("boss", asks.boss(), egress="127.0.1.1")["code"] == 35
    assert ask_json("boss", asks.boss(), egress="127.0.1.2")["code"] == 0
    clock.advance(5)
    assert ask_json("boss", asks.boss(), egress="127.0.1.1")["code"] == 0


def test_two_rules_of_one_kind_hit_two_requests(faults) -> None:
    faults.add([read_rule({"kind": "code", "params": {"code": code}}) for code in (4, 35)])
    faults.add([read_rule({"kind": "latency"})])
    hits = [[rule.kind for rule in faults.take(call())] for _ in range(3)]
    assert hits == [["code", "latency"], ["code"], []]
