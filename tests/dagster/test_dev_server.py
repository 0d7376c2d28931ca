"""``dagster dev`` with our files: daemon, queue, sensors, backfill, as a user meets them. Minutes, so marked slow."""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from bench.dagster_dev import TERMINATE, DagsterDev
from crawler_core.keyword import Keyword
from crawler_core.landing import LandingZone, read_segment
from crawler_core.values import SHANGHAI
from jobdata_assets.partitions import range_tags
from jobdata_resources.control import ControlStore, KeywordRow
from sandbox.process import SandboxProcess

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

KEYWORDS = ("Python", "数据 工程师")


def wait_for(what: str, condition: Callable[[], object], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"waited {seconds:.0f} s for {what}"
        time.sleep(1)


def rows(dev: DagsterDev) -> list[object]:
    """What the warehouse holds, read by a process of its own: the embedded engine is not for two."""
    code = (
        "import json\n"
        "from jobdata_resources.settings import StoreSettings\n"
        "from jobdata_resources.warehouse import open_warehouse\n"
        "with open_warehouse(StoreSettings()) as warehouse:\n"
        "    jobs = 'SELECT job_id, toString(content_hash), toString(first_seen) FROM zhilian_job ORDER BY ALL'\n"
        "    seen = 'SELECT toString(crawl_date), keyword, page, rank, job_id FROM job_sighting ORDER BY ALL'\n"
        "    print(json.dumps(warehouse.query(jobs) + warehouse.query(seen)))\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=dev.home, env=dev.environment, capture_output=True, text=True, check=True
    )
    found: list[object] = json.loads(run.stdout)
    return found


def test_from_imported_keywords_to_a_backfill_that_changes_nothing(tmp_path: Path, home: Path) -> None:
    with SandboxProcess("--companies", "200") as sandbox:
        environment = sandbox.env | {"MAX_PAGES": "2", "SCHEDULES_RUNNING": "true"}
        dev = DagsterDev(home, environment)
        with ControlStore(f"sqlite:///{home / 'control.db'}") as store:
            store.migrate()
            store.import_keywords("zhilian", [KeywordRow(keyword=Keyword.parse(text)) for text in KEYWORDS])
        with dev.running():
            today = dt.datetime.now(SHANGHAI).date()
            query = """{ assetNodeOrError(assetKey: {path: ["zhilian_raw_pages"]}) { ... on AssetNode {
                partitionKeysByDimension { name partitionKeys } } } }"""

            def partitions() -> list[str]:
                node = dev.ask(query)["assetNodeOrError"]
                return next(d["partitionKeys"] for d in node["partitionKeysByDimension"] if d["name"] == "keyword")

            wait_for("the keyword sensor", lambda: partitions() == list(KEYWORDS), 90)

            crawled = dev.launch("zhilian_crawl", range_tags(today, *KEYWORDS))
            assert dev.wait(crawled) == "SUCCESS", dev.log.read_text()[-2000:]

            def loaded() -> bool:
                found = dev.runs("zhilian_load")
                return bool(found) and found[0]["status"] == "SUCCESS"

            wait_for("the load sensor", loaded, 150)
            [run] = dev.runs("zhilian_load")
            assert {tag["key"]: tag["value"] for tag in run["tags"]}["jobdata/completeness"] == "complete"

            days = [today - dt.timedelta(days=back) for back in (2, 1, 0)]
            late = {"ops": {"zhilian_raw_pages": {"config": {"late": True}}}}
            for day in days[:2]:
                assert dev.wait(dev.launch("zhilian_crawl", range_tags(day, *KEYWORDS), late)) == "SUCCESS"
            names = [day.isoformat() for day in days]
            assert dev.backfill("zhilian_job", names) == ["SUCCESS"] * 3
            before = rows(dev)
            assert len(before) > 100
            assert dev.backfill("zhilian_job", names) == ["SUCCESS"] * 3
            assert rows(dev) == before

            one_day = [f"{today}|{keyword}" for keyword in KEYWORDS]
            assert dev.backfill("zhilian_raw_pages", one_day) == ["SUCCESS"], "a day of keywords is one run"
        text = dev.log.read_text()
        assert "Traceback" not in text, text[-3000:]
        ours = ("jobdata_", "sensors/", "schedules/", "crawler_core/", "BetaWarning", "PreviewWarning")
        assert [line for line in text.splitlines() if "Warning" in line and any(part in line for part in ours)] == []


def test_a_cancelled_crawl_keeps_its_pages_and_goes_on_later(home: Path) -> None:
    """Terminate in the UI: an interrupt in the middle of a fetch."""
    with SandboxProcess("--companies", "200") as sandbox:
        environment = sandbox.env | {"SLEEP_MIN_SECONDS": "0.4", "SLEEP_MAX_SECONDS": "0.5", "SEGMENT_PAGES": "4"}
        dev = DagsterDev(home, environment | {"EGRESS_ADDRESSES": "127.0.1.1"})
        with ControlStore(f"sqlite:///{home / 'control.db'}") as store:
            store.migrate()
            store.import_keywords("zhilian", [KeywordRow(keyword=Keyword.parse(text)) for text in KEYWORDS])
            today = store.today()
        dev.add_partitions("zhilian_keyword", KEYWORDS)
        zone = LandingZone.from_url((home / "landing").as_uri())
        with dev.running():
            run = dev.launch("zhilian_crawl", range_tags(today, *KEYWORDS))
            wait_for("the first segment", lambda: zone.segments("zhilian", today), 120)
            dev.ask(TERMINATE, id=run)
            assert dev.wait(run) == "CANCELED", dev.log.read_text()[-3000:]
            kept = {ref.path: ref.sha256 for ref in zone.segments("zhilian", today)}
            assert kept
            with ControlStore(f"sqlite:///{home / 'control.db'}") as store:
                assert store.runs("zhilian_raw_pages")[0].state == "failure"
            assert dev.wait(dev.launch("zhilian_crawl", range_tags(today, *KEYWORDS))) == "SUCCESS"
        segments = zone.segments("zhilian", today)
        assert kept.items() <= {ref.path: ref.sha256 for ref in segments}.items()
        for keyword in KEYWORDS:
            pages = [
                page.page
                for ref in segments
                if ref.keyword == keyword
                for page in read_segment(zone.read(ref))
                if page.outcome in ("ok", "last", "empty")
            ]
            assert pages == list(range(1, len(pages) + 1))
