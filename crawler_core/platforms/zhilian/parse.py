"""Zhaopin: what a search answer means (WIRE 3.1), today's form and the one of 2019 (WIRE 3.3).

Reads codes, ids, count and end mark; the records themselves are read later, from the landed body.
"""

from __future__ import annotations

from typing import Any

import msgspec

from crawler_core.outcome import Outcome
from crawler_core.platforms import items
from crawler_core.platforms.answer import Scalar, id_text, listing, read, refusal, truthy, whole
from crawler_core.platforms.zhilian.codes import ANSWERS, SUCCESS
from crawler_core.platforms.zhilian.fields import SEARCH
from crawler_core.values import PageRef, Response, Verdict

__all__ = ["LARGEST_PAGE", "PAGE_CAP", "judge", "read_items"]

LARGEST_PAGE = 20
"""Records on a page, whatever is asked for (WIRE 3.1, LIKELY)."""

PAGE_CAP = 20
"""Pages of a search (WIRE 11): beyond, an empty page is no contradiction."""


class _Base(msgspec.Struct):
    number: Any = msgspec.field(default=None, name="positionNumber")


class _Position(msgspec.Struct):
    base: _Base | list[Any] | Scalar = None


class _Detail(msgspec.Struct):
    position: _Position | list[Any] | Scalar = None


class _Item(msgspec.Struct, gc=False):
    number: Any = None
    detail: _Detail | list[Any] | Scalar = msgspec.field(default=None, name="jobDetailData")


_Items = list[_Item | list[Any] | Scalar] | dict[str, Any] | Scalar


class _Data(msgspec.Struct):
    current: _Items = msgspec.field(default=None, name="list")
    results: _Items = None
    count: Any = None
    old_count: Any = msgspec.field(default=None, name="numFound")
    end: Any = msgspec.field(default=None, name="isEndPage")
    verification: Any = msgspec.field(default=None, name="isVerification")


class _Answer(msgspec.Struct):
    code: Any = None
    data: _Data | list[Any] | Scalar = None


_DECODER = msgspec.json.Decoder(_Answer)


def judge(response: Response, ref: PageRef) -> Verdict:
    """What a search answer means.

    A demanded human check comes first. The page is the last when ``isEndPage`` says so or the records up to it
    reach the count. An empty list where the count says that records are due is a soft block, never "no jobs".
    """
    if refused := refusal(response):
        return refused
    answer = read(response.body, _DECODER)
    if isinstance(answer, Verdict):
        return answer
    data = answer.data
    if isinstance(data, _Data) and truthy(data.verification):
        return Verdict(outcome=Outcome.CHALLENGE, detail="isVerification: human check demanded")
    if failed := _judge_code(answer.code):
        return failed
    if not isinstance(data, _Data):
        return Verdict(outcome=Outcome.SCHEMA_CHANGED, detail="code 200 without data")
    records = data.current if isinstance(data.current, list) else data.results
    if not isinstance(records, list):
        return Verdict(outcome=Outcome.SCHEMA_CHANGED, detail="data has neither list nor results")
    count = whole(data.count)
    total = count if count is not None else whole(data.old_count)
    end = truthy(data.end)
    reached = total is not None and ref.page * len(records) >= total
    before = (ref.page - 1) * LARGEST_PAGE
    due = total is not None and before < total and not (end and ref.page > 1) and ref.page <= PAGE_CAP
    return listing(records, map(_id, records), last=end or reached, due=due, total=total)


def _judge_code(value: object) -> Verdict | None:
    code = whole(value)
    if code == SUCCESS:
        return None
    if code is None:
        return Verdict(outcome=Outcome.SCHEMA_CHANGED, detail="the answer has no code")
    outcome, meaning = ANSWERS.get(code, (Outcome.SCHEMA_CHANGED, "not a known code"))
    return Verdict(outcome=outcome, detail=f"code {code}: {meaning}")


def _id(item: object) -> str:
    if not isinstance(item, _Item):
        return ""
    position = item.detail.position if isinstance(item.detail, _Detail) else None
    base = position.base if isinstance(position, _Position) else None
    return id_text(item.number, base.number if isinstance(base, _Base) else None)


def read_items(body: bytes) -> list[dict[str, object]]:
    """The records of a landed search page, by the columns of ``fields.SEARCH``."""
    return items.read_items(SEARCH, body)
