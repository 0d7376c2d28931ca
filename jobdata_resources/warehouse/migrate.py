"""Brings the tables of a database to the catalog's state, any number of times.

Stored tables are created when missing, and get columns that are new and settings that changed; everything else about
them must fit. Views are replaced atomically, pipes are made anew. What was applied is recorded last in
``schema_version``, so a migration that was cut short is done again, and one that has nothing to do is one query.
"""

from __future__ import annotations

from jobdata_resources.warehouse import sqltext
from jobdata_resources.warehouse.catalog import SCHEMA_VERSION, Catalog
from jobdata_resources.warehouse.client import Engine
from jobdata_resources.warehouse.errors import WarehouseSchemaError
from jobdata_resources.warehouse.tables import Table, View

__all__ = ["migrate"]

_VERSIONS = """CREATE TABLE IF NOT EXISTS schema_version{cluster}
(
    version UInt32,
    fingerprint String,
    applied_at DateTime64(3, 'Asia/Shanghai') DEFAULT now64(3)
)
ENGINE = {engine}
ORDER BY applied_at
COMMENT 'schema versions applied, newest last'"""


def migrate(engine: Engine, catalog: Catalog) -> int:
    """Apply the catalog; returns the schema version.

    Raises:
        WarehouseSchemaError: the database is of a newer program, or a stored table differs otherwise than by
            columns that can be added. Nothing was changed in that table.
    """
    engines = catalog.engines
    engine.command(
        _VERSIONS.format(cluster=engines.on_cluster, engine=engines.merge_tree("")), doing="create schema_version"
    )
    rows = engine.query(
        "SELECT version, fingerprint FROM schema_version ORDER BY applied_at DESC, version DESC LIMIT 1"
    )
    version, fingerprint = (int(rows[0][0]), str(rows[0][1])) if rows else (0, "")
    if version > SCHEMA_VERSION:
        raise WarehouseSchemaError(
            f"database {engine.database} has schema version {version}, this program knows {SCHEMA_VERSION};"
            " update the program, or use another CLICKHOUSE_DB"
        )
    if (version, fingerprint) == (SCHEMA_VERSION, catalog.fingerprint):
        return version
    _apply(engine, catalog)
    engine.command(
        "INSERT INTO schema_version (version, fingerprint) VALUES ({version:UInt32}, {fingerprint:String})",
        {"version": SCHEMA_VERSION, "fingerprint": catalog.fingerprint},
        doing="record the schema version",
    )
    return SCHEMA_VERSION


def _apply(engine: Engine, catalog: Catalog) -> None:
    stored = [table for table in catalog.tables if table.stored]
    found = _columns(engine)
    # All checks come before the first change: a table that does not fit leaves the others as they were.
    changes = [statement for table in stored for statement in _upgrade(engine, catalog, table, found)]
    cluster = catalog.engines.on_cluster
    for view in catalog.pipes:
        engine.command(f"DROP VIEW IF EXISTS {sqltext.name(view.name)}{cluster}", doing=f"drop {view.name}")
    for table in catalog.tables:
        if not table.stored:
            engine.command(f"DROP TABLE IF EXISTS {sqltext.name(table.name)}{cluster}", doing=f"drop {table.name}")
    for statement in changes:
        engine.command(statement, doing="upgrade a table")
    items: tuple[Table | View, ...] = (*catalog.tables, *catalog.views, *catalog.pipes)
    for item in items:
        engine.command(item.create(catalog.engines), doing=f"create {item.name}")
    # It holds for tables that exist: the new ones are not among those stopped when the engine was opened.
    engine.hold_merges()


def _columns(engine: Engine) -> dict[str, dict[str, str]]:
    rows = engine.query(
        "SELECT table, name, type FROM system.columns WHERE database = {db:String} ORDER BY table, position",
        {"db": engine.database},
    )
    found: dict[str, dict[str, str]] = {}
    for table, column, kind in rows:
        found.setdefault(table, {})[column] = kind
    return found


def _upgrade(engine: Engine, catalog: Catalog, table: Table, found: dict[str, dict[str, str]]) -> list[str]:
    """The ALTERs that make a stored table fit; none when it does not exist yet."""
    present = found.get(table.name)
    if present is None:
        return []
    where = f"table {engine.database}.{table.name}"
    remedy = "load into another CLICKHOUSE_DB, or drop the database and load it again from the landing zone"
    wanted = {column.name: column for column in table.columns}
    for name in present:
        if name not in wanted:
            raise WarehouseSchemaError(
                f"{where} has column {name!r}, which this program does not know; keep its field, or {remedy}"
            )
    statements = []
    before = ""
    for column in table.columns:
        if column.name not in present:
            if column.aggregate == "key" and table.order_by and column.name in table.order_by:
                raise WarehouseSchemaError(f"{where}: key column {column.name!r} cannot be added in place; {remedy}")
            place = f"AFTER {sqltext.name(before)}" if before else "FIRST"
            statements.append(
                f"ALTER TABLE {sqltext.name(table.name)}{catalog.engines.on_cluster}"
                f" ADD COLUMN IF NOT EXISTS {column.ddl} {place}"
            )
        elif _plain(present[column.name]) != _plain(column.stored_type):
            raise WarehouseSchemaError(
                f"{where}: column {column.name!r} is {present[column.name]}, this program wants {column.stored_type};"
                f" {remedy}"
            )
        before = column.name
    sorting_key, engine_full = engine.query(
        "SELECT sorting_key, engine_full FROM system.tables WHERE database = {db:String} AND name = {name:String}",
        {"db": engine.database, "name": table.name},
    )[0]
    if _plain(sorting_key) != _plain(", ".join(table.order_by)):
        raise WarehouseSchemaError(
            f"{where} is sorted by ({sorting_key}), this program wants ({', '.join(table.order_by)}); {remedy}"
        )
    if any(setting not in engine_full for setting in filter(None, table.settings.split(", "))):
        statements.append(
            f"ALTER TABLE {sqltext.name(table.name)}{catalog.engines.on_cluster} MODIFY SETTING {table.settings}"
        )
    return statements


def _plain(text: str) -> str:
    return text.replace(" ", "").replace("`", "")
