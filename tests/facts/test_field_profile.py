"""The profile of a day's items: paths, types, counts, an example with its page, from a bounded sample."""

from __future__ import annotations

import json
from typing import Any

from crawler_core.landing import LandingZone, land_pages
from crawler_core.platforms import PLATFORMS
from jobdata_resources.warehouse import Warehouse
from jobdata_resources.warehouse.facts.profile import SAMPLED_PAGES, profile_items, profile_pages, sample_pages
from jobdata_resources.warehouse.facts.questions import day_profiles, newest_loads
from tests.support.landed_pages import DAY, boss_body, boss_item, boss_pages, envelope

SEARCH = PLATFORMS["boss"].search


def members(*items: Any) -> dict[tuple[str, str], tuple[int, str]]:
    page = envelope("", page=7)
    found = profile_items(("segment", page, item) for item in items)
    assert {(one.page, one.keyword, one.segment) for one in found.members} <= {(7, "数据", "segment")}
    return {(one.path, one.type): (one.items, one.example) for one in found.members}


def test_paths_and_types() -> None:
    item = {"a": "x", "b": {"c": 1, "d.e": 2.5}, "f": [{"g": True}, {"g": "y"}, 3], "h": None, "i": []}
    assert members(item) == {
        ("a", "string"): (1, "x"),
        ("b", "object"): (1, '{"c":1,"d.e":2.5}'),
        ("b.c", "number"): (1, "1"),
        ('b."d.e"', "number"): (1, "2.5"),
        ("f", "array"): (1, '[{"g":true},{"g":"y"},3]'),
        ("f[]", "object"): (1, '{"g":true}'),
        ("f[]", "number"): (1, "3"),
        ("f[].g", "boolean"): (1, "true"),
        ("f[].g", "string"): (1, "y"),
        ("i", "array"): (1, "[]"),
    }


def test_counts_are_of_items_and_examples_are_short() -> None:
    found = members({"a": "x" * 500, "b": [1, 2]}, {"a": 1}, {"a": "z"}, "no object", None)
    assert found["a", "string"] == (2, "x" * 79 + "…")
    assert found["a", "number"] == (1, "1")
    assert found["b[]", "number"] == (1, "1")


def test_ids_for_keys_do_not_fill_the_table() -> None:
    assert len(members({str(number): 1 for number in range(5000)})) == 400


def test_the_sample_is_bounded_and_skips_what_is_not_readable(zone: LandingZone) -> None:
    land_pages(zone, "boss", DAY, "数据", "100010000", boss_pages(0, 100), segment_pages=4)
    pages = [
        (envelope("<html>", page=1, keyword="x", outcome="banned"), 0),
        (envelope(boss_body([boss_item(1)]), page=1, keyword="x", kind="job_detail"), 0),
        (envelope("not json", page=2, keyword="x"), 0),
        (envelope(boss_body([boss_item(number) for number in range(30)]), page=3, keyword="x"), 30),
    ]
    land_pages(zone, "boss", DAY, "x", "100010000", pages)
    refs = zone.segments("boss", DAY)
    sampled = list(sample_pages(zone, refs))
    assert len(refs) == 26
    assert {ref.path for ref, _ in sampled} == {ref.path for ref in refs}
    assert len(sampled) <= SAMPLED_PAGES
    assert {page.outcome for _, page in sampled} == {"ok"}
    many = list(sample_pages(zone, refs * 10))
    assert len(many) <= SAMPLED_PAGES
    only = [ref for ref in refs if ref.keyword == "x"]
    assert profile_pages(SEARCH, sample_pages(zone, only)).sampled == 10  # ten of the thirty items


def test_a_load_stores_its_profile(warehouse: Warehouse, zone: LandingZone) -> None:
    land_pages(
        zone, "boss", DAY, "数据", "100010000", [(envelope(boss_body([boss_item(1, gps={"longitude": 1.5})])), 1)]
    )
    warehouse.load_day("boss", DAY, zone, run_id="run-1")
    warehouse.load_day("boss", DAY, zone, run_id="run-2")
    [day] = day_profiles(warehouse.engine, "boss", newest_loads(warehouse.engine, "boss", DAY, 8))
    assert (day.date, day.sampled) == (DAY, 1)
    seen = day.members["gps.longitude", "number"]
    [ref] = zone.segments("boss", DAY)
    assert (seen.items, json.loads(seen.example), seen.page, seen.segment) == (1, 1.5, 1, ref.path)
