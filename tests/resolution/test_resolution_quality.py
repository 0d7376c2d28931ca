"""Precision and recall on the sandbox's truth: renamed, abbreviated, bracketed and branch names on three platforms.

The figures are in docs/resolution.md; the limits here are those that must hold.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest

from crawler_core.landing import LandingZone
from jobdata_resources.resolution import MentionKey, Score, collect_mentions, evaluate, link_jobs, resolve
from jobdata_resources.resolution import resolve_companies as resolve_all
from jobdata_resources.warehouse import Warehouse
from sandbox.market import PLATFORMS, Market
from tests.resolution.market_pages import FIRST, MarketDays, land_market

DAYS = [FIRST + dt.timedelta(days=number * 6) for number in range(3)]


@pytest.fixture(scope="module")
def days() -> MarketDays:
    return MarketDays(Market(7), DAYS)


def check(score: Score, *, precision: float = 0.99, recall: float = 0.95) -> None:
    assert score.true > 1000, score
    assert score.precision >= precision, score
    assert score.recall >= recall, score


def test_companies_with_registry_facts(days: MarketDays) -> None:
    mentions, truth = days.mentions(1.0)
    check(evaluate(resolve(mentions).company_of, truth))


def test_companies_with_registry_facts_of_half_are_never_guessed(days: MarketDays) -> None:
    """Without postings to compare, what is not known stays apart: precision holds, recall is what names give."""
    mentions, truth = days.mentions(0.5)
    check(evaluate(resolve(mentions).company_of, truth), recall=0.85)


@pytest.mark.slow
@pytest.mark.parametrize("detail_share", [0.0, 1.0])
def test_loaded_listings(
    days: MarketDays, zone: LandingZone, open_new: Callable[[], AbstractContextManager[Warehouse]], detail_share: float
) -> None:
    """Landed and loaded pages of three days; details, if any, are Boss job details only."""
    land_market(zone, days, detail_share=detail_share)
    with open_new() as warehouse:
        for day in days.days:
            for platform in PLATFORMS:
                warehouse.load_day(platform, day, zone, run_id="test")
        assert {mention.platform for mention in collect_mentions(warehouse)} == set(PLATFORMS)
        report = resolve_all(warehouse, "companies")
        rows = warehouse.query("SELECT platform, platform_company_id, name, company_id FROM company_alias")
        company_of = {MentionKey(*row[:3]): row[3] for row in rows}
        parents = dict(warehouse.query("SELECT company_id, parent_id FROM company WHERE parent_id != ''"))
        truth = days.mentions(0.0)[1]
        assert report.accounts == len(company_of) >= len(truth)
        check(evaluate(company_of, truth), recall=0.93)
        by_parent = {key: parents.get(company, company) for key, company in company_of.items()}
        check(evaluate(by_parent, truth))

        linked = link_jobs(warehouse, "openings")
        assert linked.postings == len(days.postings)
        opening_of = {
            (platform, job_id): opening
            for platform, job_id, opening in warehouse.query("SELECT platform, job_id, opening_id FROM job_link")
        }
        assert set(opening_of) == set(days.postings)
        check(evaluate(opening_of, days.openings()))
        again = link_jobs(warehouse, "again")
        assert (again.openings, again.linked) == (linked.openings, linked.linked)
