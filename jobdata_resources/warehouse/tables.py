"""What a stored object of the warehouse is: columns, tables, relations and views as frozen values that write DDL.

Which objects there are is decided in ``catalog``; how platform answers become rows in ``extract``.

**How uniqueness and atomic visibility are guaranteed.** A ``Relation`` is three objects:

* ``<r>_base``: everything folded so far. AggregatingMergeTree, so rows of one key collapse in merges.
* ``<r>_delta``: the rows of loads that are running or not folded yet. The same structure.
* ``<r>``: the view that everybody reads: base, and those rows of the delta whose load is in the ledger
  ``crawl_run``, aggregated by key.

The key aggregation of the *view* guarantees one row per key, whatever merges have done: readers need no FINAL and
must not read ``_base`` or ``_delta``. Every aggregate is idempotent (min, max, any of equal values), so a row that
arrives twice (a resent insert, a re-run, a fold cut short) changes nothing. A load becomes visible by the one row it
inserts into the ledger; one inserted row is one block of one unpartitioned table, which is atomic on disk and in
memory, also in an embedded engine that is killed.

A reader's snapshot is taken in the order ledger, delta, base, and the writer goes delta, ledger, base (by hard
link), delta (drop): a load is seen whole through the delta, or whole through the base, or not at all.
"""

# ruff: noqa: S608 - generated SQL: names are quoted by sqltext, values of callers are bound as parameters

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from jobdata_resources.warehouse import sqltext

__all__ = ["LEDGER", "SHANGHAI_TIME", "Aggregate", "Column", "Engines", "Relation", "Table", "View"]

LEDGER = "crawl_run"
SHANGHAI_TIME = "DateTime64(3, 'Asia/Shanghai')"
"""DateTime64 keeps its zone through the embedded client, DateTime does not."""

