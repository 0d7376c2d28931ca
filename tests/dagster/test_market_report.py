"""``market_report`` through Dagster on a real warehouse: landed pages in, a report of the right figures out."""

from __future__ import annotations

import csv
import datetime as dt
import io
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from crawler_core.landing import LandingZone, land_pages
from crawler_core.platforms import PLATFORMS
from crawler_core.settings import load
from crawler_core.values import SHANGHAI
from jobdata_assets import names
from jobdata_assets.partitions import daily_partitions
from jobdata_assets.reports.market_report import market_report_asset
from jobdata_assets.reports.page.read import read_report, report_sql
from jobdata_resources.landing import LandingResource
from jobdata_resources.mailer_resource import MailerResource
from jobdata_resources.settings import StoreSettings
from jobdata_resources.warehouse import Warehouse, open_warehouse
from jobdata_resources.warehouse_resource import WarehouseResource
from schedules.daily import market_report_schedule
from tests.support.landed_pages import boss_body, boss_item, envelope
from tests.support.mail_server import mail_server

DAY = dt.date(2026, 11, 21)
YESTERDAY = DAY - dt.timedelta(days=1)
SPECS = list(PLATFORMS.values())
PAYS = ("10-20K", "20-30K·14薪", "面议", "150-200元/天")


def land(zone: LandingZone, date: dt.date, numbers: range) -> None:
    items = [
        boss_item(
            number, salaryDesc=PAYS[number % 4], brandName=f"示例科技{number % 2}", skills=["Python", f"S{number}"]
        )
        for number in numbers
    ]
    # Fetched on its own day: the first sighting of a job is when its page was fetched.
    page = envelope(
        boss_body(items),
        keyword="数据工程师",
        date=date.isoformat(),
        outcome="last",
        fetched_at=dt.datetime.combine(date, dt.time(9), SHANGHAI).isoformat(),
    )
    land_pages(zone, "boss", date, "数据工程师", "100010000", [(page, len(items))])


def launch(instance: dg.DagsterInstance, **tags: str) -> dg.ExecuteInProcessResult:
    return dg.materialize(
        [market_report_asset(SPECS, daily_partitions(DAY, 14), retry_seconds=0)],
        instance=instance,
        resources={"warehouse": WarehouseResource(), "mailer": MailerResource()},
        partition_key=DAY.isoformat(),
        tags=tags,
        selection="market_report",
        raise_on_error=False,
    )


def write(instance: dg.DagsterInstance) -> dict[str, Any]:
    run = launch(instance)
    assert run.success
    [event] = run.asset_materializations_for_node("market_report")
    return {name: value.value for name, value in event.metadata.items()}


@pytest.fixture
def zone(home: Path) -> LandingZone:
    """Jobs 0 to 7 yesterday, 4 to 9 today: four are gone, two are new."""
    found = LandingResource().zone()
    land(found, YESTERDAY, range(8))
    land(found, DAY, range(4, 10))
    with open_warehouse(load(StoreSettings)) as warehouse:
        for day in (YESTERDAY, DAY):
            warehouse.load_day("boss", day, found, run_id="run-1")
    return found


def test_a_report_is_written_and_previewed(zone: LandingZone, home: Path, instance: dg.DagsterInstance) -> None:
    found = write(instance)
    assert (found["open_postings"], found["new_postings"], found["closed_postings"]) == (6, 2, 4)
    assert found["not_crawled"] == ["前程无忧", "智联招聘"]
    assert found["headline"] == "Job market 2026-11-21: 2 new, 4 closed, 6 open"
    assert "| BOSS直聘 | 6 | 2 | 4 | 2 |" in found["preview"]
    folder = home / "reports" / "2026-11-21"
    assert found["report"] == str(folder / "market-report-2026-11-21.html")
    assert found["report_url"].startswith("file:///")
    assert set(found["bytes"]) == {path.name for path in folder.iterdir()}
    page = (folder / "market-report-2026-11-21.html").read_text()
    assert "示例科技1" in page
    assert "数据工程师" in page
    trend = list(csv.DictReader(io.StringIO((folder / "trend.csv").read_bytes().decode("utf-8-sig"))))
    assert len(trend) == 30
    assert [(row["new"], row["closed"], row["BOSS直聘 new"]) for row in trend[-2:]] == [
        ("8", "0", "8"),
        ("2", "4", "2"),
    ]
    with open_warehouse(load(StoreSettings)) as warehouse:
        assert warehouse.query("SELECT count() FROM system.tables WHERE name = 'market_report_jobs'") == [(0,)]
        report = read_report(warehouse, DAY, SPECS)
        check_each_question_runs_on_the_view(warehouse)
    [keyword] = report.keywords
    assert (keyword.open, keyword.new, keyword.new_week, keyword.closed_week) == (6, 2, 10, 4)
    assert [(one.name, one.open) for one in report.companies] == [("示例科技0", 3), ("示例科技1", 3)]
    python = report.skills[0]
    assert (python.name, python.open, python.share) == ("python", 6, 1.0)
    assert python.momentum is None  # all of it is new this week
    # 4 10-20K, 5 20-30K, 6 on request, 7 by the day, 8 10-20K, 9 20-30K
    [salary] = report.keywords_salary
    assert (salary.jobs, salary.median) == (6, 15_000.0)
    assert salary.with_salary == sum(band.jobs for band in report.bands) == 5
    assert {(one.city, one.keyword) for one in report.cells} == {(report.cities[0].name, "数据工程师")}
    assert [(one.day, one.platform, one.pages, one.answered) for one in report.health] == [
        (YESTERDAY, "boss", 1, 1), (DAY, "boss", 1, 1),
    ]  # fmt: skip
    assert [(one.outcome, one.pages) for one in report.outcomes] == [("last", 1)]
    assert not report.first_day


