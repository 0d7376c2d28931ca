"""Ticks of an idle project do not open the Dagster instance: that is most of what a tick costs.

The contexts here have no instance at all, so a tick that asks for it fails.
"""

from __future__ import annotations

import datetime as dt

import dagster as dg
import pytest

from crawler_core.crawl import KeywordReport
from crawler_core.keyword import Keyword
from crawler_core.platforms import PLATFORMS
from crawler_core.values import SHANGHAI
from jobdata_resources.control import ControlStore, KeywordRow
from jobdata_resources.control_resource import ControlResource
from sensors.daily_load import daily_load_sensor
from sensors.keywords import keyword_partitions_sensor
from sensors.load_decision import Fired, decide_load

BOSS = PLATFORMS["boss"]
DAY = dt.date(2026, 11, 21)
RESOURCES = {"control": ControlResource()}


def at(hour: int, minute: int = 0) -> dt.datetime:
    return dt.datetime.combine(DAY, dt.time(hour, minute), SHANGHAI)


def add(store: ControlStore, *texts: str) -> None:
    store.import_keywords("boss", [KeywordRow(keyword=Keyword.parse(text)) for text in texts])


def context(cursor: str | None = None, instance: dg.DagsterInstance | None = None) -> dg.SensorEvaluationContext:
    return dg.build_sensor_context(instance=instance, cursor=cursor, resources=RESOURCES)


def test_a_context_without_instance_refuses(store: ControlStore) -> None:
    add(store, "a")
    with pytest.raises(dg.DagsterInvariantViolationError, match="instance"):
        keyword_partitions_sensor([BOSS], running=False)(context())


def test_unchanged_keywords_are_not_looked_up_until_the_next_hour(
    store: ControlStore, instance: dg.DagsterInstance
) -> None:
    add(store, "a")
    now = at(9)

    def tick(cursor: str | None, instance: dg.DagsterInstance | None = None) -> dg.SensorResult:
        answer = keyword_partitions_sensor([BOSS], running=False, now=lambda: now)(context(cursor, instance))
        assert isinstance(answer, dg.SensorResult)
        return answer

    first = tick(None, instance)
    assert first.dynamic_partitions_requests
    assert tick(first.cursor, instance).dynamic_partitions_requests, "asked for, not done: asked for again"
    instance.add_dynamic_partitions("boss_keyword", ["a"])
    settled = tick(first.cursor, instance)
    assert not settled.dynamic_partitions_requests
    now = at(9, 59)
    assert "those of the last look" in str(tick(settled.cursor).skip_reason)
    add(store, "b")
    assert tick(settled.cursor, instance).dynamic_partitions_requests
    instance.add_dynamic_partitions("boss_keyword", ["b"])
    settled = tick(settled.cursor, instance)
    instance.delete_dynamic_partition("boss_keyword", "a")
    now = at(10)
    assert tick(settled.cursor, instance).dynamic_partitions_requests, "looked up again every hour"


def test_a_day_that_waits_is_decided_from_the_control_store_alone(
    store: ControlStore, instance: dg.DagsterInstance
) -> None:
    add(store, "a", "b")
    sensor = daily_load_sensor(BOSS, deadline_hour=22, running=False, now=lambda: at(9))

    def tick(cursor: str | None = None) -> dg.SensorResult:
        answer = sensor(context(cursor))
        assert isinstance(answer, dg.SensorResult)
        return answer

    def ended(keyword: str, day: dt.date = DAY) -> None:
        store.record_keyword(
            KeywordReport(
                platform="boss", date=day, keyword=keyword, state="done", stop_reason="last", pages=1, records=1
            )
        )

    assert "nothing crawled yet" in str(tick().skip_reason)
    ended("a")
    assert "1 still open" in str(tick().skip_reason)
    ended("b")
    loaded = tick()
    assert len(loaded.run_requests or []) == 1
    assert "loaded as it is" in str(tick(loaded.cursor).skip_reason)

    ended("a", DAY - dt.timedelta(days=1))  # yesterday is over and open: now it matters whether a crawl runs
    with pytest.raises(dg.DagsterInvariantViolationError, match="instance"):
        tick(loaded.cursor)
    answer = sensor(context(loaded.cursor, instance))
    assert isinstance(answer, dg.SensorResult)
    assert [request.partition_key for request in answer.run_requests or []] == ["2026-11-20"]


@pytest.mark.parametrize("crawling", [True, False])
@pytest.mark.parametrize("states", [{"a": "done"}, {"a": "pending"}, {"a": "done", "b": "partial"}, {}])
@pytest.mark.parametrize("day", [DAY, DAY - dt.timedelta(days=1)])
@pytest.mark.parametrize("hour", [9, 23])
def test_only_a_decision_that_says_so_depends_on_the_crawl(
    crawling: bool, states: dict[str, str], day: dt.date, hour: int
) -> None:
    def decide(crawling: bool) -> object:
        return decide_load(
            date=day, now=at(hour), deadline_hour=22, states=states, crawling=crawling, fired=Fired()
        )  # fmt: skip

    busy = decide_load(date=day, now=at(hour), deadline_hour=22, states=states, crawling=True, fired=Fired())
    if not busy.waits_for_crawl:
        assert decide(crawling) == busy
    else:
        assert decide(crawling=False) != busy
