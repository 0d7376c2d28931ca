"""``company_cleaning_schedule``: every five minutes companies are collected, and a batch of each platform fetched."""

# No `from __future__ import annotations`: Dagster reads the annotations of decorated functions as they are.

import datetime as dt
from collections.abc import Sequence

import dagster as dg

from crawler_core.platforms.spec import PlatformSpec
from jobdata_assets import names
from jobdata_assets.partitions import TIMEZONE
from jobdata_assets.runs import asset_runs_under_way
from jobdata_resources.control import ControlStore, StoreNotMigrated
from jobdata_resources.control_resource import ControlResource
from schedules.company_decision import decide_companies, has_news
from schedules.crawl import scheduled_day

__all__ = ["company_cleaning_schedule"]


def company_cleaning_schedule(platforms: Sequence[PlatformSpec], *, running: bool) -> dg.ScheduleDefinition:
    """The schedule of all platforms; ``running``: whether it starts switched on.

    Collecting and each platform are runs of their own: a crawl of many hours holds the pool of its platform, and must
    not keep the others waiting.
    """
    served = [spec.name for spec in platforms if spec.company is not None]

    @dg.schedule(
        name=f"{names.COMPANY_CLEANING_JOB}_schedule",
        job_name=names.COMPANY_CLEANING_JOB,
        cron_schedule="*/5 * * * *",
        execution_timezone=TIMEZONE,
        metadata=names.OWNED,
        default_status=dg.DefaultScheduleStatus.RUNNING if running else dg.DefaultScheduleStatus.STOPPED,
        description=(
            "Collects companies without details and fetches a batch of each platform whose queue holds some. Skips"
            " what is still under way from an earlier tick."
        ),
    )
    def tick(context: dg.ScheduleEvaluationContext, control: ControlResource) -> list[dg.RunRequest] | dg.SkipReason:
        date = scheduled_day(context)
        try:
            with control.open() as store:
                due = {name: store.company_queue(name).due for name in served}
                news = _has_news(store, date, served)
        except StoreNotMigrated as error:
            return dg.SkipReason(f"no queue yet: {error}")

        def busy(asset: dg.AssetKey, *jobs: str) -> bool:
            return bool(asset_runs_under_way(context.instance, asset, (names.COMPANY_CLEANING_JOB, *jobs)))

        decision = decide_companies(
            due=due,
            collecting=busy(names.PENDING_COMPANY),
            news=news,
            busy={name for name in served if busy(names.company_table(name), names.company_job(name))},
        )
        if decision.nothing:
            return dg.SkipReason(decision.message)
        context.log.info(decision.message)
        wanted: list[tuple[dg.AssetKey, dict[str, str]]] = [(names.PENDING_COMPANY, {})] if decision.collect else []
        wanted += [(names.company_table(name), {names.PLATFORM_TAG: name}) for name in decision.platforms]
        at = context.scheduled_execution_time.isoformat()
        return [
            dg.RunRequest(
                run_key=f"{at} {asset.to_user_string()}",  # Dagster asks for one where a tick starts several runs
                partition_key=date.isoformat(),
                asset_selection=[asset],
                tags=tags,
            )
            for asset, tags in wanted
        ]

    return tick


def _has_news(store: ControlStore, date: dt.date, served: Sequence[str]) -> bool:
    last = store.runs(names.PENDING_COMPANY.to_user_string(), limit=1)
    tables = [table(name) for name in served for table in (names.job_table, names.company_table)]
    runs = [run for table in tables for run in store.runs(table.to_user_string(), limit=1)]
    return has_news(
        date=date,
        collected=(last[0].date, last[0].started_at) if last else None,
        changes=[run.ended_at or run.started_at for run in runs],
    )
