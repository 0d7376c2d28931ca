"""Which revision the tables have against the one this program needs; cheap, without Alembic."""

from __future__ import annotations

from sqlalchemy import inspect, text
from sqlalchemy.orm import Session

from jobdata_resources.control.database import Database
from jobdata_resources.control.errors import StoreNotMigrated

__all__ = ["HEAD", "check_revision", "current_revision"]

HEAD = "0004"
"""The newest revision in ``migrations/versions``; a test holds it against the files."""


def current_revision(database: Database) -> str | None:
    """The revision of the tables, None where there are none."""

    def work(session: Session) -> str | None:
        if not inspect(session.connection()).has_table("alembic_version"):
            return None
        return session.execute(text("SELECT version_num FROM alembic_version")).scalar()

    return database.read(work)


def check_revision(database: Database) -> None:
    """Refuse to work on tables of another version.

    Raises:
        StoreNotMigrated: with the remedy.
    """
    found = current_revision(database)
    if found is None:
        raise StoreNotMigrated(f"control store {database.label} has no tables yet; run `jobdata db migrate`")
    if found != HEAD:
        remedy = "run `jobdata db migrate`" if found < HEAD else "update the program"
        raise StoreNotMigrated(
            f"control store {database.label} is at revision {found}, this program needs {HEAD}; {remedy}"
        )
