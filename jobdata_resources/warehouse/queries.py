"""The typed questions that assets, checks, reports and commands ask.

All read the views, so they see committed loads only and one row per key.
"""

# ruff: noqa: S608 - generated SQL: names are quoted by sqltext, values of callers are bound as parameters

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from jobdata_resources.warehouse import sqltext
from jobdata_resources.warehouse.catalog import Catalog
from jobdata_resources.warehouse.client import SPILL, Engine
from jobdata_resources.warehouse.tables import LEDGER

__all__ = ["ColumnInfo", "ContentVersion", "DayCounts", "JobState", "LedgerRow", "Queries"]


@dataclass(frozen=True, slots=True)
class ColumnInfo:
    """A column of a relation, for metadata."""

    name: str
    type: str
    comment: str


@dataclass(frozen=True, slots=True)
class JobState:
    """The current state of a job: its newest content and when it was seen, over all contents."""

    job_id: str
    first_seen: dt.datetime
    last_seen: dt.datetime
    versions: int
    content: dict[str, Any]


@dataclass(frozen=True, slots=True)
class ContentVersion:
    """One content a job was seen with."""

    content_hash: int
    first_seen: dt.datetime
    last_seen: dt.datetime
    content: dict[str, Any]


@dataclass(frozen=True, slots=True)
class DayCounts:
    """A platform's day: sightings, distinct jobs, and how many of these were never seen on an earlier day."""

    platform: str
    date: dt.date
    sightings: int
    jobs: int
    new_jobs: int


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """A committed load."""

    platform: str
    date: dt.date
    load_id: int
    run_id: str
    committed_at: dt.datetime
    pages: int
    records: int
    sightings: int
    jobs: int
    contents: int
    unparsed_pages: int
    refused: dict[str, int]


class Queries:
    """Questions on one warehouse."""

    def __init__(self, engine: Engine, catalog: Catalog) -> None:
        self._engine = engine
        self._catalog = catalog

    def columns(self, relation: str) -> list[ColumnInfo]:
        """The columns readers see, in order; also of a table that is not created yet.

        Raises:
            KeyError: no such relation.
        """
        return [ColumnInfo(column.name, column.type, column.doc) for column in self._catalog.relation(relation).visible]

    def job(self, platform: str, job_id: str) -> JobState | None:
        """The current state of a job, None when it was never seen."""
        rows = self._rows(f"{platform}_job_current", "job_id = {id:String}", {"id": job_id})
        if not rows:
            return None
        row = rows[0]
        first, last, versions = row.pop("first_seen"), row.pop("last_seen"), row.pop("versions")
        row.pop("content_hash")
        return JobState(job_id, first, last, int(versions), row)

    def history(self, platform: str, job_id: str) -> list[ContentVersion]:
        """Every content of a job, oldest first."""
        rows = self._rows(f"{platform}_job", "job_id = {id:String}", {"id": job_id}, order="first_seen, content_hash")
        return [
            ContentVersion(int(row.pop("content_hash")), row.pop("first_seen"), row.pop("last_seen"), row)
            for row in rows
        ]

    def sightings(self, platform: str, job_id: str) -> list[dict[str, Any]]:
        """Every time a job was seen, oldest first."""
        where = "platform = {platform:String} AND job_id = {id:String}"
        return self._rows(
            "job_sighting", where, {"platform": platform, "id": job_id}, order="fetched_at, keyword, rank"
        )

    def day(self, platform: str, date: dt.date) -> DayCounts:
        """Counts of a day. A job is new when its first sighting of all is on that day."""
        sightings, jobs = self._engine.query(
            "SELECT count(), uniqExact(job_id) FROM job_sighting"
            " WHERE platform = {platform:String} AND crawl_date = {date:Date}",
            {"platform": platform, "date": date},
        )[0]
        new = self._engine.query(
            f"""SELECT count() FROM (SELECT job_id, min(toDate(first_seen)) AS first_day
            FROM {sqltext.name(f"{platform}_job")} GROUP BY job_id HAVING first_day = {{date:Date}})""",
            {"date": date},
            settings=SPILL,
        )[0][0]
        return DayCounts(platform, date, int(sightings), int(jobs), int(new))

    def per_keyword(self, platform: str, date: dt.date) -> dict[str, tuple[int, int]]:
        """Sightings and distinct jobs by keyword."""
        rows = self._engine.query(
            "SELECT keyword, count(), uniqExact(job_id) FROM job_sighting"
            " WHERE platform = {platform:String} AND crawl_date = {date:Date} GROUP BY keyword ORDER BY keyword",
            {"platform": platform, "date": date},
        )
        return {str(keyword): (int(seen), int(jobs)) for keyword, seen, jobs in rows}

    def outcomes(self, platform: str, date: dt.date) -> dict[str, int]:
        """Fetched pages by outcome."""
        rows = self._engine.query(
            "SELECT outcome, count() FROM crawl_page"
            " WHERE platform = {platform:String} AND crawl_date = {date:Date} GROUP BY outcome ORDER BY outcome",
            {"platform": platform, "date": date},
        )
        return {str(outcome): int(count) for outcome, count in rows}

    def loads(self, platform: str, date: dt.date | None = None) -> list[LedgerRow]:
        """Committed loads of a platform, newest first."""
        only = " AND crawl_date = {date:Date}" if date else ""
        rows = self._engine.query(
            f"""SELECT platform, crawl_date, load_id, run_id, committed_at, pages, records, sightings, jobs, contents,
                unparsed_pages, refused
            FROM {LEDGER} FINAL WHERE platform = {{platform:String}}{only} ORDER BY load_id DESC""",
            {"platform": platform, "date": date} if date else {"platform": platform},
        )
        return [LedgerRow(*row) for row in rows]

    def duplicate_keys(self, relation: str) -> int:
        """Rows more than there are keys: 0, or the guarantee of ``tables`` is broken."""
        key = sqltext.columns(self._catalog.relation(relation).order_by)
        return int(
            self._engine.query(
                f"SELECT sum(n - 1) FROM (SELECT count() AS n FROM {sqltext.name(relation)} GROUP BY {key})"
            )[0][0]
        )

    def preview(self, relation: str, limit: int = 5) -> list[dict[str, Any]]:
        """Some rows, for people; the view may be large, so they are taken from one key range."""
        return self._rows(relation, "1", {}, limit=limit)

    def _rows(
        self, relation: str, where: str, parameters: dict[str, Any], *, order: str = "", limit: int = 0
    ) -> list[dict[str, Any]]:
        sql = f"SELECT * FROM {sqltext.name(relation)} WHERE {where}"
        sql += f" ORDER BY {order}" if order else ""
        sql += f" LIMIT {limit}" if limit else ""

        def call() -> list[dict[str, Any]]:
            result = self._engine.client.query(sql, parameters=parameters)
            return [dict(zip(result.column_names, row, strict=True)) for row in result.result_rows]

        return self._engine.attempt(call, f"read {relation}")
