"""The two partition dimensions: days in Asia/Shanghai and the dynamic keywords of a platform.

Dagster lists partitions at a cost that follows the product of both dimensions and gets slow above 100,000 of an
asset, so the first day rolls with the calendar instead of staying where the project began. A day that has rolled out
is still landed and loaded; to reach it in the UI again, raise ``PARTITION_DAYS``.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

import dagster as dg

from jobdata_assets import names

__all__ = [
    "DATE",
    "KEYWORD",
    "PARTITION_LIMIT",
    "TIMEZONE",
    "by_date",
    "daily_partitions",
    "keyword_partitions",
    "range_tags",
    "raw_page_partitions",
]

TIMEZONE = "Asia/Shanghai"
DATE, KEYWORD = "date", "keyword"
PARTITION_LIMIT = 100_000
"""Partitions an asset may have before the UI and the daemon crawl."""

RANGE_START, RANGE_END = "dagster/asset_partition_range_start", "dagster/asset_partition_range_end"


def daily_partitions(today: dt.date, days: int) -> dg.DailyPartitionsDefinition:
    """Days from at least ``days`` ago up to and including the current one, whatever day it becomes.

    The first day is the Monday before: a start that moved every day would make Dagster rebuild its partition caches
    every day.
    """
    first = today - dt.timedelta(days=days)
    first -= dt.timedelta(days=first.weekday())
    return dg.DailyPartitionsDefinition(start_date=first.isoformat(), timezone=TIMEZONE, end_offset=1)


def keyword_partitions(platform: str) -> dg.DynamicPartitionsDefinition:
    """The keywords of a platform; the set only grows, a paused keyword is a flag in the control store."""
    return dg.DynamicPartitionsDefinition(name=names.keyword_dimension(platform))


def raw_page_partitions(platform: str, daily: dg.DailyPartitionsDefinition) -> dg.MultiPartitionsDefinition:
    """Date x keyword: bookkeeping per keyword, while a run covers the keywords of a day."""
    return dg.MultiPartitionsDefinition({DATE: daily, KEYWORD: keyword_partitions(platform)})


def range_tags(date: dt.date, first: str, last: str) -> dict[str, str]:
    """Run tags for all keywords from ``first`` to ``last``, in partition order, on one day."""
    return {RANGE_START: f"{date.isoformat()}|{first}", RANGE_END: f"{date.isoformat()}|{last}"}


def by_date(partition_keys: Iterable[str]) -> dict[dt.date, tuple[str, ...]]:
    """The keywords of each day of a run, days ascending, keywords in the run's order.

    A backfill groups its runs by the smaller dimension, so one run may be a day of many keywords as well as a
    keyword of many days.
    """
    days: dict[dt.date, list[str]] = {}
    for key in partition_keys:
        date, _, keyword = str(key).partition("|")  # dimensions are sorted by name: date, keyword
        days.setdefault(dt.date.fromisoformat(date), []).append(keyword)
    return {date: tuple(days[date]) for date in sorted(days)}
