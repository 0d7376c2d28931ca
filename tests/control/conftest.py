"""Control stores to test on: SQLite always, MariaDB/MySQL when a server answers; and a clock that stands still."""

from __future__ import annotations

import datetime as dt
import os
import shutil
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.exc import OperationalError

from jobdata_resources.control import ControlStore
from jobdata_resources.control.models import Base

NOON = dt.datetime(2026, 11, 21, 4, 0, tzinfo=dt.UTC)


class FakeClock:
    """12:00 in Shanghai on 2026-11-21, until it is advanced."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> dt.datetime:
        return self.now

    def advance(self, **delta: float) -> None:
        self.now += dt.timedelta(**delta)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture(scope="session")
def mysql_databases() -> Iterator[Callable[[], str]]:
    """Makes empty databases on the server and drops them at the end of the session."""
    server = make_url(os.environ.get("TEST_MYSQL_URL", "mysql+pymysql://root@127.0.0.1:3306/"))
    engine = create_engine(server.set(database="mysql"), connect_args={"connect_timeout": 3}, hide_parameters=True)
    try:
        engine.connect().close()
    except OperationalError:
        pytest.skip(
            f"no MariaDB or MySQL answers at {server.host}:{server.port or 3306}; set TEST_MYSQL_URL to test on one"
        )
    made: list[str] = []

    def make() -> str:
        name = f"jobdata_test_{uuid.uuid4().hex[:12]}"
        with engine.begin() as connection:
            # a careless default collation, on purpose: the tables must not depend on it
            connection.execute(text(f"CREATE DATABASE {name} CHARACTER SET latin1"))
        made.append(name)
        return server.set(database=name).render_as_string(hide_password=False)

    try:
        yield make
    finally:
        with engine.begin() as connection:
            for name in made:
                connection.execute(text(f"DROP DATABASE {name}"))
        engine.dispose()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "control.db"
    with ControlStore(f"sqlite:///{path}") as store:
        store.migrate()
    return path


@pytest.fixture(scope="session")
def mysql_migrated(mysql_databases: Callable[[], str]) -> str:
    url = mysql_databases()
    with ControlStore(url) as store:
        store.migrate()
    return url


@pytest.fixture(params=["sqlite", "mysql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database without tables."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'control.db'}"
    make: Callable[[], str] = request.getfixturevalue("mysql_databases")
    return make()


@pytest.fixture(params=["sqlite", "mysql"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A migrated database without rows."""
    if request.param == "sqlite":
        path = tmp_path / "control.db"
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        return f"sqlite:///{path}"
    url: str = request.getfixturevalue("mysql_migrated")
    engine = create_engine(url)
    with engine.begin() as connection:
        for table in Base.metadata.sorted_tables:
            connection.execute(table.delete())
    engine.dispose()
    return url


@pytest.fixture
def store(store_url: str, clock: FakeClock) -> Iterator[ControlStore]:
    with ControlStore(store_url, clock=clock) as store:
        yield store


@pytest.fixture
def sqlite_store(sqlite_template: Path, tmp_path: Path, clock: FakeClock) -> Iterator[ControlStore]:
    """For behaviour that does not depend on the database."""
    shutil.copy(sqlite_template, tmp_path / "control.db")
    with ControlStore(f"sqlite:///{tmp_path / 'control.db'}", clock=clock) as store:
        yield store
