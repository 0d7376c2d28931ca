"""Publish dates: what the engine reads is what the normaliser reads, and it says why it reads no more."""

from __future__ import annotations

import datetime as dt
import random

from crawler_core.normalize.publish_date import normalise_publish_date
from crawler_core.values import SHANGHAI
from jobdata_resources.warehouse import Warehouse
from jobdata_resources.warehouse.facts.dates import publish_reason, published_at

FETCHED = dt.datetime(2026, 11, 21, 9, 30, tzinfo=SHANGHAI)
WRITTEN = [
    "2026-06-16 15:04:05", "2026-06-16T15:04:05", " 2026-06-16 15:04 ", "2026-06-16 15:04:05.120", "2026-06-16",
    "2024-02-29", "2026-02-29", "2026-02-30 10:00:00", "2026-13-01", "2026-00-10", "2026-06-31 00:00:00",
    "2026-06-16 24:00:00", "2026-06-16 23:59:60", "2026-06-16 12:60:00", "1999-12-31", "2000-01-01", "2100-12-31",
    "2101-01-01", "1778641411978", "978278400000", "1795493275000", "", " ", "薪资", "5天/周", "2026-06-16 15",
    "04-13", "04-13发布", "3天前", "发布于昨天", "刚刚", "发布于09:11", "1月13日", "09:11",
]  # fmt: skip
"""978278400000 is a day of 2001 in twelve digits, which the normaliser does not take for a moment either."""


def strings() -> list[str]:
    dice = random.Random(7)
    made = list(WRITTEN)
    for _ in range(3000):
        moment = dt.datetime(2000, 1, 1, tzinfo=SHANGHAI) + dt.timedelta(milliseconds=dice.randrange(3_187_296_000_000))
        shape = dice.choice(("%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d", "epoch", "ms"))
        if shape == "epoch":
            made.append(str(int(moment.timestamp() * 1000)))
        elif shape == "ms":
            made.append(f"{moment:%Y-%m-%d %H:%M:%S}.{moment.microsecond // 1000:03d}")
        else:
            made.append(moment.strftime(shape))
    return made


def test_the_engine_reads_what_the_normaliser_reads(warehouse: Warehouse) -> None:
    texts = strings()
    rows = warehouse.query(
        f"SELECT toUnixTimestamp64Milli({published_at('x')}), {publish_reason('x')}"
        " FROM (SELECT arrayJoin({texts:Array(String)}) AS x)",
        {"texts": texts},
    )
    told = {}
    for text, (found, reason) in zip(texts, rows, strict=True):
        expected = normalise_publish_date(text, FETCHED)
        moment = expected.at or (expected.date and dt.datetime.combine(expected.date, dt.time(), SHANGHAI))
        if reason == "relative":
            assert found is None
        else:
            assert found == (moment and round(moment.timestamp() * 1000)), text
            assert (reason == "") == (moment is not None), text
        told[text] = reason
    relative = {"04-13", "04-13发布", "3天前", "发布于昨天", "刚刚", "发布于09:11", "1月13日", "09:11"}
    assert {text for text, reason in told.items() if reason == "relative"} == relative
    assert (told[""], told[" "], told["薪资"], told["2026-02-29"]) == ("empty", "empty", *["not_understood"] * 2)
    assert sum(reason == "" for reason in told.values()) > 2900
