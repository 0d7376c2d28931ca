"""Where Dagster keeps runs, events and schedules: SQLite, or PostgreSQL when ``DAGSTER_PG_URL`` is set.

``dagster.yaml`` cannot choose by itself, and two files that have to be copied the right way round can be copied the
wrong way round. This class is named once in ``dagster.yaml`` and chooses each time a process opens the instance; what
it returns is Dagster's own storage. It is part of the instance, not a resource, and imports nothing else of ours but
the settings.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

from alembic.config import Config
from alembic.script import ScriptDirectory
from dagster import DagsterInvalidConfigError, StringSource
from dagster._core.storage import sql
from dagster._core.storage.base_storage import DagsterStorage
from dagster._serdes import ConfigurableClass, ConfigurableClassData
from pydantic import Field, SecretStr
from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from crawler_core.errors import BadSetting
from crawler_core.settings import EnvSettings, load

__all__ = ["EnvironmentStorage", "InstanceSettings", "postgres_url"]

_SCHEMES = ("postgres", "postgresql", "postgresql+psycopg2")


class InstanceSettings(EnvSettings):
    """What ``dagster.yaml`` leaves to the environment."""

    dagster_pg_url: SecretStr | None = Field(
        None, description="PostgreSQL for Dagster, `postgresql://user:password@host/db`; unset = SQLite"
    )


def postgres_url(value: SecretStr) -> str:
    """The URL with the driver that is installed.

    ``postgresql://`` means psycopg 3 since SQLAlchemy 2.1, while ``dagster-postgres`` brings psycopg2
    (dagster issue 33958).

    Raises:
        BadSetting: not a PostgreSQL URL; the value is not repeated, it holds a password.
    """
    try:
        url: URL = make_url(value.get_secret_value())
    except ArgumentError:
        raise BadSetting("DAGSTER_PG_URL=***: not a URL; write postgresql://user:password@host:5432/database") from None
    if url.drivername not in _SCHEMES or not url.database:
        raise BadSetting(
            f"DAGSTER_PG_URL=***: scheme {url.drivername!r}, database {url.database!r};"
            " write postgresql://user:password@host:5432/database"
        )
    return url.set(drivername="postgresql+psycopg2").render_as_string(hide_password=False)


class _ReadOnce:
    """In the place of alembic's class where Dagster asks for the newest revision of its tables.

    Every tick of a sensor that asks the instance opens it anew, and Dagster then reads its migration scripts
    three times: two thirds of the tick. The scripts of an installed package do not change while a process runs.
    """

    @staticmethod
    @functools.lru_cache(maxsize=8)
    def from_config(config: Config) -> ScriptDirectory:
        return ScriptDirectory.from_config(config)


sql.ScriptDirectory = _ReadOnce  # type: ignore[attr-defined,assignment]


class EnvironmentStorage(DagsterStorage, ConfigurableClass):
    """Makes the storage the environment asks for; never instantiated itself."""

    @classmethod
    def config_type(cls) -> Mapping[str, Any]:
        """``sqlite_dir``: folder of the SQLite files, used when ``DAGSTER_PG_URL`` is not set."""
        return {"sqlite_dir": StringSource}

    @classmethod
    def from_config_value(  # type: ignore[override]  # it makes another class, as its docstring says
        cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]
    ) -> DagsterStorage:
        """Open PostgreSQL or SQLite.

        Raises:
            DagsterInvalidConfigError: ``DAGSTER_PG_URL`` is not a PostgreSQL URL.
        """
        try:
            configured = load(InstanceSettings).dagster_pg_url
            url = postgres_url(configured) if configured else ""
        except BadSetting as error:
            raise DagsterInvalidConfigError(str(error), [], None) from None  # type: ignore[no-untyped-call]
        if url:
            from dagster_postgres import DagsterPostgresStorage

            return DagsterPostgresStorage(postgres_url=url, inst_data=inst_data)
        from dagster._core.storage.sqlite_storage import DagsterSqliteStorage

        return DagsterSqliteStorage.from_local(str(config_value["sqlite_dir"]), inst_data=inst_data)
