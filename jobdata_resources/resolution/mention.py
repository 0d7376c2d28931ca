"""What the platforms say about a company, and the same read into comparable facts.

What belongs here: the values that go into the resolver. A *mention* is one account of a platform: an id with every
name and registry fact seen under it. Deciding which mentions are one company is ``resolve``'s work.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final, NamedTuple

from crawler_core.normalize.company_name import CompanyName, normalise_company_name
from crawler_core.normalize.company_size import normalise_company_size
from crawler_core.normalize.place import normalise_place
from crawler_core.normalize.text import clean, squeeze

__all__ = ["CompanyMention", "Facts", "MentionKey", "Registry", "entity_name", "facts_of", "read_name"]


class MentionKey(NamedTuple):
    """Which account is meant.

    A platform's id alone (``name`` empty); the name alone where a listing has no id (Boss); or both, for one legal
    entity among several that recruit under one brand id.
    """

    platform: str
    platform_company_id: str
    name: str = ""

    @property
    def ref(self) -> str:
        """The key as one text, for decisions and overrides: ``boss:1a2b~``, ``boss:?示例``, ``boss:1a2b~?示例``."""
        return f"{self.platform}:{self.platform_company_id}" + (f"?{self.name}" if self.name else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Registry:
    """Registry facts as published; empty when unknown.

    Attributes:
        full_name: the registered name that the registry part of a detail gives.
        founded: day of registration, as given.
    """

    full_name: str = ""
    credit_code: str = ""
    legal_person: str = ""
    capital: str = ""
    founded: str = ""
    address: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CompanyMention:
    """One account of a platform with everything seen under it.

    Attributes:
        name: part of the key where the id does not suffice; see ``MentionKey``.
        names: names shown in listings: brand, short name, full name as the recruiter wrote it.
        registry: registry facts from details.
        cities: cities of its postings, as published.
        sizes: head counts as published (``100-499人``).
        industries: as published.
        postings: how many postings it has.
        several: the account is known to stand for several companies, as a brand of several legal entities.
    """

    platform: str
    platform_company_id: str
    name: str = ""
    names: tuple[str, ...] = ()
    registry: Registry = Registry()
    cities: tuple[str, ...] = ()
    sizes: tuple[str, ...] = ()
    industries: tuple[str, ...] = ()
    postings: int = 0
    several: bool = False

    @property
    def key(self) -> MentionKey:
        """Its identity."""
        return MentionKey(self.platform, self.platform_company_id, self.name)


@dataclass(slots=True)
class Facts:
    """Comparable facts of one mention, or of several that were merged.

    Attributes:
        first: the smallest key; stands for the cluster in decisions.
        registered: canonical registered names from registries; with ``|branch`` for a branch.
        claimed: canonical registered names that only listings give: former names, agencies, plain typing.
        cores: distinctive parts of all names (``示例``).
        stems: cores with their industry words (``示例网络科技``), where a name has any.
        brands: short names as shown, squeezed, by which a brand is found.
        prefixes: names that the platform cut (``杭州定川信息技术...``), without the dots.
        regions: places in names; ``cities``: of postings; ``provinces``: those of the cities.
        anonymous: it holds accounts without any id: the name may stand for several companies.
        several: it is known to stand for several companies.
        size: (fewest, most) head count per published string.
    """

    first: MentionKey
    registered: set[str] = field(default_factory=set)
    claimed: set[str] = field(default_factory=set)
    cores: set[str] = field(default_factory=set)
    stems: set[str] = field(default_factory=set)
    brands: set[str] = field(default_factory=set)
    prefixes: set[str] = field(default_factory=set)
    regions: set[str] = field(default_factory=set)
    platforms: set[str] = field(default_factory=set)
    codes: set[str] = field(default_factory=set)
    persons: set[str] = field(default_factory=set)
    founded: set[str] = field(default_factory=set)
    capitals: set[str] = field(default_factory=set)
    addresses: set[str] = field(default_factory=set)
    cities: set[str] = field(default_factory=set)
    provinces: set[str] = field(default_factory=set)
    sizes: set[tuple[int, int]] = field(default_factory=set)
    industries: set[str] = field(default_factory=set)
    anonymous: bool = False
    several: bool = False
    truncated: bool = False

    @property
    def legal(self) -> set[str]:
        """Registered names of any origin; empty for a brand."""
        return self.registered | self.claimed

    @property
    def weight(self) -> tuple[int, int, int, int]:
        """How much is known: the best known comes first where the order matters."""
        return (-bool(self.codes), -bool(self.founded), -bool(self.registered), -bool(self.claimed))

    def absorb(self, other: Facts) -> None:
        """Take over another cluster's facts."""
        self.first = min(self.first, other.first)
        for name in _SETS:
            getattr(self, name).update(getattr(other, name))
        self.anonymous = self.anonymous or other.anonymous
        self.several = self.several or other.several
        self.truncated = self.truncated and other.truncated