Aggregate = Literal["key", "any", "min", "max"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Engines:
    """The one place that names table engines, so that a cluster is a matter of settings.

    Attributes:
        cluster: name for ``ON CLUSTER``; with it engines are the Replicated ones.
        durable: sync every insert to the disk: a ledger row must never outlive the rows it commits.
    """

    cluster: str = ""
    durable: bool = True

    @property
    def on_cluster(self) -> str:
        """The ``ON CLUSTER`` clause with a leading space, or nothing."""
        return f" ON CLUSTER {sqltext.name(self.cluster)}" if self.cluster else ""

    def merge_tree(self, kind: Literal["", "Aggregating", "Replacing"], *arguments: str) -> str:
        """The engine clause of a table of the MergeTree family."""
        replicated = "Replicated" if self.cluster else ""
        return f"{replicated}{kind}MergeTree({', '.join(arguments)})"

    @property
    def settings(self) -> str:
        """The ``SETTINGS`` of stored tables."""
        return (
            "fsync_after_insert = 1, fsync_part_directory = 1, min_rows_to_fsync_after_merge = 1"
            if self.durable
            else "fsync_after_insert = 0"
        )

    @property
    def delta_settings(self) -> str:
        """The ``SETTINGS`` of tables that loads insert into: compact parts of any size.

        While a wide part is written it holds buffers for every column, some 220 MB for those of a job, and takes 1.4
        times the CPU of a compact one. Folded parts stay compact until a merge of the base writes them anew.
        """
        return f"{self.settings}, min_bytes_for_wide_part = {1 << 40}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column.

    Attributes:
        type: the type readers see.
        aggregate: how rows of one key combine; ``key`` for the key itself.
        hidden: bookkeeping of loads, not part of the view.
        read: expression for the view instead of the aggregate, over the alias ``u``.
        stored: type in the physical tables where ``read`` makes another one of it.
    """

    name: str
    type: str
    aggregate: Aggregate = "any"
    codec: str = ""
    doc: str = ""
    hidden: bool = False
    read: str = ""
    stored: str = ""

    @property
    def stored_type(self) -> str:
        """The type in the physical tables."""
        kind = self.stored or self.type
        return kind if self.aggregate == "key" else f"SimpleAggregateFunction({self.aggregate}, {kind})"

    @property
    def ddl(self) -> str:
        """The column in a CREATE or ADD COLUMN."""
        codec = f" CODEC({self.codec})" if self.codec else ""
        return f"{sqltext.name(self.name)} {self.stored_type}{codec}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table. ``stored`` ones hold data and are upgraded in place; the others are pipes and are made anew."""

    name: str
    columns: tuple[Column, ...]
    engine: str
    order_by: tuple[str, ...] = ()
    partition_by: str = ""
    indices: tuple[str, ...] = ()
    settings: str = ""
    doc: str = ""
    stored: bool = True

    def create(self, engines: Engines) -> str:
        """The CREATE TABLE statement."""
        lines = [column.ddl for column in self.columns] + [f"INDEX {index}" for index in self.indices]
        text = f"CREATE TABLE IF NOT EXISTS {sqltext.name(self.name)}{engines.on_cluster}\n(\n    "
        text += ",\n    ".join(lines) + f"\n)\nENGINE = {self.engine}"
        if self.partition_by:
            text += f"\nPARTITION BY {self.partition_by}"
        if self.order_by:
            text += f"\nORDER BY ({sqltext.columns(self.order_by)})"
        if self.settings:
            text += f"\nSETTINGS {self.settings}"
        return text + f"\nCOMMENT {sqltext.literal(self.doc)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A view with declared column types, or with ``target`` a materialized view that feeds a table."""

    name: str
    query: str
    columns: tuple[Column, ...] = ()
    target: str = ""
    doc: str = ""

    def create(self, engines: Engines) -> str:
        """The CREATE statement; plain views are replaced atomically, materialized ones must be dropped before."""
        if self.target:
            head = (
                f"CREATE MATERIALIZED VIEW {sqltext.name(self.name)}{engines.on_cluster} TO {sqltext.name(self.target)}"
            )
            return f"{head} AS\n{self.query}"
        declared = ",\n    ".join(
            f"{sqltext.name(column.name)} {column.type}"
            + (f" COMMENT {sqltext.literal(column.doc)}" if column.doc else "")
            for column in self.columns
        )
        head = f"CREATE OR REPLACE VIEW {sqltext.name(self.name)}{engines.on_cluster}\n(\n    {declared}\n)"
        return f"{head} AS\n{self.query}\nCOMMENT {sqltext.literal(self.doc)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Relation:
    """A set of rows with a key, loaded atomically: base, delta and the view over both.

    Attributes:
        order_by: the key, in sort order.
        partition_by: empty where a key must never be split over partitions.
        platforms: the platforms that fill it; one for ``<p>_job``.
        shared: rows of several platforms live here, in partitions whose first member is the platform.
        ledger: the table whose rows commit its loads.
    """

    name: str
    columns: tuple[Column, ...]
    order_by: tuple[str, ...]
    partition_by: str = ""
    indices: tuple[str, ...] = ()
    platforms: tuple[str, ...] = ()
    shared: bool = False
    ledger: str = LEDGER
    doc: str = ""

    @property
    def base(self) -> str:
        """The table of folded rows."""
        return f"{self.name}_base"

    @property
    def delta(self) -> str:
        """The table of rows not folded yet."""
        return f"{self.name}_delta"

    @property
    def visible(self) -> tuple[Column, ...]:
        """The columns readers see."""
        return tuple(column for column in self.columns if not column.hidden)

    def tables(self, engines: Engines) -> tuple[Table, Table]:
        """The two physical tables; of one structure, because partitions move between them by hard link."""
        base, delta = (
            Table(
                name=name,
                columns=self.columns,
                engine=engines.merge_tree("Aggregating"),
                order_by=self.order_by,
                partition_by=self.partition_by,
                indices=self.indices,
                settings=settings,
                doc=f"part of {self.name}; read {self.name} instead",
            )
            for name, settings in ((self.base, engines.settings), (self.delta, engines.delta_settings))
        )
        return base, delta

    def rows(self, columns: Sequence[str]) -> str:
        """A query for the visible rows before rows of one key are combined: a key may come several times.

        For aggregates to which that makes no difference (min, max, argMax, distinct), and which then need no
        aggregation by the whole key first.
        """
        # The ledger stands left of the delta, and the delta above the base: that is the order of the snapshots.
        return f"""SELECT {", ".join(f"d.{sqltext.name(item)} AS {sqltext.name(item)}" for item in columns)}
    FROM {self.ledger} AS c INNER JOIN {sqltext.name(self.delta)} AS d ON d.load_id = c.load_id
    UNION ALL
    SELECT {sqltext.columns(columns)} FROM {sqltext.name(self.base)}"""

    def view(self) -> View:
        """The relation as readers see it."""
        inner: Sequence[str] = [column.name for column in self.columns]
        selected = ",\n    ".join(f"{self._read(column)} AS {sqltext.name(column.name)}" for column in self.visible)
        query = f"""SELECT
    {selected}
FROM
(
    {self.rows(inner)}
) AS u
GROUP BY {sqltext.columns(self.order_by, table="u")}"""
        return View(name=self.name, query=query, columns=self.visible, doc=self.doc)

    @staticmethod
    def _read(column: Column) -> str:
        if column.read:
            return column.read
        source = f"u.{sqltext.name(column.name)}"
        return source if column.aggregate == "key" else f"{column.aggregate}({source})"
