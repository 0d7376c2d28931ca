"""A resolved company: its id, its names, its registry facts, its family.

**Ids.** A company's id is a hash of its canonical registered name; of its credit code, then of its smallest account,
where it has none, and where two companies share a name. The id is therefore equal in every resolution of the same
mentions. When more becomes known, the id of the resolution before is kept (``earlier``): a brand does not change its
id when its registered name is found, and of two companies that become one, the id of the larger part survives.

**Branches.** A branch (分公司) is a row of its own, of kind ``branch``, with its parent's id in ``parent_id`` when the
parent is known.

**Families.** Companies that share a core are one family: the neighbourhood in which openings are looked for. It is
no statement about ownership.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import Literal

from jobdata_resources.resolution.board import Board
from jobdata_resources.resolution.mention import CompanyMention, Facts, MentionKey, entity_name, read_name

__all__ = ["Company", "CompanyKind", "companies_of", "company_id"]

CompanyKind = Literal["legal", "branch", "brand"]
"""``brand``: only short names are known; it may be one company, or stand for several."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Company:
    """One company.

    Attributes:
        company_id: ``c`` and 16 hexadecimal digits.
        name: the registered name as published most often; the most frequent short name for a brand.
        legal_name: canonical registered name; empty for a brand.
        other_names: further registered names: former ones, and those recruiters wrote.
        cores: distinctive parts of its names.
        size_min: fewest employees over all accounts; ``size_max``: most. None when unknown or open.
        family: smallest company id of its family.
        members: the accounts, sorted.
    """

    company_id: str
    kind: CompanyKind
    name: str
    legal_name: str = ""
    other_names: tuple[str, ...] = ()
    brands: tuple[str, ...] = ()
    cores: tuple[str, ...] = ()
    parent_id: str = ""
    family: str = ""
    credit_code: str = ""
    legal_person: str = ""
    registered_capital: str = ""
    founded: str = ""
    address: str = ""
    region: str = ""
    cities: tuple[str, ...] = ()
    industries: tuple[str, ...] = ()
    size_min: int | None = None
    size_max: int | None = None
    platforms: tuple[str, ...] = ()
    postings: int = 0
    members: tuple[MentionKey, ...] = ()


def company_id(text: str) -> str:
    """The id made of an anchor text."""
    return "c" + blake2b(text.encode(), digest_size=8).hexdigest()


def companies_of(
    board: Board, mentions: Mapping[MentionKey, Sequence[CompanyMention]], earlier: Mapping[MentionKey, str]
) -> list[Company]:
    """The companies on a board, by id."""
    clusters = list(board.clusters())
    names = [_legal_name(facts, members, mentions) for facts, members in clusters]
    ids = _ids(clusters, names, earlier)
    parents = {name: found for name, found in zip(names, ids, strict=True) if name and "|" not in name}
    made = []
    for (facts, members), legal, found in zip(clusters, names, ids, strict=True):
        company = _describe(facts, members, mentions, legal)
        made.append(replace(company, company_id=found, parent_id=_parent(legal, parents)))
    families = _families(made)
    return sorted(
        (replace(company, family=families[company.company_id]) for company in made), key=lambda one: one.company_id
    )


def _parent(legal: str, parents: Mapping[str, str]) -> str:
    head, bar, _ = legal.partition("|")
    return parents.get(head, "") if bar else ""


def _legal_name(
    facts: Facts, members: Iterable[MentionKey], mentions: Mapping[MentionKey, Sequence[CompanyMention]]
) -> str:
    """The one registered name that stands for a cluster: of the registry if any, by votes, then the smallest."""
    candidates = facts.registered or facts.claimed
    if len(candidates) < 2:
        return next(iter(candidates), "")
    votes: Counter[str] = Counter()
    for mention in (one for member in members for one in mentions[member]):
        for name in {entity_name(read_name(text)) for text in (mention.registry.full_name, *mention.names) if text}:
            votes[name] += 1
    return min(candidates, key=lambda name: (-votes[name], name))


