"""The figures of docs/resolution.md on the sandbox's truth: ``python -m tests.resolution.figures [seed …]``.

For each seed and share of companies with details: names and registry facts alone, then the whole way over landed and
loaded pages, where only Boss job details exist.
"""

from __future__ import annotations

import datetime as dt
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.table import Table

from crawler_core.landing import LandingZone
from jobdata_resources.resolution import MentionKey, Score, evaluate, link_jobs, resolve, resolve_companies
from jobdata_resources.settings import StoreSettings
from jobdata_resources.warehouse import open_warehouse
from sandbox.market import PLATFORMS, Market
from tests.resolution.market_pages import FIRST, MarketDays, land_market


def said(score: Score) -> str:
    return f"{score.precision:.4f} {score.recall:.4f}"


def measure(days: MarketDays, share: float) -> list[str]:
    mentions, truth = days.mentions(share)
    alone = evaluate(resolve(mentions).company_of, truth)
    with tempfile.TemporaryDirectory() as folder:
        zone = LandingZone.from_url((Path(folder) / "landing").as_uri())
        land_market(zone, days, detail_share=share)
        settings = StoreSettings(_env_file=None, jobdata_home=Path(folder), clickhouse_db=f"figures_{share * 10:.0f}")
        with open_warehouse(settings) as warehouse:
            for day in days.days:
                for platform in PLATFORMS:
                    warehouse.load_day(platform, day, zone, run_id="figures")
            report = resolve_companies(warehouse, "figures")
            rows = warehouse.query("SELECT platform, platform_company_id, name, company_id FROM company_alias")
            parents = dict(warehouse.query("SELECT company_id, parent_id FROM company WHERE parent_id != ''"))
            link_jobs(warehouse, "figures")
            links = warehouse.query("SELECT platform, job_id, opening_id, company_id FROM job_link")
    company_of = {MentionKey(*row[:3]): row[3] for row in rows}
    listed = evaluate(company_of, truth)
    to_parent = evaluate({key: parents.get(found, found) for key, found in company_of.items()}, truth)
    openings = evaluate({(row[0], row[1]): row[2] for row in links}, days.openings())
    employers = evaluate(
        {(row[0], row[1]): row[3] or row[1] for row in links},
        {key: posting.opening.company.company_id for key, posting in days.postings.items()},
    )
    return [said(alone), said(listed), said(to_parent), str(report.review), said(openings), said(employers)]


def main() -> None:
    table = Table(title="precision and recall")
    for column in ("seed", "details", "facts alone", "loaded", "branch = parent", "review", "openings", "employer"):
        table.add_column(column)
    for seed in map(int, sys.argv[1:] or ["7", "11", "23"]):
        days = MarketDays(Market(seed), [FIRST + dt.timedelta(days=number * 4) for number in range(5)])
        for share in (0.0, 0.5, 1.0):
            table.add_row(str(seed), f"{share:.0%}", *measure(days, share))
    Console(width=140).print(table)


if __name__ == "__main__":
    main()
