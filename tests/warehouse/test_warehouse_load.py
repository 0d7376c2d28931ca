"""A day becomes rows: counts, keys, history, awkward keywords, refusals, and loading twice changes nothing."""

from __future__ import annotations

import datetime as dt
import json
import socket
from pathlib import Path

import pytest

from crawler_core.errors import BadInput, CorruptSegment
from crawler_core.landing import LandingZone, land_pages
from jobdata_resources.warehouse import Warehouse, WarehouseBusy
from jobdata_resources.warehouse.loadlock import load_lock
from tests.support.landed_pages import DAY, boss_body, boss_item, boss_pages, envelope

NEXT_DAY = DAY + dt.timedelta(days=1)
RELATIONS = ("boss_job", "job_sighting", "crawl_page", "boss_job_current", "boss_job_detail")


def snapshot(warehouse: Warehouse) -> dict[str, list[tuple[object, ...]]]:
    """Everything a reader can see except the ledger, in one order."""
    return {name: warehouse.query(f"SELECT * FROM {name} ORDER BY ALL") for name in RELATIONS}


def test_a_day_becomes_rows(warehouse: Warehouse, zone: LandingZone) -> None:
    land_pages(zone, "boss", DAY, "数据", "100010000", boss_pages(0, 20))
    land_pages(zone, "boss", DAY, "Java", "100010000", boss_pages(50, 20, keyword="Java"))

    result = warehouse.load_day("boss", DAY, zone, run_id="run-1")

    assert (result.segments, result.pages, result.records) == (4, 40, 200)
    assert (result.sightings, result.jobs, result.contents) == (200, 150, 150)
    assert (result.refused, result.unparsed_pages, result.outcomes) == ({}, 0, {"ok": 40})
    assert warehouse.ask.per_keyword("boss", DAY) == {"Java": (100, 100), "数据": (100, 100)}
    assert warehouse.query("SELECT count(), uniqExact(job_id) FROM boss_job") == [(150, 150)]
    seen = warehouse.query(
        "SELECT keyword, city, page, rank, crawl_date, run FROM job_sighting WHERE job_id = {id:String} ORDER BY 1",
        {"id": f"{50:016x}1nNz3di4ElpY"},
    )
    assert seen == [("Java", "100010000", 1, 1, DAY, "run-1"), ("数据", "100010000", 11, 1, DAY, "run-1")]


def test_loading_again_changes_nothing(warehouse: Warehouse, zone: LandingZone) -> None:
    land_pages(zone, "boss", DAY, "数据", "100010000", boss_pages(0, 20))
    land_pages(zone, "boss", NEXT_DAY, "数据", "100010000", boss_pages(40, 20, date=NEXT_DAY.isoformat()))
    warehouse.load_day("boss", DAY, zone, run_id="run-1")
    warehouse.load_day("boss", NEXT_DAY, zone, run_id="run-2")
    before = snapshot(warehouse)

    for day in (NEXT_DAY, DAY, DAY):
        warehouse.load_day("boss", day, zone, run_id="again")

    assert snapshot(warehouse) == before
    assert [warehouse.ask.duplicate_keys(name) for name in ("boss_job", "job_sighting", "crawl_page")] == [0, 0, 0]
    assert len(warehouse.ask.loads("boss")) == 5
    for name in ("boss_job", "job_sighting", "crawl_page"):
        assert warehouse.query(f"SELECT count() FROM {name}_delta") == [(0,)]
        warehouse.command(f"SYSTEM START MERGES {name}_base")
        warehouse.command(f"OPTIMIZE TABLE {name}_base FINAL")
        assert warehouse.query(f"SELECT count() FROM {name}_base") == warehouse.query(f"SELECT count() FROM {name}")
    assert snapshot(warehouse) == before


def test_current_state_and_history(warehouse: Warehouse, zone: LandingZone) -> None:
    job = f"{1:016x}1nNz3di4ElpY"
    days = [DAY + dt.timedelta(days=offset) for offset in range(4)]
    # The salary changes on the third day and changes back on the fourth; the status never counts as a change.
    for number, (day, salary) in enumerate(zip(days, ["15-25K", "15-25K", "20-30K", "15-25K"], strict=True)):
        item = boss_item(1, salaryDesc=salary, jobValidStatus=number)
        page = envelope(boss_body([item]), date=day.isoformat())
        land_pages(zone, "boss", day, "数据", "100010000", [(page, 1)])
        warehouse.load_day("boss", day, zone, run_id=f"run-{number}")

    state = warehouse.ask.job("boss", job)
    assert state is not None
    assert (state.first_seen.date(), state.last_seen.date(), state.versions) == (days[0], days[3], 2)
    assert (state.content["salary_text"], state.content["job_status"]) == ("15-25K", "3")
    assert state.first_seen.isoformat() == "2026-11-21T09:30:00.123000+08:00"
    history = warehouse.ask.history("boss", job)
    assert [(v.content["salary_text"], v.first_seen.date(), v.last_seen.date()) for v in history] == [
        ("15-25K", days[0], days[3]),
        ("20-30K", days[2], days[2]),
    ]
    assert [row["crawl_date"] for row in warehouse.ask.sightings("boss", job)] == days
    counts = [warehouse.ask.day("boss", day) for day in days[:2]]
    assert [(day.sightings, day.jobs, day.new_jobs) for day in counts] == [(1, 1, 1), (1, 1, 0)]
    assert warehouse.ask.job("boss", "unknown") is None


