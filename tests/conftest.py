"""Shared by all tests: settings never come from the machine that runs them."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"

_PREFIXES = (
    "JOBDATA_", "LANDING_", "BOSS_", "QCWY_", "ZHILIAN_", "SLEEP_", "PROXY_", "CLICKHOUSE_", "CONTROL_", "EGRESS_",
    "DAGSTER_", "SMTP_", "REPORT_", "FLEET_", "ALIBABA_", "AWS_", "HTTP_PROXY", "HTTPS_PROXY", "NODE_", "MAX_", "PAGE_",
    "RETAIN_", "ALERT_", "SCHEDULES_", "CRAWL_", "COMPANY_",
)  # fmt: skip


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in list(os.environ):
        if name.upper().startswith(_PREFIXES):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="module", autouse=True)
def _no_instance_of_another_file() -> Iterator[None]:
    """Dagster keeps the storage of the last instance in a context variable, also of one that is long gone.

    Instances that do not end in the reverse order of their beginning leave a dead one there, and definitions that
    are loaded later in the process ask it. A sensor's context that nobody left does so when it is collected, which may
    be in the middle of another file's test: so what earlier files left is collected first.
    """
    if "dagster" not in sys.modules:
        yield
        return
    from dagster._core.storage.defs_state.base import set_defs_state_storage

    gc.collect()
    with set_defs_state_storage(None):
        yield


@pytest.fixture
def shared_data() -> Path:
    """The folder of real captured listings."""
    if not SHARED_DATA.is_dir():
        pytest.skip("real captured listings are not beside this checkout (../shared/data)")
    return SHARED_DATA
