"""Which companies of the current jobs have no details or old ones, newest demand first; and the list of a day.

What their calls need is read along with them: newest jobs, second ids, and where their newest listing is landed.
"""

# ruff: noqa: S608 - generated SQL: names are quoted by sqltext, values of callers are bound as parameters

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from crawler_core.platforms.spec import PlatformSpec
from crawler_core.values import SHANGHAI
from jobdata_resources.warehouse import sqltext
from jobdata_resources.warehouse.catalog import JOB_SIGHTING
from jobdata_resources.warehouse.client import SPILL, Engine
from jobdata_resources.warehouse.company_load import commit, next_load_id
from jobdata_resources.warehouse.company_rows import insert_rows
from jobdata_resources.warehouse.company_tables import COMPANY_LEDGER, PENDING, PENDING_COLUMNS, PENDING_LISTS
from jobdata_resources.warehouse.feed import LoadStamp
from jobdata_resources.warehouse.loadlock import load_lock
from jobdata_resources.warehouse.parts import keep_parts_few
from jobdata_resources.warehouse.slices import WITHIN, id_slices, working_table

__all__ = ["Listing", "PendingCompany", "pending_companies", "publish_pending"]

MOST_CANDIDATES = 20_000
"""Companies that one question brings: more than a queue that is worked on ever skips."""

_LONGEST_ID = 128
_JOBS = 3
_RECENTLY = "platform = {platform:String} AND crawl_date <= {date:Date} AND crawl_date > {date:Date} - {days:UInt32}"
_WORK = "pending_company_jobs"
_SLICE = 100_000
"""Jobs of one statement."""


@dataclass(frozen=True, slots=True)
class Listing:
    """Where a listing of a company is landed: a page of a search."""

    date: dt.date
    keyword: str
    city: str
    page: int
    job_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingCompany:
    """A company whose details are wanted.

    Attributes:
        company_id: empty where listings have no id.
        demand: times its jobs were seen in the last days; ``newest_seen`` the last of them, zone-aware.
        last_fetched: zone-aware; None when its details are missing.
        job_ids: its newest jobs, the newest first, three at most.
        company_key: a second id that calls need, empty where the platform has none.
    """

    platform: str
    company_id: str
    name: str
    demand: int
    newest_seen: dt.datetime
    last_fetched: dt.datetime | None
    job_ids: tuple[str, ...]
    company_key: str
    listing: Listing

    @property
    def reason(self) -> str:
        """Why: ``missing`` or ``stale``."""
        return "missing" if self.last_fetched is None else "stale"


def pending_companies(
    engine: Engine, spec: PlatformSpec, date: dt.date, *, days: int, stale_before: dt.datetime
) -> list[PendingCompany]:
    """The companies of a platform, by newest day of demand, then by demand.

    Args:
        date: the last day of demand, Asia/Shanghai; ``days``: how many days of sightings count.
        stale_before: details older than this are wanted again, zone-aware.
    """
    demand = {"platform": spec.name, "date": date, "days": days}
    seen = f"(SELECT job_id FROM ({JOB_SIGHTING.rows(('platform', 'crawl_date', 'job_id'))}) WHERE {_RECENTLY})"
    company = sqltext.name(f"{spec.name}_company")
    slices = id_slices(engine, seen, demand, size=_SLICE)
    with working_table(engine, _WORK, _wanting(spec), demand, slices) as work:
        rows = engine.query(
            f"""WITH wanted AS
    (
        SELECT tupleElement(company, 1) AS id, argMax(tupleElement(company, 2), (newest, job_id)) AS name,
            argMax(tupleElement(company, 3), (newest, job_id)) AS company_key,
            sum(sightings) AS demand, max(newest) AS newest_seen, argMax(place, (newest, job_id)) AS place,
            arraySlice(arrayReverseSort(groupArray((newest, job_id))), 1, {_JOBS}) AS newest_jobs
        FROM {work}
        WHERE length(id) <= {_LONGEST_ID} AND (id != '' OR tupleElement(company, 2) != '')
        GROUP BY id, if(id = '', tupleElement(company, 2), '')
    ),
    fetched AS
    (
        SELECT company_id AS ref, toUnixTimestamp64Milli(max(last_seen)) AS last FROM {company} GROUP BY company_id
        UNION ALL
        SELECT concat('?', name) AS ref, toUnixTimestamp64Milli(max(last_seen)) AS last FROM {company}
        WHERE name != '' AND NOT startsWith(company_id, '?') GROUP BY ref
    )
    SELECT w.id, w.name, w.company_key, w.demand, w.newest_seen, w.place, arrayMap(x -> x.2, w.newest_jobs), f.last
    FROM wanted AS w
    LEFT JOIN (SELECT ref, max(last) AS last FROM fetched GROUP BY ref) AS f
        ON f.ref = if(w.id != '', w.id, concat('?', w.name))
    WHERE f.last < {{stale:Int64}}
    ORDER BY toDate(fromUnixTimestamp64Milli(w.newest_seen, 'Asia/Shanghai')) DESC, w.demand DESC, w.id, w.name
    LIMIT {MOST_CANDIDATES}""",
            {"stale": int(stale_before.timestamp() * 1000)},
            settings={"join_use_nulls": 0, **SPILL},
            doing=f"collect companies of {spec.name}",
        )
    return [_company(spec.name, *row) for row in rows]


