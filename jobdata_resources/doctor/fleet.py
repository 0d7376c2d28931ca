"""The fleet: whether its settings are complete and the account answers. Nothing is started and nothing costs money."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from crawler_core.settings import load
from jobdata_resources.doctor.check import Finding, fail, ok
from jobdata_resources.fleet.ecs import Ecs
from jobdata_resources.fleet.errors import FleetError
from jobdata_resources.fleet.settings import FleetSettings

__all__ = ["look_at_fleet"]


def look_at_fleet() -> Iterator[Finding]:
    """Settings, prices and the project's instances; only where the fleet is configured.

    Raises:
        BadSetting: ``CRAWL_ON`` is ``fleet`` and a setting it needs is missing.
    """
    settings = load(FleetSettings)
    if settings.crawl_on != "fleet" and not settings.fleet_vswitches:
        yield ok("crawls run on this machine (CRAWL_ON=local); no fleet is configured")
        return
    settings.check()
    cloud = Ecs(settings)
    try:
        prices = cloud.prices(dt.datetime.now(dt.UTC))
        running = cloud.instances(project=settings.fleet_project)
    except FleetError as error:
        yield fail(f"the fleet's account: {error}", "see docs/fleet.md")
        return
    fitting = [price for price in prices if price.price <= settings.fleet_price_limit]
    if not fitting:
        yield fail(
            f"none of {len(prices)} offers is at or below FLEET_PRICE_LIMIT={settings.fleet_price_limit:g} CNY an hour",
            "raise FLEET_PRICE_LIMIT or name other FLEET_TYPES",
        )
        return
    cheapest = min(fitting)
    yield ok(
        f"the fleet's account answers: {len(fitting)} offers from CNY {cheapest.price:g} an hour"
        f" ({cheapest.type} in {cheapest.zone}), {len(running)} instances of project {settings.fleet_project}"
    )
