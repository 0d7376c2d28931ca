"""Loads one day of one platform from the landing zone, visible as a whole or not at all.

    clean ──► insert into deltas ──► verify ──► [before_commit] ──► one row into the ledger ──► fold into base
                                                                    └ the commit ┘

``clean`` folds what a committed load left behind and drops what an uncommitted one did, so a load killed anywhere is
healed by the next one; until then readers see the right rows all the same, because the views look at the ledger
(``tables`` says how). Folding is ATTACH PARTITION FROM (hard links, no copy) and then DROP PARTITION; cut short
between the two, rows are in both tables and the views collapse them.

Loading a day again inserts the same keys and idempotent values, so nothing a reader can see changes.

``before_commit`` is what must be there when the load gets visible (the facts of its strings): it sees a load that has
arrived and is verified; when it raises, nothing of the load is visible.
"""

# ruff: noqa: S608 - generated SQL: names are quoted by sqltext, values of callers are bound as parameters

from __future__ import annotations

import datetime as dt
import logging
import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from crawler_core.errors import CorruptSegment
from crawler_core.landing import LandingZone, SegmentRef, read_segment
from jobdata_resources.warehouse import sqltext
from jobdata_resources.warehouse.catalog import Catalog
from jobdata_resources.warehouse.client import Engine
from jobdata_resources.warehouse.errors import LoadError
from jobdata_resources.warehouse.feed import LoadStamp, feed
from jobdata_resources.warehouse.load_values import BeforeCommit, LoadResult, PendingLoad
from jobdata_resources.warehouse.loadlock import LoadLock, load_lock, now_and_then
from jobdata_resources.warehouse.parts import keep_parts_few
from jobdata_resources.warehouse.tables import LEDGER, Relation

__all__ = ["BeforeCommit", "LoadResult", "PendingLoad", "delta_partitions", "fold_committed", "heal", "load_day"]

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Counts:
    pages: int
    records: int
    refused: dict[str, int]
    unparsed_pages: int
    outcomes: dict[str, int]
    sightings: int
    jobs: int
    contents: int


def load_day(
    engine: Engine,
    catalog: Catalog,
    platform: str,
    date: dt.date,
    landing: LandingZone,
    *,
    run_id: str,
    before_commit: BeforeCommit | None = None,
) -> LoadResult:
    """Load all committed segments of a day.

    Raises:
        WarehouseBusy: another load of the platform is running.
        CorruptSegment: a segment is damaged; nothing of the load is visible.
        LoadError: what arrived is not what the manifests promise; nothing of the load is visible.
        WarehouseError: the engine refused; nothing of the load is visible.
    """
    started = time.monotonic()
    with load_lock(engine, platform, run_id) as lock:
        _heal(engine, catalog, platform)
        refs = landing.segments(platform, date)
        stamp = LoadStamp(load_id=_next_load_id(engine), run_id=run_id)
        feed(engine, platform, landing, refs, stamp, alive=now_and_then(lock.renew))
        _verify_pages(engine, platform, date, landing, refs, stamp)
        counts = _count(engine, catalog, platform, stamp)
        preparing = time.monotonic()
        prepared: dict[str, int] = {}
        if before_commit is not None:
            lock.renew()
            pending = PendingLoad(
                platform=platform,
                date=date,
                load_id=stamp.load_id,
                run_id=run_id,
                landing=landing,
                segments=refs,
                renew=lock.renew,
            )
            prepared = dict(before_commit(pending))
        prepare_seconds = time.monotonic() - preparing
        _commit(engine, platform, date, stamp, len(refs), counts, lock)
        for relation in catalog.of_platform(platform):
            fold_committed(engine, relation, platform)
    keep_parts_few(engine, [*(relation.base for relation in catalog.of_platform(platform)), *catalog.small_tables])
    result = LoadResult(
        platform=platform,
        date=date,
        load_id=stamp.load_id,
        segments=len(refs),
        pages=counts.pages,
        records=counts.records,
        refused=counts.refused,
        unparsed_pages=counts.unparsed_pages,
        outcomes=counts.outcomes,
        sightings=counts.sightings,
        jobs=counts.jobs,
        contents=counts.contents,
        seconds=time.monotonic() - started,
        prepare_seconds=prepare_seconds,
        prepared=prepared,
    )
    _log.info("loaded %s %s: %d pages, %d sightings", platform, date, result.pages, result.sightings)
    return result


