"""A batch of companies killed at random moments loses nothing, lands nothing twice, and tells nothing too early."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

import pytest

from crawler_core.crawl import landed_companies
from crawler_core.landing import LandingZone, read_segment, verify
from crawler_core.platforms import platform
from sandbox.process import SandboxProcess
from tests.support import companies
from tests.support.node import ROOT

KILLS = 12
COMPANIES = 30
SEGMENT = 3
EGRESS = "127.0.1.1,127.0.1.2"


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_killed_batch_goes_on_where_it_stopped(tmp_path: Path) -> None:
    rng = Random(20261122)
    zone = LandingZone.from_url(f"file://{tmp_path}/landing")
    spec, day = platform("zhilian"), companies.today()
    kills = batches = midway = 0
    with SandboxProcess() as sandbox:
        targets = companies.listed_targets(sandbox, zone, "zhilian", "数据工程师")[:COMPANIES]
        assert len(targets) == COMPANIES
        task: dict[str, Any] = {
            "platform": "zhilian",
            "date": day.isoformat(),
            "targets": [{"company_id": one.company_id, "name": one.name, "extra": dict(one.extra)} for one in targets],
            "settings": {
                "landing_url": zone.url, "zhilian_base_url": sandbox.env["ZHILIAN_BASE_URL"], "segment_pages": SEGMENT,
                "egress_addresses": EGRESS, "sleep_min_seconds": 0.01, "sleep_max_seconds": 0.08,
            },
        }  # fmt: skip
        file = tmp_path / "task.json"
        while kills < KILLS:
            batches += 1
            batch = task["batch"] = f"batch-{batches}"
            file.write_text(json.dumps(task))
            served = requests(sandbox)
            told, killed_here, complete = [], 0, False
            while not complete:
                complete, results = run(file, rng.uniform(0.5, 1.4) if kills < KILLS else 60)
                told += results
                if not complete:
                    kills += 1
                    killed_here += 1
                    midway += 0 < len(landed(zone, batch)) < COMPANIES
                    assert {company for company, _, _ in results} <= set(landed(zone, batch))
            answers = landed(zone, batch)
            assert answers == dict.fromkeys((target.company_id for target in targets), 1)
            # A kill loses at most the open and the sealing segment; a worker may add while another seals.
            assert requests(sandbox) - served - COMPANIES <= killed_here * 2 * (SEGMENT + 2)
            assert {(company, state) for company, state, _ in told} == {(one.company_id, "done") for one in targets}
            records = list(landed_companies(spec, zone, day, batch))
            assert {record.company_id for record in records} == set(answers)
        assert all(record.full_name for record in records)
    assert kills >= KILLS
    assert midway >= 3
    assert list(verify(zone.companies)) == []


def run(file: Path, seconds: float) -> tuple[bool, list[tuple[str, str, int]]]:
    """Run the batch and kill it after some seconds; whether it was complete before, and what it told."""
    env = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.support.company_node", str(file)],
        env=env | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
    )
    try:
        out, _ = child.communicate(timeout=seconds)
        assert child.returncode == 0
        complete = True
    except subprocess.TimeoutExpired:
        child.kill()
        out, _ = child.communicate()
        complete = False
    return complete, [tuple(json.loads(line)) for line in out.splitlines() if line.endswith(b"]")]


def requests(sandbox: SandboxProcess) -> int:
    return int(sandbox.control("GET", "/stats")["requests"])


def landed(zone: LandingZone, batch: str) -> dict[str, int]:
    """Landed answers by company."""
    return dict(
        Counter(
            page.keyword
            for ref in zone.companies.segments("zhilian", companies.today())
            if ref.keyword == batch
            for page in read_segment(zone.companies.read(ref))
        )
    )
