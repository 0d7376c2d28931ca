"""Shared by all tests: settings never come from the machine that runs them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"

_PREFIXES = (
    "JOBDATA_", "LANDING_", "BOSS_", "QCWY_", "ZHILIAN_", "SLEEP_", "PROXY_", "CLICKHOUSE_", "CONTROL_", "EGRESS_",
    "DAGSTER_", "SMTP_", "REPORT_", "FLEET_", "ALIBABA_", "AWS_", "HTTP_PROXY", "HTTPS_PROXY", "NODE_", "MAX_", "PAGE_",
    "ALERT_",
)  # fmt: skip


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in list(os.environ):
        if name.upper().startswith(_PREFIXES):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def shared_data() -> Path:
    """The folder of real captured listings."""
    if not SHARED_DATA.is_dir():
        pytest.skip("real captured listings are not beside this checkout (../shared/data)")
    return SHARED_DATA
