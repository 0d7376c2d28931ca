"""What the demo shows at its end, and the same as data (``demo.json``). Read from the tables, not remembered."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

__all__ = ["collect", "show"]


def collect(home: Path, days: Sequence[dt.date], seconds: float, *, market: bool) -> dict[str, Any]:
    """Counts per platform over the days of the demo; with ``market`` also what a refresh of the market made.

    ``keywords`` are those with landed pages, ``sightings`` times a posting was seen, ``jobs`` distinct jobs,
    ``contents`` their distinct contents, ``companies`` those with details, ``resumed`` keywords that went
    on after an interrupted crawl. The market part is that of ``demo_market``.
    """
    from crawler_core.landing import LandingZone
    from crawler_core.platforms import PLATFORMS
    from crawler_core.settings import load
    from jobdata_cli.demo_market import collect_market
    from jobdata_resources.settings import StoreSettings
    from jobdata_resources.warehouse import open_warehouse

    zone = LandingZone.from_url(f"file://{home / 'landing'}")
    platforms: dict[str, Any] = {}
    with open_warehouse(load(StoreSettings), comment={"asset": "demo"}) as warehouse:
        for name in PLATFORMS:
            outcomes: Counter[str] = Counter()
            for day in days:
                outcomes.update(warehouse.ask.outcomes(name, day))
            manifests = [manifest for day in days for manifest in zone.manifests(name, day)]
            [[jobs, contents]] = warehouse.query(
                "SELECT uniqExact(job_id), count() FROM {table:Identifier}", {"table": f"{name}_job"}
            )
            platforms[name] = {
                "keywords": len({manifest.keyword for manifest in manifests}),
                "unfinished": sum(manifest.state != "done" for manifest in manifests),
                "pages": sum(outcomes.values()),
                "sightings": sum(warehouse.ask.day(name, day).sightings for day in days),
                "jobs": jobs,
                "contents": contents,
                "companies": _companies(warehouse, name),
                "resumed": _resumed(warehouse, name, days),
                "outcomes": dict(sorted(outcomes.items())),
            }
        made = collect_market(warehouse) if market else {}
    return {"days": [day.isoformat() for day in days], "platforms": platforms, **made, "seconds": round(seconds, 1)}


def _companies(warehouse: Any, name: str) -> int:
    """Companies whose details are loaded."""
    [[count]] = warehouse.query("SELECT uniqExact(company_id) FROM {table:Identifier}", {"table": f"{name}_company"})
    return int(count)


def _resumed(warehouse: Any, name: str, days: Sequence[dt.date]) -> int:
    """Keywords of a day whose pages were fetched by more than one process: the node program and the crawl job."""
    [[count]] = warehouse.query(
        "SELECT count() FROM (SELECT crawl_date, keyword, city FROM crawl_page WHERE platform = {p:String}"
        " AND crawl_date IN {days:Array(Date)} GROUP BY crawl_date, keyword, city HAVING uniqExact(node) > 1)",
        {"p": name, "days": list(days)},
    )
    return int(count)


def show(summary: dict[str, Any], console: Console) -> None:
    """Print the tables."""
    from jobdata_cli.demo_market import show_market

    days = summary["days"]
    table = Table(title=f"Crawled, landed and loaded: {days[0]} to {days[-1]}", title_justify="left")
    table.add_column("platform")
    for column in ("keywords", "pages", "seen", "jobs", "contents", "companies", "resumed"):
        table.add_column(column, justify="right")
    table.add_column("outcomes of pages")
    for name, row in summary["platforms"].items():
        table.add_row(
            name,
            str(row["keywords"]),
            str(row["pages"]),
            str(row["sightings"]),
            str(row["jobs"]),
            str(row["contents"]),
            str(row["companies"]),
            str(row["resumed"]),
            ", ".join(f"{outcome} {count}" for outcome, count in row["outcomes"].items()),
        )
    console.print(table)
    if "market" in summary:
        show_market(summary, console)
    console.print(f"{summary['seconds']} s in all. `make dev` opens the Dagster UI on the same data.")
