"""The rules of company resolution, as two ordered tables of small functions.

``RULES`` say what speaks for one company; they run in order, the surest first, over the clusters made so far.
``VETOES`` say what speaks against, and hold for every rule that does not name them in ``past``. A rule sees two
clusters and answers with a verdict and its evidence, or with None when it has nothing to say.

What is not a rule: an equal core (``示例``) of two registered names. 北京示例科技有限公司 and 上海示例科技有限公司
are two persons in law, whatever their owners share.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final

from jobdata_resources.resolution.decision import Verdict
from jobdata_resources.resolution.mention import Facts

__all__ = ["RULES", "VETOES", "Answer", "Rule", "Veto"]

_BEARER_CORE: Final = 3
"""Characters a core must have to be told by its sole bearer: two-character brands are shared by many companies."""

_PREFIX: Final = 8
"""Characters of a name that Boss shows before it cuts."""

_BEARER_STEM: Final = 4
"""Characters that a common core with its industry words must have instead: ``示例科技`` says more than ``示例``."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a rule says about two clusters."""

    verdict: Verdict
    evidence: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One way in which two clusters are found to be one company.

    Attributes:
        keys: clusters with a common key are compared, so the work stays near linear.
        anchor: a cluster that stands for itself in a block: anchors are not compared with each other. The others
            are held against the anchors; one that fits several is ambiguous and goes to review.
        opens: a cluster that fits nothing becomes an anchor for the next ones.
        past: names of vetoes that this rule overcomes.
        shared: blocks are the clusters that published postings alike, not ``keys``.
    """

    name: str
    compare: Callable[[Facts, Facts], Answer | None]
    keys: Callable[[Facts], Iterable[str]] = field(default=lambda _facts: ())
    anchor: Callable[[Facts], bool] = field(default=lambda _facts: False)
    opens: bool = True
    past: frozenset[str] = frozenset()
    shared: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Veto:
    """One reason why two clusters must not be merged; the verdict is what they get instead."""

    name: str
    verdict: Verdict
    compare: Callable[[Facts, Facts], dict[str, str] | None]


def _said(values: Iterable[str]) -> str:
    return ", ".join(sorted(values))


def _merge(**evidence: str) -> Answer:
    return Answer("merge", evidence)


def _review(**evidence: str) -> Answer:
    return Answer("review", evidence)


# ---- what speaks against


def _different(attribute: str) -> Callable[[Facts, Facts], dict[str, str] | None]:
    def compare(left: Facts, right: Facts) -> dict[str, str] | None:
        mine, theirs = getattr(left, attribute), getattr(right, attribute)
        if mine and theirs and not mine & theirs:
            return {"left": _said(mine), "right": _said(theirs)}
        return None

    return compare


def _several_entities(left: Facts, right: Facts) -> dict[str, str] | None:
    return {"brand": _said(left.brands | right.brands)} if left.several or right.several else None


VETOES: Final = (
    Veto(name="brand_of_several_entities", verdict="review", compare=_several_entities),
    Veto(name="different_credit_code", verdict="separate", compare=_different("codes")),
    Veto(name="different_registered_name", verdict="separate", compare=_different("registered")),
    Veto(name="different_founding_day", verdict="review", compare=_different("founded")),
)
"""In order; the first that applies is the one named. A founding day never changes, but platforms mistype it, so it
asks for a person where the names agree. A legal representative changes in the life of a company and is no veto."""


# ---- what speaks for


def _same_credit_code(left: Facts, right: Facts) -> Answer | None:
    common = left.codes & right.codes
    return _merge(credit_code=_said(common)) if common else None


def _same_registered_name(left: Facts, right: Facts) -> Answer | None:
    common = left.legal & right.legal
    if not common:
        return None
    registered = left.registered & right.registered
    return _merge(name=_said(registered or common), seen_in="registry" if registered else "listing")


def _registry_keys(facts: Facts) -> Iterable[str]:
    for day in facts.founded:
        yield from (f"{day}|{other}" for other in facts.persons | facts.addresses)


def _same_registry_facts(left: Facts, right: Facts) -> Answer | None:
    """A renamed company keeps its day, person, capital and address; sister companies may share them as well."""
    facts = {
        name: _said(getattr(left, name) & getattr(right, name))
        for name in ("founded", "persons", "capitals", "addresses")
        if getattr(left, name) & getattr(right, name)
    }
    if len(facts) < 3:
        return None
    cores = left.cores & right.cores
    return _merge(**facts, core=_said(cores)) if cores else _review(**facts, names="no common core")


def _brand(facts: Facts) -> bool:
    return not facts.legal


_ONE_COMPANY: Final = "a name of one company"


def _several(brand: Facts) -> bool:
    """Whether listings without an id give one name several head counts, so that several companies may bear it."""
    return brand.anonymous and len(brand.sizes) > 1


def _distinctive(left: Facts, right: Facts) -> bool:
    """Whether what two clusters have in common is more than a word that any company may use."""
    cores, stems = left.cores & right.cores, left.stems & right.stems
    return any(len(core) >= _BEARER_CORE for core in cores) or any(len(stem) >= _BEARER_STEM for stem in stems)


def _sizes_fit(left: Facts, right: Facts) -> bool | None:
    """Whether head counts overlap; None when one is unknown."""
    if not left.sizes or not right.sizes:
        return None
    return any(low <= top and bottom <= high for low, high in left.sizes for bottom, top in right.sizes)


def _place(left: Facts, right: Facts) -> set[str]:
    """Places that tie two clusters: the region of a name (a city, or the province of one), or cities of postings."""
    named = left.regions & (right.regions | right.cities | right.provinces)
    return named | (right.regions & (left.cities | left.provinces)) | (left.cities & right.cities)


def _brand_and_shared_posting(seat: Facts, brand: Facts) -> Answer | None:
    """The same opening, published under a name with the same core."""
    cores = seat.cores & brand.cores
    if not cores:
        return None
    if _sizes_fit(seat, brand) is False:
        return _review(core=_said(cores), shared_posting="yes", sizes="do not overlap")
    if _several(brand):
        return _review(core=_said(cores), shared_posting="yes", missing=_ONE_COMPANY)
    return _merge(core=_said(cores), shared_posting="yes")


def _only_bearer(seat: Facts, brand: Facts) -> Answer | None:
    """The only registered company known by this core, of fitting size, in a place where it hires."""
    cores = seat.cores & brand.cores
    if not cores:
        return None
    place, core = _place(seat, brand), max(cores, key=len)
    missing = []
    if not _distinctive(seat, brand):
        missing.append("a core of three characters")
    if not _sizes_fit(seat, brand):
        missing.append("fitting size")
    if not place:
        missing.append("a common place")
    if brand.truncated or _several(brand):
        missing.append(_ONE_COMPANY)
    if all("|" in name for name in seat.legal):
        missing.append("a registered company that is no branch")
    if missing:
        return _review(core=core, missing=", ".join(missing))
    return _merge(core=core, place=_said(place), bearers="1")


def _prefix_keys(facts: Facts) -> Iterable[str]:
    """Cut names by their first characters, and registered ones by theirs."""
    names = facts.prefixes if _brand(facts) else facts.legal
    return (name[:_PREFIX] for name in names if len(name) >= _PREFIX)


def _cut_name(seat: Facts, brand: Facts) -> Answer | None:
    """A name cut by the platform, and the only registered name that begins so."""
    common = {prefix for prefix in brand.prefixes for name in seat.legal if name.startswith(prefix)}
    if not common:
        return None
    if not _sizes_fit(seat, brand):
        return _review(prefix=_said(common), missing="fitting size")
    return _merge(prefix=_said(common))


def _only_account(seat: Facts, brand: Facts) -> Answer | None:
    """Listings without an id, under the name of the only account of that platform that shows it."""
    common = seat.brands & brand.brands
    if not common:
        return None
    place, missing = seat.cities & brand.cities, []
    if not seat.sizes & brand.sizes or _several(brand):
        missing.append("equal size")
    if not _distinctive(seat, brand):
        missing.append("a core of three characters")
    if not place:
        missing.append("a common place")
    if missing:
        return _review(brand=_said(common), missing=", ".join(missing))
    return _merge(brand=_said(common), place=_said(place))


_PAST_NAMES: Final = frozenset({"different_registered_name"})

RULES: Final = (
    Rule(
        name="same_credit_code",
        keys=lambda facts: facts.codes,
        compare=_same_credit_code,
        past=_PAST_NAMES | {"different_founding_day"},
    ),
    Rule(name="same_registered_name", keys=lambda facts: facts.legal, compare=_same_registered_name),
    Rule(name="same_registry_facts", keys=_registry_keys, compare=_same_registry_facts, past=_PAST_NAMES),
    Rule(
        name="brand_and_shared_posting",
        shared=True,
        compare=_brand_and_shared_posting,
        anchor=lambda facts: not _brand(facts),
        opens=False,
    ),
    Rule(
        name="only_account_of_name",
        keys=lambda facts: (f"{platform}|{brand}" for platform in facts.platforms for brand in facts.brands),
        compare=_only_account,
        anchor=lambda facts: not facts.anonymous,
        opens=False,
    ),
    Rule(
        name="only_name_with_prefix",
        keys=_prefix_keys,
        compare=_cut_name,
        anchor=lambda facts: not _brand(facts),
        opens=False,
    ),
    Rule(
        name="only_bearer_of_core",
        keys=lambda facts: facts.cores,
        compare=_only_bearer,
        anchor=lambda facts: not _brand(facts),
        opens=False,
    ),
)
