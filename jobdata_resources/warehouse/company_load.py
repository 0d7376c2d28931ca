"""Loads landed company details into ``<p>_company``, visible as a whole or not at all.

    heal ──► records of the batches ──► insert into the delta ──► verify ──► one row into the ledger ──► fold

The steps and their guarantees are those of ``load``; a batch holds some dozen companies, so their rows are made in
Python. Loading a batch again inserts the same keys and idempotent values: nothing a reader can see changes.
"""

# ruff: noqa: S608 - generated SQL: names are quoted by sqltext, values of callers are bound as parameters

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import orjson

from crawler_core.landing import LandingZone
from crawler_core.platforms.company import COLUMNS
from crawler_core.platforms.spec import PlatformSpec
from jobdata_resources.warehouse import sqltext
from jobdata_resources.warehouse.client import Engine
from jobdata_resources.warehouse.company_facts import typed_values
from jobdata_resources.warehouse.company_rows import insert_rows
from jobdata_resources.warehouse.company_tables import COMPANY_LEDGER
from jobdata_resources.warehouse.errors import LoadError
from jobdata_resources.warehouse.feed import LoadStamp
from jobdata_resources.warehouse.load import delta_partitions, fold_committed
from jobdata_resources.warehouse.loadlock import load_lock
from jobdata_resources.warehouse.parts import keep_parts_few
from jobdata_resources.warehouse.tables import Relation

if TYPE_CHECKING:  # the crawl brings the HTTP client along
    from crawler_core.crawl import CompanyRecord

__all__ = ["CompanyLoadResult", "commit", "landed_batches", "load_companies", "next_load_id"]

