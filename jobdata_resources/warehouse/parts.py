"""Keeps the number of parts small where nobody else merges: in the embedded engine."""

from __future__ import annotations

from collections.abc import Iterable

from jobdata_resources.warehouse import sqltext
from jobdata_resources.warehouse.client import Engine

__all__ = ["MAX_PARTS", "keep_parts_few"]

MAX_PARTS = 60
"""Parts of one partition of a base table above which an embedded load merges it after its commit; background merges
are held back there (``client``). A day of 200,000 postings brings about ten. The engine refuses inserts at 3,000."""


def keep_parts_few(engine: Engine, tables: Iterable[str]) -> None:
    """Merge the partitions of these tables that have more than ``MAX_PARTS`` parts; embedded only."""
    if not engine.embedded:
        return
    crowded = engine.query(
        """SELECT table, partition_id FROM system.parts WHERE database = {db:String} AND table IN {tables:Array(String)}
        AND active GROUP BY table, partition_id HAVING count() > {limit:UInt32}""",
        {"db": engine.database, "tables": list(tables), "limit": MAX_PARTS},
    )
    for table, partition in crowded:
        named = sqltext.name(table)
        engine.command(f"SYSTEM START MERGES {named}", doing=f"merge {table}")
        try:
            engine.command(f"OPTIMIZE TABLE {named} PARTITION ID {sqltext.literal(partition)}", doing=f"merge {table}")
        finally:
            engine.command(f"SYSTEM STOP MERGES {named}", doing=f"merge {table}")
