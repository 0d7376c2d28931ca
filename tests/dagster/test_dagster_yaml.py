"""dagster.yaml and workspace.yaml, loaded for real; the storage on SQLite and on a PostgreSQL server."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import psycopg2
import pytest
import yaml
from alembic.script import ScriptDirectory
from pydantic import SecretStr

from crawler_core.errors import BadSetting
from jobdata_resources.instance_storage import postgres_url

ROOT = Path(__file__).parents[2]
SERVER = os.environ.get("TEST_PG_URL", "postgresql://postgres@127.0.0.1:5432/postgres")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "dagster home"
    folder.mkdir()
    shutil.copy(ROOT / "dagster.yaml", folder)
    monkeypatch.setenv("DAGSTER_HOME", str(folder))
    monkeypatch.delenv("DAGSTER_PG_URL", raising=False)
    monkeypatch.chdir(tmp_path)  # no .env of the developer
    return folder


@pytest.fixture
def database() -> Iterator[str]:
    """A PostgreSQL database of its own, dropped afterwards."""
    try:
        server = psycopg2.connect(SERVER, connect_timeout=3)
    except psycopg2.OperationalError as error:
        pytest.skip(f"no PostgreSQL at {SERVER.rsplit('@', 1)[-1]}: {error}".strip())
    server.autocommit = True
    name = f"jobdata_test_{uuid.uuid4().hex[:12]}"
    try:
        with server.cursor() as cursor:
            cursor.execute(f'CREATE DATABASE "{name}"')
        yield f"{SERVER.rsplit('/', 1)[0]}/{name}"
    finally:
        with server.cursor() as cursor:
            cursor.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        server.close()


def use(instance: dg.DagsterInstance) -> None:
    """Write and read through every storage, as a run does; then again through a reference, as a child process does."""

    @dg.asset(pool="warehouse")
    def probe() -> None: ...

    instance.add_dynamic_partitions("probe_keyword", ["数据 工程师", "C++"])
    assert list(instance.get_dynamic_partitions("probe_keyword")) == ["数据 工程师", "C++"]
    assert dg.materialize([probe], instance=instance).success
    assert instance.get_latest_materialization_event(probe.key) is not None
    with dg.DagsterInstance.from_ref(instance.get_ref()) as again:
        assert type(again.run_storage) is type(instance.run_storage)
        assert again.get_runs_count() == 1
        assert again.all_instigator_state() == []


def test_sqlite_is_the_default(home: Path) -> None:
    with dg.DagsterInstance.get() as instance:
        use(instance)
        assert type(instance.run_storage).__name__ == "SqliteRunStorage"
    assert (home / "history" / "runs.db").exists()


def test_postgresql_when_the_url_is_set(home: Path, database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAGSTER_PG_URL", database)
    with dg.DagsterInstance.get() as instance:
        use(instance)
        assert type(instance.run_storage).__name__ == "PostgresRunStorage"
        assert database not in str(instance.get_ref())
    assert not (home / "history").exists()


def test_the_url_may_come_from_dotenv(home: Path, database: str) -> None:
    Path(".env").write_text(f"DAGSTER_PG_URL={database}\n", encoding="utf-8")
    with dg.DagsterInstance.get() as instance:
        assert type(instance.run_storage).__name__ == "PostgresRunStorage"


def test_a_wrong_url_is_named_without_its_password(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAGSTER_PG_URL", "mysql://me:geheim@host/db")
    with pytest.raises(dg.DagsterInvalidConfigError, match="DAGSTER_PG_URL") as error:
        dg.DagsterInstance.get()
    assert "geheim" not in str(error.value)


@pytest.mark.parametrize(
    ("given", "made"),
    [
        ("postgresql://u:p@h/d", "postgresql+psycopg2://u:p@h/d"),
        ("postgres://u@h:5433/d", "postgresql+psycopg2://u@h:5433/d"),
        ("postgresql+psycopg2://u:p%40%2F@h/d?sslmode=require", "postgresql+psycopg2://u:p%40%2F@h/d?sslmode=require"),
    ],
)
def test_the_installed_driver_is_named(given: str, made: str) -> None:
    assert postgres_url(SecretStr(given)) == made


@pytest.mark.parametrize("given", ["nonsense", "mysql://u:geheim@h/d", "postgresql://u:geheim@h", "postgresql://"])
def test_other_urls_are_refused(given: str) -> None:
    with pytest.raises(BadSetting, match="write postgresql://") as error:
        postgres_url(SecretStr(given))
    assert "geheim" not in str(error.value)


def test_the_instance_is_as_we_want_it(home: Path) -> None:
    with dg.DagsterInstance.get() as instance:
        assert not instance.telemetry_enabled
        assert instance.run_monitoring_enabled
        assert instance.run_monitoring_max_runtime_seconds == 86400
        assert (
            instance.run_monitoring_free_slots_after_run_end_seconds
            if hasattr(instance, "run_monitoring_free_slots_after_run_end_seconds")
            else instance.get_settings("run_monitoring")["free_slots_after_run_end_seconds"]
        )
        assert instance.run_retries_enabled
        assert instance.run_retries_max_retries == 1
        assert not instance.run_retries_retry_on_asset_or_op_failure
        assert instance.freshness_enabled
        concurrency = instance.get_concurrency_config()
        assert concurrency.pool_config.pool_granularity is not None
        assert concurrency.pool_config.pool_granularity.value == "run"
        assert concurrency.pool_config.default_pool_limit == 1
        queue = concurrency.run_queue_config
        assert queue is not None
        assert queue.max_concurrent_runs == 4
        assert [limit["key"] for limit in queue.tag_concurrency_limits] == ["jobdata/crawl", "dagster/backfill"]


def test_the_migration_scripts_are_read_once_in_a_process(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with dg.DagsterInstance.get():
        pass
    read: list[str] = []
    monkeypatch.setattr(ScriptDirectory, "_load_revisions", lambda self: read.append(self.dir) or iter(()))
    with dg.DagsterInstance.get() as instance:
        assert instance.get_runs() == []
    assert read == [], "a tick of a sensor would read them each time"


def test_a_misspelt_setting_would_be_noticed(home: Path) -> None:
    text = (home / "dagster.yaml").read_text(encoding="utf-8")
    (home / "dagster.yaml").write_text(text.replace("poll_interval_seconds", "pol_interval_seconds"), encoding="utf-8")
    with pytest.raises(dg.DagsterInvalidConfigError, match="pol_interval_seconds"):
        dg.DagsterInstance.get()


def test_the_workspace_names_our_module() -> None:
    workspace = yaml.safe_load((ROOT / "workspace.yaml").read_text(encoding="utf-8"))
    [entry] = workspace["load_from"]
    assert entry["python_module"]["module_name"] == "jobdata_assets.definitions"
