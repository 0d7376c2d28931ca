"""No answer of the database brings a password or a token into a message, a chained exception included."""

from __future__ import annotations

import socket
import sqlite3
import traceback
from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import create_engine, make_url, text

from crawler_core.values import Token
from jobdata_resources.control import ControlStore, ControlStoreError, StoreUnavailable

PASSWORD = "pa55-planted"


def shown(error: BaseException) -> str:
    return "".join(traceback.format_exception(error))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.mark.parametrize(
    ("url", "words"),
    [
        (f"not a url {PASSWORD}", "is not a database URL"),
        (f"mysql+pymysql://u:{PASSWORD}@host:port/db", "is not a database URL"),
        (f"mysql+pymysql://u:x@{PASSWORD}@host/db", "percent-encode"),
        (f"postgresql://u:{PASSWORD}@host/db", "postgresql is not supported"),
        (f"mysql+pymysql://u:{PASSWORD}@/db", "must name host and database"),
        (f"mysql+pymysql://u:{PASSWORD}@host", "must name host and database"),
        ("sqlite://", "names no file"),
        ("sqlite:///:memory:", "names no file"),
    ],
)
def test_a_bad_url_is_not_shown(url: str, words: str) -> None:
    with pytest.raises(ControlStoreError, match=words) as caught:
        ControlStore(SecretStr(url))
    assert PASSWORD not in str(caught.value)


def test_a_server_that_does_not_answer_is_named_without_its_login() -> None:
    port = free_port()
    with ControlStore(f"mysql+pymysql://someone:{PASSWORD}@127.0.0.1:{port}/jobs") as store:
        with pytest.raises(StoreUnavailable) as caught:
            store.keywords("boss")
        assert str(caught.value).startswith(f"control store mysql 127.0.0.1:{port}/jobs: the server does not answer")
        assert PASSWORD not in shown(caught.value)
        assert "someone" not in str(caught.value)


def test_a_refused_login_and_a_missing_database_say_so(mysql_databases: Callable[[], str]) -> None:
    url = make_url(mysql_databases())
    with ControlStore(url.set(username="nobody", password=PASSWORD).render_as_string(hide_password=False)) as store:
        with pytest.raises(StoreUnavailable, match=r"user or password is wrong|may not use") as caught:
            store.migrate()
        assert PASSWORD not in shown(caught.value)
    missing = url.set(database="jobdata_test_none").render_as_string(hide_password=False)
    with ControlStore(missing) as store, pytest.raises(StoreUnavailable, match="CREATE DATABASE"):
        store.migrate()


def test_a_failing_statement_does_not_show_the_token_it_carried(store: ControlStore) -> None:
    secret = "5ec7e7" * 5
    engine = create_engine(store._database.engine.url)
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE boss_token RENAME COLUMN wt2 TO wt3"))
    try:
        with pytest.raises(ControlStoreError) as caught:
            store.add_tokens([Token(mpt=SecretStr(secret))])
        assert secret not in shown(caught.value)
        assert "Error" in str(caught.value)
    finally:
        with engine.begin() as connection:
            connection.execute(text("ALTER TABLE boss_token RENAME COLUMN wt3 TO wt2"))
        engine.dispose()


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    (tmp_path / "control.db").write_text("these are not the pages of a database\n" * 100)
    store = ControlStore(f"sqlite:///{tmp_path / 'control.db'}")
    with store, pytest.raises(StoreUnavailable, match="is not an SQLite database"):
        store.migrate()


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    store = ControlStore(f"sqlite:///{tmp_path / 'file' / 'control.db'}")
    with store, pytest.raises(StoreUnavailable, match="cannot be created"):
        store.migrate()


def test_a_writer_that_never_ends_is_reported(sqlite_store: ControlStore, tmp_path: Path) -> None:
    sqlite_store.add_keyword("boss", "Java")
    sqlite_store.close()
    other = sqlite3.connect(tmp_path / "control.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with sqlite_store._database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA busy_timeout = 50")
    try:
        with pytest.raises(StoreUnavailable, match="another process has been writing"):
            sqlite_store.add_keyword("boss", "Go")
        assert [record.keyword.text for record in sqlite_store.keywords("boss")] == ["Java"]
    finally:
        other.close()


def test_a_store_works_again_after_the_server_dropped_its_connections(store: ControlStore) -> None:
    store.add_keyword("boss", "Java")
    if store.is_embedded:
        store.close()
    else:
        engine = create_engine(store._database.engine.url)
        with engine.connect() as connection:
            mine = connection.execute(text("SELECT CONNECTION_ID()")).scalar()
            name = store._database.engine.url.database
            for (number,) in connection.execute(
                text("SELECT id FROM information_schema.processlist WHERE db = :db"), {"db": name}
            ).fetchall():
                if number != mine:
                    connection.execute(text(f"KILL {number}"))
        engine.dispose()
    assert [record.keyword.text for record in store.keywords("boss")] == ["Java"]
