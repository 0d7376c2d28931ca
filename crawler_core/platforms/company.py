"""What the platforms' company details have in common: who is asked about, one call, its verdict, and what follows.

A platform describes its calls as one pure function, the plan: from a target and the answers so far it says which
call comes next, or how it ended. Nothing here sends anything. The same plan run over landed answers tells what a
killed crawl still has to ask.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal

from crawler_core.outcome import Outcome
from crawler_core.platforms.fields import PageShape, split_path
from crawler_core.values import Request, RequestContext, Response, Verdict

__all__ = [
    "COLUMNS",
    "CompanyAnswer",
    "CompanyCall",
    "CompanyEnd",
    "CompanySpec",
    "CompanyState",
    "CompanyTarget",
    "CompanyVerdict",
    "Finding",
    "Plan",
    "knows_any",
    "plain_name",
    "reasons",
    "same_id",
]

CompanyState = Literal["done", "gone", "refused", "retry_later"]
"""How a company ended. ``done``: details are landed. ``gone``: the platform says that there is no such company.
``refused``: asking again brings the same answer. ``retry_later``: blocked, throttled, no connection, or not begun."""

COLUMNS: Mapping[str, str] = {
    "company_id": "the platform's id of the company; from the request where the answer has none",
    "company_key": "a second id that its calls need: 51job `encCoId`",
    "name": "name as the platform shows it",
    "full_name": "registered name",
    "short_name": "brand or short name, where the platform tells it apart",
    "legal_person": "legal representative, public registry data",
    "registered_capital": "text as given: `100万人民币`",
    "founded_text": "day of registration as given, mostly `YYYY-MM-DD`",
    "address": "registered address",
    "office_address": "address shown for visitors",
    "business_scope": "registered business scope",
    "industry": "industry as the platform names it",
    "size_text": "head count as given: `100-499人` (WIRE 9)",
    "type_text": "ownership as given: `民营`",
    "stage_text": "funding as given: `A轮`",
    "introduction": "the company about itself; may hold HTML",
    "status_text": "state in the registry: `存续`",
    "credit_code": "unified social credit code, 18 characters",
    "taxpayer_no": "taxpayer number",
    "website": "the company's own site",
    "logo": "URL of the logo",
    "page_url": "the company's page on the platform",
    "welfare": "list of benefits",
}
"""The columns of a company answer and what they mean; ``welfare`` is a list of texts, the others are text.

All platforms use these names where the meaning is equal, and leave out what they do not have.
"""


class Finding(StrEnum):
    """What an answer says about the company."""

    FOUND = "found"
    """What the call is for is in the answer."""
    ABSENT = "absent"
    """An honest answer that does not hold it: a job that was taken down, a name that is not listed."""
    GONE = "gone"
    """The platform says that there is no such company."""
    REFUSED = "refused"
    """The call is not allowed, or the answer has another shape."""


@dataclass(frozen=True, slots=True)
class CompanyTarget:
    """What listings tell of a company whose details are wanted.

    Attributes:
        platform: short name of the platform.
        company_id: column ``company_id`` of the listings; may be empty where the name is known (Boss).
        name: column ``company_name``.
        extra: what a platform's calls need besides; session values among it are never shown or landed.

            * Boss: ``job_id`` with ``security_id`` and ``lid`` of one of its jobs, from a fresh list answer.
            * 51job: ``company_key``, the column of that name.
            * Zhaopin: ``job_id``: numbers of its jobs, the newest first, joined by commas.
    """

    platform: str
    company_id: str
    name: str = ""
    extra: Mapping[str, str] = field(default_factory=dict, repr=False, hash=False)

    @property
    def key(self) -> tuple[str, str]:
        """Its identity on the platform: the id, or the name where there is none."""
        return (self.company_id, "") if self.company_id else ("", self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class CompanyVerdict(Verdict):
    """The verdict of an answer that says something about the company. ``carry`` holds what later calls may need."""

    finding: Finding

    @classmethod
    def of(
        cls, finding: Finding, detail: str = "", *, company_id: str = "", carry: Mapping[str, str] | None = None
    ) -> CompanyVerdict:
        """A verdict with the outcome that belongs to the finding."""
        outcome = {Finding.FOUND: Outcome.OK, Finding.REFUSED: Outcome.SCHEMA_CHANGED}.get(finding, Outcome.EMPTY)
        return cls(
            outcome=outcome,
            ids=(company_id,) if company_id else (),
            records=1 if finding is Finding.FOUND else 0,
            carry=dict(carry or {}),
            detail=detail,
            finding=finding,
        )

    @classmethod
    def refusal(cls, verdict: Verdict) -> Verdict:
        """A changed contract is an answer about this call too: it is refused; other refusals stay as they are."""
        return cls.of(Finding.REFUSED, verdict.detail) if verdict.outcome is Outcome.SCHEMA_CHANGED else verdict


@dataclass(frozen=True, slots=True)
class CompanyAnswer:
    """A call that was answered, and what it was found to say."""

    call: str
    page: int
    verdict: CompanyVerdict


@dataclass(frozen=True, slots=True)
class CompanyCall:
    """One request about a company.

    Attributes:
        name: of the call; the answer is landed with kind ``company:<name>``.
        asks: the request parameters that make it this question: a landed answer to another one is no answer.
        build: the request.
        judge: what an answer means: a ``CompanyVerdict`` when it says something, else the refusal to act upon.
    """

    name: str
    asks: Mapping[str, str]
    build: Callable[[RequestContext], Request]
    judge: Callable[[Response], Verdict]


@dataclass(frozen=True, slots=True)
class CompanyEnd:
    """No call is left: how it ended, and why in a few words."""

    state: CompanyState
    reason: str = ""


Plan = Callable[[CompanyTarget, Sequence[CompanyAnswer]], CompanyCall | CompanyEnd]


def _as_it_is(body: bytes) -> bytes:
    return body


@dataclass(frozen=True, slots=True, kw_only=True)
class CompanySpec:
    """How a platform's company details are asked for and read.

    Attributes:
        plan: the next call for a target after the answers so far. Pure.
        shapes: what the answers of a call hold, by call; where two calls fill a column, the first named here wins.
            Calls that only look something up have none.
        json_of: the JSON inside a body, for calls that answer with a page.
        from_request: columns that the request knows when the answer does not say: column to request parameter.
    """

    plan: Plan
    shapes: Mapping[str, PageShape]
    json_of: Callable[[bytes], bytes] = _as_it_is
    from_request: Mapping[str, str] = field(default_factory=dict)


def knows_any(shape: PageShape, item: Mapping[str, Any]) -> bool:
    """Whether an item has at least one member that the shape reads, empty or not: else it has another shape."""
    for column in shape.fields:
        for path in column.paths:
            value: Any = item
            for member in split_path(path):
                value = value.get(member.removesuffix("[]"), _MISSING) if isinstance(value, dict) else _MISSING
            if value is not _MISSING:
                return True
    return False


_MISSING = object()


def plain_name(name: str) -> str:
    """A name without what does not tell companies apart: width of characters and brackets, case, blanks."""
    return "".join(unicodedata.normalize("NFKC", name).casefold().split())


def same_id(asked: str, answered: str) -> bool:
    """Whether an answer can be about the company that was asked for: ids that are not known do not contradict."""
    return not asked or not answered or asked == answered


def reasons(answers: Sequence[CompanyAnswer]) -> str:
    """The reasons of answers, one after another."""
    return "; ".join(f"{answer.call}: {answer.verdict.detail or answer.verdict.finding}" for answer in answers)