def test_a_report_is_mailed_with_page_and_workbook_but_not_by_a_backfill(
    home: Path, instance: dg.DagsterInstance, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert write(instance)["mail"] == "not sent: SMTP_HOST is not set"
    with mail_server(tmp_path, "plain") as box:
        for name, value in box.env("plain").items():
            monkeypatch.setenv(name, value)
        assert launch(instance, **{"dagster/backfill": "b"}).success
        assert box.mails == []
        assert write(instance)["mail"].startswith("accepted by")
        [mail] = box.mails
        assert str(mail["Subject"]).startswith("Job market 2026-11-21")
        attached = {part.get_filename(): part.get_content() for part in mail.iter_attachments()}
        folder = home / "reports" / "2026-11-21"
        assert attached["market-report-2026-11-21.xlsx"] == (folder / "market-report-2026-11-21.xlsx").read_bytes()
        box.refuse = "451 come back later"
        run = launch(instance)
        assert not run.success
        [event] = [event for event in run.all_events if event.is_step_failure]
        failure = event.step_failure_data.user_failure_data
        assert failure is not None
        assert "is written but was not sent" in (failure.description or "")
        assert "come back later" in (failure.description or "")
        latest = instance.get_latest_materialization_event(names.MARKET_REPORT)
        assert latest is not None
        assert latest.run_id == run.run_id, "the report is shown although it was not sent"


def check_each_question_runs_on_the_view(warehouse: Warehouse) -> None:
    """The files are for people, too: the same parameters, with the view in the place of the report's copy."""
    bound = {"jobs": "job_analytics", "date": DAY, "since": YESTERDAY, "limit": 5, "edges": [0.0, 10_000.0]}
    for name in ("platforms", "skills"):
        assert warehouse.query(report_sql(name), bound)


def test_an_empty_warehouse_gives_an_empty_report_as_soon_as_it_can_be_written(
    home: Path, instance: dg.DagsterInstance
) -> None:
    home.mkdir(exist_ok=True)
    blocker = home / "reports"
    blocker.write_text("a file where the folder belongs")
    run = launch(instance)
    [event] = [event for event in run.all_events if event.is_step_failure]
    failure = event.step_failure_data.user_failure_data
    assert failure is not None
    assert "cannot be written under" in (failure.description or "")
    blocker.unlink()
    found = write(instance)
    assert found["open_postings"] == 0
    assert "median_salary" not in found
    assert "nothing loaded yet" in found["headline"]
    assert (home / "reports" / "2026-11-21" / "market-report-2026-11-21.xlsx").stat().st_size > 5_000


def test_the_schedule_reports_on_the_day_before(tmp_path: Path) -> None:
    schedule = market_report_schedule(running=False)
    when = dt.datetime.combine(DAY, dt.time(7, 30), SHANGHAI)
    with dg.DagsterInstance.local_temp(str(tmp_path)) as stored:
        request = schedule(dg.build_schedule_context(instance=stored, scheduled_execution_time=when))
    assert isinstance(request, dg.RunRequest)
    assert request.partition_key == YESTERDAY.isoformat()
    assert names.MARKET_REPORT.to_user_string() == "market_report"
