"""Instances as local processes: addresses, commands, metadata, and that nothing of them stays."""

from __future__ import annotations

import base64
import os
import signal
from pathlib import Path

import pytest

from sandbox.ecs.process import EcsSandboxProcess

LEAVE = "#!/bin/sh\n(sleep 600 &)\nsetsid sleep 601 >/dev/null 2>&1 &\necho booted\n"


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


def test_commands_run_on_addresses_of_their_own_and_nothing_stays(ecs, wait, text) -> None:
    data = base64.b64encode(LEAVE.encode()).decode()
    ids = ecs.up(3, user_data=data, ram_role_name="jobdata-node", tags={"app": "jobdata"})
    results = ecs.finish(ecs.send(ids, "echo 你好 $JOBDATA_NODE_ADDRESS $EGRESS_ADDRESSES; pwd; exit 3"))
    shown = ecs.list()
    for one, result in results.items():
        address = shown[one].public_ip_address.ip_address[0]
        assert text(result).splitlines()[0] == f"你好 {address} {address}"
        assert (result.invocation_status, result.exit_code, result.error_code) == ("Failed", 3, "ExitCodeNonzero")
    assert len({result.output for result in results.values()}) == 3
    truths = [ecs.truth(one) for one in ids]
    assert all(truth["boot"]["output"] == "booted\n" and len(truth["pids"]) == 2 for truth in truths)
    ecs.delete(ids)
    assert not [pid for truth in truths for pid in truth["pids"] if alive(pid)]
    assert not [truth["folder"] for truth in truths if Path(truth["folder"]).exists()]
    assert ecs.list() == {}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_instances_die_with_the_server(number, wait) -> None:
    from tests.sandbox.ecs.conftest import Ecs

    with EcsSandboxProcess() as process:
        ecs = Ecs(process)
        data = base64.b64encode(LEAVE.encode()).decode()
        ids = ecs.up(2, user_data=data)
        truths = [ecs.truth(one) for one in ids]
        pids = [pid for truth in truths for pid in truth["pids"]]
        assert len(pids) == 4
        os.kill(process.pid, number)
        wait(lambda: not any(alive(pid) for pid in pids))
        wait(lambda: not any(Path(truth["folder"]).exists() for truth in truths))
