"""A sandbox market as landed pages, and its truth: listings, and details of some companies."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from crawler_core.keyword import Keyword
from crawler_core.landing import LandingZone, land_pages
from jobdata_resources.resolution import CompanyMention, MentionKey, Registry
from sandbox.boss_items import BossItems
from sandbox.company import Company
from sandbox.dice import fraction
from sandbox.market import PLATFORMS, Market, Posting
from sandbox.qcwy_items import QcwyItems
from sandbox.vocabulary import size_text
from sandbox.zhilian_items import ZhilianItems
from tests.support.landed_pages import envelope

FIRST = dt.date(2026, 11, 1)
BRAND_ID_SHARE = 0.6
PER_PAGE = 50


@dataclass
class MarketDays:
    """All postings of the well-known keywords on some days."""

    market: Market
    days: list[dt.date]
    postings: dict[tuple[str, str], Posting] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for day in self.days:
            for platform, found in self.market.snapshot(day).items():
                self.postings.update(((platform, posting.job_id), posting) for posting in found)

    def openings(self) -> dict[tuple[str, str], str]:
        return {key: posting.opening.opening_id for key, posting in self.postings.items()}

    def company_keys(self) -> dict[MentionKey, str]:
        """Every account with an id that is among the postings, and its company."""
        return {
            account(platform, posting.opening.company): posting.opening.company.company_id
            for (platform, _), posting in self.postings.items()
        }

    def mentions(self, detail_share: float) -> tuple[list[CompanyMention], dict[MentionKey, str]]:
        """Accounts as listings give them, a share of them with details; and the truth of those with an id."""
        seen: dict[MentionKey, list[Posting]] = {}
        for (platform, job_id), posting in self.postings.items():
            company = posting.opening.company
            key = account(platform, company)
            if platform == "boss" and fraction(self.market.seed, "boss-brand", job_id) >= BRAND_ID_SHARE:
                key = MentionKey("boss", "", company.listed["boss"][0])
            seen.setdefault(key, []).append(posting)
        made = [self._mention(key, found, detail_share) for key, found in seen.items()]
        truth = {key: found[0].opening.company.company_id for key, found in seen.items() if key.platform_company_id}
        return made, truth

    def _mention(self, key: MentionKey, found: list[Posting], detail_share: float) -> CompanyMention:
        companies = [posting.opening.company for posting in found]
        names = {name for one in companies for name in shown(key.platform, one)}
        known = key.platform_company_id and fraction(self.market.seed, "detail", key.ref) < detail_share
        return CompanyMention(
            platform=key.platform,
            platform_company_id=key.platform_company_id,
            name=key.name,
            names=tuple(sorted(names)),
            registry=registry(key.platform, companies[0]) if known else Registry(),
            cities=tuple(sorted({posting.opening.city.name for posting in found})),
            sizes=tuple(sorted({size_text(key.platform, one.headcount) for one in companies})),
            postings=len(found),
        )


def account(platform: str, company: Company) -> MentionKey:
    ids = {"boss": company.boss_id, "qcwy": company.qcwy_id, "zhilian": company.zhilian_number}
    return MentionKey(platform, ids[platform])


def shown(platform: str, company: Company) -> tuple[str, ...]:
    """The names a listing of the platform has."""
    short, full = company.listed[platform]
    return {"boss": (short,), "qcwy": (short, full), "zhilian": (short,)}[platform]


def registry(platform: str, company: Company) -> Registry:
    """The registry part of a detail; only 51job's has the credit code (WIRE 2.5)."""
    return Registry(
        full_name=company.legal_name,
        credit_code=company.uscc if platform == "qcwy" else "",
        legal_person=company.legal_person,
        capital=company.capital,
        founded=company.founded.isoformat(),
        address=company.address,
    )


def land_market(zone: LandingZone, days: MarketDays, *, detail_share: float = 0.0) -> None:
    """Land every listing of every day, and on the last day Boss job details of a share of the companies."""
    market = days.market
    boss, qcwy, zhilian = BossItems(market, BRAND_ID_SHARE), QcwyItems(market), ZhilianItems(market)
    for day in days.days:
        number = day.toordinal()
        for platform, found in market.snapshot(day).items():
            records: list[Any] = []
            for one in found:
                if platform == "boss":
                    records.append({"securityId": "s", "lid": "l", **json.loads(b"{" + boss.listed.get(one, number))})
                else:
                    listed = qcwy.listed if platform == "qcwy" else zhilian.listed
                    records.append(json.loads(listed.get(one, number)))
            _land(zone, platform, day, "市场", (_body(platform, page) for page in _pages(records)), "search")
    if detail_share:
        last = days.days[-1]
        chosen: dict[str, Posting] = {}
        for (platform, _), posting in days.postings.items():
            company = posting.opening.company
            if platform == "boss" and fraction(market.seed, "detail", company.boss_id) < detail_share:
                chosen.setdefault(company.boss_id, posting)
        bodies = (
            json.dumps({"code": 0, "zpData": boss.detail(one, last.toordinal(), "s", "l")}, ensure_ascii=False)
            for one in chosen.values()
        )
        _land(zone, "boss", last, "详情", bodies, "job_detail")


def _pages(records: list[Any]) -> Iterator[list[Any]]:
    for start in range(0, len(records), PER_PAGE):
        yield records[start : start + PER_PAGE]


def _body(platform: str, items: list[Any]) -> str:
    bodies = {
        "boss": {"code": 0, "zpData": {"hasMore": True, "list": items}},
        "qcwy": {"status": "1", "resultbody": {"job": {"items": items}}},
        "zhilian": {"code": 200, "data": {"list": items}},
    }
    return json.dumps(bodies[platform], ensure_ascii=False)


def _land(zone: LandingZone, platform: str, day: dt.date, word: str, bodies: Iterable[str], kind: str) -> None:
    pages = [
        (
            envelope(body, platform=platform, date=day.isoformat(), keyword=word, page=number, kind=kind, city="0"),
            PER_PAGE,
        )
        for number, body in enumerate(bodies, 1)
    ]
    land_pages(zone, platform, day, Keyword.parse(word), "0", pages)


__all__ = ["FIRST", "PLATFORMS", "MarketDays", "account", "land_market", "registry", "shown"]
