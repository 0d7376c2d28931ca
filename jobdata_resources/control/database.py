"""The connection to the control database: engine, transactions, and errors that keep the password to themselves.

``read`` and ``write`` run a function in one transaction. A write on SQLite begins with ``BEGIN IMMEDIATE``: a
transaction that reads first and upgrades later fails at once when another process writes, whatever the busy
timeout. On MariaDB and MySQL the isolation is READ COMMITTED (no gap locks, so two imports do not deadlock) and a
transaction that collided with another one (deadlock, or the same new entry) is run again.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from pydantic import SecretStr
from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError, StatementError
from sqlalchemy.orm import Session

from jobdata_resources.control.errors import ControlStoreError, StoreNotMigrated, StoreUnavailable

__all__ = ["Database"]

T = TypeVar("T")

_BUSY_SECONDS = 30
_CONNECT_SECONDS = 10
_ATTEMPTS = 6
_WRITE = "jobdata_write"
_RETRIED = {1062, 1205, 1213}
_REMEDY: dict[object, tuple[type[ControlStoreError], str]] = {
    1044: (StoreUnavailable, "the user may not use this database; GRANT it or correct CONTROL_DB_URL"),
    1045: (StoreUnavailable, "user or password is wrong; correct CONTROL_DB_URL"),
    1049: (StoreUnavailable, "the database does not exist; CREATE DATABASE it with CHARACTER SET utf8mb4"),
    1698: (StoreUnavailable, "user or password is wrong; correct CONTROL_DB_URL"),
    2002: (StoreUnavailable, "the server does not answer; check host, port and that it runs"),
    2003: (StoreUnavailable, "the server does not answer; check host, port and that it runs"),
    2005: (StoreUnavailable, "the host name is unknown; correct CONTROL_DB_URL"),
    2006: (StoreUnavailable, "the server closed the connection; run again"),
    2013: (StoreUnavailable, "the server closed the connection; run again"),
    1205: (StoreUnavailable, "another process holds the rows for too long; run again"),
    1213: (StoreUnavailable, "transactions kept blocking each other; run again"),
    1062: (StoreUnavailable, "another process keeps storing the same entry; run again"),
    1146: (StoreNotMigrated, "a table is missing; run `jobdata db migrate`"),
    "SQLITE_BUSY": (StoreUnavailable, f"another process has been writing for {_BUSY_SECONDS} s; run again"),
    "SQLITE_CANTOPEN": (StoreUnavailable, "the file cannot be opened; check folder and permissions"),
    "SQLITE_READONLY": (StoreUnavailable, "the file may not be written; check its permissions"),
    "SQLITE_NOTADB": (StoreUnavailable, "the file is not an SQLite database; give another path"),
    "SQLITE_CORRUPT": (StoreUnavailable, "the file is damaged; restore it from a copy"),
    "SQLITE_FULL": (StoreUnavailable, "the disk is full; free some space"),
}


class Database:
    """An engine and its transactions.

    Attributes:
        label: server and database for messages, without user and password.
    """

    def __init__(self, url: SecretStr | str) -> None:
        parsed = _parse(url.get_secret_value() if isinstance(url, SecretStr) else url)
        self.is_sqlite = parsed.get_backend_name() == "sqlite"
        self._path = Path(parsed.database or "") if self.is_sqlite else None
        self.label = f"sqlite {self._path}" if self._path else _server_label(parsed)
        self.engine = self._sqlite(parsed) if self._path else _mysql(parsed)

    def read(self, work: Callable[[Session], T]) -> T:
        """Run ``work`` in one transaction that sees one state of the database.

        Raises:
            ControlStoreError: the database did not answer as it should.
        """
        return self._run(work, self.engine)

    def write(self, work: Callable[[Session], T]) -> T:
        """Run ``work`` in one transaction: all of it is stored, or nothing when it raises.

        ``work`` may run more than once (after a collision), so it must not have effects elsewhere.

        Raises:
            ControlStoreError: the database did not answer as it should.
        """
        engine = self.engine.execution_options(**{_WRITE: True})
        for _ in range(_ATTEMPTS - 1):
            try:
                return self._run(work, engine)
            except _Collision:
                continue
        return self._run(work, engine)

    def connect(self, work: Callable[[Connection], T]) -> T:
        """Run ``work`` on a bare connection inside one writing transaction (migrations)."""
        try:
            with self.engine.execution_options(**{_WRITE: True}).begin() as connection:
                return work(connection)
        except SQLAlchemyError as error:
            raise self.translate(error) from None

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()

    def _run(self, work: Callable[[Session], T], engine: Engine) -> T:
        try:
            with Session(engine, expire_on_commit=False) as session, session.begin():
                return work(session)
        except SQLAlchemyError as error:
            if isinstance(error, StatementError) and isinstance(error.orig, TypeError):
                raise error.orig from None  # a caller's bug, for instance a time without zone
            raise self.translate(error) from None

    def translate(self, error: SQLAlchemyError) -> ControlStoreError:
        """The error without parameters, user or password; the driver's own text may hold any of them."""
        code = _code(error)
        if code == "SQLITE_ERROR" and "no such table" in str(getattr(error, "orig", "")):
            return StoreNotMigrated(f"control store {self.label}: a table is missing; run `jobdata db migrate`")
        kind, remedy = _REMEDY.get(code, (ControlStoreError, ""))
        if code in _RETRIED:
            kind = _Collision
        if not remedy:
            statement = str(getattr(error, "statement", None) or "")[:120]
            remedy = f"{type(getattr(error, 'orig', None) or error).__name__} {code}" + (
                f" in `{statement}`" if statement else ""
            )
        return kind(f"control store {self.label}: {remedy}")

    def _sqlite(self, url: URL) -> Engine:
        path = Path(url.database or "")
        engine = create_engine(url, connect_args={"timeout": _BUSY_SECONDS}, hide_parameters=True)

        @event.listens_for(engine, "do_connect")
        def _create(*_: Any) -> None:
            _private_file(path, self.label)

        @event.listens_for(engine, "connect")
        def _pragmas(connection: sqlite3.Connection, _: Any) -> None:
            connection.isolation_level = None  # the driver's own BEGIN would be a deferred one
            connection.execute("PRAGMA foreign_keys = ON")
            _write_ahead(connection)

        @event.listens_for(engine, "begin")
        def _begin(connection: Connection) -> None:
            mode = "IMMEDIATE" if connection.get_execution_options().get(_WRITE) else "DEFERRED"
            connection.exec_driver_sql(f"BEGIN {mode}")

        return engine


