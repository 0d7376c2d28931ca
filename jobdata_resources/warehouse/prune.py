"""Housekeeping of the warehouse: old telemetry, rows that newer ones have taken the place of, unfinished loads.

Nothing that a reader can see changes but the telemetry that is dropped. Telemetry goes by whole months: dropping a
partition is one step that is done or not done, while a DELETE would touch every part of the table.

A row is superseded when another of the same key is stored too: days that were loaded again, jobs seen on several
days. Views collapse them, so they cost space and time only. A server merges them away by itself; embedded, background
merges are held back (``client``), and this is where they are made up for.
"""

# ruff: noqa: S608 - generated SQL: names are quoted by sqltext, values of callers are bound as parameters

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from jobdata_resources.retention.decide import Commit, month_is_past
from jobdata_resources.warehouse import sqltext
from jobdata_resources.warehouse.catalog import CRAWL_PAGE, Catalog
from jobdata_resources.warehouse.client import SPILL, Engine
from jobdata_resources.warehouse.company_tables import COMPANY_LEDGER
from jobdata_resources.warehouse.load import delta_partitions
from jobdata_resources.warehouse.tables import LEDGER, Relation

__all__ = [
    "MERGE_SHARE",
    "Pruned",
    "committed_companies",
    "committed_searches",
    "drop_old_telemetry",
    "merge_superseded",
    "unfinished_rows",
]

MERGE_SHARE = 0.2
"""Share of superseded rows at which a partition is merged: rewriting all of it must be worth it."""


@dataclass(frozen=True, slots=True)
class Pruned:
    """Rows that went, or would, and the bytes of the parts they were in, compressed."""

    rows: int = 0
    bytes: int = 0


def committed_searches(engine: Engine, platform: str, date: dt.date) -> list[Commit]:
    """The committed loads of a day of searches."""
    rows = engine.query(
        f"SELECT toUnixTimestamp64Milli(committed_at), segments FROM {LEDGER}"
        " WHERE platform = {platform:String} AND crawl_date = {date:Date}",
        {"platform": platform, "date": date},
        doing="read the ledger",
    )
    return [Commit(at=_instant(at), segments=int(segments)) for at, segments in rows]


def committed_companies(engine: Engine, platform: str, date: dt.date) -> list[Commit]:
    """The committed loads of a day of companies."""
    rows = engine.query(
        f"SELECT toUnixTimestamp64Milli(committed_at), batches FROM {COMPANY_LEDGER}"
        " WHERE platform = {platform:String} AND crawl_date = {date:Date}",
        {"platform": platform, "date": date},
        doing="read the ledger",
    )
    return [Commit(at=_instant(at), units=frozenset(map(str, batches))) for at, batches in rows]


def drop_old_telemetry(engine: Engine, first_kept: dt.date, *, dry_run: bool) -> Pruned:
    """Drop the months of ``crawl_page`` that lie wholly before the day."""
    found = engine.query(
        f"""SELECT p.partition_id, any(m.month), any(p.n), any(p.size) FROM
        (
            SELECT partition_id, sum(rows) AS n, sum(bytes_on_disk) AS size FROM system.parts
            WHERE database = {{db:String}} AND table = {{table:String}} AND active GROUP BY partition_id
        ) AS p INNER JOIN
        (
            SELECT DISTINCT _partition_id AS id, toYYYYMM(crawl_date) AS month FROM {CRAWL_PAGE.base}
        ) AS m ON m.id = p.partition_id
        GROUP BY p.partition_id ORDER BY p.partition_id""",
        {"db": engine.database, "table": CRAWL_PAGE.base},
        doing="look for old telemetry",
    )
    rows = size = 0
    for partition, month, count, on_disk in found:
        if not month_is_past(int(month), first_kept):
            continue
        rows, size = rows + int(count), size + int(on_disk)
        if not dry_run:
            engine.command(
                f"ALTER TABLE {CRAWL_PAGE.base} DROP PARTITION ID {sqltext.literal(str(partition))}",
                doing="drop old telemetry",
            )
    return Pruned(rows, size)


def merge_superseded(engine: Engine, catalog: Catalog, *, dry_run: bool) -> Pruned:
    """Merge the partitions with many superseded rows; embedded only. Bytes are what was freed, 0 in a dry run."""
    rows = size = 0
    if not engine.embedded:
        return Pruned()
    for relation in (*catalog.relations, *catalog.companies):
        for partition, stored in _crowded(engine, relation.base):
            superseded = stored - _keys(engine, relation, partition)
            if superseded < stored * MERGE_SHARE:
                continue
            rows += superseded
            if not dry_run:
                before = _bytes(engine, relation.base, partition)
                _merge(engine, relation.base, partition)
                size += max(0, before - _bytes(engine, relation.base, partition))
    return Pruned(rows, size)


def unfinished_rows(engine: Engine, catalog: Catalog, platforms: Sequence[str]) -> int:
    """Rows of loads that were killed before their commit; healing a platform removes them."""
    total = 0
    for relation in catalog.relations:
        if not any(delta_partitions(engine, relation, platform) for platform in platforms):
            continue
        [(count,)] = engine.query(
            f"SELECT count() FROM {sqltext.name(relation.delta)}"
            f" WHERE load_id NOT IN (SELECT load_id FROM {relation.ledger})"
        )
        total += int(count)
    return total


def _crowded(engine: Engine, table: str) -> list[tuple[str, int]]:
    """Partitions of several parts with their rows: one part alone holds every key once, as it was merged or written."""
    rows = engine.query(
        """SELECT partition_id, sum(rows) FROM system.parts
        WHERE database = {db:String} AND table = {table:String} AND active
        GROUP BY partition_id HAVING count() > 1 ORDER BY partition_id""",
        {"db": engine.database, "table": table},
    )
    return [(str(partition), int(count)) for partition, count in rows]


def _keys(engine: Engine, relation: Relation, partition: str) -> int:
    key = sqltext.columns(relation.order_by)
    [(count,)] = engine.query(
        f"SELECT count() FROM (SELECT 1 FROM {sqltext.name(relation.base)} WHERE _partition_id = {{id:String}}"
        f" GROUP BY {key})",
        {"id": partition},
        settings=SPILL,
        doing=f"count superseded rows of {relation.name}",
    )
    return int(count)


def _bytes(engine: Engine, table: str, partition: str) -> int:
    [(size,)] = engine.query(
        "SELECT sum(bytes_on_disk) FROM system.parts WHERE database = {db:String} AND table = {table:String}"
        " AND partition_id = {id:String} AND active",
        {"db": engine.database, "table": table, "id": partition},
    )
    return int(size or 0)


def _merge(engine: Engine, table: str, partition: str) -> None:
    named = sqltext.name(table)
    engine.command(f"SYSTEM START MERGES {named}", doing=f"merge {table}")
    try:
        engine.command(
            f"OPTIMIZE TABLE {named} PARTITION ID {sqltext.literal(partition)} FINAL", doing=f"merge {table}"
        )
    finally:
        engine.command(f"SYSTEM STOP MERGES {named}", doing=f"merge {table}")


def _instant(milliseconds: int) -> dt.datetime:
    return dt.datetime.fromtimestamp(milliseconds / 1000, dt.UTC)
