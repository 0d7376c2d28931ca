"""The tables of the facts, their versions and what each day brought.

* ``fact_<field>``: one row per raw string and rule version. A fact follows from its key alone, so a row that arrives
  twice is the same row, and rows are never changed.
* ``fact_version``: which version readers see, one row per change. One insert is one block of an unpartitioned table:
  atomic, so that readers see all fields of the old rules or all of the new.
* ``fact_<field>_active``: the facts of the active version, one row per raw string. The ledger stands left of the
  facts: its snapshot is taken first, and the facts of a version are complete before it is in the ledger.
* ``field_value``: the distinct strings of every load with the number of jobs that carry them.
* ``field_profile``: the JSON members of every load's items, sampled.
"""

# ruff: noqa: S608 - generated SQL: names are quoted by sqltext, values of callers are bound as parameters

from __future__ import annotations

from jobdata_resources.warehouse import sqltext
from jobdata_resources.warehouse.facts.fields import FACT_FIELDS, FactField
from jobdata_resources.warehouse.tables import SHANGHAI_TIME, Column, Engines, Table, View

__all__ = ["FACT_VERSION", "FIELD_PROFILE", "FIELD_VALUE", "SMALL_TABLES", "fact_tables", "fact_views"]

FACT_VERSION = "fact_version"
FIELD_VALUE = "field_value"
FIELD_PROFILE = "field_profile"

SMALL_TABLES = (FACT_VERSION, FIELD_VALUE, FIELD_PROFILE, *(field.table for field in FACT_FIELDS))
"""Tables that every load adds a part to."""


def _plain(name: str, kind: str, doc: str = "") -> Column:
    return Column(name=name, type=kind, aggregate="key", doc=doc)


_DAY = (
    _plain("platform", "LowCardinality(String)"),
    _plain("crawl_date", "Date", "partition day, Asia/Shanghai"),
    _plain("load_id", "UInt64", "visible when it is in crawl_run"),
)

_STORED: dict[str, tuple[tuple[Column, ...], tuple[str, ...], str]] = {
    FACT_VERSION: (
        (
            _plain("field", "LowCardinality(String)"),
            _plain("flip", "UInt64", "counts the changes; the largest of a field is active"),
            _plain("rule", "LowCardinality(String)", "version of the rules"),
            _plain("run", "String", "who changed it"),
            _plain("activated_at", SHANGHAI_TIME),
        ),
        ("field", "flip"),
        "which version of the rules readers see: the newest row of a field",
    ),
    FIELD_VALUE: (
        (
            *_DAY,
            _plain("field", "LowCardinality(String)"),
            _plain("raw", "String", "the string as published"),
            _plain("jobs", "UInt32", "job contents of the load that carry it"),
        ),
        ("platform", "crawl_date", "load_id", "field", "raw"),
        "the distinct strings of a load, by normalised field",
    ),
    FIELD_PROFILE: (
        (
            *_DAY,
            _plain("path", "String", "dotted path inside an item; [] stands for the elements of an array"),
            _plain("type", "LowCardinality(String)", "JSON type: string, number, boolean, object, array"),
            _plain("items", "UInt32", "sampled items that hold it"),
            _plain("sampled", "UInt32", "items looked at"),
            _plain("example", "String", "one value, shortened"),
            _plain("keyword", "String", "where the example stands"),
            _plain("page", "UInt32", "where the example stands"),
            _plain("segment", "String", "path in the landing zone"),
        ),
        ("platform", "crawl_date", "load_id", "path", "type"),
        "the members of a platform's items and their types, from a sample of every load's pages",
    ),
}


def fact_columns(field: FactField) -> tuple[Column, ...]:
    """The columns of ``fact_<field>``, in the order of ``FactField.row``."""
    return (
        _plain("rule", "LowCardinality(String)", "version of the rules"),
        _plain("raw", "String", "the string as published"),
        *field.values,
        _plain("derivation", "LowCardinality(String)", "the rules that made the values"),
        _plain("reason", "LowCardinality(String)", "why there are no values; empty when there are"),
    )


def fact_tables(engines: Engines) -> list[Table]:
    """All stored tables of this package."""
    described = {
        **_STORED,
        **{
            field.table: (
                fact_columns(field),
                ("rule", "raw"),
                f"{field.name} of every string, by version of the rules",
            )
            for field in FACT_FIELDS
        },
    }
    return [
        Table(
            name=name,
            columns=columns,
            engine=engines.merge_tree("Replacing"),
            order_by=order_by,
            settings=engines.settings,
            doc=doc,
        )
        for name, (columns, order_by, doc) in described.items()
    ]


def fact_views() -> list[View]:
    """The facts of the active versions."""
    return [_active_view(field) for field in FACT_FIELDS]


def _active_view(field: FactField) -> View:
    columns = [column for column in fact_columns(field) if column.name != "raw"]
    picked = ",\n    ".join(f"any(f.{sqltext.name(column.name)}) AS {sqltext.name(column.name)}" for column in columns)
    by_name = {column.name: column for column in fact_columns(field)}
    return View(
        name=field.view,
        query=f"""SELECT f.raw AS raw,
    {picked}
FROM (SELECT argMax(rule, flip) AS rule FROM {FACT_VERSION} WHERE field = {sqltext.literal(field.name)}) AS v
INNER JOIN {field.table} AS f ON f.rule = v.rule
GROUP BY f.raw""",
        columns=(by_name["raw"], *columns),
        doc=f"{field.name} of every string by the active rules",
    )