_ROWS = 1000
"""Rows of an INSERT: an introduction may have many kilobytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CompanyLoadResult:
    """What a load of companies brought.

    Attributes:
        batches: those that were read; ``companies``: distinct companies in them, ``contents`` their contents.
        load_id: 0 when there was nothing to load.
        seconds: wall time.
    """

    platform: str
    date: dt.date
    load_id: int
    batches: tuple[str, ...]
    companies: int
    contents: int
    seconds: float


def landed_batches(landing: LandingZone, platform: str, date: dt.date) -> list[str]:
    """The batches that have landed folders on a day; one listing, no file is read."""
    zone = landing.companies
    mark = f"{zone.tree.leaf}="
    return [unquote(folder.rsplit(mark, 1)[1]) for folder in zone.keyword_folders(platform, date)]


def load_companies(
    engine: Engine,
    relation: Relation,
    spec: PlatformSpec,
    date: dt.date,
    landing: LandingZone,
    *,
    run_id: str,
    again: Collection[str] | None = None,
    skip: Collection[str] = (),
) -> CompanyLoadResult:
    """Load the landed batches of a day.

    Args:
        again: batches to read although they are loaded; None for all.
        skip: batches that are not through: what they hold is not complete.

    Raises:
        WarehouseBusy: another load of the platform's companies is running.
        CorruptSegment: a segment is damaged; nothing of the load is visible.
        LoadError, WarehouseError: nothing of the load is visible.
    """
    started = time.monotonic()
    with load_lock(engine, relation.name, run_id) as lock:
        _heal(engine, relation, spec.name)
        found = [batch for batch in landed_batches(landing, spec.name, date) if batch not in skip]
        if again is not None:
            loaded = _loaded(engine, spec.name, date)
            found = [batch for batch in found if batch in again or batch not in loaded]
        if not found:
            return CompanyLoadResult(
                platform=spec.name, date=date, load_id=0, batches=(), companies=0, contents=0,
                seconds=time.monotonic() - started,
            )  # fmt: skip
        stamp = LoadStamp(load_id=next_load_id(engine), run_id=run_id)
        keys: set[tuple[str, int]] = set()
        rows: list[list[Any]] = []
        for batch in found:
            for row in _rows(spec, landing, date, batch, stamp):
                keys.add((row[0], row[len(COLUMNS)]))
                rows.append(row)
                if len(rows) >= _ROWS:
                    _insert(engine, relation, rows)
                    rows = []
                    lock.renew()
        _insert(engine, relation, rows)
        _verify(engine, relation, stamp, len(keys))
        lock.check()
        companies = len({company_id for company_id, _ in keys})
        commit(engine, spec.name, date, stamp, batches=found, companies=companies, contents=len(keys))
        fold_committed(engine, relation, spec.name)
    keep_parts_few(engine, [relation.base, COMPANY_LEDGER])
    return CompanyLoadResult(
        platform=spec.name,
        date=date,
        load_id=stamp.load_id,
        batches=tuple(found),
        companies=companies,
        contents=len(keys),
        seconds=time.monotonic() - started,
    )


def next_load_id(engine: Engine) -> int:
    """Larger than every committed one, and never that of another load: time in milliseconds and 20 random bits."""
    newest = engine.query(f"SELECT max(load_id) FROM {COMPANY_LEDGER}")[0][0]
    return max(int(time.time() * 1000) << 20, int(newest) + 1) + secrets.randbelow(1 << 20)


def commit(
    engine: Engine,
    platform: str,
    date: dt.date,
    stamp: LoadStamp,
    *,
    batches: Sequence[str] = (),
    companies: int,
    contents: int,
) -> None:
    """The one row that makes a load visible."""
    engine.command(
        f"""INSERT INTO {COMPANY_LEDGER} SELECT {{platform:String}}, {{date:Date}}, {{load:UInt64}}, {{run:String}},
        now64(3), {{batches:Array(String)}}, {{companies:UInt64}}, {{contents:UInt64}}""",
        {
            "platform": platform,
            "date": date,
            "load": stamp.load_id,
            "run": stamp.run_id,
            "batches": list(batches),
            "companies": companies,
            "contents": contents,
        },
        doing="commit the load of companies",
    )


def _heal(engine: Engine, relation: Relation, platform: str) -> None:
    """Fold what a killed load committed, drop what it did not."""
    fold_committed(engine, relation, platform)
    for partition in delta_partitions(engine, relation, platform):
        engine.command(
            f"ALTER TABLE {sqltext.name(relation.delta)} DROP PARTITION ID {sqltext.literal(partition)}",
            doing=f"drop an unfinished load from {relation.name}",
        )


def _loaded(engine: Engine, platform: str, date: dt.date) -> set[str]:
    rows = engine.query(
        f"SELECT arrayJoin(groupUniqArrayArray(batches)) FROM {COMPANY_LEDGER}"
        " WHERE platform = {platform:String} AND crawl_date = {date:Date}",
        {"platform": platform, "date": date},
        doing="look for loaded batches",
    )
    return {str(batch) for (batch,) in rows}


def _rows(spec: PlatformSpec, landing: LandingZone, date: dt.date, batch: str, stamp: LoadStamp) -> list[list[Any]]:
    from crawler_core.crawl import landed_companies
    from crawler_core.keyword import Keyword

    folder = landing.companies.folder(spec.name, date, Keyword.parse(batch))
    return [_row(record, folder, stamp) for record in landed_companies(spec, landing, date, batch)]


def _row(record: CompanyRecord, folder: str, stamp: LoadStamp) -> list[Any]:
    values = record.columns()
    values["company_id"] = record.company_id or f"?{record.name}"
    content = orjson.dumps(values, option=orjson.OPT_SORT_KEYS)
    seen = dt.datetime.fromisoformat(record.fetched_at)
    sources = {column: source.call for column, source in record.sources.items()}
    return [
        *(values[name] for name in COLUMNS),
        int.from_bytes(hashlib.blake2b(content, digest_size=8).digest(), "big"),
        seen,
        seen,
        *typed_values(values, stamp.load_id),
        orjson.dumps(sources, option=orjson.OPT_SORT_KEYS).decode(),
        folder,
        stamp.load_id,
        stamp.run,
    ]


def _insert(engine: Engine, relation: Relation, rows: list[list[Any]]) -> None:
    insert_rows(engine, relation.delta, [column.name for column in relation.columns], rows)


def _verify(engine: Engine, relation: Relation, stamp: LoadStamp, expected: int) -> None:
    arrived = engine.query(
        f"SELECT uniqExact({sqltext.columns(relation.order_by)}) FROM {sqltext.name(relation.delta)}"
        " WHERE load_id = {load:UInt64}",
        {"load": stamp.load_id},
        doing="verify the load of companies",
    )[0][0]
    if arrived != expected:
        raise LoadError(
            f"{relation.name}: {arrived} contents arrived, {expected} were read; nothing was committed, load again"
        )
