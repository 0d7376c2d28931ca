"""Postings to be compared: where they come from, in slices that fit into memory.

A ``PostingSource`` is a SELECT with fixed columns over one platform. Slices are ranges of the job id, which is the
sort key of the tables below, so each slice reads its own part only.
"""

# ruff: noqa: S608 - generated SQL: names come from the catalog and are quoted

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from jobdata_resources.warehouse import Warehouse, sqltext
from jobdata_resources.warehouse.slices import WITHIN, id_slices

__all__ = ["SLICE", "PostingSource", "slices", "sources"]

SLICE: Final = 50_000
"""Postings of one statement: at 3 KB of text each, 150 MB."""

COLUMNS: Final = (
    "job_id", "company_id", "company_name", "full_name", "title", "city", "salary_text", "description", "first_seen",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class PostingSource:
    """Postings of one platform.

    Attributes:
        ids: relation with a row or more per job, for slicing.
        query: SELECT of ``COLUMNS`` with ``{low:String}`` and ``{high:String}`` bounding ``job_id``: low <= id < high.
        values: SELECT of all distinct (city, salary_text).
    """

    platform: str
    ids: str
    query: str
    values: str


def sources(warehouse: Warehouse) -> list[PostingSource]:
    """One source per platform of the catalog: the current content of every job, with the text of its detail."""
    return [_source(warehouse, platform) for platform in warehouse.catalog.jobs]


def _source(warehouse: Warehouse, platform: str) -> PostingSource:
    known = {relation.name: {column.name for column in relation.visible} for relation in warehouse.catalog.relations}
    job = known[f"{platform}_job"]
    detail = known.get(f"{platform}_job_detail", set())

    def pick(column: str, *, own_first: bool = True) -> str:
        choices = [f"j.{sqltext.name(column)}"] if column in job else []
        choices += [f"d.{sqltext.name(column)}"] if column in detail else []
        if not own_first:
            choices.reverse()
        if not choices:
            return "''"
        return choices[0] if len(choices) == 1 else f"if({choices[0]} != '', {choices[0]}, {choices[1]})"

    query = f"""SELECT j.job_id AS job_id, {pick("company_id")} AS company_id, {pick("company_name")} AS company_name,
        {pick("company_full_name", own_first=False)} AS full_name, {pick("title")} AS title, {pick("city")} AS city,
        {pick("salary_text")} AS salary_text, {pick("description", own_first=False)} AS description,
        j.first_seen AS first_seen
    FROM (SELECT * FROM {sqltext.name(f"{platform}_job_current")} WHERE {WITHIN}) AS j"""
    if detail:
        query += f"""
    LEFT JOIN (SELECT * FROM {sqltext.name(f"{platform}_job_detail_current")} WHERE {WITHIN}) AS d
        ON d.job_id = j.job_id"""
    columns = ", ".join(f"j.{name}" if name in job else f"'' AS {name}" for name in ("city", "salary_text"))
    return PostingSource(
        platform=platform,
        ids=f"{platform}_job",
        query=query,
        values=f"SELECT DISTINCT {columns} FROM {sqltext.name(f'{platform}_job')} AS j",
    )


def slices(warehouse: Warehouse, source: PostingSource) -> Iterator[dict[str, str]]:
    """Bounds of job ids, of about ``SLICE`` postings each, as parameters of ``query``."""
    return id_slices(warehouse.engine, sqltext.name(source.ids), size=SLICE)