_SETS: Final = (
    "registered", "claimed", "cores", "stems", "brands", "prefixes", "regions", "platforms", "codes", "persons",
    "founded", "capitals", "addresses", "cities", "provinces", "sizes", "industries",
)  # fmt: skip
_UNIT: Final = re.compile(r"[一-鿿](?:所|院|部|中心|公司|厂|局|处|站|店|事业群|项目组)$")
_CODE: Final = re.compile(r"[0-9A-HJ-NPQRTUWXY]{18}")
_DAY: Final = re.compile(r"(\d{4})\D{1,2}(\d{1,2})\D{1,2}(\d{1,2})")
_HIDDEN: Final = re.compile(r"(?i)redacted|[*＊]|^[-/无]+$")
_UNLIMITED: Final = 10**9
read_name = lru_cache(maxsize=200_000)(normalise_company_name)


def entity_name(name: CompanyName) -> str:
    """The canonical registered name with its branch or unit, empty for a short name.

    A branch (分公司) is registered on its own but is no person in law: its parent answers for it. It is an entity of
    its own here, never merged with its parent, and names it as ``parent``. So is a unit that recruits under the
    name of its company (``…集团公司第三十二研究所``); departments of a branch count as the branch.
    """
    if not name.legal:
        return ""
    unit = name.branch or _unit(name.remark)
    return f"{name.legal}|{unit}" if unit else name.legal


def _unit(remark: str) -> str:
    last = remark.rpartition(" ")[2]
    return last if _UNIT.search(last) and not last.endswith("总部") else ""


def facts_of(mention: CompanyMention) -> Facts:
    """Read one mention. Values that are hidden or not understood count as unknown."""
    registry = mention.registry
    facts = Facts(mention.key, platforms={mention.platform}, anonymous=not mention.platform_company_id)
    facts.several = mention.several
    registered = read_name(registry.full_name) if registry.full_name else CompanyName()
    if registered.name and not registered.truncated:
        # What a registry gives is a registered name also where its form is not known (实验室, 餐饮店).
        facts.registered.add(entity_name(registered) or squeeze(registered.name))
    read = [read_name(name) for name in (*mention.names, mention.name) if name]
    for name in [registered, *read]:
        if name.reason or not name.name:
            continue
        if name.core and not name.truncated:
            facts.cores.add(name.core)
            facts.stems |= {name.core + name.industry} if name.industry else set()
        if name.region:
            facts.regions.add(name.region)
        if not name.legal and name is not registered:
            facts.brands.add(squeeze(name.name))
        if name.truncated:
            facts.prefixes.add(squeeze(name.name).rstrip("."))
    # An account under a branch's name whose registry part is the parent is the parent's account.
    facts.claimed = {entity_name(name) for name in read if name.legal}
    facts.claimed -= {one for one in facts.claimed if "|" in one and one.partition("|")[0] in facts.legal}
    facts.claimed -= facts.registered
    facts.truncated = bool(read) and all(name.truncated for name in read)
    code = _known(registry.credit_code).upper()
    facts.codes = {code} if _CODE.fullmatch(code) else set()
    day = _DAY.search(_known(registry.founded))
    facts.founded = {f"{day[1]}-{int(day[2]):02d}-{int(day[3]):02d}"} if day else set()
    facts.persons = _one(_known(registry.legal_person))
    facts.capitals = _one(squeeze(_known(registry.capital)))
    facts.addresses = _one(squeeze(_known(registry.address)))
    places = [_place(city) for city in mention.cities]
    facts.cities = {city or province for province, city in places} - {""}
    facts.provinces = {province for province, _ in places} - {""}
    for text in mention.sizes:
        size = normalise_company_size(text)
        if size.reason is None and size.min_people is not None:
            facts.sizes.add((size.min_people, size.max_people if size.max_people is not None else _UNLIMITED))
    facts.industries = {squeeze(clean(text)[0]) for text in mention.industries} - {""}
    return facts


def _known(raw: str) -> str:
    text, refused = clean(raw)
    return "" if refused or _HIDDEN.search(text) else text


def _one(text: str) -> set[str]:
    return {text} if text else set()


@lru_cache(maxsize=20_000)
def _place(raw: str) -> tuple[str, str]:
    place = normalise_place(raw)
    return place.province, place.city
