"""What a batch of companies already knows from its landed answers: they are judged again, and the plan goes on there.

A target whose plan has ended is not asked for again; one that was interrupted goes on with its next call. Since the
landed bytes are judged anew, a corrected ``judge`` needs no request.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from crawler_core.landing import COMPANY_KIND, Envelope, KeywordLanding, LandingZone, read_segment
from crawler_core.platforms.company import CompanyAnswer, CompanyCall, CompanySpec, CompanyTarget, CompanyVerdict
from crawler_core.values import Response

__all__ = ["CITY", "answered", "restore_batch"]

CITY = "companies"
"""The one progress of a batch's manifest, and the start of its segments' names."""

Key = tuple[str, str]


def restore_batch(zone: LandingZone, landing: KeywordLanding) -> Mapping[Key, list[Envelope]]:
    """The landed answers of a batch by target key, after taking in what a killed crawl left unnamed.

    Raises:
        CorruptSegment: a committed segment does not match its manifest; nothing is fetched on top of it.
    """
    found: dict[Key, list[Envelope]] = defaultdict(list)
    if landing.fresh and not zone.names(landing.folder):
        return found
    landing.adopt(CITY, lambda envelope: int(envelope.outcome == "ok"))
    for ref in zone.refs(landing.manifest):
        for envelope in read_segment(zone.read(ref)):
            found[(envelope.keyword, "") if envelope.keyword else ("", envelope.city)].append(envelope)
    return found


def answered(company: CompanySpec, target: CompanyTarget, envelopes: Iterable[Envelope]) -> list[CompanyAnswer]:
    """The answers that a target's plan goes on from, among its landed envelopes in the order they were landed."""
    answers: list[CompanyAnswer] = []
    for envelope in envelopes:
        call = company.plan(target, answers)
        if not isinstance(call, CompanyCall):
            break
        if envelope.kind != COMPANY_KIND + call.name or envelope.status is None:
            continue
        if any(envelope.request.params.get(name) != value for name, value in call.asks.items()):
            continue
        response = Response(
            status=envelope.status, headers={}, body=envelope.body_bytes(), latency_ms=envelope.latency_ms
        )
        verdict = call.judge(response)
        if isinstance(verdict, CompanyVerdict):
            answers.append(CompanyAnswer(call.name, envelope.page, verdict))
    return answers
