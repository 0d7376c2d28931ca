"""Instances as local processes: addresses, commands, metadata, and that nothing of them stays."""

from __future__ import annotations

import base64
import json
import os
import signal
import socket
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from Tea.exceptions import TeaException

from sandbox.ecs.process import EcsSandboxProcess
from tests.support.ecs import REGION, Ecs, output, until

LEAVE = "#!/bin/sh\n(sleep 600 &)\nsetsid sleep 601 >/dev/null 2>&1 &\necho booted\n"

CALL = """\
import os, socket
socket.create_connection({target}, source_address=(os.environ["EGRESS_ADDRESSES"], 0)).close()
"""


def encoded(script: str) -> str:
    return base64.b64encode(script.encode()).decode()


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


def fetch(url: str, method: str = "GET", **headers: str) -> tuple[int, str]:
    request = urllib.request.Request(url, method=method, headers=headers)  # noqa: S310 - a loopback URL
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=30) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def test_commands_run_on_addresses_of_their_own_and_nothing_stays(ecs) -> None:
    ecs.control("POST", "/node-env", {"COLOUR": "blue"})
    ids = ecs.up(3, user_data=encoded(LEAVE))
    results = ecs.finish(ecs.send(ids, "echo 你好 $JOBDATA_NODE_ADDRESS $EGRESS_ADDRESSES $COLOUR; exit 3"))
    shown = ecs.list()
    for one, result in results.items():
        address = shown[one].public_ip_address.ip_address[0]
        assert output(result) == f"你好 {address} {address} blue\n"
        assert address.startswith("127.0.1.")
        facts = (result.invocation_status, result.invoke_record_status, result.exit_code, result.error_code)
        assert facts == ("Failed", "Failed", 3, "ExitCodeNonzero")
    assert len({result.output for result in results.values()}) == 3
    truths = [ecs.truth(one) for one in ids]
    pids = [pid for truth in truths for pid in truth["pids"]]
    assert len(pids) == 6
    assert all(truth["boot"] == {"exit_code": 0, "output": "booted\n"} for truth in truths)
    ecs.delete(ids)
    assert not [pid for pid in pids if alive(pid)]
    assert not [truth["folder"] for truth in truths if Path(truth["folder"]).exists()]
    assert ecs.list() == {}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_instances_die_with_the_server(number) -> None:
    with EcsSandboxProcess() as process:
        ecs = Ecs(process)
        truths = [ecs.truth(one) for one in ecs.up(2, user_data=encoded(LEAVE))]
        pids = [pid for truth in truths for pid in truth["pids"]]
        assert len(pids) == 4
        os.kill(process.pid, number)
        until(lambda: not any(alive(pid) for pid in pids))
        until(lambda: not any(Path(truth["folder"]).exists() for truth in truths))


def test_a_command_sees_only_its_instance(ecs) -> None:
    (one,) = ecs.up(1)
    folder = Path(ecs.truth(one)["folder"])
    result = ecs.finish(ecs.send([one], "env | cut -d= -f1 | sort; pwd; cd /tmp"))[one]
    lines = output(result).splitlines()
    assert lines[-1] == str(folder / "root")
    assert set(lines[:-1]) == {
        "ALIBABA_CLOUD_ECS_METADATA_DISABLED", "EGRESS_ADDRESSES", "HOME", "JOBDATA_INSTANCE_ID",
        "JOBDATA_METADATA_URL", "JOBDATA_NODE_ADDRESS", "JOBDATA_SANDBOX_CLOUD", "LANG", "PATH", "PWD", "TMPDIR",
        "USER",
    }  # fmt: skip
    assert output(ecs.finish(ecs.send([one], "pwd", working_dir="/tmp"))[one]) == f"{folder}/tmp\n"
    for wrong in ("/nowhere", "/../.."):
        refused = ecs.finish(ecs.send([one], "pwd", working_dir=wrong))[one]
        assert (refused.invocation_status, refused.error_code) == ("Failed", "DirectoryNotExists")


def test_an_instance_calls_from_its_own_address(ecs) -> None:
    ids = ecs.up(2)
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(60)
        target = ("127.0.0.1", server.getsockname()[1])
        invoke = ecs.send(ids, f"#!/usr/bin/env python3\n{CALL.format(target=target)}")
        peers = set()
        for _ in ids:
            connection, (peer, _port) = server.accept()
            connection.close()
            peers.add(peer)
    assert all(one.invocation_status == "Success" for one in ecs.finish(invoke).values())
    assert peers == {ecs.truth(one)["address"] for one in ids}


