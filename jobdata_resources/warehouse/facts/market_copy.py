"""A copy of some columns of ``job_analytics``, for those who ask the whole market more than one question.

The view puts every job together from its contents, sightings and facts each time it is asked, and all jobs at once
need more memory than a query may take: 1.2 million passed 600 MB. The copy is filled in slices of the job id.
"""

# ruff: noqa: S608 - generated SQL: column names are constants of the view

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Final

from jobdata_resources.warehouse import sqltext
from jobdata_resources.warehouse.catalog import Catalog
from jobdata_resources.warehouse.client import Engine
from jobdata_resources.warehouse.facts.market import JOB_ANALYTICS
from jobdata_resources.warehouse.slices import WITHIN, id_slices, working_table

__all__ = ["market_copy"]

_SLICE: Final = 100_000
"""Jobs of one statement: 0.8 s and 240 MB for the columns of a report; 200,000 take 330 MB and save little."""


def market_copy(engine: Engine, catalog: Catalog, name: str, columns: Sequence[str]) -> AbstractContextManager[str]:
    """The name of a table with these columns, one row per job; dropped at the end.

    Every job is as it stood when its slice was read: a load committed meanwhile may be in it for some jobs only.

    Raises:
        WarehouseError: the view does not exist, or the engine refused.
    """
    slices = (
        {"platform": platform, **bounds}
        for platform, jobs in catalog.jobs.items()
        for bounds in id_slices(engine, f"({jobs.rows(('job_id',))})", size=_SLICE)
    )
    select = f"SELECT {sqltext.columns(columns)} FROM {JOB_ANALYTICS} WHERE platform = {{platform:String}} AND {WITHIN}"
    return working_table(engine, name, select, {"platform": ""}, slices)
