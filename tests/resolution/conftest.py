"""A warehouse of its own for every test, on one embedded folder (each open and close of the engine leaks)."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from crawler_core.landing import LandingZone
from jobdata_resources.settings import StoreSettings
from jobdata_resources.warehouse import Warehouse, open_warehouse

_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def resolution_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    home = tmp_path_factory.mktemp("resolution")
    with open_warehouse(StoreSettings(_env_file=None, jobdata_home=home)):
        yield home


@pytest.fixture
def open_new(resolution_home: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], AbstractContextManager[Warehouse]]:
    """Opens the same new database as often as it is called; assets find it by the settings."""
    database = f"resolution_{next(_numbers)}"
    monkeypatch.setenv("JOBDATA_HOME", str(resolution_home))
    monkeypatch.setenv("CLICKHOUSE_DB", database)
    settings = StoreSettings(_env_file=None, jobdata_home=resolution_home, clickhouse_db=database)
    return lambda: open_warehouse(settings)


@pytest.fixture
def warehouse(open_new: Callable[[], AbstractContextManager[Warehouse]]) -> Iterator[Warehouse]:
    with open_new() as opened:
        opened.migrate()
        yield opened


@pytest.fixture
def zone(tmp_path: Path) -> LandingZone:
    return LandingZone.from_url((tmp_path / "landing").as_uri())
