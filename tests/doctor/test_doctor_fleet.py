"""The doctor at the fleet's account: the real SDK against the cloud sandbox, broken in the ways an account breaks."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from crawler_core.errors import BadSetting
from jobdata_cli.demo_fleet import fleet_variables
from jobdata_resources.doctor.fleet import look_at_fleet
from sandbox.ecs.process import EcsSandboxProcess


@pytest.fixture(scope="module")
def cloud() -> Iterator[EcsSandboxProcess]:
    with EcsSandboxProcess("--time-scale", "0.01", seed=7) as process:
        yield process


@pytest.fixture
def account(cloud: EcsSandboxProcess, monkeypatch: pytest.MonkeyPatch) -> EcsSandboxProcess:
    for name, value in (fleet_variables(cloud.env) | {"CRAWL_ON": "fleet", "FLEET_PRICE_LIMIT": "1000"}).items():
        monkeypatch.setenv(name, value)
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.delenv(name, raising=False)
    return cloud


def test_without_a_fleet_there_is_nothing_to_check() -> None:
    [finding] = look_at_fleet()
    assert (finding.status, "CRAWL_ON=local" in finding.text) == ("ok", True)


def test_an_account_that_works_and_how_it_breaks(account: EcsSandboxProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    [finding] = look_at_fleet()
    assert (finding.status, "0 instances" in finding.text) == ("ok", True), finding
    monkeypatch.setenv("FLEET_PRICE_LIMIT", "0.0001")
    [finding] = look_at_fleet()
    assert (finding.status, "FLEET_PRICE_LIMIT" in finding.remedy) == ("fail", True)
    monkeypatch.setenv("FLEET_SECURITY_GROUP", "")
    with pytest.raises(BadSetting, match="FLEET_SECURITY_GROUP"):
        list(look_at_fleet())
    monkeypatch.setenv("FLEET_SECURITY_GROUP", account.env["ECS_SECURITY_GROUP_ID"])
    monkeypatch.setenv("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "planted-wrong-secret")
    [finding] = look_at_fleet()
    assert (finding.status, "ALIBABA_CLOUD_ACCESS_KEY_SECRET" in finding.text) == ("fail", True), finding
    assert "planted" not in repr(finding)
