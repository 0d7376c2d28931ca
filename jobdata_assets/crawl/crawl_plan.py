"""``crawl_plan``: how many pages each keyword may cost today, with the reason for each.

Reads and writes the control store only: the rates are what the crawls of earlier days have told it. The decision is in
``page_budget``; ``crawl_run`` obeys it through ``allowances``.
"""

# No `from __future__ import annotations`: Dagster reads the annotations of decorated functions as they are.

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import dagster as dg

from crawler_core.platforms.spec import PlatformSpec
from crawler_core.settings import load
from jobdata_assets import names
from jobdata_assets.crawl.page_budget import DayYield, candidates, plan_pages
from jobdata_assets.metadata import markdown_table
from jobdata_resources.control import ControlStore, KeywordRecord, PlanRow
from jobdata_resources.control_resource import ControlResource
from jobdata_resources.crawler import CrawlerResource
from jobdata_resources.settings import PlanSettings

__all__ = ["PlatformPlan", "crawl_plan_asset", "crawl_plan_job", "make_plan"]

CODE_VERSION = "1"
"""Raise it when the same history would give another plan."""

_HISTORY_DAYS = 60
"""So far back reaches the memory of the crawl, too."""

_TABLE_ROWS = 200


@dataclass(frozen=True, slots=True)
class PlatformPlan:
    """The plan of a platform and day: rows by keyword key, most pages first, and the keywords' spellings."""

    platform: str
    budget: int
    rows: tuple[PlanRow, ...]
    spelled: dict[str, str]

    @property
    def pages(self) -> int:
        """Pages granted; never above the budget, unless earlier plans of the same day had granted more."""
        return sum(row.pages for row in self.rows)


def make_plan(
    store: ControlStore, spec: PlatformSpec, date: dt.date, *, budget: int, floor_days: int, sweep_days: int
) -> PlatformPlan:
    """Plan the active keywords of a platform and store the plan; what was begun today keeps its pages."""
    records = {record.keyword.key: record for record in store.keywords(spec.name, include_paused=False, date=date)}
    rows = store.plans(spec.name, date - dt.timedelta(days=_HISTORY_DAYS), date)
    begun = {row.keyword: row for row in rows if row.date == date and _begun(row, records.get(row.keyword))}
    left = max(0, budget - sum(row.pages for row in begun.values()))
    history: dict[str, list[DayYield]] = defaultdict(list)
    for row in rows:
        if row.fetched is not None:
            history[row.keyword].append(
                DayYield(
                    date=row.date,
                    pages=row.fetched,
                    fresh=row.fresh or 0,
                    complete=bool(row.complete),
                    sweep=row.sweep,
                )
            )
    known = candidates(
        history,
        searches={key: max(1, len(record.cities)) for key, record in records.items() if key not in begun},
        date=date,
        budget=budget,
        page_cap=spec.page_cap,
    )
    made = [
        PlanRow(
            platform=spec.name,
            date=date,
            keyword=one.keyword,
            pages=one.pages,
            sweep=one.sweep,
            reason=one.reason,
        )
        for one in plan_pages(known, budget=left, floor_days=floor_days, sweep_days=sweep_days)
    ]
    every = tuple(sorted([*begun.values(), *made], key=lambda row: (-row.pages, row.keyword)))
    store.save_plan(spec.name, date, every)
    return PlatformPlan(spec.name, budget, every, {key: record.keyword.text for key, record in records.items()})


def crawl_plan_asset(specs: Sequence[PlatformSpec], daily: dg.DailyPartitionsDefinition) -> dg.AssetsDefinition:
    """The asset of all platforms."""

    @dg.asset(
        key=names.CRAWL_PLAN,
        partitions_def=daily,
        group_name="crawl",
        owners=list(names.OWNERS),
        kinds={"python"},
        tags={"layer": "plan"},
        code_version=CODE_VERSION,
        metadata={"dagster/table_name": "crawl_plan", "store": "control store"},
        description=(
            "How many pages each keyword may cost on a day, so that the page budget of a platform"
            " (`CRAWL_PAGES_PER_DAY`) is spent where it finds most new postings.\n\n"
            "Keywords get pages by the new postings they brought on earlier days, nobody is left out for more than"
            " `CRAWL_FLOOR_DAYS`, and every list is read to its end once in `CRAWL_SWEEP_DAYS`. The crawl of the day"
            " keeps to the plan; on a day without one every keyword is crawled to its end."
        ),
    )
    def plan_day(
        context: dg.AssetExecutionContext, crawler: CrawlerResource, control: ControlResource
    ) -> dg.MaterializeResult[Any]:
        settings, date = load(PlanSettings), dt.date.fromisoformat(context.partition_key)
        if settings.crawl_pages_per_day is None:
            raise dg.Failure(
                "CRAWL_PAGES_PER_DAY is not set: there is no budget to divide, and every keyword is crawled to its"
                " end. Set it to the pages a platform may be asked for in a day to have a plan.",
                allow_retries=False,
            )
        if date != crawler.today():
            raise dg.Failure(
                f"{date} is not today ({crawler.today()} in Asia/Shanghai): the plan of a day is made on that day,"
                " and what it allowed is kept as it was.",
                allow_retries=False,
            )
        with control.open() as store:
            plans = [
                make_plan(
                    store,
                    spec,
                    date,
                    budget=settings.crawl_pages_per_day,
                    floor_days=settings.crawl_floor_days,
                    sweep_days=settings.crawl_sweep_days,
                )
                for spec in specs
            ]
            before = {spec.name: store.plan(spec.name, date - dt.timedelta(days=1)) for spec in specs}
        return dg.MaterializeResult(metadata=_metadata(plans, before))

    return plan_day


def crawl_plan_job() -> Any:
    """``crawl_plan_job``: the plan of a day."""
    return dg.define_asset_job(
        names.CRAWL_PLAN_JOB,
        selection=dg.AssetSelection.assets(names.CRAWL_PLAN),
        description="Divide the page budget of the day among the keywords of every platform.",
        executor_def=dg.in_process_executor,
        metadata=names.OWNED,
    )


def _begun(row: PlanRow, record: KeywordRecord | None) -> bool:
    return row.fetched is not None or (record is not None and record.state != "pending")


def _metadata(plans: Sequence[PlatformPlan], before: dict[str, list[PlanRow]]) -> dict[str, Any]:
    metadata: dict[str, Any] = {}
    for plan in plans:
        sweeps, resting = sum(row.sweep for row in plan.rows), sum(not row.pages for row in plan.rows)
        metadata |= {
            f"{plan.platform}_budget": plan.budget,
            f"{plan.platform}_pages": plan.pages,
            f"{plan.platform}_sweeps": sweeps,
            f"{plan.platform}_resting": resting,
            f"{plan.platform}_plan": dg.MetadataValue.md(_table(plan)),
        }
        crawled = [row for row in before[plan.platform] if row.fetched is not None]
        pages, fresh = sum(row.fetched or 0 for row in crawled), sum(row.fresh or 0 for row in crawled)
        if pages:
            metadata[f"{plan.platform}_new_per_1000_pages_yesterday"] = round(1000 * fresh / pages, 1)
    return metadata


def _table(plan: PlatformPlan) -> str:
    rows = [
        (plan.spelled.get(row.keyword, row.keyword), row.pages, "to the end" if row.sweep else "", row.reason)
        for row in plan.rows[:_TABLE_ROWS]
    ]
    table = markdown_table(("keyword", "pages", "how far", "why"), rows)
    more = len(plan.rows) - _TABLE_ROWS
    return table + (f"\n\n… and {more} more keywords" if more > 0 else "")
