"""Checks of the warehouse, the control store and Dagster's storage. Nothing is created where nothing is."""

from __future__ import annotations

import datetime as dt
import fcntl
import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from pydantic import SecretStr

from crawler_core.settings import load
from jobdata_resources.control import ControlStore
from jobdata_resources.control.revision import HEAD
from jobdata_resources.doctor.check import TIMEOUT_SECONDS, Finding, fail, ok, warn
from jobdata_resources.doctor.machine import skew
from jobdata_resources.instance_storage import InstanceSettings, postgres_url
from jobdata_resources.settings import StoreSettings
from jobdata_resources.warehouse.catalog import SCHEMA_VERSION
from jobdata_resources.warehouse.client import Engine, open_engine
from jobdata_resources.warehouse.embedded import EmbeddedHome

__all__ = ["look_at_control_store", "look_at_dagster", "look_at_warehouse"]

_MIGRATE = "run `jobdata db migrate`"
_DAEMON_SECONDS = 300


def look_at_warehouse() -> Iterator[Finding]:
    """Opens, answers, and has the tables of this program. An embedded one that is in use is left alone."""
    settings = load(StoreSettings)
    if not settings.clickhouse_host:
        places = EmbeddedHome(settings.jobdata_home)
        if places.data.exists() and not places.data.is_dir():
            yield fail(f"{places.data} is a file", "move it away, or change JOBDATA_HOME")
            return
        if not places.data.exists():
            yield warn(f"no embedded warehouse in {places.data} yet", _MIGRATE)
            return
        if not os.access(places.data, os.W_OK | os.X_OK, effective_ids=True):
            yield fail(f"{places.data} cannot be written by this user", _owner(places.data))
            return
        if _is_held(places.lock):
            holder = places.lock.read_text(errors="replace").strip()
            yield ok(f"the embedded warehouse is in use by another process ({holder or 'unknown'}), so it works")
            return
    with open_engine(settings.model_copy(update={"clickhouse_lock_seconds": 0.0})) as engine:
        began = time.time()
        [(version, milliseconds)] = engine.query("SELECT version(), toUnixTimestamp64Milli(now64(3))")
        kind = "chDB" if engine.embedded else f"ClickHouse at {settings.clickhouse_host}:{settings.clickhouse_port}"
        yield ok(f"{kind}, version {version}, database {engine.database}")
        if not engine.embedded:
            yield from skew(milliseconds / 1000 - began, "the warehouse")
        yield _schema(engine)


def _schema(engine: Engine) -> Finding:
    tables = engine.query(
        "SELECT count() FROM system.tables WHERE database = {db:String} AND name = 'schema_version'",
        {"db": engine.database},
    )
    if not tables[0][0]:
        return fail(f"database {engine.database} has no tables", _MIGRATE)
    rows = engine.query("SELECT version FROM schema_version ORDER BY applied_at DESC, version DESC LIMIT 1")
    found = int(rows[0][0]) if rows else 0
    if found > SCHEMA_VERSION:
        return fail(f"schema version {found}, this program knows {SCHEMA_VERSION}", "update the program")
    return ok(f"schema version {found}") if found == SCHEMA_VERSION else fail(f"schema version {found}", _MIGRATE)


def _is_held(lock: Path) -> bool:
    if not lock.exists():
        return False
    descriptor = os.open(lock, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def look_at_control_store() -> Iterator[Finding]:
    """Reachable, and its tables are those of this program."""
    url = load(StoreSettings).control_db_url
    with ControlStore(url) as store:
        path = Path(url.get_secret_value().removeprefix("sqlite:///"))
        if store.is_embedded and not path.exists():
            yield warn(f"no control store in {path} yet", _MIGRATE)
            return
        found = store.revision()
        if found is None:
            yield fail(f"{store.label} has no tables", _MIGRATE)
        elif found != HEAD:
            remedy = _MIGRATE if found < HEAD else "update the program"
            yield fail(f"{store.label} is at revision {found}, this program needs {HEAD}", remedy)
        else:
            yield ok(f"{store.label}, revision {found}")


def look_at_dagster() -> Iterator[Finding]:
    """Dagster's home and storage, and whether its daemon lives."""
    home = os.environ.get("DAGSTER_HOME", "")
    if not home:
        yield warn("DAGSTER_HOME is not set", "set it to $JOBDATA_HOME/dagster, with a copy of dagster.yaml in it")
        return
    if not Path(home).is_dir():
        yield fail(f"DAGSTER_HOME {home} does not exist", "make the folder and copy dagster.yaml into it")
        return
    if not (Path(home) / "dagster.yaml").is_file():
        yield fail(
            f"{home} holds no dagster.yaml", "copy the one of this project: limits, retries, retention are in it"
        )
        return
    if (url := load(InstanceSettings).dagster_pg_url) is not None:
        problem = _postgres_problem(url)
        if problem is not None:
            yield problem
            return
        yield ok("storage in PostgreSQL answers")
    else:
        try:
            with tempfile.TemporaryFile(dir=home):
                pass
        except OSError as error:
            yield fail(f"{home} cannot be written: {error.strerror}", _owner(Path(home)))
            return
        yield ok(f"storage in SQLite under {home}")
    yield _daemon()


def _postgres_problem(value: SecretStr) -> Finding | None:
    """What keeps us from the database, without the driver's text: it may hold the user."""
    from sqlalchemy import create_engine, make_url, text
    from sqlalchemy.exc import SQLAlchemyError

    url = make_url(postgres_url(value))
    where = f"PostgreSQL {url.host}:{url.port or 5432}/{url.database}"
    engine = create_engine(url, connect_args={"connect_timeout": int(TIMEOUT_SECONDS)}, hide_parameters=True)
    try:
        with engine.connect() as connection:
            connection.execute(text("SELECT 1"))
    except SQLAlchemyError as error:
        message = str(error)
        for mark, remedy in (
            ("password authentication failed", "user or password is wrong; correct DAGSTER_PG_URL"),
            ("no password supplied", "the server wants a password; give it in DAGSTER_PG_URL"),
            ("role ", "the user does not exist; correct DAGSTER_PG_URL or CREATE ROLE it"),
            ("database ", "the database does not exist; CREATE DATABASE it"),
            ("could not translate host name", "the host name is unknown; correct DAGSTER_PG_URL"),
        ):
            if mark in message:
                return fail(f"{where} refuses", remedy)
        return fail(f"{where} does not answer", "check host, port and that the server runs")
    finally:
        engine.dispose()
    return None


def _daemon() -> Finding:
    import dagster as dg

    with dg.DagsterInstance.get() as instance:
        beats = instance.get_daemon_heartbeats()
    newest = max((beat.timestamp for beat in beats.values()), default=None)
    remedy = "start `dagster-daemon run` (or `dagster dev`): without it no schedule and no sensor ticks"
    if newest is None:
        return warn("the daemon has never run on this storage", remedy)
    age = time.time() - newest
    since = dt.datetime.fromtimestamp(newest).astimezone().isoformat(timespec="seconds")
    return warn(f"no sign of the daemon since {since}", remedy) if age > _DAEMON_SECONDS else ok("the daemon is alive")


def _owner(path: Path) -> str:
    return f"`chown` {path} to the user that runs this, or correct its permissions"
