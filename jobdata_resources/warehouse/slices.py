"""Questions about all jobs in slices of the job id, so that their memory does not grow with the market.

The job tables are sorted by job id, so a slice reads its own part only. An aggregation over a million jobs at once
needs more than a query may take, and spilling it to disk takes longer than asking in slices.
"""

# ruff: noqa: S608 - generated SQL: names are quoted by sqltext, values of callers are bound as parameters

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from jobdata_resources.warehouse import sqltext
from jobdata_resources.warehouse.client import Engine

__all__ = ["WITHIN", "id_slices", "working_table"]

WITHIN: Final = "job_id >= {low:String} AND ({high:String} = '' OR job_id < {high:String})"
"""The condition of a slice, with its bounds as parameters."""

_SAMPLES: Final = 20_000


def id_slices(
    engine: Engine, rows: str, parameters: Mapping[str, Any] | None = None, *, size: int
) -> Iterator[dict[str, str]]:
    """The bounds of slices of about ``size`` jobs each, as parameters of ``WITHIN``.

    The first slice is open downwards and the last upwards, so that together they hold every job, also those that
    come while the slices are worked on.

    Args:
        rows: what stands in a FROM and has a row or more per job in its column ``job_id``; ``parameters`` are its own.
    """
    count, sample = engine.query(
        f"SELECT uniq(job_id), arraySort(groupArraySample({_SAMPLES}, 1)(job_id)) FROM {rows}",
        parameters,
        doing="slice the jobs",
    )[0]
    pieces = -(-int(count) // size)
    bounds = sorted({sample[len(sample) * piece // pieces] for piece in range(1, pieces)})
    for low, high in zip(["", *bounds], [*bounds, ""], strict=True):
        yield {"low": low, "high": high}


@contextmanager
def working_table(
    engine: Engine, name: str, select: str, parameters: Mapping[str, Any], slices: Iterable[Mapping[str, str]]
) -> Iterator[str]:
    """The name of a table that holds what a SELECT gives in every slice.

    It is dropped at the end, and replaced when a killed run left one. Its rows have no key, so an insert that may have
    been executed is not sent again: it fails, and whoever asked asks anew.

    Args:
        select: with ``WITHIN`` for a condition; ``parameters`` are its others.

    Raises:
        WarehouseError: the engine refused.
    """
    table = sqltext.name(name)
    engine.command(
        f"CREATE OR REPLACE TABLE {table} ENGINE = MergeTree ORDER BY tuple() EMPTY AS {select}",
        {**parameters, "low": "", "high": ""},
        doing=f"create {name}",
    )
    try:
        for bounds in slices:
            bound = {**parameters, **bounds}
            engine.command(f"INSERT INTO {table} {select}", bound, doing=f"fill {name}", attempts=1)
        yield name
    finally:
        engine.command(f"DROP TABLE IF EXISTS {table} SYNC", doing=f"drop {name}")
