"""One ECS sandbox for a module, and the real SDK as its client."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sandbox.ecs.process import EcsSandboxProcess
from tests.support.ecs import Ecs

PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy")


@pytest.fixture(scope="module")
def shared() -> Iterator[Ecs]:
    with pytest.MonkeyPatch.context() as patch, EcsSandboxProcess() as process:
        for name in PROXIES:
            patch.delenv(name, raising=False)
        yield Ecs(process)


@pytest.fixture
def ecs(shared: Ecs) -> Iterator[Ecs]:
    """The module's sandbox, empty at the start of each test."""
    shared.control("POST", "/reset")
    yield shared
    shared.control("POST", "/reset")
