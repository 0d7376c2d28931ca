"""What a company's calls need besides its id: kept in the queue as hints, completed from landed pages when asked.

Hints are columns of the warehouse and the place of the newest listing. The session values of Boss are never stored:
they are read from the landed list page at the moment of asking, while they may be fresh.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence

from crawler_core.keyword import Keyword
from crawler_core.landing import LandingZone, SegmentRef, read_segment
from crawler_core.platforms.boss.detail import DetailRef, detail_refs
from crawler_core.platforms.company import CompanyTarget
from jobdata_resources.control import QueuedCompany
from jobdata_resources.warehouse.company_pending import PendingCompany

__all__ = ["company_targets", "hints_of"]

_MOST_CHARS = 1900
"""Of the hints as JSON; the queue's column has 2000."""


def hints_of(company: PendingCompany) -> dict[str, str]:
    """The hints of a company as the warehouse knows it."""
    listing = company.listing
    hints = {
        "job_id": ",".join(company.job_ids),
        "company_key": company.company_key,
        "date": listing.date.isoformat(),
        "city": listing.city,
        "page": str(listing.page),
        "keyword": listing.keyword,
    }
    size = sum(len(name) + len(value) + 6 for name, value in hints.items())
    return hints if size <= _MOST_CHARS else {"company_key": company.company_key[:500]}


def company_targets(companies: Iterable[QueuedCompany], landing: LandingZone) -> list[CompanyTarget]:
    """The targets of claimed companies of one platform."""
    claimed = list(companies)
    sessions = _sessions([one for one in claimed if one.platform == "boss"], landing)
    targets = []
    for one in claimed:
        extra = {name: one.hints.get(name, "") for name in ("job_id", "company_key")}
        if one.platform == "boss":
            session = sessions.get(one.ref)
            extra = {} if session is None else _session(session)
        targets.append(CompanyTarget(one.platform, one.company_id, one.name, extra))
    return targets


def _session(ref: DetailRef) -> dict[str, str]:
    return {"job_id": ref.job_id, "security_id": ref.security_id, "lid": ref.lid}


def _sessions(companies: Sequence[QueuedCompany], landing: LandingZone) -> dict[str, DetailRef]:
    """By company, the first of its jobs that stands on its newest landed list page."""
    places: dict[tuple[str, str, str], dict[int, list[QueuedCompany]]] = {}
    for one in companies:
        if one.hints.get("keyword") and one.hints.get("job_id"):
            place = (one.hints["date"], one.hints["keyword"], one.hints["city"])
            places.setdefault(place, {}).setdefault(int(one.hints["page"]), []).append(one)
    found: dict[str, DetailRef] = {}
    for (date, keyword, city), wanted in places.items():
        for ref in _segments(landing, dt.date.fromisoformat(date), keyword, city, set(wanted)):
            for page in read_segment(landing.read(ref)):
                if page.page in wanted and page.kind == "search" and page.outcome in ("ok", "last"):
                    _match(page.body_bytes(), wanted[page.page], found)
    return found


def _segments(landing: LandingZone, date: dt.date, keyword: str, city: str, pages: set[int]) -> list[SegmentRef]:
    manifest = landing.manifest("boss", date, Keyword.parse(keyword))
    if manifest is None or city not in manifest.cities:
        return []
    names = {
        entry.name
        for entry in manifest.cities[city].segments
        if any(entry.first_page <= page <= entry.last_page for page in pages)
    }
    return [ref for ref in landing.refs(manifest) if ref.city == city and ref.path.rsplit("/", 1)[1] in names]


def _match(body: bytes, companies: Sequence[QueuedCompany], found: dict[str, DetailRef]) -> None:
    listed: Mapping[str, DetailRef] = {ref.job_id: ref for ref in detail_refs(body)}
    for one in companies:
        for job_id in one.hints["job_id"].split(","):
            if job_id in listed:
                found[one.ref] = listed[job_id]
                break
