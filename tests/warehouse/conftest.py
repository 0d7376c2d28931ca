"""Two warehouses for every test: the embedded engine, and the same engine behind HTTP in a child process.

One process can open one embedded folder, and every open and close leaks threads: the folder is kept open for a
whole module and each test has its own database. Not for the session: other modules have folders of their own.
"""

from __future__ import annotations

import itertools
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from crawler_core.landing import LandingZone
from jobdata_resources.settings import StoreSettings
from jobdata_resources.warehouse import Warehouse, open_warehouse

_numbers = itertools.count(1)
FRONT = Path(__file__).resolve().parents[1] / "support" / "clickhouse_front.py"


@pytest.fixture(scope="module")
def embedded_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    home = tmp_path_factory.mktemp("embedded")
    with open_warehouse(StoreSettings(_env_file=None, jobdata_home=home)):  # type: ignore[call-arg]
        yield home


@pytest.fixture(scope="session")
def front_port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    folder = tmp_path_factory.mktemp("front")
    command = [sys.executable, str(FRONT), "--path", str(folder / "clickhouse")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        port = int(process.stdout.readline())
        yield port
        process.kill()


@dataclass(frozen=True)
class Place:
    """Where a test's warehouse is: open it as often as needed."""

    settings: StoreSettings
    kind: str

    def open(self, **options: Any) -> AbstractContextManager[Warehouse]:
        return open_warehouse(self.settings, **options)


@pytest.fixture(params=["chdb", "http"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    database = f"test_{next(_numbers)}"
    values: dict[str, Any] = {"_env_file": None, "clickhouse_db": database}
    if request.param == "chdb":
        values["jobdata_home"] = request.getfixturevalue("embedded_home")
    else:
        values |= {"jobdata_home": tmp_path, "clickhouse_host": "127.0.0.1"}
        values["clickhouse_port"] = request.getfixturevalue("front_port")
    return Place(StoreSettings(**values), request.param)


@pytest.fixture
def open_place(place: Place) -> Iterator[Callable[..., Warehouse]]:
    """Open the warehouse of the test, possibly with other platforms; closed at the end."""
    with ExitStack() as stack:
        yield lambda **options: stack.enter_context(place.open(**options))


@pytest.fixture
def warehouse(place: Place) -> Iterator[Warehouse]:
    with place.open() as opened:
        opened.migrate()
        yield opened


@pytest.fixture
def zone(tmp_path: Path) -> LandingZone:
    return LandingZone.from_url((tmp_path / "landing").as_uri())
