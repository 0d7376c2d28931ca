"""``jobdata cleanup``: on a home with nothing to remove, and without an instance."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Ran


def test_it_asks_for_the_instance(jobdata: Callable[..., Ran]) -> None:
    ran = jobdata("cleanup", "--dry-run")
    assert ran.code == 2
    assert "DAGSTER_HOME is not set" in ran.err


def test_a_dry_run_lists_every_kind(jobdata: Callable[..., Ran], home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / "dagster").mkdir(parents=True)
    monkeypatch.setenv("DAGSTER_HOME", str(home / "dagster"))
    ran = jobdata("cleanup", "--dry-run", "--json")
    assert ran.code == 0, ran.err
    assert (ran.data["dry_run"], ran.data["count"]) == (True, 0)
    kinds = {one["kind"]: one["note"] for one in ran.data["kinds"]}
    assert kinds["landed_searches"] == "kept for ever; set RETAIN_PAGES_DAYS to change that"
    assert {"runs", "ticks", "crawl_checkpoint", "crawl_page", "superseded_rows", "spool_files"} <= set(kinds)
