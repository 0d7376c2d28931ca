"""Targets of company crawls as listings give them, and what the sandbox knows of the companies behind them."""

from __future__ import annotations

import datetime as dt
from typing import Any

from pydantic import SecretStr

from crawler_core.crawl import crawl
from crawler_core.keyword import Keyword
from crawler_core.landing import LandingZone, read_segment
from crawler_core.platforms import platform
from crawler_core.platforms.boss.detail import detail_refs
from crawler_core.platforms.company import CompanyTarget
from crawler_core.platforms.items import read_items
from crawler_core.settings import CrawlSettings
from crawler_core.tokens import ListTokenSource
from crawler_core.values import SHANGHAI, Query, Token
from sandbox.process import SandboxProcess


def settings(sandbox: SandboxProcess, **changes: Any) -> CrawlSettings:
    """What a crawl of the sandbox needs, without delays."""
    env = {name.lower(): value for name, value in sandbox.env.items()}
    quick: dict[str, Any] = {"sleep_min_seconds": 0, "sleep_max_seconds": 0.005, "retry_seconds": 0.01}
    known = {name: value for name, value in env.items() if name in CrawlSettings.model_fields}
    return CrawlSettings(**(known | quick | changes))


def tokens(sandbox: SandboxProcess) -> ListTokenSource:
    return ListTokenSource(
        Token(mpt=SecretStr(token["mpt"]), wt2=SecretStr(token["wt2"])) for token in sandbox.tokens()
    )


def today() -> dt.date:
    return dt.datetime.now(SHANGHAI).date()


def listed_targets(sandbox: SandboxProcess, zone: LandingZone, name: str, word: str) -> list[CompanyTarget]:
    """Crawl a keyword and make one target per company in its listings, with all that its calls may need."""
    spec = platform(name)
    crawl(
        spec,
        [Query(name, Keyword.parse(word), spec.nationwide)],
        date=today(),
        settings=settings(sandbox),
        landing=zone,
        tokens=tokens(sandbox),
    )
    found: dict[tuple[str, str], CompanyTarget] = {}
    for ref in zone.segments(name, today()):
        for page in read_segment(zone.read(ref)):
            sessions = {one.job_id: one for one in detail_refs(page.body_bytes())} if name == "boss" else {}
            for row in read_items(spec.search, page.body_bytes()):
                text = {column: str(value) for column, value in row.items()}
                extra = {"job_id": text["job_id"], "company_key": text.get("company_key", "")}
                if session := sessions.get(text["job_id"]):
                    extra |= {"security_id": session.security_id, "lid": session.lid}
                target = CompanyTarget(name, text["company_id"], text["company_name"], extra)
                found.setdefault(target.key, target)
    return list(found.values())


def truth(sandbox: SandboxProcess) -> dict[str, dict[str, Any]]:
    """The sandbox's companies by each of their ids."""
    companies = sandbox.control("GET", "/companies?count=10000")["companies"]
    return {one[key]: one for one in companies for key in ("boss_id", "qcwy_id", "zhilian_id")}
