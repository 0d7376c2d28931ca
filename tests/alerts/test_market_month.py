"""A month of the sandbox market, crawled, loaded and watched by the real project; faults on known days, told once."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import time_machine

from crawler_core.keyword import Keyword
from crawler_core.platforms import PLATFORMS
from crawler_core.values import SHANGHAI
from jobdata_resources.control import ControlStore, KeywordRow
from tests.alerts.market_month import MarketMonth, MovedClock, environment, market_wire
from tests.support.mail_server import mail_server

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]

FIRST = dt.date(2026, 11, 1)
DAYS = 30
KEYWORDS = ("Java", "Python", "产品经理", "前端开发", "数据工程师", "算法工程师")
LOOKS = (9, 12, 23)
"""Hours (Asia/Shanghai) at which the sensors look; crawls begin at 10, loads at 20, the deadline is 22."""

FAULTS: dict[int, list[dict[str, Any]]] = {
    3: [{"platform": "boss", "kind": "challenge", "match": {"keyword": "Python"}, "times": None}],
    5: [{"platform": "qcwy", "kind": "schema_change", "times": None, "every": 8,
         "params": {"rename": {"jobName": "jobName"}, "remove": ["jobName"]}}],
    9: [{"platform": "boss", "kind": "ban_ip", "match": {"egress": "127.0.1.2"}, "after": 5,
         "params": {"seconds": 7200}}],
    11: [{"platform": "zhilian", "kind": "status", "match": {"egress": "127.0.1.3"}, "times": None, "every": 2}],
    15: [{"platform": "boss", "kind": "expire_token", "times": 3, "every": 4}],
    17: [{"platform": "qcwy", "kind": "throttle", "times": None, "every": 6}],
    20: [{"platform": "boss", "kind": "schema_change", "params": {"rename": {"salaryDesc": "salaryText"}},
          "times": None}],
    26: [{"platform": "zhilian", "kind": "challenge", "match": {"keyword": "Java"}, "times": None}],
}  # fmt: skip
FAULTS |= {12: FAULTS[11], 18: FAULTS[17], 21: FAULTS[20]}

EXPECTED = {
    "Run failed: boss_raw_pages": (3, 3),
    "Blocking check failed: qcwy_job: required_fields": (5, 6),
    "Keywords not crawled: qcwy": (7, 8),
    "Table is stale: qcwy_job": (8, 8),
    "Platform treats an identity differently: boss address 127.0.1.2": (9, 10),
    "Platform treats an identity differently: zhilian address 127.0.1.3": (11, 13),
    "Boss tokens running low: boss": (15, 17),
    "Table is stale: zhilian_job": (19, 20),
    "Platform changed its answers: boss_job: schema_drift": (20, 29),  # the days before are in its window
    "Schedule or sensor fails: schedule qcwy_crawl_schedule": (24, 25),
    "Run failed: zhilian_raw_pages": (26, 27),
    "Partitions still failed: daily digest": (27, 28),
    "Run failed: qcwy_job": (29, 29),
}
"""First and last day of the month on which an incident is told; nothing else may be told at all."""


def one_file(folder: Path) -> dict[str, Any]:
    """Settings of an instance that keeps the events of all runs in one file: a file per run takes a second each."""
    storage = {"module": "dagster._core.storage.event_log", "class": "ConsolidatedSqliteEventLogStorage"}
    return {"event_log_storage": storage | {"config": {"base_dir": str(folder)}}}


@pytest.fixture
def month(store: ControlStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MarketMonth]:
    start = dt.datetime.combine(FIRST, dt.time(), SHANGHAI).astimezone(dt.UTC)
    with (
        mail_server(tmp_path) as box,
        time_machine.travel(start, tick=False) as travel,
        dg.DagsterInstance.local_temp(str(tmp_path), overrides=one_file(tmp_path)) as instance,
    ):
        wire = market_wire(FIRST, MovedClock(travel.shift))
        values = environment(wire) | box.env() | {"SSL_CERT_FILE": str(tmp_path / "ca.pem")}
        for name, value in values.items():
            monkeypatch.setenv(name, value)
        for platform in PLATFORMS:
            store.import_keywords(platform, [KeywordRow(keyword=Keyword.parse(text)) for text in KEYWORDS])
        found = MarketMonth(instance, store, box, wire, KEYWORDS, travel)
        found.add_tokens(4)
        yield found


NOT_CRAWLED = {(7, "qcwy")}
"""Somebody switched its schedule off for a day."""

NOT_LOADED = {(7, "qcwy"), (18, "zhilian"), (19, "zhilian")}


def live(month: MarketMonth, day: dt.date) -> None:
    """One day of the project, as its schedules, the people who watch it, and its sensors make it."""
    number = (day - FIRST).days + 1
    month.begin_day(day, FAULTS.get(number, ()))
    for hour in range(24):
        month.at(day, hour)
        # The mail server is away for the evening of the 28th, when a load fails.
        month.box.refuse = "451 away" if number == 28 and hour >= 20 else ""
        attend(month, day, (number, hour))
        for platform in PLATFORMS:
            if hour == 10 and (number, platform) not in NOT_CRAWLED:
                month.crawl(platform, day)
            if hour == 20 and (number, platform) not in NOT_LOADED:
                month.load(platform, day)
        if hour in LOOKS:
            month.look()


def attend(month: MarketMonth, day: dt.date, moment: tuple[int, int]) -> None:
    """What people do, and what befalls the machine, at a day and hour of the month."""
    yesterday = day - dt.timedelta(days=1)
    match moment:
        case (3, 14):
            month.clear_faults()
            assert month.crawl("boss", day), "looked at, and launched again"
        case (17, 8):
            month.add_tokens(3)
        case (24, 8 | 11):
            month.tick("qcwy_crawl_schedule", failed=True)
        case (25, 8):
            month.tick("qcwy_crawl_schedule", failed=False)
        case (27, 11):
            assert month.crawl("zhilian", yesterday, late=True), "the failed partition, a day late"
        case (28, 19):
            month.damage("qcwy", day)
        case (29, 8):
            month.mend()
            assert month.load("qcwy", yesterday), "mended, and loaded again"


def test_every_fault_of_the_month_is_told_once_with_its_end_and_quiet_days_are_quiet(month: MarketMonth) -> None:
    for back in range(DAYS):
        live(month, FIRST + dt.timedelta(days=back))
    told: dict[str, Counter[str]] = {}
    days: dict[str, list[int]] = {}
    for at, subject in month.told:
        occasion, _, what = subject.partition(": ")
        told.setdefault(what, Counter())[occasion] += 1
        days.setdefault(what, []).append(at.day)
    assert {what: (min(at), max(at)) for what, at in days.items()} == EXPECTED
    assert {what: (count["Alert"], count["All clear"]) for what, count in told.items()} == dict.fromkeys(
        EXPECTED, (1, 1)
    )
    assert {at.day for at in month.unsent} == {28}
    assert month.store.incidents() == [], "nothing is open at the end"
