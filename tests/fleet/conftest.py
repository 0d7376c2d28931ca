"""Both sandboxes, started once for all tests of a module."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.ecs.process import EcsSandboxProcess
from sandbox.process import SandboxProcess
from tests.fleet.ground import Ground, fleet_environment


@pytest.fixture(scope="module")
def market() -> Iterator[SandboxProcess]:
    with SandboxProcess("--volume", "0.3") as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def cloud() -> Iterator[EcsSandboxProcess]:
    # Prices are looked at once a minute: one that moved by itself would make a bill of seconds higher than was seen.
    with EcsSandboxProcess("--price-step-seconds", "86400") as ecs:
        yield ecs


@pytest.fixture
def ground(
    market: SandboxProcess, cloud: EcsSandboxProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Ground]:
    """Both as at their start, a bucket of its own, and this process's environment set up for the SDK."""
    for name in list(os.environ):
        if name.upper().endswith("_PROXY"):  # the SDK obeys them even for loopback
            monkeypatch.delenv(name)
    for name, value in fleet_environment(cloud.env).items():
        monkeypatch.setenv(name, value)
    market.control("DELETE", "/faults")
    market.control("POST", "/reset")
    cloud.control("DELETE", "/faults")
    cloud.control("POST", "/reset")
    yield Ground(market, cloud, tmp_path)
    cloud.control("POST", "/reset")
