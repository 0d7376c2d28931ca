"""A supervisor killed at twenty random moments: the next goes on with the same instances and nodes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from random import Random

import pytest

from jobdata_resources.fleet.errors import TakenOver
from tests.fleet.ground import Ground, Told
from tests.fleet.nodes import today
from tests.fleet.test_fleet_end_to_end import WORDS, everything_is_right

ROOT = Path(__file__).resolve().parents[2]
KILLS = 20


def start(ground: Ground, log: Path, **settings: str) -> subprocess.Popen[bytes]:
    tokens = ",".join(f"{one['mpt']}:{one['wt2']}" for one in ground.sandbox.tokens())
    quick = {
        "FLEET_INSTANCES": "3",
        "FLEET_POLL_SECONDS": "0.2",
        "FLEET_BOOT_SECONDS": "20",
        "FLEET_LEASE_SECONDS": "3",
        "FLEET_IDLE_SECONDS": "60",
        "SEGMENT_PAGES": "1",
        "PAGE_SIZE": "5",
        "TEST_TOKENS": tokens,
        "PYTHONPATH": str(ROOT),
    }
    env = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG")}
    with log.open("ab") as output:
        return subprocess.Popen(
            [sys.executable, "-m", "tests.fleet.supervise", "b1", *WORDS],
            env=env | ground.environment() | quick | settings,
            cwd=ROOT,
            stdout=output,
            stderr=subprocess.STDOUT,
        )


@pytest.mark.slow
@pytest.mark.timeout(280)
def test_a_supervisor_killed_at_random_moments_is_gone_on_with(ground: Ground) -> None:
    rng = Random(20)
    log = ground.home / "supervisor.log"
    slow = {"SLEEP_MIN_SECONDS": "4", "SLEEP_MAX_SECONDS": "8"}
    for _ in range(KILLS):
        child = start(ground, log, **slow)
        try:
            child.wait(rng.uniform(0.3, 4.0))
        except subprocess.TimeoutExpired:
            child.kill()
        child.wait()
    assert ground.roster().supervisor() >= KILLS / 3  # the others were killed before they came to it
    assert ground.roster().closed() is None
    held = len(ground.instances())
    child = start(ground, log, **slow)
    assert child.wait(200) == 0, log.read_text()[-3000:]
    everything_is_right(ground)
    assert 1 <= held <= 6, "supervisors that come back must not start fleets of their own"
    assert ground.fleet().ledger.total(today()).instances == len(ground.instances())


def test_an_older_supervisor_leaves_the_fleet_to_a_younger_one(ground: Ground) -> None:
    ground.changes |= {"fleet_instances": 1}
    told = Told()

    def take_over(_look: object) -> None:
        if len(told.looks) == 3:
            ground.roster().supervise("younger")

    told.on_look = take_over
    with pytest.raises(TakenOver):
        ground.run(WORDS[:1], platforms=["qcwy"], told=told)
    assert len(ground.living()) == 1, "the instance belongs to the younger one now"
    result = ground.run(WORDS[:1], platforms=["qcwy"])
    assert result.stop_reason == ""
    everything_is_right(ground)
    assert len(ground.instances()) == 1
