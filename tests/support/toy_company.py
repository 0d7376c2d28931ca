"""A toy platform with company details, on top of ``toy_platform``: two calls, answers that say their own finding."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

from crawler_core.crawl import CompanyCrawlReport, CompanyResult, crawl_companies
from crawler_core.errors import BadSetting
from crawler_core.landing import LandingZone, read_segment
from crawler_core.outcome import Outcome
from crawler_core.platforms.company import (
    CompanyAnswer,
    CompanyCall,
    CompanyEnd,
    CompanySpec,
    CompanyTarget,
    CompanyVerdict,
    Finding,
)
from crawler_core.platforms.fields import Field, PageShape
from crawler_core.platforms.spec import PlatformSpec
from crawler_core.settings import CrawlSettings
from crawler_core.tokens import ListTokenSource
from crawler_core.values import Request, RequestContext, Response, Verdict
from tests.support import toy_platform
from tests.support.clock import FakeClock
from tests.support.toy_platform import Handler, Script

DAY = dt.date(2026, 11, 21)
SHAPE = PageShape(
    items=("company",),
    single=True,
    fields=(Field(column="company_id", paths=("id",)), Field(column="full_name", paths=("full",))),
)


def build(target: CompanyTarget, call: str, context: RequestContext) -> Request:
    return Request(
        method="GET",
        url=f"{context.base_url}/{call}/{target.company_id}",
        headers={"mpt": context.token.mpt.get_secret_value() if context.token else ""},
        path=f"/{call}",
        params={"id": target.company_id},
    )


def judge(response: Response) -> Verdict:
    body = json.loads(response.body)
    if body.get("badkey"):
        raise BadSetting("QCWY_SIGN_KEY is refused; check it")
    if "finding" in body:
        return CompanyVerdict.of(Finding(body["finding"]), body.get("detail", "scripted"))
    return Verdict(outcome=Outcome(body["outcome"]), detail="scripted")


def plan(target: CompanyTarget, answers: Sequence[CompanyAnswer]) -> CompanyCall | CompanyEnd:
    """``first``, and after it ``second`` for companies whose name asks for it."""
    if answers and answers[-1].verdict.finding is not Finding.FOUND:
        finding = answers[-1].verdict.finding
        return CompanyEnd("gone" if finding is Finding.GONE else "refused", f"{finding}: {answers[-1].verdict.detail}")
    calls = ["first", "second"] if target.name == "two" else ["first"]
    if len(answers) == len(calls):
        return CompanyEnd("done")
    call = calls[len(answers)]
    return CompanyCall(call, {"id": target.company_id}, partial(build, target, call), judge)


TOY = CompanySpec(plan=plan, shapes={"second": SHAPE, "first": SHAPE})


def spec(**changes: Any) -> PlatformSpec:
    return replace(toy_platform.spec(**changes), company=TOY)


def found(**company: str) -> bytes:
    return json.dumps({"finding": "found", "company": {"id": "x", "full": "示例", **company}}).encode()


def says(finding: str) -> bytes:
    return json.dumps({"finding": finding}).encode()


def fails(outcome: str) -> bytes:
    return json.dumps({"outcome": outcome}).encode()


def targets(*names: str) -> list[CompanyTarget]:
    """Targets by id; an id that ends in 2 needs two calls."""
    return [CompanyTarget("boss", name, "two" if name.endswith("2") else "one") for name in names]


class Bench:
    """One landing zone and one clock; ``fetch`` may be called again, as a new process would."""

    def __init__(self, folder: Path) -> None:
        self.zone = LandingZone.from_url(f"file://{folder}/landing")
        self.clock = FakeClock()
        self.script: Script
        self.results: list[CompanyResult] = []
        self.lines: list[str] = []

    def fetch(
        self,
        handler: Handler,
        *names: str | CompanyTarget,
        batch_id: str = "b1",
        platform: PlatformSpec | None = None,
        tokens: ListTokenSource | None = None,
        **settings: Any,
    ) -> CompanyCrawlReport:
        self.script = Script(handler)
        wanted = [name if isinstance(name, CompanyTarget) else targets(name)[0] for name in names]
        return crawl_companies(
            platform or spec(),
            wanted,
            date=DAY,
            settings=CrawlSettings(**settings),
            landing=self.zone,
            batch_id=batch_id,
            tokens=tokens,
            on_company=self.results.append,
            on_event=self.lines.append,
            transport=self.script,
            clock=self.clock,
            rng=Random(7),
        )

    def landed(self) -> list[tuple[str, str, str]]:
        zone = self.zone.companies
        return [
            (page.keyword, page.kind, page.outcome)
            for ref in zone.segments("boss", DAY)
            for page in read_segment(zone.read(ref))
        ]

    @property
    def asked(self) -> list[str]:
        return [f"{request.path}:{request.params['id']}" for _, request in self.script.log]


def states(report: CompanyCrawlReport) -> dict[str, str]:
    return {result.target.company_id: result.state for result in report.companies}
