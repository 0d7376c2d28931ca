"""``market_report``: the asset that reads the market of a day, writes its report and shows a preview."""

# No `from __future__ import annotations`: Dagster reads the annotations of decorated functions as they are.

import datetime as dt
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg

from crawler_core.platforms.spec import PlatformSpec
from crawler_core.settings import load
from jobdata_assets import names
from jobdata_assets.metadata import counts
from jobdata_resources.mail import MailError
from jobdata_resources.mailer_resource import MailerResource
from jobdata_resources.settings import StoreSettings
from jobdata_resources.warehouse.errors import WarehouseBusy, WarehouseError, WarehouseUnreachable
from jobdata_resources.warehouse.facts.market import JOB_ANALYTICS
from jobdata_resources.warehouse_resource import WarehouseResource

if TYPE_CHECKING:
    from jobdata_assets.reports.page.files import ReportFiles
    from jobdata_assets.reports.page.model import MarketReport

__all__ = ["market_report_asset", "market_report_job"]

CODE_VERSION = "1"
"""Raise it when the same tables would give another report."""

_RETRIES, _RETRY_SECONDS = 3, 60
_BACKFILL = "dagster/backfill"


def market_report_asset(
    specs: Sequence[PlatformSpec], daily: dg.DailyPartitionsDefinition, *, retry_seconds: float = _RETRY_SECONDS
) -> dg.AssetsDefinition:
    """The asset over the job tables of these platforms; ``retry_seconds`` between attempts of a run."""

    @dg.asset(
        key=names.MARKET_REPORT,
        deps=[dg.AssetKey(JOB_ANALYTICS)],
        partitions_def=daily,
        group_name="reports",
        owners=list(names.OWNERS),
        kinds={"html", "excel"},
        tags={"layer": "report"},
        code_version=CODE_VERSION,
        pool=names.WAREHOUSE_POOL,
        description=(
            "The job market up to a day, for people: new and closed postings, salaries by city and keyword, who is"
            " hiring, which skills are asked for, and how the crawl went.\n\n"
            "A self-contained page, a workbook and CSV files in `$JOBDATA_HOME/reports/<date>/`; `jobdata report open`"
            " shows the newest. What is open or gone is as known when the report is written, so a report of a past day"
            " that is written again may know more.\n\n"
            "Sent by e-mail with page and workbook, unless it is one of a backfill."
        ),
        metadata={"folder": "$JOBDATA_HOME/reports/<date>"},
    )
    def write_report(
        context: dg.AssetExecutionContext, warehouse: WarehouseResource, mailer: MailerResource
    ) -> Iterator[dg.MaterializeResult[Any]]:
        # Reading, drawing and spreadsheets are libraries that the other runs do without.
        from jobdata_assets.reports.page.files import report_files, write_files
        from jobdata_assets.reports.page.read import read_report

        date, began = dt.date.fromisoformat(context.partition_key), time.monotonic()
        comment = {"run_id": context.run.run_id, "asset": names.MARKET_REPORT.to_user_string()}
        try:
            with warehouse.open(comment=comment) as opened:
                opened.create_job_analytics()
                report = read_report(opened, date, specs)
        except (WarehouseBusy, WarehouseUnreachable) as error:
            raise dg.RetryRequested(max_retries=_RETRIES, seconds_to_wait=retry_seconds) from error
        except WarehouseError as error:
            raise dg.Failure(f"the report of {date} was not written: {error}", allow_retries=False) from error
        seconds = time.monotonic() - began
        files = report_files(report)
        home = load(StoreSettings).jobdata_home
        try:
            folder = write_files(home, files)
        except OSError as error:
            raise dg.Failure(
                f"the report of {date} cannot be written under {home}: {error.strerror}; free space or fix the rights",
                allow_retries=False,
            ) from error
        context.log.info("%s: %d files in %s", date, len(files.content), folder)
        told, trouble = _send(context, mailer, report, files)
        metadata = _metadata(report, files, folder, seconds) | {"mail": told}
        if not trouble:
            yield dg.MaterializeResult(metadata=metadata)
            return
        if context.retry_number < _RETRIES:
            context.log.warning("not sent, another attempt follows: %s", trouble)
            raise dg.RetryRequested(max_retries=_RETRIES, seconds_to_wait=retry_seconds)
        # The report is there, whatever became of the mail: the UI shows it although the run fails.
        context.log_event(
            dg.AssetMaterialization(names.MARKET_REPORT, partition=context.partition_key, metadata=metadata)
        )
        raise dg.Failure(
            f"the report of {date} is written but was not sent: {trouble}; materialize the day again to send it",
            allow_retries=False,
        )

    return write_report


def _send(
    context: dg.AssetExecutionContext, mailer: MailerResource, report: "MarketReport", files: "ReportFiles"
) -> tuple[str, str]:
    """Mail the report; what became of it, and what went wrong."""
    from jobdata_assets.reports.page.mail import report_mail

    post = mailer.mailer()
    if not post.configured:
        return "not sent: SMTP_HOST is not set", ""
    if _BACKFILL in context.run.tags:
        return "not sent: part of a backfill", ""
    try:
        post.send(report_mail(report, files))
    except MailError as error:
        return f"not accepted: {error}", str(error)
    return f"accepted by {post.label}", ""


def market_report_job() -> Any:
    """``market_report_job``: the report of a day."""
    return dg.define_asset_job(
        names.MARKET_REPORT_JOB,
        selection=dg.AssetSelection.assets(names.MARKET_REPORT),
        description="Write the report on the job market up to a day.",
        executor_def=dg.in_process_executor,
        metadata=names.OWNED,
    )


def _metadata(report: "MarketReport", files: "ReportFiles", folder: Path, seconds: float) -> dict[str, Any]:
    from jobdata_assets.reports.page.render import render_markdown, subject

    metadata: dict[str, Any] = {
        "report": dg.MetadataValue.path(str(folder / files.html)),
        "report_url": dg.MetadataValue.url((folder / files.html).as_uri()),
        "workbook": dg.MetadataValue.path(str(folder / files.workbook)),
        "headline": subject(report),
        "preview": dg.MetadataValue.md(render_markdown(report)),
        "open_postings": report.total.open,
        "new_postings": report.total.new,
        "closed_postings": report.total.closed,
        "companies": report.total.companies,
        "not_crawled": list(report.uncrawled),
        "bytes": counts({name: len(content) for name, content in files.content.items()}),
        "read_seconds": round(seconds, 2),
    }
    if report.total.median is not None:
        metadata["median_salary"] = report.total.median
    return metadata
