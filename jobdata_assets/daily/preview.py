"""The first rows of a loaded day, for people."""

# ruff: noqa: S608 - generated SQL: table and column names are our own, values are bound as parameters

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from crawler_core.platforms.spec import PlatformSpec
from jobdata_assets import names
from jobdata_assets.metadata import markdown_table

if TYPE_CHECKING:
    from jobdata_resources.warehouse import Warehouse

__all__ = ["day_preview"]

_ROWS = 10
_COLUMNS = ("title", "company_name", "city", "salary_text", "experience_text", "degree_text")


def day_preview(warehouse: Warehouse, spec: PlatformSpec, date: dt.date) -> str:
    """The ten jobs that stood highest in the day's searches, as a Markdown table.

    The sightings are picked first and their jobs are fetched by id: joining the two relations would read all jobs.
    """
    picked = warehouse.query(
        "SELECT keyword, rank, job_id, content_hash FROM job_sighting"
        " WHERE platform = {platform:String} AND crawl_date = {date:Date} AND page = 1"
        f" ORDER BY rank, keyword, city LIMIT 1 BY job_id LIMIT {_ROWS}",
        {"platform": spec.name, "date": date},
    )
    known = {field.column for field in spec.search.fields}
    columns = [column for column in _COLUMNS if column in known]
    rows = warehouse.query(
        f"SELECT job_id, content_hash, {', '.join(columns)} FROM {names.job_table(spec.name).to_user_string()}"
        " WHERE job_id IN {ids:Array(String)}",
        {"ids": [job_id for _, _, job_id, _ in picked]},
    )
    jobs = {(job_id, content): values for job_id, content, *values in rows}
    return markdown_table(
        ["keyword", "rank", *columns],
        [[keyword, rank, *jobs.get((job_id, content), ())] for keyword, rank, job_id, content in picked],
    )