def test_output_is_bounded_and_interpreters_are_honoured(ecs) -> None:
    (one,) = ecs.up(1)
    script = "#!/usr/bin/env python3\nprint('x' * 30000 + 'end')\n"
    result = ecs.finish(ecs.send([one], script))[one]
    assert result.invocation_status == "Success"
    assert (len(output(result)), result.dropped) == (24 * 1024, 30004 - 24 * 1024)
    assert output(result).endswith("end\n")
    assert ecs.finish(ecs.send([one], f"true # {'x' * 18_000}"))[one].invocation_status == "Success"
    with pytest.raises(TeaException) as caught:
        ecs.send([one], f"true # {'x' * 19_000}")
    assert caught.value.code == "CmdContent.ExceedLimit"


def test_a_command_that_takes_too_long_is_killed(ecs) -> None:
    (one,) = ecs.up(1)
    script = "sleep 600 & echo $!; wait"
    invokes = [ecs.send([one], script, timeout=10, termination_mode=mode) for mode in ("Process", "ProcessTree")]
    until(lambda: all(output(ecs.results(invoke)[one]) for invoke in invokes))
    ecs.control("POST", "/clock", {"advance": 11})
    kept, taken = (ecs.results(invoke)[one] for invoke in invokes)
    assert [found.invocation_status for found in (kept, taken)] == ["Timeout", "Timeout"]
    assert [found.invoke_record_status for found in (kept, taken)] == ["Failed", "Failed"]
    assert [found.error_code for found in (kept, taken)] == ["ExecutionTimeout", "ExecutionTimeout"]
    assert alive(int(output(kept)))
    until(lambda: not alive(int(output(taken))))


def test_an_invocation_can_be_watched_and_stopped(ecs) -> None:
    ids = ecs.up(2)
    invoke = ecs.send(ids, "echo started; sleep 600", name="crawl", timeout=300)
    until(lambda: all(output(one) == "started\n" for one in ecs.results(invoke).values()))
    request = ecs.models.DescribeInvocationsRequest(region_id=REGION, invoke_id=invoke, include_output=True)
    (shown,) = ecs.client.describe_invocations(request).body.invocations.invocation
    assert (shown.command_name, shown.invocation_status, shown.invoke_status) == ("crawl", "Running", "Running")
    stop = ecs.models.StopInvocationRequest(region_id=REGION, invoke_id=invoke, instance_id=ids[:1])
    ecs.client.stop_invocation(stop)
    found = ecs.results(invoke)
    assert [found[one].invocation_status for one in ids] == ["Terminated", "Running"]
    assert found[ids[0]].invoke_record_status == "Stopped"
    ecs.delete(ids[1:])
    assert ecs.results(invoke)[ids[1]].error_code == "InstanceReleased"


def test_metadata_tells_an_instance_about_itself(ecs) -> None:
    one, other = ecs.up(2, ram_role_name="jobdata-node", user_data=encoded(LEAVE))
    script = "curl -s --noproxy '*' $JOBDATA_METADATA_URL/latest/meta-data/instance-id"
    found = ecs.finish(ecs.send([one, other], script))
    assert [output(found[name]) for name in (one, other)] == [one, other]
    base = f"{ecs.process.urls['metadata']}/{one}/latest"
    assert fetch(f"{base}/meta-data/instance/spot/termination-time")[0] == 404
    assert fetch(f"{base}/user-data") == (200, LEAVE)
    assert fetch(f"{base}/meta-data/ram/security-credentials/") == (200, "jobdata-node")
    assert fetch(f"{base}/meta-data/ram/security-credentials/other")[0] == 404
    credentials = json.loads(fetch(f"{base}/meta-data/ram/security-credentials/jobdata-node")[1])
    assert credentials["Code"] == "Success"
    sts = ecs.connect(
        credentials["AccessKeyId"], credentials["AccessKeySecret"], security_token=credentials["SecurityToken"]
    )
    with pytest.raises(TeaException) as caught:
        ecs.list(client=sts)
    assert caught.value.code == "Forbidden.RAM"
    token = fetch(f"{base}/api/token", "PUT", **{"X-aliyun-ecs-metadata-token-ttl-seconds": "60"})[1]
    passing = {"X-aliyun-ecs-metadata-token": token}
    assert fetch(f"{base}/meta-data/region-id", **passing) == (200, REGION)
    assert fetch(f"{base}/meta-data/region-id", **{"X-aliyun-ecs-metadata-token": "wrong"})[0] == 403
    (strict,) = ecs.up(1, http_tokens="required")
    assert fetch(f"{ecs.process.urls['metadata']}/{strict}/latest/meta-data/region-id")[0] == 403
    ecs.control("POST", "/reclaim", {"instance": one, "seconds": 600})
    assert fetch(f"{base}/meta-data/instance/spot/termination-time")[1].endswith("Z")
    assert fetch(f"{ecs.process.urls['metadata']}/{other}/latest/meta-data/instance/spot/termination-time")[0] == 404
