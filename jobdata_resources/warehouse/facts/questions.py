"""What checks and reports ask about the facts and about what each day brought.

A day stands for its newest committed load; days are crawl days, Asia/Shanghai.
"""

# ruff: noqa: S608 - generated SQL: names are quoted by sqltext, values of callers are bound as parameters

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field

from jobdata_resources.warehouse import sqltext
from jobdata_resources.warehouse.client import Engine
from jobdata_resources.warehouse.facts.fields import FACT_FIELDS
from jobdata_resources.warehouse.facts.tables import FIELD_PROFILE, FIELD_VALUE
from jobdata_resources.warehouse.tables import LEDGER

__all__ = ["DayLoad", "DayProfile", "FieldDay", "SeenMember", "UnparsedString", "day_profiles", "field_days",
           "newest_loads", "unparsed_strings"]  # fmt: skip


@dataclass(frozen=True, slots=True)
class DayLoad:
    """The newest committed load of a day, and the distinct jobs it brought."""

    date: dt.date
    load_id: int
    jobs: int


@dataclass(frozen=True, slots=True)
class FieldDay:
    """How well a field was understood on a day.

    Attributes:
        jobs: job contents of the day.
        unparsed: those without a value, by reason.
    """

    field: str
    date: dt.date
    jobs: int
    unparsed: dict[str, int]

    @property
    def share(self) -> float:
        """Share of the job contents without a value, 0 to 1."""
        return sum(self.unparsed.values()) / self.jobs if self.jobs else 0.0


@dataclass(frozen=True, slots=True)
class UnparsedString:
    """A published string without a value, and the job contents of the day that carry it."""

    field: str
    raw: str
    reason: str
    jobs: int


@dataclass(frozen=True, slots=True)
class SeenMember:
    """A JSON member of one type on one day, with one place where it stands."""

    items: int
    example: str
    keyword: str
    page: int
    segment: str


@dataclass(frozen=True, slots=True)
class DayProfile:
    """The members of a day's sampled items, by path and type."""

    date: dt.date
    sampled: int
    members: dict[tuple[str, str], SeenMember] = field(default_factory=dict)


def newest_loads(engine: Engine, platform: str, until: dt.date, days: int) -> list[DayLoad]:
    """The last loaded days up to and including ``until``, oldest first."""
    rows = engine.query(
        f"""SELECT crawl_date, max(load_id), argMax(jobs, load_id) FROM {LEDGER}
        WHERE platform = {{platform:String}} AND crawl_date <= {{until:Date}}
        GROUP BY crawl_date ORDER BY crawl_date DESC LIMIT {{days:UInt32}}""",
        {"platform": platform, "until": until, "days": days},
        doing="look up the last loads",
    )
    return [DayLoad(date, int(load), int(jobs)) for date, load, jobs in reversed(rows)]


def field_days(engine: Engine, platform: str, loads: Sequence[DayLoad]) -> list[FieldDay]:
    """Every field of every load, read by the active rules; ordered by field and date."""
    rows = engine.query(
        f"""SELECT v.field, v.crawl_date, {_REASON} AS why, sum(v.jobs)
        FROM ({_VALUES}) AS v LEFT JOIN ({_facts()}) AS f ON f.field = v.field AND f.raw = v.raw
        GROUP BY v.field, v.crawl_date, why ORDER BY v.field, v.crawl_date, why""",
        {"platform": platform, "loads": [one.load_id for one in loads]},
        doing="count unparsed values",
    )
    found: dict[tuple[str, dt.date], tuple[int, dict[str, int]]] = {}
    for name, date, why, jobs in rows:
        total, unparsed = found.get((str(name), date), (0, {}))
        if why:
            unparsed[str(why)] = int(jobs)
        found[str(name), date] = (total + int(jobs), unparsed)
    return [FieldDay(name, date, total, unparsed) for (name, date), (total, unparsed) in found.items()]


def unparsed_strings(engine: Engine, platform: str, load: DayLoad, *, each: int = 10) -> list[UnparsedString]:
    """The commonest strings of a load without a value, at most ``each`` of a field."""
    rows = engine.query(
        f"""SELECT v.field, v.raw, {_REASON} AS why, v.jobs
        FROM ({_VALUES}) AS v LEFT JOIN ({_facts()}) AS f ON f.field = v.field AND f.raw = v.raw
        WHERE why != '' ORDER BY v.field, v.jobs DESC, v.raw LIMIT {{each:UInt32}} BY v.field""",
        {"platform": platform, "loads": [load.load_id], "each": each},
        doing="list unparsed strings",
    )
    return [UnparsedString(str(name), str(raw), str(why), int(jobs)) for name, raw, why, jobs in rows]


def day_profiles(engine: Engine, platform: str, loads: Sequence[DayLoad]) -> list[DayProfile]:
    """The profile of every load that has one, oldest day first."""
    rows = engine.query(
        f"""SELECT crawl_date, path, type, max(sampled), max(items), any(example), any(keyword), any(page), any(segment)
        FROM {FIELD_PROFILE} WHERE platform = {{platform:String}} AND load_id IN {{loads:Array(UInt64)}}
        GROUP BY crawl_date, path, type ORDER BY crawl_date, path, type""",
        {"platform": platform, "loads": [one.load_id for one in loads]},
        doing="read the field profiles",
    )
    days: dict[dt.date, DayProfile] = {}
    for date, path, kind, sampled, items, example, keyword, page, segment in rows:
        day = days.setdefault(date, DayProfile(date, int(sampled)))
        seen = SeenMember(int(items), str(example), str(keyword), int(page), str(segment))
        day.members[str(path), str(kind)] = seen
    return list(days.values())


_VALUES = f"""SELECT field, crawl_date, raw, max(jobs) AS jobs FROM {FIELD_VALUE}
    WHERE platform = {{platform:String}} AND load_id IN {{loads:Array(UInt64)}} GROUP BY field, crawl_date, raw"""

_REASON = "if(f.derivation = '' AND f.reason = '', 'no fact', f.reason)"


def _facts() -> str:
    return " UNION ALL ".join(
        f"SELECT {sqltext.literal(one.name)} AS field, raw, derivation, reason FROM {one.view}" for one in FACT_FIELDS
    )
