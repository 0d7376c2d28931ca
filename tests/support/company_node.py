"""A process that fetches one batch of companies, to be killed: ``python -m tests.support.company_node FILE``.

The file holds platform, day, batch, targets and settings as JSON; every result is a line on standard output.
"""

from __future__ import annotations

import datetime as dt
import json
import sys
from pathlib import Path

from crawler_core.crawl import CompanyResult, crawl_companies
from crawler_core.landing import LandingZone
from crawler_core.platforms import platform
from crawler_core.platforms.company import CompanyTarget
from crawler_core.settings import CrawlSettings


def say(result: CompanyResult) -> None:
    sys.stdout.write(json.dumps([result.target.company_id, result.state, result.requests]) + "\n")
    sys.stdout.flush()


def main() -> None:
    task = json.loads(Path(sys.argv[1]).read_text())
    settings = CrawlSettings(**task["settings"])
    crawl_companies(
        platform(task["platform"]),
        [CompanyTarget(task["platform"], one["company_id"], one["name"], one["extra"]) for one in task["targets"]],
        date=dt.date.fromisoformat(task["date"]),
        settings=settings,
        landing=LandingZone.from_url(settings.landing_url),
        batch_id=task["batch"],
        on_company=say,
    )


if __name__ == "__main__":
    main()