def heal(engine: Engine, catalog: Catalog, platform: str, *, run_id: str = "heal") -> None:
    """Fold or drop what killed loads of a platform left behind. Every load does this first.

    Raises:
        WarehouseBusy: a load of the platform is running.
    """
    with load_lock(engine, platform, run_id):
        _heal(engine, catalog, platform)


def _heal(engine: Engine, catalog: Catalog, platform: str) -> None:
    for relation in catalog.of_platform(platform):
        fold_committed(engine, relation, platform)
        for partition in delta_partitions(engine, relation, platform):
            engine.command(
                f"ALTER TABLE {sqltext.name(relation.delta)} DROP PARTITION ID {sqltext.literal(partition)}",
                doing=f"drop an unfinished load from {relation.name}",
            )


def delta_partitions(engine: Engine, relation: Relation, platform: str) -> dict[str, list[int]]:
    """Partitions of the delta with rows of this platform, and the loads in each."""
    only = "WHERE platform = {platform:String}" if relation.shared else ""
    rows = engine.query(
        f"SELECT _partition_id, groupUniqArray(load_id) FROM {sqltext.name(relation.delta)} {only}"
        " GROUP BY 1 ORDER BY 1",
        {"platform": platform} if relation.shared else None,
        doing=f"look for unfinished loads in {relation.name}",
    )
    return {str(partition): [int(load) for load in loads] for partition, loads in rows}


def fold_committed(engine: Engine, relation: Relation, platform: str) -> None:
    """Move the delta's partitions whose loads are all committed into the base."""
    for partition, loads in delta_partitions(engine, relation, platform).items():
        known = engine.query(
            f"SELECT uniqExact(load_id) FROM {relation.ledger} WHERE load_id IN {{loads:Array(UInt64)}}",
            {"loads": loads},
        )[0][0]
        if known == 0:
            continue
        base, delta = sqltext.name(relation.base), sqltext.name(relation.delta)
        if known == len(loads):
            move = f"ALTER TABLE {base} ATTACH PARTITION ID {sqltext.literal(partition)} FROM {delta}"
        else:
            # Only possible when the load lock was violated: copy the committed rows, which stay visible throughout.
            names = sqltext.columns(column.name for column in relation.columns)
            move = (
                f"INSERT INTO {base} ({names}) SELECT {names} FROM {delta} WHERE _partition_id ="
                f" {sqltext.literal(partition)} AND load_id IN (SELECT load_id FROM {relation.ledger})"
            )
        engine.command(move, doing=f"fold {relation.name}")
        engine.command(
            f"ALTER TABLE {delta} DROP PARTITION ID {sqltext.literal(partition)}", doing=f"fold {relation.name}"
        )


def _next_load_id(engine: Engine) -> int:
    """Larger than every committed one, and never that of another load: time in milliseconds and 20 random bits."""
    newest = engine.query(f"SELECT max(load_id) FROM {LEDGER}")[0][0]
    return max(int(time.time() * 1000) << 20, int(newest) + 1) + secrets.randbelow(1 << 20)


_PAGE_KEY = "keyword, city, page, kind, attempt, fetched_at, body_hash"


def _verify_pages(
    engine: Engine, platform: str, date: dt.date, landing: LandingZone, refs: Sequence[SegmentRef], stamp: LoadStamp
) -> None:
    """Hold what arrived against the manifests: every line of every segment, and all of the right day."""
    rows = engine.query(
        f"""SELECT segment, uniqExact({_PAGE_KEY}),
            countIf(platform != {{platform:String}} OR crawl_date != {{date:Date}})
        FROM crawl_page_delta WHERE load_id = {{load:UInt64}} GROUP BY segment""",
        {"platform": platform, "date": date, "load": stamp.load_id},
        doing="verify the load",
    )
    arrived = {str(segment): (int(lines), int(strangers)) for segment, lines, strangers in rows}
    for ref in refs:
        lines, strangers = arrived.get(ref.path, (0, 0))
        if strangers:
            raise CorruptSegment(
                f"{ref.path} holds {strangers} pages that are not of {platform} {date}; move it where it belongs,"
                " then load again"
            )
        if lines != ref.lines and lines != _distinct_lines(landing, ref):
            raise LoadError(
                f"{ref.path}: {lines} pages arrived, its manifest names {ref.lines}; nothing was committed, load again"
            )


