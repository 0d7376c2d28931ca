"""The clean-up on real stores: what goes, what must never go, twice, killed, and dry."""

# No `from __future__ import annotations`: Dagster reads the annotations of decorated functions as they are.

import datetime as dt
import os
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import psycopg2
import pytest
from dagster._core.storage.partition_status_cache import get_and_update_asset_status_cache_value
from dagster._core.test_utils import create_run_for_test
from pydantic import SecretStr

from crawler_core.crawl import KeywordReport
from crawler_core.keyword import Keyword
from crawler_core.landing import LandingZone, land_pages
from crawler_core.values import SHANGHAI, Token
from jobdata_assets.cleanup import history_cleanup_job
from jobdata_resources.control import ControlStore, RunRecord
from jobdata_resources.control_resource import ControlResource
from jobdata_resources.landing import LandingResource
from jobdata_resources.retention.instance import clean_runs, clean_ticks, runs_that_hold_a_status
from jobdata_resources.retention.landed import clean_landed
from jobdata_resources.retention.report import CleanupReport
from jobdata_resources.settings import RetentionSettings, StoreSettings
from jobdata_resources.warehouse import open_warehouse
from jobdata_resources.warehouse_resource import WarehouseResource
from schedules.cleanup import history_cleanup_schedule
from tests.support.landed_pages import DAY, boss_pages

ROOT = Path(__file__).resolve().parents[2]
NOW = dt.datetime.combine(DAY + dt.timedelta(days=40), dt.time(0, 5), SHANGHAI)
DAYS = dg.DailyPartitionsDefinition(start_date="2026-11-01", end_date="2027-03-01")
KINDS = ("runs", "ticks", "crawl_checkpoint", "ip_upload_stats", "scheduled_task_run", "lapsed_leases", "crawl_page")


@dg.asset(partitions_def=DAYS, check_specs=[dg.AssetCheckSpec("fine", asset="table")])
def table(context: dg.AssetExecutionContext):  # type: ignore[no-untyped-def]
    if context.run.tags.get("fail"):
        raise dg.Failure("no")
    return dg.MaterializeResult(check_results=[dg.AssetCheckResult(passed=True, check_name="fine")])


@dg.job
def plain() -> None:
    @dg.op
    def nothing() -> None:
        pass

    nothing()


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    """On files, as in a project: events of a run are a file of their own there."""
    folder = tmp_path / "dagster"
    folder.mkdir()
    with dg.DagsterInstance.local_temp(str(folder)) as instance:
        yield instance


