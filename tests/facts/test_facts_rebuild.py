"""A rule changes: all stored strings are read anew, and readers see the old facts or the new ones, never both."""

from __future__ import annotations

import dataclasses
import datetime as dt
import threading
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

import pytest

from crawler_core.landing import LandingZone, land_pages
from crawler_core.normalize import NORMALISERS, Normalised, Normaliser
from crawler_core.normalize.salary import Salary, normalise_salaries
from jobdata_resources.warehouse import WarehouseBusy, WarehouseSchemaError
from jobdata_resources.warehouse.facts import fill
from jobdata_resources.warehouse.loadlock import load_lock
from tests.facts.conftest import Place
from tests.support.landed_pages import DAY, boss_body, boss_item, envelope

DAYS = [DAY + dt.timedelta(days=number) for number in range(4)]


def doubled(rules: str) -> dict[str, Normaliser]:
    """Rules under which everybody earns twice as much."""

    def read(values: Iterable[str | None]) -> Sequence[Normalised]:
        return [_twice(salary) for salary in normalise_salaries(values)]

    return {**NORMALISERS, "salary": dataclasses.replace(NORMALISERS["salary"], rules=rules, read=read)}


def _twice(salary: Salary) -> Salary:
    return dataclasses.replace(salary, min_cny_month=salary.min_cny_month and salary.min_cny_month * 2)


def land(zone: LandingZone, day: dt.date, salaries: Mapping[int, str]) -> None:
    items = [boss_item(number, salaryDesc=salary) for number, salary in salaries.items()]
    land_pages(zone, "boss", day, "数据", "100010000", [(envelope(boss_body(items), date=day.isoformat()), len(items))])


LOWEST = "SELECT f.min_cny_month FROM boss_job AS j LEFT JOIN fact_salary_active AS f ON f.raw = j.salary_text"


def test_a_rebuild_reads_all_stored_strings_and_switches_once(place: Place, zone: LandingZone) -> None:
    for number, day in enumerate(DAYS[:2]):
        land(zone, day, {number: f"{number + 5}-20K"})
    with place.open() as warehouse:
        for day in DAYS[:2]:
            warehouse.load_day("boss", day, zone, run_id="run-1")
        assert warehouse.query(f"{LOWEST} ORDER BY 1") == [(Decimal(5000),), (Decimal(6000),)]
    with place.open(normalisers=doubled("9")) as newer:
        result = newer.rebuild_facts(run_id="rebuild")
        assert result.activated == {"salary": "salary-9.1"}
        assert result.strings == {
            "salary": 3, "experience": 0, "degree": 0, "company_size": 0, "company_type": 0, "financing_stage": 0,
            "place": 0,
        }  # fmt: skip
        assert newer.query(f"{LOWEST} ORDER BY 1") == [(Decimal(10000),), (Decimal(12000),)]
        again = newer.rebuild_facts(run_id="again")
        assert (again.activated, sum(again.strings.values())) == ({}, 0)
    land(zone, DAYS[2], {3: "8-9K"})
    with place.open() as older:
        with pytest.raises(
            WarehouseSchemaError, match=r"facts of salary were rebuilt with salary-9\.1, this program knows salary-1\.1"
        ):
            older.load_day("boss", DAYS[2], zone, run_id="run-2")
        assert older.query("SELECT count() FROM boss_job") == [(2,)]
        older.heal("boss")
        # Taking a rule back is a decision: the old facts are still there, and one row shows them again.
        assert older.rebuild_facts(run_id="back").activated == {"salary": "salary-1.1"}
        older.load_day("boss", DAYS[2], zone, run_id="run-3")
        assert older.query(f"{LOWEST} ORDER BY 1") == [(Decimal(5000),), (Decimal(6000),), (Decimal(8000),)]
        changes = older.query("SELECT rule, run FROM fact_version FINAL WHERE field = 'salary' ORDER BY flip")
    assert changes == [("salary-1.1", "begin"), ("salary-9.1", "rebuild"), ("salary-1.1", "back")]


