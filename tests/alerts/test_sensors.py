"""The alert sensors as Dagster calls them: real instance, real control store, mail server with STARTTLS and login."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.definitions.run_request import InstigatorType
from dagster._core.scheduler.instigation import TickStatus
from pydantic import SecretStr

from crawler_core.crawl import KeywordReport
from crawler_core.keyword import Keyword
from crawler_core.platforms import PLATFORMS
from crawler_core.values import SHANGHAI, Token
from jobdata_assets.partitions import daily_partitions
from jobdata_resources.control import ControlStore, IdentityRun, KeywordRow, RunRecord
from jobdata_resources.control_resource import ControlResource
from jobdata_resources.mail import MailRefused
from jobdata_resources.mailer_resource import MailerResource
from jobdata_resources.settings import DagsterSettings
from sensors.alert_sensors import alert_sensors
from tests.support.mail_server import Mailbox, mail_server
from tests.support.ticks import record_tick

TODAY = dt.datetime.now(SHANGHAI).date()
DAILY = daily_partitions(TODAY, 14)
HOUR = dt.timedelta(hours=1)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Mailbox, Path]]:
    folder = tmp_path_factory.mktemp("mail")
    with mail_server(folder) as box:
        yield box, folder


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    """One per test: a look overlaps the one before by seconds, and would see the runs of an earlier test."""
    with dg.DagsterInstance.local_temp(str(tmp_path)) as instance:
        yield instance


@dataclass
class Bench:
    """The sensors on a bench: ``tick`` one as the daemon does, with the cursor of its last good tick."""

    instance: dg.DagsterInstance
    store: ControlStore
    box: Mailbox
    now: dt.datetime = field(default_factory=lambda: dt.datetime.now(dt.UTC))
    cursors: dict[str, str | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        found = alert_sensors(
            list(PLATFORMS.values()), DAILY, DagsterSettings(keyword_coverage_target=0.9), now=lambda: self.now
        )
        self.sensors = {sensor.name.removeprefix("alert_"): sensor for sensor in found}

    def tick(self, kind: str) -> str:
        """What the tick says."""
        context = dg.build_sensor_context(
            self.instance,
            cursor=self.cursors.get(kind),
            resources={"control": ControlResource(), "mailer": MailerResource()},
        )
        result = self.sensors[kind](context)
        assert isinstance(result, dg.SensorResult)
        self.cursors[kind] = result.cursor or self.cursors.get(kind)
        assert result.skip_reason is not None
        return str(result.skip_reason.skip_message)

    def mails(self) -> list[str]:
        """Subjects since the last call."""
        subjects = self.box.subjects()
        self.box.mails.clear()
        return [subject.removeprefix("[JobData] ") for subject in subjects]

    def text(self) -> str:
        part = self.box.mails[-1].get_body(("plain",))
        assert part is not None
        return str(part.get_content())


@pytest.fixture
def bench(
    instance: dg.DagsterInstance, store: ControlStore, server: tuple[Mailbox, Path], monkeypatch: pytest.MonkeyPatch
) -> Bench:
    box, folder = server
    box.mails.clear()
    box.refuse = ""
    monkeypatch.setenv("SSL_CERT_FILE", str(folder / "ca.pem"))
    for name, value in box.env().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("DAGSTER_UI_URL", "http://dagster.example:3000")
    return Bench(instance, store, box)


def job(name: str, *, broken: bool) -> dg.JobDefinition:
    """A job that ends as told; its error quotes a password and a mark-up."""

    @dg.op(name=f"{name}_op")
    def work() -> None:
        if broken:
            raise ValueError("<b>数据</b> is broken, password=hunter2-secret " + "x" * 9_000 + " the end")

    @dg.job(name=name, executor_def=dg.in_process_executor)
    def made() -> None:
        work()

    return made


def test_a_failed_run_is_mailed_once_and_its_retries_are_not(bench: Bench) -> None:
    assert bench.tick("failed_run").startswith("0 runs ended")
    failed = job("nightly", broken=True).execute_in_process(instance=bench.instance, raise_on_error=False)
    bench.box.refuse = "451 later"
    with pytest.raises(MailRefused, match="451 later"):
        bench.tick("failed_run")
    assert bench.mails() == []
    bench.box.refuse = ""
    assert "1 new mails" in bench.tick("failed_run")
    text = bench.text()
    for part in (
        "nightly failed", "数据", "Affects: What the job makes", "What to do: Open the run",
        f"http://dagster.example:3000/runs/{failed.run_id}", "docs/runbook.md#failed_run", "characters left out",
        "the end",
    ):  # fmt: skip
        assert part in text
    html = bench.box.mails[-1].get_body(("html",))
    assert html is not None
    assert "hunter2" not in text + html.get_content()
    assert "&lt;b&gt;数据" in html.get_content()
    assert bench.box.encrypted[-1]
    assert bench.mails() == ["Alert: Run failed: nightly"]

    retry = {"dagster/retry_number": "1", "dagster/parent_run_id": failed.run_id, "dagster/root_run_id": failed.run_id}
    job("nightly", broken=True).execute_in_process(instance=bench.instance, raise_on_error=False, tags=retry)
    job("other", broken=True).execute_in_process(instance=bench.instance, raise_on_error=False, tags=retry)
    bench.tick("failed_run")
    assert bench.mails() == [], "failed retries raise no mail, of a known incident or of a new one"
    job("nightly", broken=False).execute_in_process(instance=bench.instance, tags=retry)
    bench.tick("failed_run")
    assert bench.mails() == ["All clear: Run failed: nightly"]
    bench.tick("failed_run")
    assert bench.mails() == []


def checked_asset(*, passed: bool, drift: bool = False) -> dg.AssetsDefinition:
    specs = [
        dg.AssetCheckSpec("unique_keys", asset="boss_job", blocking=True),
        dg.AssetCheckSpec("schema_drift", asset="boss_job"),
    ]

    @dg.asset(key="boss_job", partitions_def=DAILY, check_specs=specs)
    def boss_job() -> dg.MaterializeResult:
        return dg.MaterializeResult(
            check_results=[
                dg.AssetCheckResult(check_name="unique_keys", passed=passed, description="3 rows more than keys"),
                dg.AssetCheckResult(
                    check_name="schema_drift",
                    passed=not drift,
                    severity=dg.AssetCheckSeverity.WARN,
                    description="salaryDesc missing since 2026-11-20",
                ),
            ]
        )

    return boss_job


def load(bench: Bench, *, passed: bool, drift: bool = False, day: dt.date = TODAY) -> str:
    asset = checked_asset(passed=passed, drift=drift)
    run = dg.materialize([asset], instance=bench.instance, partition_key=day.isoformat(), raise_on_error=False)
    return run.run_id


def test_a_failed_blocking_check_and_a_drift_are_mailed_and_healed(bench: Bench) -> None:
    bench.tick("failed_run")
    run_id = load(bench, passed=False)
    bench.tick("failed_check")
    text = bench.text()
    assert f"unique_keys of {TODAY}: 3 rows more than keys" in text
    assert f"/runs/{run_id}" in text
    bench.tick("failed_run")
    assert bench.mails() == ["Alert: Blocking check failed: boss_job: unique_keys"], "told once, not as a run as well"
    load(bench, passed=True, drift=True)
    for kind in ("failed_check", "schema_drift", "failed_run"):
        bench.tick(kind)
    assert bench.mails() == [
        "All clear: Blocking check failed: boss_job: unique_keys",
        "Alert: Platform changed its answers: boss_job: schema_drift",
    ]
    load(bench, passed=True)
    for kind in ("failed_check", "schema_drift", "failed_run"):
        bench.tick(kind)
    assert bench.mails() == ["All clear: Platform changed its answers: boss_job: schema_drift"]


def test_failed_partitions_come_as_a_digest_once_a_day(bench: Bench) -> None:
    days = [TODAY - dt.timedelta(days=back) for back in (2, 1, 0)]

    @dg.asset(key="qcwy_job", partitions_def=DAILY)
    def broken() -> None:
        raise ValueError("broken")

    @dg.asset(key="qcwy_job", partitions_def=DAILY)
    def mended() -> None:
        return

    for day in days:
        dg.materialize([broken], instance=bench.instance, partition_key=day.isoformat(), raise_on_error=False)
    nine = dt.datetime.combine(TODAY, dt.time(9), SHANGHAI)
    bench.now = nine - HOUR
    assert "not due" in bench.tick("failed_partitions")
    bench.now = nine
    bench.tick("failed_partitions")
    assert f"qcwy_job {days[1]}" in bench.text()
    assert f"qcwy_job {days[2]}" not in bench.text(), "today's may still be run"
    bench.now = nine + HOUR
    bench.tick("failed_partitions")
    assert bench.mails() == ["Alert: Partitions still failed: daily digest"]
    bench.now = nine + 24 * HOUR
    bench.tick("failed_partitions")
    assert bench.mails() == ["Reminder: Partitions still failed: daily digest"]
    for day in days:
        dg.materialize([mended], instance=bench.instance, partition_key=day.isoformat())
    bench.now = nine + 48 * HOUR
    bench.tick("failed_partitions")
    assert bench.mails() == ["All clear: Partitions still failed: daily digest"]


def test_a_sensor_whose_ticks_fail(bench: Bench) -> None:
    def ticked(status: TickStatus, back: int) -> None:
        record_tick(bench.instance, InstigatorType.SENSOR, "boss_daily_load", status, time.time() - back)

    ticked(TickStatus.SKIPPED, 300)
    ticked(TickStatus.FAILURE, 240)
    bench.tick("failed_tick")
    assert bench.mails() == [], "a single failure mends itself"
    ticked(TickStatus.FAILURE, 180)
    bench.tick("failed_tick")
    assert "failed 2 times in a row: OSError: no route to host" in bench.text()
    assert bench.mails() == ["Alert: Schedule or sensor fails: sensor boss_daily_load"]
    ticked(TickStatus.SKIPPED, 120)
    ticked(TickStatus.STARTED, 60)
    bench.now += HOUR
    bench.tick("failed_tick")
    assert bench.mails() == ["All clear: Schedule or sensor fails: sensor boss_daily_load"]


def test_what_the_control_store_tells(bench: Bench) -> None:
    """Coverage, identities, tokens and stale tables: bad in the evening, well a day later."""
    store, evening = bench.store, dt.datetime.combine(TODAY, dt.time(22, 30), SHANGHAI)
    kinds = ("coverage_low", "identity_anomaly", "tokens_low", "stale_table")
    store.import_keywords("boss", [KeywordRow(keyword=Keyword.parse(text)) for text in ("a", "b")])

    def done(keyword: str, day: dt.date) -> None:
        report = KeywordReport(
            platform="boss", date=day, keyword=keyword, state="done", stop_reason="last", pages=1, records=1
        )
        store.record_keyword(report)

    def crawled(at: dt.datetime, bans: int) -> None:
        run = IdentityRun(
            run_id=f"r-{at.isoformat()}", platform="boss", kind="egress", name="127.0.1.1", pages=50, errors=0,
            bans=bans, started_at=at - HOUR, updated_at=at,
        )  # fmt: skip
        store.record_identities(at.date(), [run])

    def loaded(day: dt.date) -> None:
        store.record_run(RunRecord(run_id=f"{day}", task="boss_job", state="success", started_at=evening, date=day))

    done("a", TODAY)
    crawled(evening, bans=2)
    store.add_tokens([Token(mpt=SecretStr("mpt-1"), wt2=SecretStr("w"))])
    loaded(TODAY - dt.timedelta(days=3))
    bench.now = evening
    for kind in kinds:
        bench.tick(kind)
    alerts = [
        "Keywords not crawled: boss",
        "Platform treats an identity differently: boss address 127.0.1.1",
        "Boss tokens running low: boss",
        "Table is stale: boss_job",
    ]
    assert bench.mails() == [f"Alert: {what}" for what in alerts]
    bench.now += HOUR
    for kind in kinds:
        bench.tick(kind)
    assert bench.mails() == []

    bench.now = evening + 20 * HOUR
    done("b", TODAY)
    crawled(bench.now, bans=0)
    store.add_tokens([Token(mpt=SecretStr("mpt-2"), wt2=SecretStr("w"))])
    loaded(TODAY)
    for kind in kinds:
        bench.tick(kind)
    assert bench.mails() == [f"All clear: {what}" for what in alerts]


def test_without_tables_the_tick_says_how_to_make_them(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JOBDATA_HOME", str(tmp_path / "empty"))
    for kind in bench.sensors:
        assert "jobdata db migrate" in bench.tick(kind)