@pytest.fixture(params=["sqlite", "postgresql"])
def any_instance(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[dg.DagsterInstance]:
    """With our ``dagster.yaml``, on files and on a server, which keeps all events in one table."""
    folder = tmp_path / "home"
    folder.mkdir()
    (folder / "dagster.yaml").write_bytes((ROOT / "dagster.yaml").read_bytes())
    monkeypatch.setenv("DAGSTER_HOME", str(folder))
    if request.param == "postgresql":
        monkeypatch.setenv("DAGSTER_PG_URL", request.getfixturevalue("database"))
    with dg.DagsterInstance.get() as instance:
        yield instance


@pytest.fixture
def database() -> Iterator[str]:
    """A PostgreSQL database of its own, dropped afterwards."""
    server = os.environ.get("TEST_PG_URL", "postgresql://postgres@127.0.0.1:5432/postgres")
    try:
        connection = psycopg2.connect(server, connect_timeout=3)
    except psycopg2.OperationalError:
        pytest.skip("no PostgreSQL answers; set TEST_PG_URL to test on one")
    connection.autocommit = True
    name = f"jobdata_test_{uuid.uuid4().hex[:12]}"
    try:
        with connection.cursor() as cursor:
            cursor.execute(f'CREATE DATABASE "{name}"')
        yield f"{server.rsplit('/', 1)[0]}/{name}"
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        connection.close()


def materialize(instance: dg.DagsterInstance, day: str, **tags: str) -> str:
    run = dg.materialize([table], instance=instance, partition_key=day, tags=tags, raise_on_error=False)
    return run.run_id


def statuses(instance: dg.DagsterInstance) -> tuple[set[str], set[str]]:
    value = get_and_update_asset_status_cache_value(instance, table.key, DAYS)
    assert value is not None
    done, failed = (
        value.deserialize_materialized_partition_subsets(DAYS),
        value.deserialize_failed_partition_subsets(DAYS),
    )
    return set(done.get_partition_keys()), set(failed.get_partition_keys())


def test_runs_go_but_the_status_of_partitions_stays(any_instance: dg.DagsterInstance, tmp_path: Path) -> None:
    instance = any_instance
    old = [plain.execute_in_process(instance=instance).run_id, materialize(instance, "2026-11-01")]
    newest = [
        materialize(instance, "2026-11-01"),
        materialize(instance, "2026-11-02"),
        materialize(instance, "2026-11-03", fail="1"),
    ]
    waiting = create_run_for_test(instance, "plain", status=dg.DagsterRunStatus.STARTED).run_id
    before = statuses(instance)
    assert before == ({"2026-11-01", "2026-11-02"}, {"2026-11-03"})
    later = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=1)

    dry = clean_runs(instance, later, dry_run=True)
    assert (dry.count, dry.kept) == (2, 3)
    assert len(instance.get_runs()) == 6
    early = clean_runs(instance, later - dt.timedelta(days=1), dry_run=False)
    assert (early.count, early.kept) == (0, 0)

    done = clean_runs(instance, later, dry_run=False)
    assert (done.count, done.bytes) == (2, dry.bytes)
    assert done.bytes is None or done.bytes > 10_000
    assert {run.run_id for run in instance.get_runs()} == {*newest, waiting}
    instance.wipe_asset_cached_status([table.key])
    assert statuses(instance) == before, "read anew from the events that are left"
    assert not [path for run in old for path in tmp_path.rglob(f"*{run}*")], "files of removed runs"
    assert clean_runs(instance, later, dry_run=False).count == 0

    # the run whose place was taken goes with the next clean-up
    materialize(instance, "2026-11-02")
    assert clean_runs(instance, dt.datetime.now(dt.UTC) + dt.timedelta(seconds=1), dry_run=False).count == 1


def test_a_removal_killed_between_events_and_run_is_finished(instance: dg.DagsterInstance) -> None:
    run = plain.execute_in_process(instance=instance).run_id
    instance.event_log_storage.delete_events(run)
    assert clean_runs(instance, dt.datetime.now(dt.UTC) + dt.timedelta(seconds=1), dry_run=False).count == 1
    assert instance.get_runs() == []
    assert runs_that_hold_a_status(instance) == set()


def test_ticks_of_what_is_switched_off_go_too(instance: dg.DagsterInstance) -> None:
    from dagster._core.definitions.run_request import InstigatorType
    from dagster._core.remote_origin import RegisteredCodeLocationOrigin, RemoteInstigatorOrigin, RemoteRepositoryOrigin
    from dagster._core.scheduler.instigation import (
        InstigatorState,
        InstigatorStatus,
        SensorInstigatorData,
        TickData,
        TickStatus,
    )

    origin = RemoteInstigatorOrigin(RemoteRepositoryOrigin(RegisteredCodeLocationOrigin("here"), "r"), "s")
    state = InstigatorState(
        origin, InstigatorType.SENSOR, InstigatorStatus.STOPPED, SensorInstigatorData(min_interval=30)
    )
    instance.add_instigator_state(state)
    for days in (90, 70, 1):
        at = (NOW - dt.timedelta(days=days)).timestamp()
        instance.create_tick(
            TickData(
                state.instigator_origin_id, "s", InstigatorType.SENSOR, TickStatus.SKIPPED, at,
                selector_id=state.selector_id,
            )
        )  # fmt: skip
    before = NOW - dt.timedelta(days=60)
    assert clean_ticks(instance, before, dry_run=True).count == 2
    assert clean_ticks(instance, before, dry_run=False).count == 2
    assert len(instance.get_ticks(state.instigator_origin_id, state.selector_id)) == 1
    assert clean_ticks(instance, before, dry_run=False).count == 0