def test_a_load_with_new_rules_brings_them_for_all(place: Place, zone: LandingZone) -> None:
    land(zone, DAYS[0], {1: "5-20K"})
    land(zone, DAYS[1], {2: "6-20K"})
    with place.open() as warehouse:
        warehouse.load_day("boss", DAYS[0], zone, run_id="run-1")
    with place.open(normalisers=doubled("2")) as newer:
        newer.load_day("boss", DAYS[1], zone, run_id="run-2")
        assert newer.query(f"{LOWEST} ORDER BY 1") == [(Decimal(10000),), (Decimal(12000),)]


def test_a_rebuild_cut_short_shows_nothing(
    chdb_place: Place, zone: LandingZone, monkeypatch: pytest.MonkeyPatch
) -> None:
    land(zone, DAYS[0], {number: f"{number + 5}-90K" for number in range(20)})
    with chdb_place.open() as warehouse:
        warehouse.load_day("boss", DAYS[0], zone, run_id="run-1")
        before = warehouse.query(f"{LOWEST} ORDER BY 1")
    monkeypatch.setattr(fill, "CHUNK", 3)
    calls = 0

    def dying(raws: Iterable[str | None]) -> Sequence[Normalised]:
        nonlocal calls
        calls += 1
        if calls == 4:
            raise KeyboardInterrupt
        return [_twice(salary) for salary in normalise_salaries(raws)]

    salary = dataclasses.replace(NORMALISERS["salary"], rules="7", read=dying)
    with chdb_place.open(normalisers={**NORMALISERS, "salary": salary}) as newer:
        with pytest.raises(KeyboardInterrupt):
            newer.rebuild_facts(run_id="rebuild")
        assert newer.query(f"{LOWEST} ORDER BY 1") == before
        result = newer.rebuild_facts(run_id="rebuild")
        assert result.strings["salary"] == 21 - 3 * 3  # what was stored before the cut is not read again
        assert newer.query(f"{LOWEST} ORDER BY 1") == [(value * 2,) for (value,) in before]


def test_readers_never_see_half(http_place: Place, zone: LandingZone) -> None:
    salaries = {number: f"{number + 1}-900K" for number in range(300)}
    land(zone, DAYS[0], salaries)
    sums = {sum((number + 1) * 1000 * times for number in salaries) for times in (1, 2)}
    wrong: list[object] = []
    seen: set[int] = set()
    stop = threading.Event()
    with http_place.open() as warehouse:
        warehouse.load_day("boss", DAYS[0], zone, run_id="run-1")

    def read() -> None:
        question = "SELECT count(), countIf(f.raw = ''), sum(f.min_cny_month)"
        with http_place.open() as reader:
            while not stop.is_set():
                [(jobs, without, total)] = reader.query(question + LOWEST.removeprefix("SELECT f.min_cny_month"))
                seen.add(int(total))
                if (jobs, without) != (300, 0) or int(total) not in sums:
                    wrong.append((jobs, without, total))

    thread = threading.Thread(target=read)
    thread.start()
    try:
        for rules in ("2", "3", "4"):
            normalisers = doubled(rules) if rules != "3" else {
                **NORMALISERS, "salary": dataclasses.replace(NORMALISERS["salary"], rules="3")
            }  # fmt: skip
            with http_place.open(normalisers=normalisers) as newer:
                newer.rebuild_facts(run_id=f"rebuild-{rules}")
    finally:
        stop.set()
        thread.join()
    assert wrong == []
    assert seen == sums


def test_two_rebuilds_do_not_mix(chdb_place: Place) -> None:
    with chdb_place.open() as warehouse:
        warehouse.migrate()
        with load_lock(warehouse.engine, "facts", "other"), pytest.raises(WarehouseBusy, match="run other"):
            warehouse.rebuild_facts(run_id="run-1")
