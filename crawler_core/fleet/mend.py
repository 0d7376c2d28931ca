"""Puts the landed pages of a finished board in order, once no node is left that could write."""

from __future__ import annotations

from crawler_core.crawl.report import KeywordReport
from crawler_core.crawl.resume import restore
from crawler_core.fleet.work import Work
from crawler_core.landing import KeywordLanding, LandingZone
from crawler_core.platforms import platform

__all__ = ["mend"]


def mend(zone: LandingZone, work: Work, report: KeywordReport) -> bool:
    """Make the manifest of a keyword say what its last holder reported; True when it had to be changed.

    A node that hung in the middle of a write and came back may have replaced the manifest with an older one. The
    segments are all there, as their names are never reused: those the manifest does not name are taken in.

    Raises:
        CorruptSegment: a segment does not match its manifest.
    """
    if report.state != "done":
        return False
    spec = platform(work.platform)
    landing = KeywordLanding(zone, work.platform, work.date, work.queries[0].keyword)
    before = landing.manifest.encode()
    for query in work.queries:
        restore(spec, query, zone, landing)
        city = landing.city(query.city)
        if city.state != "done":
            city.state, city.stop_reason = "done", str(report.stop_reason)
    if landing.manifest.state != "done":
        landing.manifest.state, landing.manifest.stop_reason = "done", str(report.stop_reason)
    if landing.manifest.encode() == before:
        return False
    landing.save()
    return True
