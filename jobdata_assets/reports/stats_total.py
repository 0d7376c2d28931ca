"""``stats_total``: the size of every platform's tables every six hours, stored, compared, and sent to those who asked.

The figures are counted and stored once per run, under a key that its retries share. Then they are delivered: as JSON
to ``REPORT_ENDPOINT``, and by mail. What was not taken is tried again, by the run itself and then by the next one; the
store knows who has got what, and the receiver is given the same idempotency key each time.
"""

# ruff: noqa: S608 - generated SQL: table and column names are our own, values are bound as parameters

# No `from __future__ import annotations`: Dagster reads the annotations of decorated functions as they are.

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import dagster as dg
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

from crawler_core.platforms.spec import PlatformSpec
from jobdata_assets import names
from jobdata_assets.reports.stats_report import compare, report_json, report_mail, report_metadata
from jobdata_resources.control import ControlStore, PlatformTotal, Totals
from jobdata_resources.control_resource import ControlResource
from jobdata_resources.mail import Mailer, MailError
from jobdata_resources.mailer_resource import MailerResource
from jobdata_resources.warehouse import Warehouse, WarehouseBusy, WarehouseError, WarehouseUnreachable
from jobdata_resources.warehouse.client import SPILL
from jobdata_resources.warehouse_resource import WarehouseResource
from jobdata_resources.webhook import Webhook, WebhookError, WebhookResource

__all__ = ["count_platform", "stats_total_asset", "stats_total_job"]

_HISTORY = dt.timedelta(days=8)
_SEND_AGAIN = dt.timedelta(days=2)
"""Reports that the receiver has not taken are sent again for so long."""
_RETRIES = 2
_RUN_SECONDS = 60 * 60


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def stats_total_asset(
    platforms: Sequence[PlatformSpec], *, retry_seconds: float = 60, now: Callable[[], dt.datetime] = _now
) -> dg.AssetsDefinition:
    """The asset.

    Args:
        retry_seconds: between two attempts of a run to deliver.
        now: zone-aware clock.
    """

    @dg.asset(
        key=names.STATS_TOTAL,
        deps=[names.job_table(spec.name) for spec in platforms],
        group_name="reports",
        owners=list(names.OWNERS),
        kinds={"clickhouse", "mysql"},
        tags={"layer": "report"},
        code_version="1",
        pool=names.WAREHOUSE_POOL,
        output_required=False,
        metadata={"dagster/table_name": "stats_total", "store": "control store"},
        description=(
            "Rows, distinct jobs, companies and jobs new in the last 24 hours, per platform and in all, compared with"
            " the run before and with the same hour of last week.\n\nStored in `stats_total` of the control store,"
            " sent as JSON to `REPORT_ENDPOINT` and by e-mail. A run that could not deliver fails and says so; its"
            " figures are stored and are sent again, by its retry or by the next run."
        ),
    )
    def take_totals(
        context: dg.AssetExecutionContext,
        control: ControlResource,
        warehouse: WarehouseResource,
        mailer: MailerResource,
        webhook: WebhookResource,
    ) -> Iterator[dg.MaterializeResult[Any]]:
        key = context.run.get_root_run_id() or context.run.run_id
        instant = now()
        with control.open() as store:
            history = store.totals(instant - _HISTORY)
            totals = next((one for one in history if one.key == key), None)
            if totals is None:
                counted = _count(context, warehouse, platforms, instant, retry_seconds)
                totals = store.store_totals(key, instant, counted)
                history = store.totals(instant - _HISTORY)
            told, problems = _deliver(store, totals, history, mailer.mailer(), webhook.webhook())
        metadata = report_metadata(compare(totals, history)) | told
        if not problems:
            yield dg.MaterializeResult(metadata=metadata)
            return
        told_all = "; ".join(problems)
        if context.retry_number < _RETRIES:
            context.log.warning("not delivered, another attempt follows: %s", told_all)
            raise dg.RetryRequested(max_retries=_RETRIES, seconds_to_wait=retry_seconds)
        # The figures are there, whatever became of the mail: the UI shows them although the run fails.
        context.log_event(dg.AssetMaterialization(names.STATS_TOTAL, metadata=metadata))
        raise dg.Failure(
            f"The totals are stored but were not delivered: {told_all}. The next run sends the report again; to send"
            " both now, re-execute this run: nothing is counted or stored twice.",
            allow_retries=False,
        )

    return take_totals


