"""What the quality checks of a day are decided on, asked of the warehouse. No decisions here.

Everything is bounded by the day and the seven days before it, but for the look for contents without a sighting, which
scans one column of the platform's jobs.
"""

# ruff: noqa: S608 - generated SQL: names come from the catalog, values are bound as parameters

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from crawler_core.platforms.spec import PlatformSpec
from jobdata_assets import names
from jobdata_assets.daily.quality import HISTORY_DAYS, QualityFacts, Repeats
from jobdata_resources.warehouse.facts.questions import day_profiles, field_days, newest_loads, unparsed_strings

if TYPE_CHECKING:
    from jobdata_resources.warehouse import Warehouse

__all__ = ["measure_quality"]

_EXAMPLES = 10
_DAY = "platform = {platform:String} AND crawl_date = {date:Date}"


def measure_quality(warehouse: Warehouse, spec: PlatformSpec, date: dt.date) -> QualityFacts:
    """Ask everything about a loaded day.

    Raises:
        WarehouseError: the engine refused.
        ValueError: the day is not loaded.
    """
    loads = newest_loads(warehouse.engine, spec.name, date, HISTORY_DAYS + 1)
    if not loads or loads[-1].date != date:
        raise ValueError(f"{spec.name} {date} is not loaded: load it before it is measured")
    bound = {"platform": spec.name, "date": date}
    [(sightings,)] = warehouse.query(f"SELECT count() FROM job_sighting WHERE {_DAY}", bound)
    repeats = warehouse.query(
        f"""SELECT keyword, city, count() AS seen, seen - uniqExact(job_id) AS repeated FROM job_sighting WHERE {_DAY}
        GROUP BY keyword, city HAVING repeated > 0 ORDER BY repeated DESC, keyword, city""",
        bound,
    )
    table = names.job_table(spec.name).to_user_string()
    [(twice,)] = warehouse.query(
        f"""SELECT count() - uniqExact(job_id) FROM {table}_current
        WHERE job_id IN (SELECT job_id FROM job_sighting WHERE {_DAY})""",
        bound,
    )
    unseen, unseen_jobs = _unseen(warehouse, table, bound)
    unstored, unstored_jobs = _unstored(warehouse, table, bound)
    return QualityFacts(
        date=date,
        fields=field_days(warehouse.engine, spec.name, loads),
        worst=unparsed_strings(warehouse.engine, spec.name, loads[-1], each=_EXAMPLES),
        profiles=day_profiles(warehouse.engine, spec.name, loads),
        jobs=loads[-1].jobs,
        jobs_before={load.date: load.jobs for load in loads[:-1]},
        sightings=int(sightings),
        repeats=[Repeats(str(row[0]), str(row[1]), int(row[2]), int(row[3])) for row in repeats],
        twice=int(twice),
        unseen=unseen,
        unseen_jobs=unseen_jobs,
        unstored=unstored,
        unstored_jobs=unstored_jobs,
    )


def _unseen(warehouse: Warehouse, table: str, bound: dict[str, object]) -> tuple[int, list[str]]:
    """Contents fetched on the calendar day without a sighting of that day; a late crawl keeps its true fetch time."""
    rows = warehouse.catalog.relation(table).rows(("job_id", "content_hash", "last_seen"))
    [(count, jobs)] = warehouse.query(
        f"""SELECT uniqExact(job_id, content_hash), groupUniqArray({_EXAMPLES})(job_id) FROM ({rows})
        WHERE toDate(last_seen) = {{date:Date}} AND (job_id, content_hash) NOT IN
            (SELECT job_id, content_hash FROM job_sighting
            WHERE platform = {{platform:String}} AND toDate(fetched_at) = {{date:Date}})""",
        bound,
    )
    return int(count), sorted(map(str, jobs))


def _unstored(warehouse: Warehouse, table: str, bound: dict[str, object]) -> tuple[int, list[str]]:
    """Sightings of the day without their content."""
    rows = warehouse.catalog.relation(table).rows(("job_id", "content_hash"))
    [(count, jobs)] = warehouse.query(
        f"""SELECT count(), groupUniqArray({_EXAMPLES})(job_id) FROM job_sighting
        WHERE {_DAY} AND (job_id, content_hash) NOT IN (SELECT job_id, content_hash FROM ({rows})
            WHERE job_id IN (SELECT job_id FROM job_sighting WHERE {_DAY}))""",
        bound,
    )
    return int(count), sorted(map(str, jobs))
