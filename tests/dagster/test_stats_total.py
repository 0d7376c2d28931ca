"""``stats_total``: counted from a real warehouse, stored once, delivered to a real mail server and a receiver."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import httpx
import pytest
from dagster._core.test_utils import create_run_for_test

from crawler_core.landing import land_pages
from crawler_core.platforms import PLATFORMS
from crawler_core.settings import load
from crawler_core.values import SHANGHAI
from jobdata_assets import names
from jobdata_assets.reports.stats_report import compare, report_json, report_mail
from jobdata_assets.reports.stats_total import stats_total_asset
from jobdata_resources.control import ControlStore, PlatformTotal, Totals
from jobdata_resources.control_resource import ControlResource
from jobdata_resources.landing import LandingResource
from jobdata_resources.mailer_resource import MailerResource
from jobdata_resources.settings import ReportSettings, StoreSettings
from jobdata_resources.warehouse import open_warehouse
from jobdata_resources.warehouse_resource import WarehouseResource
from jobdata_resources.webhook import Webhook, WebhookResource
from schedules.once_decision import decide_once
from schedules.stats import stats_total_schedule
from tests.support.landed_pages import boss_body, boss_item, envelope
from tests.support.mail_server import Mailbox, mail_server

DAY = dt.date(2026, 11, 21)
NOON = dt.datetime(2026, 11, 21, 12, tzinfo=SHANGHAI)
HOUR = dt.timedelta(hours=1)


class Receiver(WebhookResource):
    """A receiver in this process; ``status`` is its answer."""

    def webhook(self) -> Webhook:
        settings = load(ReportSettings, report_endpoint="https://reports.example.com/in", report_max_retries=0)
        return Webhook(settings, transport=httpx.MockTransport(_receive), sleep=lambda _: None)


_received: list[httpx.Request] = []
_status = [200]


def _receive(request: httpx.Request) -> httpx.Response:
    _received.append(request)
    return httpx.Response(_status[0])


@pytest.fixture
def box(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Mailbox]:
    with mail_server(tmp_path) as box:
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
        for name, value in box.env().items():
            monkeypatch.setenv(name, value)
        yield box


@pytest.fixture
def loaded(home: Path, store: ControlStore) -> None:
    """Boss: 8 jobs of two companies were seen two days ago, 6 of which today with another salary, and 4 new ones."""
    zone = LandingResource().zone()
    _received.clear()
    _status[:] = [200]
    with open_warehouse(load(StoreSettings)) as warehouse:
        warehouse.migrate()
        for date, numbers, salary in ((DAY - dt.timedelta(days=2), range(8), "10-20K"), (DAY, range(2, 12), "20-30K")):
            items = [boss_item(number, salaryDesc=salary, brandName=f"示例{number % 2}") for number in numbers]
            at = dt.datetime.combine(date, dt.time(9), SHANGHAI).isoformat()
            page = envelope(boss_body(items), keyword="k", date=date.isoformat(), outcome="last", fetched_at=at)
            land_pages(zone, "boss", date, "k", "100010000", [(page, len(items))])
            warehouse.load_day("boss", date, zone, run_id="r")


def run(instance: dg.DagsterInstance, at: dt.datetime, **resources: Any) -> dg.ExecuteInProcessResult:
    return dg.materialize(
        [stats_total_asset(list(PLATFORMS.values()), retry_seconds=0, now=lambda: at)],
        instance=instance,
        selection=[names.STATS_TOTAL],
        resources={
            "control": ControlResource(), "warehouse": WarehouseResource(), "mailer": MailerResource(),
            "webhook": Receiver(), **resources,
        },
        raise_on_error=False,
    )  # fmt: skip


def metadata(instance: dg.DagsterInstance) -> dict[str, Any]:
    event = instance.get_latest_materialization_event(names.STATS_TOTAL)
    assert event is not None
    assert event.asset_materialization is not None
    return {name: value.value for name, value in event.asset_materialization.metadata.items()}


def test_totals_are_counted_stored_compared_and_sent(
    loaded: None, store: ControlStore, instance: dg.DagsterInstance, box: Mailbox
) -> None:
    earlier = [PlatformTotal(platform="boss", rows=10, jobs=7, companies=2, new_24h=7)]
    store.store_totals("week", NOON - dt.timedelta(days=7) + HOUR, earlier)
    store.totals_delivered("week", reported=True)
    assert run(instance, NOON).success
    [_, totals] = store.totals(NOON - dt.timedelta(days=30))
    assert totals.taken_at == NOON
    assert totals.platforms[0] == PlatformTotal(platform="boss", rows=18, jobs=12, companies=2, new_24h=4)
    assert {one.platform: one.jobs for one in totals.platforms} == {"boss": 12, "qcwy": 0, "zhilian": 0}
    assert totals.mailed_at is not None
    assert totals.reported_at is not None
    [request] = _received
    body = json.loads(request.content)
    assert request.headers["Idempotency-Key"] == totals.key == body["key"]
    assert body["taken_at"] == "2026-11-21T12:00:00+08:00"
    assert body["platforms"]["boss"] == {"rows": 18, "jobs": 12, "companies": 2, "new_24h": 4}
    assert body["last_week"]["change"] == {"rows": 8, "jobs": 5, "companies": 0, "new_24h": -3}
    [mail] = box.mails
    assert mail["Subject"] == "[JobData] 12 jobs, 4 new in 24 h"
    text = mail.get_body(("plain",))
    assert text is not None
    assert "since last week" in text.get_content()
    shown = metadata(instance)
    assert (shown["jobs"], shown["boss_new_24h"], shown["jobs_since_last_week"]) == (12, 4, 5)
    assert "| boss | 18 | 12 | 2 | 4 |" in shown["table"]
    assert shown["report"] == "taken by https://reports.example.com: 1 reports"


def test_what_was_not_delivered_is_said_and_sent_later_and_stored_once(
    loaded: None, store: ControlStore, instance: dg.DagsterInstance, box: Mailbox
) -> None:
    _status[:] = [503]
    box.refuse = "451 try later"
    failed = run(instance, NOON)
    assert not failed.success
    assert len(_received) == 3, "the first attempt and two of the run's own"
    [event] = [event for event in failed.all_events if event.is_step_failure]
    data = event.step_failure_data.user_failure_data
    assert data is not None
    assert data.description is not None
    assert "stored but were not delivered" in data.description
    assert "status 503" in data.description
    assert "451 try later" in data.description
    assert metadata(instance)["report"].startswith("not taken: https://reports.example.com did not take")
    [first] = store.totals(NOON - HOUR)
    assert (first.reported_at, first.mailed_at) == (None, None)

    _status[:] = [200]
    box.refuse = ""
    _received.clear()
    assert run(instance, NOON + 6 * HOUR).success
    totals = store.totals(NOON - HOUR)
    assert len(totals) == 2
    assert all(one.reported_at for one in totals)
    assert [request.headers["Idempotency-Key"] for request in _received] == [totals[1].key, totals[0].key]
    assert json.loads(_received[1].content)["taken_at"] == "2026-11-21T12:00:00+08:00"
    assert len(box.mails) == 1, "a mail about old figures is not sent late"


def test_a_run_executed_again_delivers_what_its_first_attempt_stored(
    loaded: None, store: ControlStore, instance: dg.DagsterInstance, box: Mailbox
) -> None:
    box.refuse = "451 try later"
    failed = run(instance, NOON)
    box.refuse = ""
    again = dg.materialize(
        [stats_total_asset(list(PLATFORMS.values()), retry_seconds=0, now=lambda: NOON + HOUR)],
        instance=instance,
        selection=[names.STATS_TOTAL],
        resources={
            "control": ControlResource(), "warehouse": WarehouseResource(), "mailer": MailerResource(),
            "webhook": Receiver(),
        },
        tags={"dagster/root_run_id": failed.run_id, "dagster/parent_run_id": failed.run_id},
    )  # fmt: skip
    assert again.success
    [totals] = store.totals(NOON - HOUR)
    assert totals.taken_at == NOON
    assert totals.mailed_at is not None
    assert len(_received) == 1, "the receiver had taken it at the first attempt"


def test_without_receiver_and_server_the_figures_are_metadata(
    loaded: None, store: ControlStore, instance: dg.DagsterInstance
) -> None:
    assert run(instance, NOON, webhook=WebhookResource()).success
    shown = metadata(instance)
    assert (shown["report"], shown["mail"]) == (
        "not sent: REPORT_ENDPOINT is not set", "not sent: SMTP_HOST is not set",
    )  # fmt: skip
    assert shown["jobs"] == 12


@pytest.mark.parametrize(
    ("hours_back", "previous", "week"),
    [([], None, None), ([6], 6, None), ([174, 12, 6], 6, None), ([171, 170, 168, 165, 6], 6, 168), ([-6], None, None)],
)
def test_what_is_compared(hours_back: list[int], previous: int | None, week: int | None) -> None:
    def at(hours: int) -> Totals:
        one = PlatformTotal(platform="boss", rows=1, jobs=hours, companies=1, new_24h=1)
        return Totals(key=str(hours), taken_at=NOON - hours * HOUR, platforms=(one,))

    found = compare(at(0), [at(hours) for hours in hours_back])
    assert (found.previous.key if found.previous else None) == (None if previous is None else str(previous))
    assert (found.last_week.key if found.last_week else None) == (None if week is None else str(week))
    assert set(report_json(found)) - {"report", "key", "taken_at", "platforms", "total"} == {
        name for name, value in (("previous", previous), ("last_week", week)) if value
    }
    assert ("nothing to compare with" in report_mail(found).text) == (previous is None)


def test_the_schedule_skips_while_a_run_is_under_way(tmp_path: Path) -> None:
    assert decide_once("stats_total_job", []) is None
    (tmp_path / "instance").mkdir()
    with dg.DagsterInstance.local_temp(str(tmp_path / "instance")) as stored:
        context = dg.build_schedule_context(instance=stored, scheduled_execution_time=NOON)
        assert isinstance(stats_total_schedule(running=False)(context), dg.RunRequest)
        under_way = create_run_for_test(stored, names.STATS_TOTAL_JOB, status=dg.DagsterRunStatus.STARTED)
        skipped = stats_total_schedule(running=False)(context)
        assert isinstance(skipped, dg.SkipReason)
        assert skipped.skip_message == f"stats_total_job is still under way: {under_way.run_id[:8]}"
