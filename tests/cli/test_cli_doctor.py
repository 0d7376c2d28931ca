"""``jobdata doctor`` as a program: lines with a remedy, JSON, and the exit code."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Ran


def test_a_fresh_home_is_healthy_and_says_what_to_do_next(jobdata: Callable[..., Ran], home: Path) -> None:
    ran = jobdata("doctor")
    assert ran.code == 0, ran.out
    lines = ran.out.splitlines()
    [control] = [line for line in lines if " control " in line]
    assert control.startswith("warn")
    assert control.endswith("-> run `jobdata db migrate`")
    assert not any(" platforms " in line for line in lines)


def test_a_broken_component_ends_with_one(jobdata: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONTROL_DB_URL", "mysql+pymysql://u:hunter2@127.0.0.1:1/d")
    ran = jobdata("doctor", "--json")
    assert ran.code == 1
    assert ran.data["healthy"] is False
    assert {one["check"] for one in ran.data["findings"] if one["status"] == "fail"} == {"access", "control"}
    assert "hunter2" not in ran.out + ran.err
