"""A project home of its own per test: control store, landing zone and an ephemeral Dagster instance."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from jobdata_assets.crawl.raw_pages import raw_pages_asset
from jobdata_assets.partitions import daily_partitions
from jobdata_resources.control import ControlStore
from jobdata_resources.landing import LandingResource
from tests.dagster.desk import TODAY, Desk, ScriptedCrawler
from tests.support.toy_platform import spec


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty JOBDATA_HOME."""
    folder = tmp_path / "home"
    monkeypatch.setenv("JOBDATA_HOME", str(folder))
    monkeypatch.setenv("SLEEP_MIN_SECONDS", "0")
    monkeypatch.setenv("SLEEP_MAX_SECONDS", "0")
    monkeypatch.setenv("QCWY_SIGN_KEY", "not-a-real-key")
    return folder


@pytest.fixture
def store(home: Path) -> Iterator[ControlStore]:
    """The migrated control store of the home."""
    with ControlStore(f"sqlite:///{home / 'control.db'}") as store:
        store.migrate()
        yield store


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


@pytest.fixture
def desk(home: Path, store: ControlStore, instance: dg.DagsterInstance) -> Desk:
    platform = spec()
    return Desk(
        home=home,
        platform=platform,
        asset=raw_pages_asset(platform, daily_partitions(TODAY, 14)),
        instance=instance,
        crawler=ScriptedCrawler(),
        zone=LandingResource().zone(),
        store=store,
    )
