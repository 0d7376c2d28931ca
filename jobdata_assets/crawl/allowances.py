"""What a crawl run asks of the crawl plan of its day, and what it tells it afterwards."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import TYPE_CHECKING

from crawler_core.keyword import Keyword
from jobdata_resources.control import ControlStore, KeywordRecord, PlanRow

if TYPE_CHECKING:
    from crawler_core.crawl import Allowance, KeywordReport

__all__ = ["day_allowances", "record_yield"]

_UNPLANNED = "floor: added after the plan was made"


def day_allowances(
    store: ControlStore, platform: str, date: dt.date, asked: Iterable[KeywordRecord]
) -> dict[str, Allowance] | None:
    """Pages by keyword key of the day's plan; None when there is none, and keywords are crawled to their end.

    A keyword that was added after the plan was made gets a page for each of its cities, and enters the plan.
    """
    from crawler_core.crawl import Allowance

    rows = store.plan(platform, date)
    if not rows:
        return None
    planned = {row.keyword for row in rows}
    added = [
        PlanRow(
            platform=platform,
            date=date,
            keyword=record.keyword.key,
            pages=max(1, len(record.cities)),
            sweep=False,
            reason=_UNPLANNED,
        )
        for record in asked
        if record.keyword.key not in planned
    ]
    if added:
        store.save_plan(platform, date, [*rows, *added])
    return {row.keyword: Allowance(row.pages, row.sweep) for row in (*rows, *added)}


def record_yield(store: ControlStore, report: KeywordReport) -> None:
    """Store what a planned keyword brought; nothing for a keyword that was crawled without a plan."""
    from crawler_core.crawl import CUT_SHORT

    if report.fresh is None:
        return
    store.record_yield(
        report.platform,
        report.date,
        Keyword.parse(report.keyword).key,
        fetched=report.pages,
        fresh=report.fresh,
        complete=report.state == "done" and report.stop_reason not in CUT_SHORT,
    )
