"""The warehouses of the fact tests: the embedded engine, and the same engine behind HTTP in a child process.

A process can hold one embedded folder at a time: when one is held already, it is used with a database of its own.
"""

from __future__ import annotations

import itertools
import subprocess
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from crawler_core.landing import LandingZone
from jobdata_resources.settings import StoreSettings
from jobdata_resources.warehouse import Warehouse, embedded, open_warehouse

_numbers = itertools.count(1)
FRONT = Path(__file__).resolve().parents[1] / "support" / "clickhouse_front.py"


@pytest.fixture(scope="module")
def embedded_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    held = next(iter(embedded._registry), None)
    if held is not None:
        yield held.parent
        return
    home = tmp_path_factory.mktemp("embedded")
    with open_warehouse(StoreSettings(_env_file=None, jobdata_home=home)):  # type: ignore[call-arg]
        yield home


@pytest.fixture(scope="session")
def front_port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    folder = tmp_path_factory.mktemp("front")
    command = [sys.executable, str(FRONT), "--path", str(folder / "clickhouse")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield int(process.stdout.readline())
        process.kill()


@dataclass(frozen=True)
class Place:
    """Where a test's warehouse is: open it as often as needed."""

    settings: StoreSettings

    def open(self, **options: Any) -> AbstractContextManager[Warehouse]:
        return open_warehouse(self.settings, **options)


def _database() -> str:
    return f"facts_{next(_numbers)}"


@pytest.fixture
def chdb_place(embedded_home: Path) -> Place:
    return Place(StoreSettings(_env_file=None, jobdata_home=embedded_home, clickhouse_db=_database()))  # type: ignore[call-arg]


@pytest.fixture
def http_place(front_port: int, tmp_path: Path) -> Place:
    where = {"clickhouse_host": "127.0.0.1", "clickhouse_port": front_port}
    return Place(StoreSettings(_env_file=None, jobdata_home=tmp_path, clickhouse_db=_database(), **where))  # type: ignore[call-arg,arg-type]


@pytest.fixture(params=["chdb", "http"])
def place(request: pytest.FixtureRequest) -> Place:
    found: Place = request.getfixturevalue(f"{request.param}_place")
    return found


@pytest.fixture
def warehouse(chdb_place: Place) -> Iterator[Warehouse]:
    """The embedded one, for what does not depend on how the engine is reached."""
    with chdb_place.open() as opened:
        opened.migrate()
        yield opened


@pytest.fixture
def zone(tmp_path: Path) -> LandingZone:
    return LandingZone.from_url((tmp_path / "landing").as_uri())