def _wanting(spec: PlatformSpec) -> str:
    """A SELECT of the jobs of a slice that were seen in the days of demand, each with its company."""
    known = {field.column for field in spec.search.fields}
    key = "company_key" if "company_key" in known else "''"
    return f"""WITH recent AS
    (
        SELECT job_id, count() AS sightings, toUnixTimestamp64Milli(max(fetched_at)) AS newest,
            argMax((crawl_date, keyword, city, page), (fetched_at, crawl_date, keyword, city, page)) AS place
        FROM job_sighting WHERE {_RECENTLY} AND {WITHIN}
        GROUP BY job_id
    )
    SELECT job_id, sightings, newest, place, company
    FROM
    (
        SELECT job_id, argMax((company_id, company_name, {key}), (last_seen, content_hash)) AS company
        FROM {sqltext.name(f"{spec.name}_job")} WHERE {WITHIN} AND job_id IN (SELECT job_id FROM recent) GROUP BY job_id
    ) AS j INNER JOIN recent USING (job_id)"""


def _company(
    platform: str,
    company_id: str,
    name: str,
    company_key: str,
    demand: int,
    newest_seen: int,
    place: tuple[dt.date, str, str, int],
    job_ids: Sequence[str],
    last: int,
) -> PendingCompany:
    date, keyword, city, page = place
    return PendingCompany(
        platform=platform,
        company_id=str(company_id),
        name=str(name),
        demand=int(demand),
        newest_seen=_instant(newest_seen),
        last_fetched=_instant(last) if last else None,
        job_ids=tuple(map(str, job_ids)),
        company_key=str(company_key),
        listing=Listing(date, str(keyword), str(city), int(page), str(job_ids[0])),
    )


def _instant(milliseconds: int) -> dt.datetime:
    return dt.datetime.fromtimestamp(milliseconds / 1000, SHANGHAI)


def publish_pending(engine: Engine, date: dt.date, companies: Sequence[PendingCompany], *, run_id: str) -> bool:
    """Replace the list of a day; False when it is the same already, and nothing is written.

    Raises:
        WarehouseBusy: another list is being written.
    """
    names = [column.name for column in PENDING_COLUMNS]
    rows = [
        [date, one.platform, one.company_id, one.name, one.demand, one.newest_seen, one.last_fetched, one.reason]
        for one in companies
    ]
    with load_lock(engine, PENDING, run_id):
        shown = engine.query(
            f"SELECT {', '.join(names)} FROM {PENDING} WHERE crawl_date = {{date:Date}}", {"date": date}
        )
        if shown and sorted(map(tuple, rows), key=repr) == sorted((_comparable(row) for row in shown), key=repr):
            return False
        stamp = LoadStamp(load_id=next_load_id(engine), run_id=run_id)
        insert_rows(engine, PENDING_LISTS, ["load_id", *names], [[stamp.load_id, *row] for row in rows])
        commit(engine, "", date, stamp, companies=len(rows), contents=len(rows))
        _drop_old(engine, date)
    keep_parts_few(engine, [COMPANY_LEDGER])
    return True


def _comparable(row: Sequence[object]) -> tuple[object, ...]:
    return tuple(value.astimezone(SHANGHAI) if isinstance(value, dt.datetime) else value for value in row)


def _drop_old(engine: Engine, date: dt.date) -> None:
    """Keep two lists of the day, since a reader may be at the older one, and one of every other day."""
    old = engine.query(
        f"""SELECT id FROM (
            SELECT _partition_id AS id, crawl_date,
                row_number() OVER (PARTITION BY crawl_date ORDER BY load_id DESC) AS n
            FROM (SELECT DISTINCT _partition_id, crawl_date, load_id FROM {PENDING_LISTS}))
        WHERE n > if(crawl_date = {{date:Date}}, 2, 1)""",
        {"date": date},
        doing=f"look for old lists of {PENDING}",
    )
    for (partition,) in old:
        engine.command(
            f"ALTER TABLE {PENDING_LISTS} DROP PARTITION ID {sqltext.literal(str(partition))}",
            doing=f"drop an old list of {PENDING}",
        )