def _ids(
    clusters: Sequence[tuple[Facts, list[MentionKey]]], names: Sequence[str], earlier: Mapping[MentionKey, str]
) -> list[str]:
    """One id each; earlier ids go to the cluster that holds most of their members."""
    kept: dict[int, str] = {}
    claims = []
    for place, (_, members) in enumerate(clusters):
        votes = Counter(earlier[member] for member in members if member in earlier)
        claims += [(-count, members[0], found, place) for found, count in votes.items()]
    taken: set[str] = set()
    for _, _, found, place in sorted(claims):
        if place not in kept and found not in taken:
            kept[place] = found
            taken.add(found)
    shared = Counter(name for name in names if name)
    result = []
    for place, ((facts, members), name) in enumerate(zip(clusters, names, strict=True)):
        result.append(kept.get(place) or _fresh_id(facts, members, name, shared[name], taken))
    return result


def _fresh_id(facts: Facts, members: Sequence[MentionKey], name: str, bearers: int, taken: set[str]) -> str:
    for anchor in _anchors(facts, members, name, bearers):
        found = company_id(anchor)
        if found not in taken:
            taken.add(found)
            return found
    raise AssertionError("unreachable: the smallest account belongs to one company only")


def _anchors(facts: Facts, members: Sequence[MentionKey], name: str, bearers: int) -> Iterator[str]:
    if name and bearers == 1:
        yield f"name:{name}"
    if facts.codes:
        yield f"code:{min(facts.codes)}"
    yield f"account:{members[0].ref}"
    for turn in range(1, 1000):  # an account that left the company which still keeps the id made of it
        yield f"account:{members[0].ref}#{turn}"


def _describe(
    facts: Facts, members: Sequence[MentionKey], mentions: Mapping[MentionKey, Sequence[CompanyMention]], legal: str
) -> Company:
    shown: Counter[str] = Counter()
    for mention in (one for member in members for one in mentions[member]):
        for text in dict.fromkeys((mention.registry.full_name, *mention.names, mention.name)):
            if text and not (name := read_name(text)).reason:
                own = not legal or entity_name(name) == legal
                shown[name.name] += (1 if own else 0) + (1 if own and text == mention.registry.full_name else 0)
    records = [one for member in members for one in mentions[member]]
    tops = {high for _, high in facts.sizes}
    return Company(
        company_id="",
        kind="brand" if not legal else "branch" if "|" in legal else "legal",
        name=min(shown, key=lambda text: (-shown[text], text), default=members[0].name or members[0].ref),
        legal_name=legal.replace("|", ""),
        other_names=tuple(sorted(name.replace("|", "") for name in facts.legal - {legal})),
        brands=tuple(sorted(facts.brands)),
        cores=tuple(sorted(facts.cores)),
        credit_code=min(facts.codes, default=""),
        legal_person=min(facts.persons, default=""),
        registered_capital=min(facts.capitals, default=""),
        founded=min(facts.founded, default=""),
        address=min(facts.addresses, default=""),
        region=read_name(legal.replace("|", "")).region if legal else "",
        cities=tuple(sorted(facts.cities)),
        industries=tuple(sorted(facts.industries)),
        size_min=min((low for low, _ in facts.sizes), default=None),
        size_max=None if not tops or max(tops) >= 10**9 else max(tops),
        platforms=tuple(sorted(facts.platforms)),
        postings=sum(mention.postings for mention in records),
        members=tuple(members),
    )


def _families(companies: Sequence[Company]) -> dict[str, str]:
    """Smallest id over companies that are connected by cores or by a parent."""
    parent: dict[str, str] = {}

    def find(item: str) -> str:
        parent.setdefault(item, item)
        while parent[item] != item:
            parent[item] = parent[parent[item]]
            item = parent[item]
        return item

    for company in companies:
        for core in (f"core:{core}" for core in company.cores):
            parent[find(core)] = find(company.company_id)
        if company.parent_id:
            parent[find(company.parent_id)] = find(company.company_id)
    smallest: dict[str, str] = {}
    for company in companies:
        root = find(company.company_id)
        smallest[root] = min(smallest.get(root, company.company_id), company.company_id)
    return {company.company_id: smallest[find(company.company_id)] for company in companies}
