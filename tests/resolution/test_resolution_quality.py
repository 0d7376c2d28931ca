"""Precision and recall on the sandbox's truth: renamed, abbreviated, bracketed and branch names on three platforms.

The figures are in docs/resolution.md; the limits here are those that must hold.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import dagster as dg
import pytest

from crawler_core.landing import LandingZone
from jobdata_assets.companies.company import company_asset
from jobdata_assets.market.analytics import job_analytics_asset
from jobdata_assets.market.job_link import job_link_asset
from jobdata_resources.resolution import MentionKey, Score, collect_mentions, evaluate, link_jobs, resolve
from jobdata_resources.warehouse import Warehouse
from jobdata_resources.warehouse_resource import WarehouseResource
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


def refresh() -> dict[str, dict[str, Any]]:
    """What the job ``market_refresh`` makes, by its assets; their metadata."""
    names = ("company", "job_link", "job_analytics")
    with dg.DagsterInstance.ephemeral() as instance:
        result = dg.materialize(
            [company_asset(), job_link_asset(), job_analytics_asset()],
            instance=instance,
            resources={"warehouse": WarehouseResource()},
            selection=[*names],
        )
    assert result.success
    return {
        name: {key: value.value for key, value in event.metadata.items()}
        for name in names
        for event in result.asset_materializations_for_node(name)
    }


@pytest.mark.slow
@pytest.mark.parametrize("detail_share", [0.0, 1.0])
def test_loaded_listings(
    days: MarketDays, zone: LandingZone, open_new: Callable[[], AbstractContextManager[Warehouse]], detail_share: float
) -> None:
    """Landed and loaded pages of three days, resolved by the assets; details, if any, are Boss job details only."""
    land_market(zone, days, detail_share=detail_share)
    with open_new() as warehouse:
        for day in days.days:
            for platform in PLATFORMS:
                warehouse.load_day(platform, day, zone, run_id="test")
        assert {mention.platform for mention in collect_mentions(warehouse)} == set(PLATFORMS)
        made = refresh()
        rows = warehouse.query("SELECT platform, platform_company_id, name, company_id FROM company_alias")
        company_of = {MentionKey(*row[:3]): row[3] for row in rows}
        parents = dict(warehouse.query("SELECT company_id, parent_id FROM company WHERE parent_id != ''"))
        truth = days.mentions(0.0)[1]
        assert made["company"]["accounts"] == len(company_of) >= len(truth)
        check(evaluate(company_of, truth), recall=0.93)
        by_parent = {key: parents.get(company, company) for key, company in company_of.items()}
        check(evaluate(by_parent, truth))

        # What an analyst reads: the company and the opening of every posting, those without an account id included.
        assert made["job_link"]["dagster/row_count"] == made["job_analytics"]["dagster/row_count"] == len(days.postings)
        view = warehouse.query("SELECT platform, job_id, opening_id, company_id FROM job_analytics")
        keys = [(platform, job_id) for platform, job_id, _, _ in view]
        assert set(keys) == set(days.postings)
        check(evaluate({key: row[2] for key, row in zip(keys, view, strict=True)}, days.openings()))
        employers = {key: posting.opening.company.company_id for key, posting in days.postings.items()}
        check(evaluate({key: row[3] or key for key, row in zip(keys, view, strict=True)}, employers))
        linked = "SELECT platform, job_id, opening_id, company_id FROM job_link ORDER BY platform, job_id"
        before = warehouse.query(linked)
        link_jobs(warehouse, "again")
        assert warehouse.query(linked) == before
