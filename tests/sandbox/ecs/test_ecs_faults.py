"""What goes wrong on demand, as the SDK sees it."""

from __future__ import annotations

from pathlib import Path

import pytest
from alibabacloud_tea_openapi.exceptions import ClientException, ServerException, ThrottlingException
from darabonba.exceptions import UnretryableException
from Tea.exceptions import TeaException

from sandbox.child import SandboxError
from sandbox.ecs.faults import Faults, Subject, read_rule
from tests.support.ecs import Ecs, alive, output, until

RUN = {"action": "RunInstances"}


@pytest.mark.parametrize(
    ("rule", "kind", "code"),
    [
        ({"kind": "throttle"}, ClientException, "Throttling.User"),
        ({"kind": "throttle", "params": {"retry_after": 250}}, ThrottlingException, "Throttling.User"),
        ({"kind": "unavailable"}, ServerException, "ServiceUnavailable"),
        ({"kind": "internal"}, ServerException, "InternalError"),
        ({"kind": "no_stock"}, ClientException, "OperationDenied.NoStock"),
        ({"kind": "quota"}, ClientException, "QuotaExceed.ElasticQuota"),
        ({"kind": "invalid_parameter"}, ClientException, "InvalidParameter"),
        ({"kind": "idempotent_processing"}, ClientException, "IdempotentProcessing"),
        ({"kind": "error", "params": {"status": 403, "code": "Odd", "message": "m"}}, ClientException, "Odd"),
        ({"kind": "drop", "params": {"how": "before"}}, UnretryableException, None),
        ({"kind": "html"}, UnretryableException, None),
    ],
)
def test_a_call_fails_once_and_then_works(ecs: Ecs, rule, kind, code) -> None:
    ecs.control("POST", "/faults", rule | {"match": RUN | {"zone": "cn-shanghai-b"}})
    assert len(ecs.run(v_switch_id="vsw-sandbox-e")) == 1
    with pytest.raises(TeaException) as caught:
        ecs.run()
    assert type(caught.value) is kind
    assert getattr(caught.value, "code", None) == code
    if kind is ThrottlingException:
        assert caught.value.retry_after == 250
    assert len(ecs.list()) == 1
    assert len(ecs.run()) == 1


def test_a_limit_a_minute_throttles(ecs: Ecs) -> None:
    ecs.control("POST", "/limits", {"DescribeInstances": 2, "*": 1000})
    ecs.control("POST", "/clock", {"advance": 60})
    codes = []
    for _ in range(8):
        try:
            ecs.list()
        except TeaException as error:
            codes.append(error.code)
    assert 4 <= len(codes) <= 6
    assert set(codes) == {"Throttling.User"}


def test_instances_are_born_slow_late_deaf_or_dead(ecs: Ecs) -> None:
    rules = [
        {"kind": kind, "match": {"zone": zone}, "params": {"seconds": seconds}}
        for kind, zone, seconds in (
            ("slow_start", "cn-shanghai-b", None),
            ("late_visible", "cn-shanghai-e", 3600),
            ("no_assistant", "cn-shanghai-l", None),
        )
    ]
    ecs.control("POST", "/faults", rules)
    (slow,), (late,), (deaf,) = (ecs.run(v_switch_id=f"vsw-sandbox-{zone}") for zone in "bel")
    assert late not in ecs.list()
    ecs.control("POST", "/clock", {"advance": 3600})
    assert late in ecs.list()
    until(lambda: ecs.assistants([late])[late] == "true")
    until(lambda: ecs.list()[deaf].status == "Running")
    assert ecs.list()[slow].status == "Pending"
    result = ecs.finish(ecs.send([deaf], "true"))[deaf]
    assert (result.invocation_status, result.error_code) == ("Aborted", "ClientNotRunning")
    assert ecs.assistants([deaf])[deaf] == "false"
    ecs.control("POST", "/faults", {"kind": "stillborn"})
    (dead,) = ecs.run()
    until(lambda: dead not in ecs.list())
    assert ecs.truth(dead)["gone_why"] == "stillborn"


def test_a_reclaim_gives_notice_and_then_kills(ecs: Ecs) -> None:
    kept, taken, silent = ecs.up(3)
    invoke = ecs.send([kept, taken, silent], "sleep 600", timeout=900)
    until(lambda: all(ecs.truth(one)["pids"] for one in (kept, taken, silent)))
    pids = {one: {pid: alive(pid) for pid in ecs.truth(one)["pids"]} for one in (kept, taken, silent)}
    ecs.control("POST", "/reclaim", {"instance": silent, "notice": False})
    assert silent not in ecs.list()
    ecs.control("POST", "/reclaim", {"instance": taken, "seconds": 600})
    locks = ecs.list()[taken].operation_locks.lock_reason
    assert [one.lock_reason for one in locks] == ["Recycling"]
    assert ecs.list()[kept].operation_locks.lock_reason == []
    assert ecs.list()[taken].status == "Running"
    ecs.control("POST", "/clock", {"advance": 601})
    assert set(ecs.list()) == {kept}
    until(lambda: not any(alive(pid, started) for one in (taken, silent) for pid, started in pids[one].items()))
    assert all(alive(pid, started) for pid, started in pids[kept].items())
    found = ecs.results(invoke)
    assert [found[one].error_code for one in (taken, silent)] == ["InstanceReleased", "InstanceReleased"]
    (fixed,) = ecs.up(1, spot_strategy="NoSpot")
    with pytest.raises(SandboxError, match="not a spot instance"):
        ecs.control("POST", "/reclaim", {"instance": fixed})


