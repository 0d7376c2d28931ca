from __future__ import annotations

import multiprocessing
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, inspect, text

from jobdata_resources.control import ControlStore, KeywordRow, StoreNotMigrated
from jobdata_resources.control.migrate import alembic_config
from jobdata_resources.control.models import Base
from jobdata_resources.control.revision import HEAD

TABLES = {
    "boss_keyword", "qcwy_keyword", "zhilian_keyword", "boss_token", "proxy", "crawl_checkpoint",
    "company_cleaning_queue", "scheduled_task_run", "stats_total", "ip_upload_stats", "alert_incident",
    "crawl_plan",
}  # fmt: skip


def test_upgrade_from_empty_makes_the_tables_of_the_design(empty_url: str) -> None:
    with ControlStore(empty_url) as store:
        assert store.revision() is None
        assert store.migrate() == HEAD == store.revision()
    engine = create_engine(empty_url)
    assert set(inspect(engine).get_table_names()) == TABLES | {"alembic_version"}
    engine.dispose()


def test_upgrade_again_changes_nothing(empty_url: str) -> None:
    with ControlStore(empty_url) as store:
        store.migrate()
        store.add_keyword("boss", "Java", priority=4)
        assert store.migrate() == HEAD
        assert [record.priority for record in store.keywords("boss")] == [4]


def test_models_equal_the_migrated_schema(empty_url: str) -> None:
    with ControlStore(empty_url) as store:
        store.migrate()
    engine = create_engine(empty_url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []
    engine.dispose()


def test_head_is_the_newest_revision_file() -> None:
    scripts = ScriptDirectory.from_config(alembic_config())
    assert scripts.get_heads() == [HEAD]


def test_downgrade_removes_the_tables(tmp_path: Path) -> None:
    from alembic import command

    with ControlStore(f"sqlite:///{tmp_path / 'control.db'}") as store:
        store.migrate()
        store._database.connect(lambda connection: command.downgrade(alembic_config(connection), "base"))
        assert store.revision() is None


def test_a_killed_upgrade_is_run_again_from_the_start(mysql_databases: Callable[[], str]) -> None:
    # MariaDB commits after each CREATE TABLE: this is what a kill between two of them leaves behind
    url = mysql_databases()
    with ControlStore(url) as store:
        store.migrate()
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM alembic_version"))
        connection.execute(text("DROP TABLE stats_total"))
        connection.execute(text("DROP TABLE ip_upload_stats"))
    engine.dispose()
    with ControlStore(url) as store:
        assert store.migrate() == HEAD
        assert store.runs() == []


def _migrate(url: str) -> str:
    with ControlStore(url) as store:
        return store.migrate()


def test_processes_that_migrate_together_do_not_disturb_each_other(empty_url: str) -> None:
    with multiprocessing.get_context("spawn").Pool(3) as pool:
        assert pool.map(_migrate, [empty_url] * 3) == [HEAD] * 3


def test_a_store_without_tables_names_the_remedy(empty_url: str) -> None:
    with ControlStore(empty_url) as store, pytest.raises(StoreNotMigrated, match="run `jobdata db migrate`"):
        store.keywords("boss")


@pytest.mark.parametrize(("found", "remedy"), [("0000", "jobdata db migrate"), ("9999", "update the program")])
def test_a_store_of_another_version_is_refused(empty_url: str, found: str, remedy: str) -> None:
    with ControlStore(empty_url) as store:
        store.migrate()
    engine = create_engine(empty_url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :found"), {"found": found})
    engine.dispose()
    with ControlStore(empty_url) as store, pytest.raises(StoreNotMigrated, match=f"{found}.*{HEAD}.*{remedy}"):
        store.add_keyword("boss", "Java")


def test_migrate_refuses_a_newer_store(empty_url: str) -> None:
    with ControlStore(empty_url) as store:
        store.migrate()
        engine = create_engine(empty_url)
        with engine.begin() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        engine.dispose()
        with pytest.raises(StoreNotMigrated, match="update the program"):
            store.migrate()


def test_text_is_compared_byte_by_byte_whatever_the_server_prefers(store: ControlStore) -> None:
    from crawler_core.keyword import Keyword

    words = ["e", "é", "ü", "u", "数据", "數據", "C", "C++", "C#", "😀", "😁"]
    store.import_keywords("boss", [KeywordRow(keyword=Keyword.parse(word)) for word in words])
    assert [record.keyword.text for record in store.keywords("boss")] == words


def test_the_file_of_an_embedded_store_is_private_and_in_wal_mode(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "control.db"
    with ControlStore(f"sqlite:///{path}") as store:
        store.migrate()
        assert store.label == f"sqlite {path}"
        wal = path.with_name("control.db-wal")
        assert wal.exists()
        assert [stat.S_IMODE(file.stat().st_mode) for file in (path, wal)] == [0o600, 0o600]