class _Collision(StoreUnavailable):
    """Another transaction got in the way and this one was rolled back; running it again is safe."""


def _parse(url: str) -> URL:
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        raise ControlStoreError(
            "CONTROL_DB_URL is not a database URL (value not shown);"
            " write sqlite:////absolute/path/control.db or mysql+pymysql://user:password@host:3306/database"
        ) from None
    backend = parsed.get_backend_name()
    if backend == "sqlite":
        if parsed.database in (None, "", ":memory:"):
            raise ControlStoreError("CONTROL_DB_URL names no file; write sqlite:////absolute/path/control.db")
        return parsed
    if backend != "mysql":
        raise ControlStoreError(f"CONTROL_DB_URL: {backend} is not supported; use sqlite:/// or mysql+pymysql://")
    if "@" in (parsed.host or "") or "@" in (parsed.database or ""):
        raise ControlStoreError("CONTROL_DB_URL holds more than one '@'; percent-encode the one in the password as %40")
    if not parsed.host or not parsed.database:
        raise ControlStoreError(
            "CONTROL_DB_URL must name host and database: mysql+pymysql://user:password@host/database"
        )
    return parsed


def _server_label(url: URL) -> str:
    return f"mysql {url.host}:{url.port or 3306}/{url.database}"


def _mysql(url: URL) -> Engine:
    return create_engine(
        url.set(drivername="mysql+pymysql").update_query_dict({"charset": "utf8mb4"}),
        isolation_level="READ COMMITTED",
        hide_parameters=True,
        pool_pre_ping=True,
        pool_recycle=1800,
        connect_args={
            "connect_timeout": _CONNECT_SECONDS,
            # without strict mode a text that is too long is cut off and stored
            "init_command": "SET SESSION sql_mode = 'TRADITIONAL'",
        },
    )


def _private_file(path: Path, label: str) -> None:
    """Create the file readable by its owner only, before SQLite makes it readable by everybody: it holds tokens."""
    if path.exists():
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as error:
        raise StoreUnavailable(
            f"control store {label}: the file cannot be created ({error.strerror}); check folder and permissions"
        ) from None


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Switch to WAL. SQLite does not wait for a lock here, so processes that open a new file together must."""
    deadline = time.monotonic() + _BUSY_SECONDS
    while connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorname != "SQLITE_BUSY" or time.monotonic() > deadline:
                raise
            time.sleep(0.02)


def _code(error: SQLAlchemyError) -> object:
    """MySQL's error number, or SQLite's primary result code by name."""
    if not isinstance(error, DBAPIError) or error.orig is None:
        return type(error).__name__
    name = getattr(error.orig, "sqlite_errorname", None)
    if name is not None:
        return "_".join(str(name).split("_")[:2])
    return error.orig.args[0] if error.orig.args else type(error.orig).__name__