AWKWARD = ["C#", "C++", "数据 工程师", "a{b,c}", "100%", "what?", "a*b", "x'y\\z", "{0..9}", "a/b", "**", '"q"']


def test_awkward_keywords(warehouse: Warehouse, zone: LandingZone) -> None:
    for keyword in AWKWARD:
        land_pages(zone, "boss", DAY, keyword, "100010000", boss_pages(0, 3, keyword=keyword), segment_pages=2)

    result = warehouse.load_day("boss", DAY, zone, run_id="run-1")

    assert (result.pages, result.sightings) == (3 * len(AWKWARD), 15 * len(AWKWARD))
    assert warehouse.ask.per_keyword("boss", DAY) == dict.fromkeys(AWKWARD, (15, 15))
    segments = warehouse.query("SELECT DISTINCT segment FROM crawl_page ORDER BY segment")
    assert [row[0] for row in segments] == sorted(ref.path for ref in zone.segments("boss", DAY))


def test_only_readable_pages_become_rows_and_every_refusal_is_counted(warehouse: Warehouse, zone: LandingZone) -> None:
    good = boss_item(1)
    pages = [
        envelope(boss_body([good, boss_item(2, encryptJobId=None), boss_item(3, jobName=""), boss_item(3)]), page=1),
        envelope(boss_body([{"encryptJobId": "", "jobName": ""}, "no object", None, 5]), page=2),
        envelope("<html>blocked</html>", page=3),
        envelope(boss_body([boss_item(4)])[:-3], page=4, outcome="transport", detail="cut off"),
        envelope(boss_body([boss_item(5)]), page=5, outcome="banned", status=403),
        envelope("", page=5, attempt=2, outcome="transport", status=None),
        envelope(boss_body([boss_item(6)]).encode(), page=5, attempt=3, outcome="last"),
        envelope('{"zpData":{}}', page=6, kind="unheard_of", outcome="ok"),
    ]
    land_pages(zone, "boss", DAY, "数据", "100010000", [(page, 0) for page in pages])

    result = warehouse.load_day("boss", DAY, zone, run_id="run-1")

    assert result.refused == {"no job_id": 5, "no title": 1}
    assert (result.records, result.sightings, result.jobs) == (9, 3, 3)
    assert result.unparsed_pages == 1
    assert result.outcomes == {"banned": 1, "last": 1, "ok": 4, "transport": 2}
    rows = warehouse.query(
        "SELECT page, attempt, kind, outcome, status, records, refused, unparsed, detail FROM crawl_page"
        " ORDER BY page, attempt, kind"
    )
    assert rows == [
        (1, 1, "search", "ok", 200, 4, {"no job_id": 1, "no title": 1}, 0, ""),
        (2, 1, "search", "ok", 200, 4, {"no job_id": 4}, 0, ""),
        (3, 1, "search", "ok", 200, 0, {}, 1, ""),
        (4, 1, "search", "transport", 200, 0, {}, 0, "cut off"),
        (5, 1, "search", "banned", 403, 0, {}, 0, ""),
        (5, 2, "search", "transport", 0, 0, {}, 0, ""),
        (5, 3, "search", "last", 200, 1, {}, 0, ""),
        (6, 1, "unheard_of", "ok", 200, 0, {}, 0, ""),
    ]
    ledger = warehouse.ask.loads("boss", DAY)[0]
    assert (ledger.refused, ledger.unparsed_pages, ledger.sightings) == ({"no job_id": 5, "no title": 1}, 1, 3)


def test_a_day_without_pages_is_committed_too(warehouse: Warehouse, zone: LandingZone) -> None:
    result = warehouse.load_day("qcwy", DAY, zone, run_id="run-1")
    assert (result.segments, result.pages, result.sightings) == (0, 0, 0)
    assert [(row.run_id, row.pages) for row in warehouse.ask.loads("qcwy")] == [("run-1", 0)]


def test_the_same_page_landed_twice_is_one_row(warehouse: Warehouse, zone: LandingZone) -> None:
    page = boss_pages(0, 1)[0]
    land_pages(zone, "boss", DAY, "数据", "100010000", [page, page])
    result = warehouse.load_day("boss", DAY, zone, run_id="run-1")
    assert (result.pages, result.sightings) == (1, 5)


