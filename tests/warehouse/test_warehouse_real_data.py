"""The real captured listings through landing and load, with the exact rows they must give."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

from crawler_core.landing import LandingZone, land_pages
from crawler_core.platforms import PLATFORMS
from crawler_core.platforms.items import read_items
from jobdata_resources.warehouse import Warehouse
from tests.support.landed_pages import DAY, envelope


def land_bodies(zone: LandingZone, platform: str, bodies: list[str], **values: Any) -> None:
    pages = [(envelope(body, platform=platform, page=number, **values), 0) for number, body in enumerate(bodies, 1)]
    land_pages(zone, platform, DAY, values.get("keyword", "数据"), "100010000", pages)


def as_python_reads(platform: str, kind: str, bodies: list[str]) -> list[dict[str, object]]:
    spec = PLATFORMS[platform]
    shape = spec.search if kind == "search" else spec.details[kind]
    return [row for body in bodies for row in read_items(shape, body.encode())]


def assert_same_contents(warehouse: Warehouse, relation: str, rows: list[dict[str, object]]) -> None:
    """Every row of the relation is a row that Python reads from the same bodies, in its content columns."""
    stored = warehouse.ask.preview(relation, limit=1_000_000)
    columns = [c.name for c in warehouse.catalog.relation(relation).visible if c.aggregate in ("any", "key")]
    columns.remove("content_hash")
    wanted = {json.dumps([row[name] for name in columns], ensure_ascii=False) for row in rows}
    assert {json.dumps([row[name] for name in columns], ensure_ascii=False) for row in stored} == wanted


def zhaopin_pages(folder: Path) -> list[str]:
    """The older items wrapped in answers of 90, the page size of that search (WIRE 3.3)."""
    with gzip.open(folder / "zhaopin_search_2019.items.jsonl.gz", "rt", encoding="utf-8") as lines:
        items = [line.strip() for line in lines]
    parts = iter(items)
    bodies = []
    while part := list(islice(parts, 90)):
        bodies.append('{"code":200,"data":{"numFound":37152,"results":[' + ",".join(part) + "]}}")
    return bodies


def test_boss(warehouse: Warehouse, zone: LandingZone, shared_data: Path) -> None:
    lists = (shared_data / "boss_search_2022_2023.responses.jsonl").read_text(encoding="utf-8").splitlines()
    details = (shared_data / "boss_detail_2023.responses.jsonl").read_text(encoding="utf-8").splitlines()
    land_bodies(zone, "boss", lists)
    land_bodies(zone, "boss", details, kind="job_detail", keyword="数据 详情")

    result = warehouse.load_day("boss", DAY, zone, run_id="run-1")

    assert (len(lists), len(details)) == (8, 210)
    assert (result.pages, result.records, result.refused, result.unparsed_pages) == (218, 630, {}, 0)
    assert (result.sightings, result.jobs, result.contents) == (420, 420, 420)
    assert warehouse.query("SELECT count(), uniqExact(job_id) FROM boss_job_detail") == [(210, 210)]
    known = "SELECT count() FROM boss_job_detail_current WHERE job_id IN (SELECT job_id FROM boss_job)"
    assert warehouse.query(known) == [(210,)]
    assert warehouse.query(
        "SELECT countIf(description != ''), countIf(company_full_name != '') FROM boss_job_detail"
    ) == [(210, 210)]
    assert_same_contents(warehouse, "boss_job", as_python_reads("boss", "search", lists))
    assert_same_contents(warehouse, "boss_job_detail", as_python_reads("boss", "job_detail", details))


def test_51job(warehouse: Warehouse, zone: LandingZone, shared_data: Path) -> None:
    body = (shared_data / "51job_search_2022.response.json").read_text(encoding="utf-8")
    land_bodies(zone, "qcwy", [body])

    result = warehouse.load_day("qcwy", DAY, zone, run_id="run-1")

    assert (result.pages, result.records, result.refused) == (1, 50, {})
    assert (result.sightings, result.jobs, result.contents) == (50, 50, 50)
    assert_same_contents(warehouse, "qcwy_job", as_python_reads("qcwy", "search", [body]))


def test_zhaopin(warehouse: Warehouse, zone: LandingZone, shared_data: Path) -> None:
    bodies = zhaopin_pages(shared_data)
    land_bodies(zone, "zhilian", bodies)

    for _ in range(2):
        result = warehouse.load_day("zhilian", DAY, zone, run_id="run-1")
        assert (result.pages, result.records, result.refused, result.unparsed_pages) == (413, 37_152, {}, 0)
        assert (result.sightings, result.jobs, result.contents) == (37_152, 27_274, 27_274)

    assert warehouse.query("SELECT count(), uniqExact(job_id) FROM zhilian_job") == [(27_274, 27_274)]
    assert warehouse.query("SELECT count() FROM zhilian_job_current WHERE versions > 1") == [(0,)]
    assert_same_contents(warehouse, "zhilian_job", as_python_reads("zhilian", "search", bodies))


def test_zhaopin_changed_versions(open_place: Callable[..., Warehouse], zone: LandingZone, shared_data: Path) -> None:
    """A refreshed date is no change of content; counted as one, the 521 refreshed jobs give 524 versions more."""
    spec = PLATFORMS["zhilian"]
    fields = tuple(replace(item, content=item.content or item.column == "updated_text") for item in spec.search.fields)
    warehouse = open_place(platforms={"zhilian": replace(spec, search=replace(spec.search, fields=fields))})
    land_bodies(zone, "zhilian", zhaopin_pages(shared_data))

    result = warehouse.load_day("zhilian", DAY, zone, run_id="run-1")

    assert (result.sightings, result.jobs, result.contents) == (37_152, 27_274, 27_798)
    assert warehouse.query("SELECT countIf(versions > 1), sum(versions) FROM zhilian_job_current") == [(521, 27_798)]
