"""Runs the Alembic migrations from inside the package: no ini file, no command line, no working directory.

On SQLite the whole upgrade is one transaction. MariaDB and MySQL commit after every DDL statement, so the first
revision creates tables only where they are missing and can be run again after a kill; a named lock of the server
keeps two upgrades apart.
"""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.util.exc import CommandError
from sqlalchemy import Connection, text

from jobdata_resources.control.database import Database
from jobdata_resources.control.errors import StoreNotMigrated, StoreUnavailable

__all__ = ["alembic_config", "upgrade"]

_LOCK_SECONDS = 60


def alembic_config(connection: Connection | None = None) -> Config:
    """Alembic's configuration, bound to an open connection where one is given."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def upgrade(database: Database) -> str:
    """Bring the tables to the newest revision and return it; changes nothing when they are there already.

    Raises:
        StoreUnavailable: the database is not reachable, or another upgrade takes too long.
        StoreNotMigrated: the tables are of a newer version of this program.
    """

    def work(connection: Connection) -> str:
        lock = f"jobdata_migrate_{connection.engine.url.database}"[:64]
        if not database.is_sqlite:
            got = connection.execute(text("SELECT GET_LOCK(:name, :seconds)"), {"name": lock, "seconds": _LOCK_SECONDS})
            if got.scalar() != 1:
                raise StoreUnavailable(
                    f"control store {database.label}: another migration takes over {_LOCK_SECONDS} s; run again"
                )
        try:
            command.upgrade(alembic_config(connection), "head")
            if not database.is_sqlite:
                # Before the lock is released: the next one must not read a revision that is about to change.
                connection.exec_driver_sql("COMMIT")
            return str(MigrationContext.configure(connection).get_current_revision())
        except CommandError:
            raise StoreNotMigrated(
                f"control store {database.label} has a revision this program does not know; update the program"
            ) from None
        finally:
            if not database.is_sqlite:
                connection.execute(text("SELECT RELEASE_LOCK(:name)"), {"name": lock})

    return database.connect(work)
