"""Opening: one process at a time embedded, named errors, bounded retries over HTTP."""

from __future__ import annotations

import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from crawler_core.landing import LandingZone, land_pages
from jobdata_resources.settings import StoreSettings
from jobdata_resources.warehouse import (
    Warehouse,
    WarehouseBusy,
    WarehouseError,
    WarehouseUnreachable,
    open_warehouse,
)
from jobdata_resources.warehouse.embedded import hold
from tests.support.landed_pages import DAY, boss_pages

ROOT = Path(__file__).resolve().parents[2]


def test_a_second_process_gets_a_clear_error(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.warehouse.load_program", "keep", str(tmp_path)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "open\n"
        with pytest.raises(WarehouseBusy) as caught, hold(tmp_path, 0.2):
            pass
        message = str(caught.value)
        assert f"process {holder.pid} (" in message
        assert "CLICKHOUSE_LOCK_SECONDS=0.2" in message
        assert "CLICKHOUSE_HOST" in message
        holder.communicate("", timeout=30)
    with hold(tmp_path, 5) as places:
        assert places.data.is_dir()


def test_the_spool_of_a_killed_process_is_swept(tmp_path: Path) -> None:
    (tmp_path / "clickhouse-spool" / "4711-x").mkdir(parents=True)
    with hold(tmp_path, 1) as places:
        assert list(places.spool.iterdir()) == []


def test_one_process_may_open_it_twice(tmp_path: Path) -> None:
    with hold(tmp_path, 1), hold(tmp_path, 0):
        pass


def test_a_folder_that_reads_as_a_pattern_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WarehouseError, match="use another folder"), hold(tmp_path / "a{b}", 1):
        pass


def test_a_server_that_does_not_answer(tmp_path: Path) -> None:
    settings = StoreSettings(_env_file=None, jobdata_home=tmp_path, clickhouse_host="127.0.0.1", clickhouse_port=9)  # type: ignore[call-arg]
    with (
        pytest.raises(WarehouseUnreachable, match=r"127\.0\.0\.1:9: .*check CLICKHOUSE_HOST"),
        open_warehouse(settings),
    ):
        pass


@pytest.fixture
def server(front_port: int, tmp_path: Path) -> StoreSettings:
    return StoreSettings(  # type: ignore[call-arg]
        _env_file=None,
        jobdata_home=tmp_path,
        clickhouse_host="127.0.0.1",
        clickhouse_port=front_port,
        clickhouse_db=f"faults_{tmp_path.name.replace('-', '_')}",
    )


def fault(server: StoreSettings, query: str) -> None:
    urllib.request.urlopen(f"http://127.0.0.1:{server.clickhouse_port}/fault?{query}").close()


def test_a_transient_error_of_a_server_is_retried(server: StoreSettings) -> None:
    with open_warehouse(server) as warehouse:
        warehouse.migrate()
        pauses: list[float] = []
        warehouse.engine._sleep = pauses.append
        fault(server, "code=202&times=2")
        assert warehouse.query("SELECT 1") == [(1,)]
        assert pauses == [0.5, 1.0]
        fault(server, "code=202&times=9")
        with pytest.raises(WarehouseUnreachable, match="Code: 202"):
            warehouse.query("SELECT 1")
        assert pauses == [0.5, 1.0, 0.5, 1.0, 2.0]
        fault(server, "code=241&times=1")
        with pytest.raises(WarehouseError, match="raise CLICKHOUSE_MAX_MEMORY_BYTES"):
            warehouse.query("SELECT 1")
        fault(server, "times=0")


def test_a_dropped_answer_loads_nothing_twice(server: StoreSettings, zone: LandingZone) -> None:
    land_pages(zone, "boss", DAY, "数据", "100010000", boss_pages(0, 10))
    with open_warehouse(server) as warehouse:
        warehouse.migrate()
        # The first INSERT of the load is executed, its answer is lost, and the client sends it again.
        fault(server, "drop=1")
        result = warehouse.load_day("boss", DAY, zone, run_id="run-1")
        assert (result.pages, result.sightings) == (10, 50)
        for relation, count in (("job_sighting", 50), ("boss_job", 50), ("crawl_page", 10)):
            assert warehouse.query(f"SELECT count() FROM {relation}") == [(count,)]


def test_the_password_is_not_in_errors(tmp_path: Path) -> None:
    settings = StoreSettings(  # type: ignore[call-arg]
        _env_file=None,
        jobdata_home=tmp_path,
        clickhouse_host="127.0.0.1",
        clickhouse_port=9,
        clickhouse_pass="s3cr3t-value",
    )
    with pytest.raises(WarehouseError) as caught, open_warehouse(settings):
        pass
    assert "s3cr3t-value" not in str(caught.value)


def test_what_is_imported_when(tmp_path: Path) -> None:
    """A process that forks after importing chdb hangs, so only opening may import it."""
    code = "import sys, jobdata_resources.warehouse; print('chdb' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_columns_for_metadata(warehouse: Warehouse) -> None:
    names = [column.name for column in warehouse.ask.columns("job_sighting")]
    assert names == [row[0] for row in warehouse.query("DESCRIBE job_sighting")]
    job = {column.name: column for column in warehouse.ask.columns("boss_job")}
    assert (job["skills"].type, job["first_seen"].type) == ("Array(String)", "DateTime64(3, 'Asia/Shanghai')")
    assert job["salary_text"].comment
