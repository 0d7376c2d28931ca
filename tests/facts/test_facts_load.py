"""A load brings the facts of its strings before it gets visible, and works without them."""

from __future__ import annotations

import dataclasses
import datetime as dt
from decimal import Decimal

import pytest

from crawler_core.landing import LandingZone, land_pages
from crawler_core.normalize import NORMALISERS
from crawler_core.platforms import PLATFORMS
from jobdata_resources.warehouse import Warehouse
from jobdata_resources.warehouse.facts.fields import FACT_FIELDS, fact_rules, sources
from jobdata_resources.warehouse.load_values import PendingLoad
from tests.facts.conftest import Place
from tests.support.landed_pages import DAY, boss_body, boss_item, boss_pages, envelope

SALARIES = ("15-25K·14薪", "面议", "2-3万", "150-200元/天", "看情况", "")


def land(zone: LandingZone, day: dt.date = DAY) -> None:
    items = [
        boss_item(number, salaryDesc=salary, districtName="岳麓区 ", jobExperience="5天/周" if number == 1 else "3-5年")
        for number, salary in enumerate(SALARIES)
    ]
    page = envelope(boss_body(items), date=day.isoformat())
    land_pages(zone, "boss", day, "数据", "100010000", [(page, len(items))])


def test_every_distinct_string_has_its_fact(place: Place, zone: LandingZone) -> None:
    land(zone)
    with place.open() as warehouse:
        result = warehouse.load_day("boss", DAY, zone, run_id="run-1")
        facts = warehouse.query(
            "SELECT raw, min_cny_month, max_cny_month, months, unit, derivation != '', reason FROM fact_salary_active"
        )
        assert {row[0]: row[1:] for row in facts} == {
            "15-25K·14薪": (Decimal(15000), Decimal(25000), 14, "month", True, ""),
            "2-3万": (Decimal(20000), Decimal(30000), 12, "month", True, ""),
            "150-200元/天": (Decimal("3262.50"), Decimal(4350), 12, "day", True, ""),
            "面议": (None, None, None, "", False, "negotiable"),
            "看情况": (None, None, None, "", False, "not_understood"),
            "": (None, None, None, "", False, "empty"),
        }
        places = warehouse.query("SELECT raw, province, city, district FROM fact_place_active WHERE raw != ''")
        assert places == [("长沙·岳麓区", "湖南", "长沙", "岳麓区")]
        misplaced = "SELECT reason FROM fact_experience_active WHERE raw = '5天/周'"
        assert warehouse.query(misplaced) == [("misplaced:internship_terms",)]
        again = warehouse.load_day("boss", DAY, zone, run_id="run-2")
        assert warehouse.query("SELECT count() FROM fact_salary FINAL") == [(6,)]
    assert result.prepared["salary"] == 5, "the fact of the empty string is there from the start"
    assert set(again.prepared.values()) == {0}


def test_strings_of_a_load_are_counted_by_content(warehouse: Warehouse, zone: LandingZone) -> None:
    pages = boss_pages(0, 4)
    land_pages(zone, "boss", DAY, "数据", "100010000", [*pages, *boss_pages(0, 1)])
    load = warehouse.load_day("boss", DAY, zone, run_id="run-1")
    found = warehouse.query("SELECT field, raw, jobs, load_id FROM field_value FINAL WHERE field = 'salary'")
    assert found == [("salary", "15-25K·14薪", 20, load.load_id)]


def test_a_warehouse_without_facts_loads_all_the_same(chdb_place: Place, zone: LandingZone) -> None:
    land(zone)
    with chdb_place.open(normalisers=None) as plain:
        assert plain.load_day("boss", DAY, zone, run_id="run-1").sightings == 6
        assert plain.query("SELECT count() FROM fact_version") == [(0,)]
        with pytest.raises(ValueError, match="without facts"):
            plain.rebuild_facts(run_id="run-1")
    # The first load with facts reads what was stored before.
    with chdb_place.open() as warehouse:
        other = DAY + dt.timedelta(days=1)
        page = envelope(boss_body([boss_item(9, salaryDesc="9-10K")]), date=other.isoformat())
        land_pages(zone, "boss", other, "数据", "100010000", [(page, 1)])
        warehouse.load_day("boss", other, zone, run_id="run-2")
        assert warehouse.query("SELECT count() FROM fact_salary_active") == [(7,)]


def test_nothing_is_visible_when_the_facts_cannot_be_written(
    warehouse: Warehouse, zone: LandingZone, monkeypatch: pytest.MonkeyPatch
) -> None:
    land(zone)
    seen: list[PendingLoad] = []

    def fail(load: PendingLoad) -> dict[str, int]:
        seen.append(load)
        assert warehouse.query("SELECT count() FROM boss_job_delta") == [(6,)]
        raise RuntimeError("no facts today")

    monkeypatch.setattr(warehouse.facts, "before_commit", fail)
    with pytest.raises(RuntimeError, match="no facts today"):
        warehouse.load_day("boss", DAY, zone, run_id="run-1")
    assert (seen[0].platform, seen[0].date, len(seen[0].segments)) == ("boss", DAY, 1)
    assert warehouse.query("SELECT count() FROM boss_job") == [(0,)]
    monkeypatch.undo()
    assert warehouse.load_day("boss", DAY, zone, run_id="run-2").jobs == 6


def test_every_answer_of_a_normaliser_has_a_column() -> None:
    for field in FACT_FIELDS:
        result = NORMALISERS[field.name].result
        assert dataclasses.is_dataclass(result)
        answers = {one.name for one in dataclasses.fields(result)} - {"derivation", "reason"}
        # The business area is not asked for, since only city and district are read.
        assert {column.name for column in field.values} == answers - {"area"}, field.name


def test_the_fields_of_each_platform() -> None:
    fields = {name: set(sources(spec.search)) for name, spec in PLATFORMS.items()}
    everywhere = {"salary", "experience", "degree", "company_size", "place"}
    assert fields == {
        "boss": everywhere | {"financing_stage"},
        "qcwy": everywhere | {"company_type"},
        "zhilian": everywhere | {"company_type", "financing_stage"},
    }
    assert set(fact_rules()) == everywhere | {"financing_stage", "company_type"}
