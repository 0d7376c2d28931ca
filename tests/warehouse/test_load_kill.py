"""A load that dies is visible as a whole or not at all, and loading again gives exactly the right rows."""

from __future__ import annotations

import datetime as dt
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from crawler_core.landing import LandingZone, land_pages
from jobdata_resources.warehouse import Warehouse, WarehouseError, WarehouseFull
from jobdata_resources.warehouse.client import Engine
from tests.support.landed_pages import DAY, boss_pages

ROOT = Path(__file__).resolve().parents[2]
PAGES, PER_PAGE = 40, 20
ROWS = PAGES * PER_PAGE


def land(zone: LandingZone, number: int) -> str:
    """A day with jobs of its own, so that a job is new on exactly one day."""
    day = DAY + dt.timedelta(days=number)
    pages = boss_pages(number * ROWS, PAGES, per_page=PER_PAGE, date=day.isoformat())
    land_pages(zone, "boss", day, "数据", "100010000", pages)
    return day.isoformat()


def program(*arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.warehouse.load_program", *arguments]
    return subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def look(home: Path) -> dict[str, dict[str, int]]:
    with program("look", str(home)) as child:
        answer: dict[str, dict[str, int]] = json.loads(child.communicate(timeout=120)[0])
    return answer


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_thirty_kills(tmp_path: Path) -> None:
    kills = int(os.environ.get("TEST_LOAD_KILLS", "30"))
    zone = LandingZone.from_url((tmp_path / "landing").as_uri())
    days = [land(zone, number) for number in range(kills + 1)]
    rng = random.Random(20261121)
    with program("load", str(tmp_path), days[0], days[0]) as first:
        assert first.stdout is not None
        stamps = [(line.strip(), time.monotonic()) for line in first.stdout]
    usual = stamps[3][1] - stamps[2][1]
    whole = nothing = 0
    for number in range(1, kills + 1):
        # The day before is loaded again first: that must heal whatever the last kill left.
        with program("load", str(tmp_path), days[number - 1], days[number]) as child:
            assert child.stdout is not None
            for line in child.stdout:
                if line.strip() == f"loading {days[number]}":
                    break
            time.sleep(rng.uniform(0, 1.1 * usual))
            child.send_signal(signal.SIGKILL)
        seen = look(tmp_path)
        for name, count in (("sightings", ROWS), ("pages", PAGES), ("jobs", ROWS)):
            expected = dict.fromkeys(days[:number], count)
            assert {day: seen[name].get(day) for day in days[:number]} == expected, (number, name, seen)
        newest = {seen["sightings"].get(days[number]), seen["jobs"].get(days[number])}
        assert newest in ({None}, {ROWS}), (number, seen)
        assert (seen["pages"].get(days[number]) == PAGES) == (newest == {ROWS}), (number, seen)
        assert set(seen["duplicates"].values()) == {0}
        whole, nothing = whole + (newest == {ROWS}), nothing + (newest == {None})
    with program("load", str(tmp_path), days[-1]) as child:
        child.communicate(timeout=120)
    final = look(tmp_path)
    assert final["sightings"] == dict.fromkeys(days, ROWS)
    assert final["jobs"] == dict.fromkeys(days, ROWS)
    assert final["pages"] == dict.fromkeys(days, PAGES)
    print(f"{kills} kills within {1.1 * usual:.2f} s: {nothing} left nothing, {whole} left all")
    assert nothing > 0


class Died(BaseException):
    """Stands for the end of the process: nothing after it runs."""


def dying_at(statement: int, monkeypatch: pytest.MonkeyPatch) -> Callable[[], int]:
    """Let the process die before its n-th statement that writes; returns how many there were."""
    done = 0
    real = Engine.attempt

    def attempt(self: Engine, call: Callable[[], Any], doing: str, **options: Any) -> Any:
        nonlocal done
        if doing.startswith(("load ", "commit", "fold", "drop an")):
            done += 1
            if done >= statement:
                raise Died
        elif done >= statement:
            raise Died
        return real(self, call, doing, **options)

    monkeypatch.setattr(Engine, "attempt", attempt)
    return lambda: done


def test_dying_before_every_statement(warehouse: Warehouse, zone: LandingZone, monkeypatch: pytest.MonkeyPatch) -> None:
    land(zone, 0)
    expected: list[Any] = []
    for statement in range(1, 40):
        day = land(zone, statement)
        with monkeypatch.context() as patch:
            writes = dying_at(statement, patch)
            try:
                warehouse.load_day("boss", dt.date.fromisoformat(day), zone, run_id="run-1")
                survived = True
            except Died:
                survived = False
        counts = [
            warehouse.query(f"SELECT count() FROM {name} WHERE {column} = {{day:Date}}", {"day": day})[0][0]
            for name, column in (
                ("job_sighting", "crawl_date"),
                ("crawl_page", "crawl_date"),
                ("boss_job", "toDate(first_seen)"),
                ("boss_job_current", "toDate(first_seen)"),
            )
        ]
        assert counts in ([0, 0, 0, 0], [ROWS, PAGES, ROWS, ROWS]), statement
        expected.append(counts[0] > 0)
        if survived:
            break
        # The lock of a process that is gone is the subject of another test; this process is still there.
        warehouse.command("DROP TABLE IF EXISTS load_lock_boss SYNC")
        warehouse.load_day("boss", dt.date.fromisoformat(day), zone, run_id="run-2")
        assert warehouse.query("SELECT count(), uniqExact(job_id) FROM job_sighting") == [(ROWS * statement,) * 2]
        for relation in ("boss_job", "job_sighting", "crawl_page"):
            assert warehouse.ask.duplicate_keys(relation) == 0
            assert warehouse.query(f"SELECT count() FROM {relation}_delta") == [(0,)]
    assert writes() >= 8
    # Nothing is visible up to the commit, everything from then on.
    assert expected == sorted(expected)
    assert expected[0] is False
    assert expected[-1] is True


def test_readers_see_every_load_whole(place, warehouse: Warehouse, zone: LandingZone) -> None:  # type: ignore[no-untyped-def]
    days = [land(zone, number) for number in range(4)]
    stop = threading.Event()
    wrong: list[object] = []
    reads = 0

    def read() -> None:
        nonlocal reads
        with place.open() as reader:
            while not stop.is_set():
                for name, whole in (("job_sighting", ROWS), ("boss_job", ROWS), ("crawl_page", PAGES)):
                    found = reader.query(f"SELECT count() FROM {name}")[0][0]
                    reads += 1
                    if found % whole:
                        wrong.append((name, found))

    thread = threading.Thread(target=read)
    thread.start()
    try:
        for day in [*days, days[0]]:
            warehouse.load_day("boss", dt.date.fromisoformat(day), zone, run_id="run-1")
    finally:
        stop.set()
        thread.join()
    assert wrong == []
    assert reads > 10


def test_a_full_disk_leaves_nothing_visible(
    warehouse: Warehouse, zone: LandingZone, monkeypatch: pytest.MonkeyPatch
) -> None:
    from clickhouse_connect.driver.exceptions import DatabaseError

    land(zone, 0)
    monkeypatch.setattr(
        warehouse.engine.client,
        "command" if warehouse.embedded else "raw_insert",
        _failing_insert(
            getattr(warehouse.engine.client, "command" if warehouse.embedded else "raw_insert"),
            DatabaseError(
                "Code: 243. DB::Exception: Cannot reserve 1.00 MiB, not enough space. (NOT_ENOUGH_SPACE)", code=243
            ),
        ),
    )
    with pytest.raises(WarehouseFull, match=r"the disk of the warehouse is full .* free space, then run again"):
        warehouse.load_day("boss", DAY, zone, run_id="run-1")
    monkeypatch.undo()
    assert warehouse.query("SELECT count() FROM job_sighting") == [(0,)]
    assert warehouse.load_day("boss", DAY, zone, run_id="run-1").sightings == ROWS


def _failing_insert(real: Callable[..., Any], error: Exception) -> Callable[..., Any]:
    def call(statement: str, *arguments: Any, **options: Any) -> Any:
        if "boss_landing" in statement:
            raise error
        return real(statement, *arguments, **options)

    return call


def test_an_error_is_named_and_not_retried(warehouse: Warehouse) -> None:
    started = time.monotonic()
    with pytest.raises(WarehouseError, match=r"query: .*UNKNOWN_TABLE|query: .*Unknown table"):
        warehouse.query("SELECT * FROM no_such_table")
    assert time.monotonic() - started < 0.5
