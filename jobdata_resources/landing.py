"""The landing zone as a Dagster resource."""

from __future__ import annotations

import dagster as dg

from crawler_core.landing import LandingZone
from crawler_core.settings import CrawlSettings, load

__all__ = ["LandingResource"]


class LandingResource(dg.ConfigurableResource["LandingResource"]):
    """Hands out the landing zone of ``LANDING_URL``.

    It has no fields: the settings are the one place where a path is given, and the node program reads the same.
    """

    def zone(self) -> LandingZone:
        """Open it.

        Raises:
            BadSetting: ``LANDING_URL`` is malformed or its folder cannot be made.
        """
        settings = load(CrawlSettings)
        return LandingZone.from_url(settings.landing_url, s3_endpoint=settings.landing_s3_endpoint)