@pytest.fixture(scope="module")
def module_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The embedded warehouse stays open for the module: each open and close leaks."""
    home = tmp_path_factory.mktemp("cleanup")
    with open_warehouse(StoreSettings(_env_file=None, jobdata_home=home)):  # type: ignore[call-arg]
        yield home


@pytest.fixture
def home(module_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("JOBDATA_HOME", str(module_home))
    monkeypatch.setenv("CONTROL_DB_URL", f"sqlite:///{tmp_path / 'control.db'}")
    monkeypatch.setenv("LANDING_URL", (tmp_path / "landing").as_uri())
    monkeypatch.setenv("CLICKHOUSE_DB", f"db_{tmp_path.name.replace('-', '_')}"[:60])
    return module_home


@pytest.fixture
def zone(home: Path) -> LandingZone:
    return LandingResource().zone()


def clean_up(instance: dg.DagsterInstance, *, dry_run: bool = False) -> dict[str, tuple[int, int]]:
    """The job as the schedule starts it, at 00:05 of a day long after; count and kept by kind."""
    found: list[CleanupReport] = []
    with pytest.MonkeyPatch.context() as patch:
        import jobdata_assets.cleanup as module

        patch.setattr(module, "_metadata", lambda report: found.append(report) or {})
        config = {"ops": {"remove_past_retention": {"config": {"dry_run": dry_run}}}}
        result = history_cleanup_job(lambda: NOW).execute_in_process(
            run_config=config,
            instance=instance,
            resources={"landing": LandingResource(), "control": ControlResource(), "warehouse": WarehouseResource()},
        )
    assert result.success
    return {one.kind: (one.count, one.kept) for one in found[0].removals}


def landed(zone: LandingZone) -> set[str]:
    assert zone.local_root is not None
    return {str(path.relative_to(zone.local_root)) for path in zone.local_root.rglob("*") if path.is_file()}


def fill(zone: LandingZone, store: ControlStore) -> None:
    """A loaded day, one that nobody loaded, and one that was crawled again after its load."""
    other, third = DAY + dt.timedelta(days=1), DAY + dt.timedelta(days=2)
    for day in (DAY, other, third):
        land_pages(zone, "boss", day, "Java", "100010000", boss_pages(0, 4, keyword="Java", date=day.isoformat()))
    with open_warehouse(StoreSettings()) as warehouse:
        warehouse.load_day("boss", DAY, zone, run_id="run-1")
        warehouse.load_day("boss", DAY, zone, run_id="run-2")
        warehouse.load_day("boss", third, zone, run_id="run-3")
    land_pages(zone, "boss", third, "C++", "100010000", boss_pages(9, 4, keyword="C++", date=third.isoformat()))
    store.record_keyword(
        KeywordReport(platform="boss", date=DAY, keyword="Java", state="done", stop_reason="last", pages=4, records=20)
    )
    begin = dt.datetime.combine(DAY, dt.time(9), SHANGHAI)
    store.record_run(RunRecord(run_id="r", task="boss_raw_pages", state="success", started_at=begin, ended_at=begin))
    store.record_run(RunRecord(run_id="r", task="young", state="success", started_at=NOW, ended_at=NOW))
    store.record_egress("r", "boss", DAY, {"203.0.113.7": 4})
    store.add_tokens([Token(mpt=SecretStr("m" * 40), wt2=SecretStr("w"))])


def test_a_night(
    zone: LandingZone, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with ControlStore(os.environ["CONTROL_DB_URL"]) as store:
        store.migrate()
        fill(zone, store)
        all_files = landed(zone)
        assert clean_up(instance, dry_run=True)["landed_searches"] == (0, 0)
        assert landed(zone) == all_files, "without a setting landed pages stay for ever"
        assert store.runs("boss_raw_pages"), "and young history does as well"

        for name, value in {"PAGES": "20", "HISTORY": "20", "TELEMETRY": "7"}.items():
            monkeypatch.setenv(f"RETAIN_{name}_DAYS", value)
        dry = clean_up(instance, dry_run=True)
        assert landed(zone) == all_files
        assert store.checkpoints("boss", DAY)
        assert store.egress("boss", DAY)
        with open_warehouse(StoreSettings()) as warehouse:
            jobs = "SELECT * FROM boss_job ORDER BY ALL"
            rows, pages = warehouse.query(jobs), warehouse.query("SELECT count() FROM crawl_page")
            assert pages == [(8,)]
            stored = warehouse.query("SELECT count() FROM boss_job_base")[0][0]

            done = clean_up(instance)
            # the dry runs are runs as well, and of `crawl_page` the superseded rows have gone with their month
            assert {**done, "runs": 0, "superseded_rows": 0} == {**dry, "runs": 0, "superseded_rows": 0}
            assert done["landed_searches"] == (1, 3), "the loaded day went; not loaded, and changed since, stayed"
            assert {path for path in landed(zone) if f"date={DAY}" in path} == set()
            assert len(landed(zone)) < len(all_files)
            assert (done["crawl_checkpoint"], done["scheduled_task_run"], done["ip_upload_stats"]) == ((1, 0),) * 3
            assert [run.task for run in store.runs()] == ["young"]
            assert done["crawl_page"][0] > 0
            assert warehouse.query("SELECT count() FROM crawl_page") == [(0,)]
            assert done["superseded_rows"][0] > 0
            assert warehouse.query("SELECT count() FROM boss_job_base")[0][0] < stored
            assert warehouse.query(jobs) == rows, "no job has changed"

        again = clean_up(instance)
        left = {kind: count for kind, (count, _) in again.items() if count}
        assert left == {"runs": 1}, "the clean-up before is itself a run of long ago by this clock"


def test_a_removal_of_pages_that_was_killed_goes_on(
    zone: LandingZone, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ControlStore(os.environ["CONTROL_DB_URL"]) as store:
        store.migrate()
        fill(zone, store)
    monkeypatch.setenv("RETAIN_PAGES_DAYS", "20")
    deleted: list[str] = []

    def die(self: LandingZone, path: str) -> None:
        if deleted:
            raise KeyboardInterrupt
        deleted.append(path)
        assert self.local_root is not None
        (self.local_root / path).unlink()

    with open_warehouse(StoreSettings()) as warehouse:
        from functools import partial

        from jobdata_resources.warehouse.prune import committed_searches

        commits = partial(committed_searches, warehouse.engine)
        first_kept = DAY + dt.timedelta(days=20)
        with monkeypatch.context() as patch:
            patch.setattr(LandingZone, "delete", die)
            with pytest.raises(KeyboardInterrupt):
                clean_landed(zone, "landed_searches", first_kept, commits, dry_run=False)
        assert zone.manifest("boss", DAY, Keyword.parse("Java")) is not None, "the manifest goes last"
        assert clean_landed(zone, "landed_searches", first_kept, commits, dry_run=False).count == 1
        assert clean_landed(zone, "landed_searches", first_kept, commits, dry_run=False).count == 0
    assert DAY not in zone.dates("boss")


def test_pages_that_a_dead_crawl_left_unnamed_stay(zone: LandingZone) -> None:
    from jobdata_resources.retention.decide import Commit

    land_pages(zone, "boss", DAY, "Java", "100010000", boss_pages(0, 4, keyword="Java"))
    folder = zone.folder("boss", DAY, Keyword.parse("Java"))
    zone.put_segment(f"{folder}/100010000-9.jsonl.zst", b"nobody has read this")
    loaded = [Commit(at=NOW, segments=99)]
    result = clean_landed(zone, "landed_searches", NOW.date(), lambda *_: loaded, dry_run=False)
    assert (result.count, result.kept, result.note) == (0, 1, "1 kept: files that no manifest names")


def test_company_batches_go_one_by_one(zone: LandingZone) -> None:
    """The ledger of companies names the batches that a load has read."""
    from jobdata_resources.retention.decide import Commit

    tree = zone.companies
    for batch in ("b1", "b2"):
        land_pages(tree, "boss", DAY, batch, "", boss_pages(0, 2, keyword=batch))
    loaded = [Commit(at=NOW, units=frozenset({"b1"}))]

    def look(*, dry_run: bool) -> tuple[int, int, str]:
        result = clean_landed(tree, "landed_companies", NOW.date(), lambda *_: loaded, dry_run=dry_run)
        return result.count, result.kept, result.note

    assert look(dry_run=True) == look(dry_run=False) == (1, 1, "1 kept: not loaded")
    assert [path.rsplit("=", 1)[1] for path in tree.keyword_folders("boss", DAY)] == ["b2"]
    assert look(dry_run=False) == (0, 1, "1 kept: not loaded")
    assert zone.keyword_folders("boss", DAY) == [], "and searches are another tree"


def test_staged_files_go_after_a_day(zone: LandingZone) -> None:
    from jobdata_resources.retention.landed import clean_staged

    assert zone.local_root is not None
    staged = zone.local_root / "raw" / "a.jsonl.zst#1"
    staged.parent.mkdir(parents=True)
    staged.write_bytes(b"half")
    now = dt.datetime.now(SHANGHAI)
    assert clean_staged(zone, now, dry_run=False).count == 0
    os.utime(staged, (time.time() - 90_000,) * 2)
    assert clean_staged(zone, now, dry_run=True).count == 1
    result = clean_staged(zone, now, dry_run=False)
    assert (result.count, result.bytes, staged.exists()) == (1, 4, False)


def test_the_step_reports_a_table(zone: LandingZone, instance: dg.DagsterInstance) -> None:
    with ControlStore(os.environ["CONTROL_DB_URL"]) as store:
        store.migrate()
    result = history_cleanup_job().execute_in_process(
        instance=instance,
        resources={"landing": LandingResource(), "control": ControlResource(), "warehouse": WarehouseResource()},
    )
    [event] = [event for event in result.all_events if event.event_type_value == "STEP_OUTPUT"]
    metadata = event.step_output_data.metadata
    assert metadata["removed"].value == 0
    text = str(metadata["report"].value)
    for kind in KINDS:
        assert kind.replace("_", "\\_") in text


def test_the_schedule_skips_while_a_clean_up_is_under_way(instance: dg.DagsterInstance) -> None:
    schedule = history_cleanup_schedule(running=False)
    assert (schedule.cron_schedule, schedule.execution_timezone) == ("5 0 * * *", "Asia/Shanghai")

    def tick() -> object:
        return schedule(dg.build_schedule_context(instance=instance, scheduled_execution_time=NOW))

    assert isinstance(tick(), dg.RunRequest)
    run = create_run_for_test(instance, "history_cleanup", status=dg.DagsterRunStatus.STARTED)
    answer = tick()
    assert isinstance(answer, dg.SkipReason)
    assert run.run_id in str(answer.skip_message)


@pytest.mark.parametrize("days", ["0", "1", "x"])
def test_a_retention_that_would_take_today_is_refused(days: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from crawler_core.errors import BadSetting
    from jobdata_resources.settings import load

    monkeypatch.setenv("RETAIN_PAGES_DAYS", days)
    with pytest.raises(BadSetting, match=f"RETAIN_PAGES_DAYS='{days}'"):
        load(RetentionSettings)