def _distinct_lines(landing: LandingZone, ref: SegmentRef) -> int:
    """Lines that differ, read in Python; only asked for when a segment holds the same page twice."""
    return len(
        {
            (page.keyword, page.city, page.page, page.kind, page.attempt, page.fetched_at, page.body)
            for page in read_segment(landing.read(ref))
        }
    )


def _count(engine: Engine, catalog: Catalog, platform: str, stamp: LoadStamp) -> _Counts:
    load = {"load": stamp.load_id}
    # Without a merge in between a delta may hold a resent row twice: count distinct keys, never rows.
    pages = engine.query(
        f"""SELECT count(), sum(r), sum(u), sumMap(f) FROM (
            SELECT max(records) AS r, max(unparsed) AS u, any(refused) AS f FROM crawl_page_delta
            WHERE load_id = {{load:UInt64}} GROUP BY segment, {_PAGE_KEY})""",
        load,
        doing="count the load",
    )[0]
    outcomes = engine.query(
        f"""SELECT o, count() FROM (SELECT any(outcome) AS o FROM crawl_page_delta
            WHERE load_id = {{load:UInt64}} GROUP BY segment, {_PAGE_KEY}) GROUP BY o ORDER BY o""",
        load,
        doing="count the load",
    )
    seen = engine.query(
        """SELECT uniqExact(keyword, city, page, rank, job_id, content_hash, fetched_at), uniqExact(job_id),
            uniqExact(job_id, content_hash) FROM job_sighting_delta WHERE load_id = {load:UInt64}""",
        load,
        doing="count the load",
    )[0]
    job = catalog.relation(f"{platform}_job")
    stored = engine.query(
        f"SELECT uniqExact({sqltext.columns(job.order_by)}) FROM {sqltext.name(job.delta)}"
        " WHERE load_id = {load:UInt64}",
        load,
        doing="count the load",
    )[0][0]
    if stored != seen[2]:
        raise LoadError(
            f"{platform}: {seen[2]} contents were seen but {stored} stored; nothing was committed, load again"
        )
    return _Counts(
        pages=int(pages[0]),
        records=int(pages[1]),
        refused=_refused(pages[3]),
        unparsed_pages=int(pages[2]),
        outcomes={str(outcome): int(count) for outcome, count in outcomes},
        sightings=int(seen[0]),
        jobs=int(seen[1]),
        contents=int(seen[2]),
    )


def _refused(value: object) -> dict[str, int]:
    """A map, or the pair of arrays that ``sumMap`` gives in some versions."""
    if isinstance(value, Mapping):
        return {str(reason): int(count) for reason, count in value.items()}
    if isinstance(value, tuple | list) and len(value) == 2:
        return {str(reason): int(count) for reason, count in zip(value[0], value[1], strict=True)}
    raise TypeError(f"sumMap gave {type(value).__name__}")


def _commit(
    engine: Engine, platform: str, date: dt.date, stamp: LoadStamp, segments: int, counts: _Counts, lock: LoadLock
) -> None:
    """The one row that makes the load visible."""
    lock.check()
    engine.command(
        f"""INSERT INTO {LEDGER} SELECT {{platform:String}}, {{date:Date}}, {{load:UInt64}}, {{run:String}}, now64(3),
        {{segments:UInt32}}, {{pages:UInt32}}, {{records:UInt64}},
        mapFromArrays({{reasons:Array(String)}}, {{refusals:Array(UInt64)}}),
        {{unparsed:UInt32}}, {{sightings:UInt64}}, {{jobs:UInt64}}, {{contents:UInt64}}""",
        {
            "platform": platform,
            "date": date,
            "load": stamp.load_id,
            "run": stamp.run_id,
            "segments": segments,
            "pages": counts.pages,
            "records": counts.records,
            "reasons": list(counts.refused),
            "refusals": list(counts.refused.values()),
            "unparsed": counts.unparsed_pages,
            "sightings": counts.sightings,
            "jobs": counts.jobs,
            "contents": counts.contents,
        },
        doing="commit the load",
    )