def stats_total_job() -> UnresolvedAssetJobDefinition:
    """``stats_total_job``: what the schedule starts."""
    return dg.define_asset_job(
        names.STATS_TOTAL_JOB,
        selection=dg.AssetSelection.assets(names.STATS_TOTAL),
        description="Count the tables of all platforms, store the totals, and send them.",
        tags={"dagster/max_runtime": str(_RUN_SECONDS)},
        executor_def=dg.in_process_executor,
        metadata=names.OWNED,
    )


def count_platform(warehouse: Warehouse, spec: PlatformSpec, at: dt.datetime) -> PlatformTotal:
    """Count a platform's job table.

    Args:
        at: zone-aware; jobs first seen in the 24 hours before are new.

    Raises:
        WarehouseError: the table does not exist, or the engine refused.
    """
    table = names.job_table(spec.name).to_user_string()
    [(rows, jobs, new)] = warehouse.engine.query(
        "SELECT sum(contents), count(), countIf(first > {since:DateTime64(3, 'UTC')}) FROM"
        f" (SELECT job_id, count() AS contents, min(first_seen) AS first FROM {table} GROUP BY job_id)",
        {"since": at.astimezone(dt.UTC) - dt.timedelta(hours=24)},
        settings=SPILL,
    )
    # Which row of a content tells its company makes no difference: no aggregation by key before.
    contents = warehouse.catalog.jobs[spec.name].rows(("company_name",))
    [(companies,)] = warehouse.query(f"SELECT uniqExact(company_name) FROM ({contents}) WHERE company_name != ''")
    return PlatformTotal(platform=spec.name, rows=int(rows), jobs=int(jobs), companies=int(companies), new_24h=int(new))


def _count(
    context: dg.AssetExecutionContext,
    warehouse: WarehouseResource,
    platforms: Sequence[PlatformSpec],
    at: dt.datetime,
    retry_seconds: float,
) -> list[PlatformTotal]:
    comment = {"run_id": context.run.run_id, "asset": names.STATS_TOTAL.to_user_string()}
    try:
        with warehouse.open(comment=comment) as opened:
            return [count_platform(opened, spec, at) for spec in platforms]
    except (WarehouseBusy, WarehouseUnreachable) as error:
        raise dg.RetryRequested(max_retries=_RETRIES, seconds_to_wait=retry_seconds) from error
    except WarehouseError as error:
        raise dg.Failure(f"the totals were not counted: {error}", allow_retries=False) from error


def _deliver(
    store: ControlStore, totals: Totals, history: Sequence[Totals], mailer: Mailer, webhook: Webhook
) -> tuple[dict[str, Any], list[str]]:
    """Send what was not taken yet; metadata of the deliveries, and what went wrong."""
    told: dict[str, Any] = {"report": "not sent: REPORT_ENDPOINT is not set", "mail": "not sent: SMTP_HOST is not set"}
    problems = []
    if webhook.configured:
        told["report"], trouble = _report(store, totals, history, webhook)
        problems += trouble
    if mailer.configured and totals.mailed_at is None:
        try:
            refused = mailer.send(report_mail(compare(totals, history)))
        except MailError as error:
            told["mail"] = f"not accepted: {error}"
            problems.append(str(error))
        else:
            store.totals_delivered(totals.key, mailed=True)
            but = f", but not for {', '.join(refused)}; check SMTP_TO" if refused else ""
            told["mail"] = f"accepted by {mailer.label}{but}"
    elif mailer.configured:
        told["mail"] = f"accepted before by {mailer.label}"
    return told, problems


def _report(store: ControlStore, totals: Totals, history: Sequence[Totals], webhook: Webhook) -> tuple[str, list[str]]:
    """Send this report, and after it the earlier ones that were not taken."""
    late = [
        one
        for one in history
        if one.key != totals.key and one.reported_at is None and totals.taken_at - _SEND_AGAIN <= one.taken_at
    ]
    sent = 0
    for one in [*([totals] if totals.reported_at is None else []), *late]:
        try:
            webhook.send(report_json(compare(one, history)), key=one.key)
        except WebhookError as error:
            return f"not taken: {error}", [str(error)]
        store.totals_delivered(one.key, reported=True)
        sent += 1
    return f"taken by {webhook.label}: {sent} reports", []