def test_reclaims_can_be_planned_and_follow_the_price(ecs: Ecs) -> None:
    ecs.control("POST", "/faults", {"kind": "reclaim", "times": 1, "params": {"seconds": 0.1, "notice": False}})
    gone, kept = ecs.run(2)
    until(lambda: set(ecs.list()) == {kept})
    assert ecs.truth(gone)["gone_why"] == "reclaimed"
    ecs.control("POST", "/prices", {"price": 0.2})
    (capped,) = ecs.up(1, spot_strategy="SpotWithPriceLimit", spot_price_limit=0.25, spot_duration=0)
    assert ecs.list()[capped].spot_price_limit == 0.25
    ecs.control("POST", "/prices", {"price": 0.3})
    until(lambda: [lock.lock_reason for lock in ecs.list()[capped].operation_locks.lock_reason] == ["Recycling"])
    assert ecs.list()[kept].operation_locks.lock_reason == []
    (stopped,) = ecs.up(1, spot_interruption_behavior="Stop")
    ecs.control("POST", "/reclaim", {"instance": stopped, "notice": False})
    until(lambda: ecs.list()[stopped].status == "Stopped")


def test_a_hung_instance_neither_works_nor_answers(ecs: Ecs) -> None:
    hung, fine = ecs.up(2)
    invoke = ecs.send([hung, fine], "while :; do date +%N >> beat; sleep 0.05; done", timeout=900)
    until(lambda: all(len(ecs.truth(one)["pids"]) >= 2 for one in (hung, fine)))
    assert ecs.control("POST", "/hang", {"instance": hung})[hung] >= 1, "the loop may be between two children"
    pids = ecs.truth(hung)["pids"]
    assert {Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] for pid in pids} == {"T"}
    assert ecs.list()[hung].status == "Running"
    assert ecs.results(invoke)[hung].invocation_status == "Running"
    result = ecs.finish(ecs.send([hung], "true"))[hung]
    assert (result.invocation_status, result.error_code) == ("Aborted", "DeliveryTimeout")
    until(lambda: ecs.assistants([hung])[hung] == "false")
    ecs.control("POST", "/resume", {"instance": hung})
    assert ecs.finish(ecs.send([hung], "true"))[hung].invocation_status == "Success"
    ecs.control("POST", "/hang", {"instance": hung})
    ecs.delete([hung])
    until(lambda: not any(alive(pid) for pid in pids))


def test_commands_get_lost(ecs: Ecs) -> None:
    (one,) = ecs.up(1)
    lost = [{"kind": "lose_command", "params": {"how": how}} for how in ("never_runs", "silent", "result")]
    ecs.control("POST", "/faults", lost)
    never, silent, mute = (ecs.send([one], f"touch {name}; echo done") for name in ("a", "b", "c"))
    assert ecs.finish(never)[one].invocation_status == "Aborted"
    root = Path(ecs.truth(one)["folder"]) / "root"
    until((root / "c").exists)
    truth = until(
        lambda: [
            task
            for made in ecs.control("GET", "/invocations")
            if made["invoke_id"] == mute
            for task in made["tasks"]
            if task["status"] == "Success"
        ]
    )
    assert (truth[0]["output"], truth[0]["shown"]) == ("done\n", "Running")
    for invoke in (silent, mute):
        result = ecs.results(invoke)[one]
        assert (result.invocation_status, output(result)) == ("Running", "")
    assert not (root / "a").exists()
    assert not (root / "b").exists()


def test_a_rate_hits_the_same_instances_whatever_the_order() -> None:
    subjects = [Subject("birth", "RunInstances", number) for number in range(1, 201)]
    hits = []
    for order in (subjects, subjects[::-1]):
        faults = Faults(7)
        faults.add([read_rule({"kind": "reclaim", "rate": 0.3, "times": None})])
        hits.append({one.number for one in order if faults.take(one)})
    assert hits[0] == hits[1]
    assert 40 <= len(hits[0]) <= 80


@pytest.mark.parametrize(
    "wrong",
    [
        7, {}, {"kind": "explode"}, {"kind": "drop", "matches": {}}, {"kind": "drop", "match": {"colour": 1}},
        {"kind": "drop", "times": -1}, {"kind": "drop", "every": 0}, {"kind": "drop", "rate": 2},
        {"kind": "drop", "params": []}, {"kind": "hang", "params": {"seconds": "1"}},
        {"kind": "drop", "params": {"how": "loudly"}}, {"kind": "throttle", "params": {"retry_after": "soon"}},
    ],
)  # fmt: skip
def test_a_wrong_rule_is_refused(wrong) -> None:
    with pytest.raises(ValueError, match=r"fault|match|times|every|rate|known"):
        read_rule(wrong)


def test_a_wrong_control_request_is_refused(ecs: Ecs) -> None:
    for method, path, body in (
        ("POST", "/prices", {"zone": "nowhere", "price": 1}),
        ("POST", "/prices", {"price": 0}),
        ("POST", "/stock", {"count": "many"}),
        ("POST", "/quota", {"instances": 10_000}),
        ("POST", "/reclaim", {}),
        ("POST", "/hang", {"instance": "i-unknown"}),
        ("POST", "/clock", {"advance": -1}),
        ("POST", "/clock", [1]),
        ("POST", "/reclaim", {"count": 1, "seconds": "soon"}),
        ("POST", "/keys", {"id": "x"}),
        ("POST", "/limits", {"RunInstances": "few"}),
        ("GET", "/nothing", None),
    ):
        with pytest.raises(SandboxError, match="error"):
            ecs.control(method, path, body)
