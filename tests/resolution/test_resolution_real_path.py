"""From requests to companies and openings: crawl, land, load, fetch company details, resolve, link; against /truth."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

import pytest

from crawler_core.crawl import crawl_companies
from crawler_core.landing import LandingZone
from crawler_core.platforms import PLATFORMS, platform
from jobdata_resources.resolution import MentionKey, evaluate, link_jobs, resolve_companies
from jobdata_resources.warehouse import Warehouse
from sandbox.process import SandboxProcess
from tests.support import companies

WORDS = ("数据工程师", "大数据开发")


@pytest.fixture(scope="module")
def running() -> Iterator[SandboxProcess]:
    with SandboxProcess("--companies", "600") as process:
        yield process


def truth_of_postings(sandbox: SandboxProcess) -> dict[tuple[str, str], dict[str, Any]]:
    from urllib.parse import quote

    found = {}
    for name in PLATFORMS:
        for word in WORDS:
            answer = sandbox.control("GET", f"/truth?platform={name}&keyword={quote(word)}&full=1")
            found.update({(name, one["job_id"]): one for one in answer["postings"]})
    return found


@pytest.mark.slow
def test_crawled_listings_and_details_become_companies_and_openings(
    running: SandboxProcess, zone: LandingZone, open_new: Callable[[], AbstractContextManager[Warehouse]]
) -> None:
    day = companies.today()
    for name in PLATFORMS:
        targets = {
            target.key: target for word in WORDS for target in companies.listed_targets(running, zone, name, word)
        }
        report = crawl_companies(
            platform(name),
            list(targets.values()),
            date=day,
            settings=companies.settings(running),
            landing=zone,
            batch_id="all",
            tokens=companies.tokens(running),
        )
        assert report.states["done"] > 0.8 * len(targets), report.states
    with open_new() as warehouse:
        for name, spec in PLATFORMS.items():
            warehouse.load_day(name, day, zone, run_id="test")
            warehouse.load_companies(spec, day, zone, run_id="test")
        resolved = resolve_companies(warehouse, "companies")
        linked = link_jobs(warehouse, "openings")
        rows = warehouse.query("SELECT platform, platform_company_id, name, company_id FROM company_alias")
        company_of = {MentionKey(*row[:3]): row[3] for row in rows}
        known = {
            (name, job_id): MentionKey(name, company_id)
            for name in PLATFORMS
            for job_id, company_id in warehouse.query(
                f"SELECT job_id, company_id FROM {name}_job WHERE company_id != ''"
            )
        }
        links = warehouse.query("SELECT platform, job_id, opening_id FROM job_link")
        codes = warehouse.query("SELECT countIf(credit_code != ''), count() FROM company WHERE kind = 'legal'")
    postings = truth_of_postings(running)
    opening_of = {(name, job_id): opening for name, job_id, opening in links}
    assert linked.postings == len(links) == len(opening_of)
    score = evaluate(opening_of, {key: postings[key]["opening_id"] for key in opening_of})
    assert (score.true > 100, score.precision >= 0.99, score.recall >= 0.95) == (True, True, True), score
    truth = {key: postings[posting]["company_id"] for posting, key in known.items()}
    score = evaluate(company_of, truth)
    assert (score.true > 100, score.precision >= 0.99, score.recall >= 0.95) == (True, True, True), score
    assert resolved.decisions["same_registered_name: merge"] > 100
    assert codes[0][0] > 0