def test_a_corrupt_segment_is_refused_before_anything_is_visible(
    warehouse: Warehouse, zone: LandingZone, tmp_path: Path
) -> None:
    land_pages(zone, "boss", DAY, "数据", "100010000", boss_pages(0, 4), segment_pages=2)
    warehouse.load_day("boss", DAY, zone, run_id="run-1")
    land_pages(
        zone, "boss", NEXT_DAY, "数据", "100010000", boss_pages(9, 4, date=NEXT_DAY.isoformat()), segment_pages=2
    )
    before = snapshot(warehouse)
    last = tmp_path / "landing" / zone.segments("boss", NEXT_DAY)[-1].path
    data = bytearray(last.read_bytes())
    data[len(data) // 2] ^= 0xFF
    last.chmod(0o644)
    last.write_bytes(data)

    with pytest.raises(CorruptSegment, match="sha256"):
        warehouse.load_day("boss", NEXT_DAY, zone, run_id="run-2")

    assert snapshot(warehouse) == before
    assert len(warehouse.ask.loads("boss")) == 1


def test_pages_of_another_day_are_refused(warehouse: Warehouse, zone: LandingZone) -> None:
    land_pages(zone, "boss", DAY, "数据", "100010000", boss_pages(0, 2, date=NEXT_DAY.isoformat()))
    with pytest.raises(CorruptSegment, match="2 pages that are not of boss 2026-11-21"):
        warehouse.load_day("boss", DAY, zone, run_id="run-1")
    assert warehouse.query("SELECT count() FROM crawl_page") == [(0,)]


def test_two_loads_of_one_platform_do_not_run_together(warehouse: Warehouse, zone: LandingZone) -> None:
    land_pages(zone, "boss", DAY, "数据", "100010000", boss_pages(0, 2))
    with load_lock(warehouse.engine, "boss", "other-run"):
        with pytest.raises(WarehouseBusy, match=r"boss is being loaded by process .*run other-run"):
            warehouse.load_day("boss", DAY, zone, run_id="run-1")
        warehouse.load_day("qcwy", DAY, zone, run_id="run-1")
    assert warehouse.load_day("boss", DAY, zone, run_id="run-1").pages == 2


def test_the_lock_of_a_dead_process_is_taken_over(warehouse: Warehouse, zone: LandingZone) -> None:
    about = json.dumps({"run": "dead", "host": socket.gethostname(), "pid": 2**22 - 1, "token": "x"})
    warehouse.command(f"CREATE TABLE load_lock_boss (nothing UInt8) ENGINE = Memory COMMENT '{about}'")
    land_pages(zone, "boss", DAY, "数据", "100010000", boss_pages(0, 2))
    assert warehouse.load_day("boss", DAY, zone, run_id="run-1").pages == 2
    assert warehouse.query(
        "SELECT count() FROM system.tables WHERE name LIKE 'load_lock%' AND database = currentDatabase()"
    ) == [(0,)]


def test_a_load_that_lost_its_lock_commits_nothing(warehouse: Warehouse, zone: LandingZone) -> None:
    with load_lock(warehouse.engine, "boss", "slow") as lock:
        warehouse.command('ALTER TABLE load_lock_boss MODIFY COMMENT \'{"token": "another"}\'')
        with pytest.raises(WarehouseBusy, match="another took over"):
            lock.check()
    warehouse.command("DROP TABLE load_lock_boss")


def test_unknown_platform(warehouse: Warehouse, zone: LandingZone) -> None:
    with pytest.raises(BadInput, match="'lagou' has no tables; use one of boss"):
        warehouse.load_day("lagou", DAY, zone, run_id="run-1")


def test_predicates_on_the_job_reach_the_primary_key(warehouse: Warehouse, zone: LandingZone) -> None:
    columns = [column.name for column in warehouse.catalog.relation("boss_job").columns]
    names = ", ".join(columns)
    values = {"job_id": "toString(number)", "content_hash": "number", "load_id": "1"}
    select = ", ".join(
        values.get(
            name, "now64(3)" if name.endswith("_seen") else "[]" if name in ("skills", "labels", "welfare") else "''"
        )
        if name != "is_agency"
        else "false"
        for name in columns
    )
    warehouse.command(f"INSERT INTO boss_job_base ({names}) SELECT {select} FROM numbers(100000)")
    for view in ("boss_job", "boss_job_current"):
        plan = "\n".join(
            str(row[0]) for row in warehouse.query(f"EXPLAIN indexes = 1 SELECT * FROM {view} WHERE job_id = '77777'")
        )
        base = plan[plan.index("boss_job_base") :]
        assert "job_id in ['77777', '77777']" in base, plan
        assert "Granules: 1/" in base, plan
