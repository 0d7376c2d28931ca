"""Reads distinct strings that have no fact yet, and stores their facts. Nothing here decides which version is read."""

# ruff: noqa: S608 - generated SQL: names are quoted by sqltext, values of callers are bound as parameters

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence

from crawler_core.normalize import Normaliser
from jobdata_resources.warehouse import sqltext
from jobdata_resources.warehouse.client import Engine
from jobdata_resources.warehouse.facts.fields import FACT_FIELDS, FactField
from jobdata_resources.warehouse.facts.insert import insert_rows
from jobdata_resources.warehouse.facts.tables import FIELD_VALUE, fact_columns

__all__ = ["CHUNK", "fill_load", "fill_stored", "store_values"]

CHUNK = 50_000
"""Strings read and inserted at a time: bounds memory, and is far above the cost of an insert."""


def store_values(engine: Engine, delta: str, sources: dict[str, str], *, platform: str, date: str, load: int) -> None:
    """Write the distinct strings of an arrived, not yet committed load into ``field_value``.

    Contents are counted by key, because rows of a delta may have arrived twice.
    """
    if not sources:
        return
    pairs = ", ".join(f"({sqltext.literal(field)}, {source})" for field, source in sources.items())
    engine.command(
        f"""INSERT INTO {FIELD_VALUE} (platform, crawl_date, load_id, field, raw, jobs)
        SELECT {{platform:String}}, {{date:Date}}, {{load:UInt64}}, pair.1, pair.2, uniqExact(content_hash)
        FROM (SELECT content_hash, arrayJoin([{pairs}]) AS pair FROM {sqltext.name(delta)}
            WHERE load_id = {{load:UInt64}})
        GROUP BY pair.1, pair.2""",
        {"platform": platform, "date": date, "load": load},
        doing="collect the distinct strings of the load",
    )


def fill_load(
    engine: Engine, normalisers: Mapping[str, Normaliser], *, platform: str, load: int, renew: Callable[[], None]
) -> dict[str, int]:
    """Store the facts of a load's strings that have none; returns how many were new, by field."""
    known = " UNION ALL ".join(
        f"SELECT {sqltext.literal(field.name)}, raw FROM {field.table}"
        f" WHERE rule = {sqltext.literal(normalisers[field.name].version)}"
        for field in FACT_FIELDS
    )
    rows = engine.query(
        f"""SELECT DISTINCT field, raw FROM {FIELD_VALUE}
        WHERE platform = {{platform:String}} AND load_id = {{load:UInt64}} AND (field, raw) NOT IN ({known})""",
        {"platform": platform, "load": load},
        doing="look for strings without a fact",
    )
    raws: dict[str, list[str]] = {}
    for field, raw in rows:
        raws.setdefault(str(field), []).append(str(raw))
    return {
        field.name: _store(engine, field, normalisers[field.name], raws[field.name], renew)
        for field in FACT_FIELDS
        if field.name in raws
    }


def fill_stored(
    engine: Engine, field: FactField, normaliser: Normaliser, tables: Sequence[tuple[str, str]],
    *, renew: Callable[[], None],
) -> int:  # fmt: skip
    """Store the facts of every stored string that has none; returns how many were new.

    Args:
        tables: physical job tables, base and delta, each with the raw string as SQL. Rows of loads that are not
            committed are read too: they may be before this is done. The empty string always gets its fact: it
            stands for what a platform does not publish.
    """
    union = " UNION ALL ".join(
        ["SELECT '' AS raw", *(f"SELECT DISTINCT {source} AS raw FROM {sqltext.name(name)}" for name, source in tables)]
    )
    raws = engine.query(
        f"SELECT DISTINCT raw FROM ({union}) WHERE raw NOT IN (SELECT raw FROM {field.table} WHERE rule ="
        " {rule:String})",
        {"rule": normaliser.version},
        doing=f"look for strings of {field.name} without a fact",
    )
    return _store(engine, field, normaliser, (str(raw) for (raw,) in raws), renew)


def _store(
    engine: Engine, field: FactField, normaliser: Normaliser, raws: Iterable[str], renew: Callable[[], None]
) -> int:
    names = [column.name for column in fact_columns(field)]
    stored = 0
    strings = iter(raws)
    while chunk := list(itertools.islice(strings, CHUNK)):
        answers = normaliser.apply(chunk)
        rows = [field.row(raw, normaliser.version, answer) for raw, answer in zip(chunk, answers, strict=True)]
        insert_rows(engine, field.table, names, rows)
        stored += len(rows)
        if len(chunk) == CHUNK:
            renew()
    return stored
