"""Companies of the whole warehouse: collect, resolve, look at shared postings where names do not suffice, store.

Names and registry facts come first. Brands that no name leads to a registered company are then compared by their
postings: a first resolution gives families of companies with a common core, the postings of families with a brand
are compared as in ``link``, and brands that published the same opening as a registered company of their core are
resolved with that evidence.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from jobdata_resources.resolution.collect import collect_mentions
from jobdata_resources.resolution.company import Company
from jobdata_resources.resolution.decision import SharedPostings
from jobdata_resources.resolution.features import write_features, write_values
from jobdata_resources.resolution.link import write_edges
from jobdata_resources.resolution.mention import CompanyMention, MentionKey
from jobdata_resources.resolution.pairs import LinkRules
from jobdata_resources.resolution.postings import sources
from jobdata_resources.resolution.resolve import resolve
from jobdata_resources.resolution.result import Resolution
from jobdata_resources.resolution.store import Answer, begin, earlier_ids, overrides
from jobdata_resources.warehouse import Warehouse

__all__ = ["ResolutionReport", "resolve_companies"]

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolutionReport:
    """What a resolution found.

    Attributes:
        accounts: mentions that went in; ``companies``: rows of ``company`` by kind.
        decisions: by rule and verdict (``same_registered_name: merge``).
        review: decisions that wait for a person.
        shared_pairs: pairs of accounts that published the same opening, among those that were compared.
        seconds: wall time by step.
    """

    resolution_id: int
    accounts: int
    companies: dict[str, int]
    decisions: dict[str, int]
    review: int
    shared_pairs: int
    seconds: dict[str, float]


_SHARED = """SELECT least(x.ref, y.ref) AS l, greatest(x.ref, y.ref) AS r, uniqExact(e.a, e.b)
FROM link_edge AS e
INNER JOIN (SELECT n, ref FROM link_feature WHERE work = {work:UInt64} AND shard = {shard:UInt16}) AS x ON x.n = e.a
INNER JOIN (SELECT n, ref FROM link_feature WHERE work = {work:UInt64} AND shard = {shard:UInt16}) AS y ON y.n = e.b
WHERE e.work = {work:UInt64} AND e.shard = {shard:UInt16} AND e.rule = 'same_brand' AND l != r AND l != ''
GROUP BY l, r"""


def resolve_companies(warehouse: Warehouse, run_id: str, *, rules: LinkRules | None = None) -> ResolutionReport:
    """Resolve all companies; a new answer replaces the visible one as a whole.

    Deterministic: without new data and overrides every run gives the same companies with the same ids.

    Args:
        warehouse: the loaded tables.
        run_id: recorded with the answer.
        rules: thresholds for shared postings.

    Raises:
        WarehouseBusy: a linking or another resolution is running.
        WarehouseError: nothing of this run is visible; run it again.
    """
    seconds: dict[str, float] = {}
    with begin(warehouse, "company", run_id) as answer:
        started = time.monotonic()
        mentions = collect_mentions(warehouse)
        decided, earlier = overrides(answer.engine), earlier_ids(answer.engine)
        seconds["collect"] = time.monotonic() - started
        started = time.monotonic()
        first = resolve(mentions, overrides=decided, earlier=earlier)
        seconds["resolve"] = time.monotonic() - started
        started = time.monotonic()
        shared = _shared_postings(warehouse, answer, first, rules or LinkRules())
        seconds["postings"] = time.monotonic() - started
        started = time.monotonic()
        found = resolve(mentions, shared=shared, overrides=decided, earlier=earlier) if shared else first
        seconds["resolve"] += time.monotonic() - started
        started = time.monotonic()
        report = _report(answer, mentions, found, shared, seconds)
        _write(answer, mentions, found)
        answer.commit({"accounts": report.accounts, "review": report.review})
        seconds["write"] = time.monotonic() - started
    _log.info("resolved %d accounts to %d companies", report.accounts, len(found.companies))
    return report


def _report(
    answer: Answer,
    mentions: Sequence[CompanyMention],
    found: Resolution,
    shared: Sequence[SharedPostings],
    seconds: dict[str, float],
) -> ResolutionReport:
    return ResolutionReport(
        resolution_id=answer.id,
        accounts=len(mentions),
        companies=dict(sorted(Counter(company.kind for company in found.companies).items())),
        decisions=dict(sorted(Counter(f"{one.rule}: {one.verdict}" for one in found.decisions).items())),
        review=len(found.review),
        shared_pairs=len(shared),
        seconds=seconds,
    )


def _shared_postings(warehouse: Warehouse, answer: Answer, first: Resolution, rules: LinkRules) -> list[SharedPostings]:
    """Accounts that published the same opening, in families where a brand might be another company of the family."""
    kinds: dict[str, list[str]] = {}
    for company in first.companies:
        kinds.setdefault(company.family, []).append(company.kind)
    families = sorted(family for family, found in kinds.items() if len(found) > 1 and "brand" in found)
    if not families:
        return []
    wanted = set(families)
    answer.insert(
        "link_account", (row for company in first.companies if company.family in wanted for row in _accounts(company))
    )
    read = sources(warehouse)
    write_values(warehouse, answer, read)
    _, shards = write_features(warehouse, answer, read, only_known=True)
    write_edges(warehouse, answer, shards, rules)
    found: Counter[tuple[str, str]] = Counter()
    for shard in range(shards):
        for left, right, count in answer.engine.query(_SHARED, {"work": answer.id, "shard": shard}):
            found[left, right] += int(count)
    return [SharedPostings(left, right, count) for (left, right), count in sorted(found.items())]


def _accounts(company: Company) -> Iterator[Sequence[Any]]:
    root = company.parent_id or company.company_id
    for one in company.members:
        yield (*one, one.ref, company.company_id, root, company.family, company.kind)


def _write(answer: Answer, mentions: Sequence[CompanyMention], found: Resolution) -> None:
    names: dict[MentionKey, tuple[str, ...]] = {}
    for mention in mentions:
        more = (mention.registry.full_name,) if mention.registry.full_name else ()
        names[mention.key] = tuple(sorted({*names.get(mention.key, ()), *mention.names, *more}))
    answer.insert("company_version", map(_company, found.companies))
    answer.insert(
        "company_alias_version",
        ((*key, company.company_id, names[key]) for company in found.companies for key in company.members),
    )
    answer.insert(
        "company_decision_version",
        ((one.rule, one.left, one.right, one.verdict, dict(one.evidence)) for one in found.decisions),
    )


def _company(one: Company) -> Sequence[Any]:
    return (
        *(one.company_id, one.kind, one.name, one.legal_name, one.other_names, one.brands, one.parent_id, one.family),
        *(one.credit_code, one.legal_person, one.registered_capital, one.founded, one.address, one.region),
        *(one.cities, one.industries, one.size_min, one.size_max, one.platforms, len(one.members), one.postings),
    )
