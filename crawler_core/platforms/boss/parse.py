"""Boss Zhipin: what a search answer means (WIRE 1.1, 1.6, 1.7).

Reads codes, ids and ``hasMore``; the records themselves are read later, from the landed body.
"""

from __future__ import annotations

from typing import Any

import msgspec

from crawler_core.outcome import Outcome
from crawler_core.platforms import items
from crawler_core.platforms.answer import Scalar, id_text, listing, read, refusal, truthy, whole
from crawler_core.platforms.boss.codes import ANSWERS
from crawler_core.platforms.boss.fields import SEARCH
from crawler_core.values import PageRef, Response, Verdict

__all__ = ["judge", "judge_code", "read_items"]


class _Item(msgspec.Struct, gc=False):
    id: Any = msgspec.field(default=None, name="encryptJobId")
    old_id: Any = msgspec.field(default=None, name="encryptId")


_Items = list[_Item | list[Any] | Scalar] | dict[str, Any] | Scalar


class _Data(msgspec.Struct):
    mini: _Items = msgspec.field(default=None, name="list")
    web: _Items = msgspec.field(default=None, name="jobList")
    more: Any = msgspec.field(default=None, name="hasMore")
    total: Any = msgspec.field(default=None, name="totalCount")


class _Answer(msgspec.Struct):
    code: Any = None
    data: _Data | list[Any] | Scalar = msgspec.field(default=None, name="zpData")


_DECODER = msgspec.json.Decoder(_Answer)


def judge(response: Response, ref: PageRef) -> Verdict:  # noqa: ARG001 - the same signature for every platform
    """What a search answer means.

    ``hasMore`` decides whether the page is the last (the mini-program gives no total). An empty list that claims
    more is a soft block, never "no jobs".
    """
    if refused := refusal(response):
        return refused
    answer = read(response.body, _DECODER)
    if isinstance(answer, Verdict):
        return answer
    if failed := judge_code(answer.code):
        return failed
    data = answer.data
    if not isinstance(data, _Data):
        return Verdict(outcome=Outcome.SCHEMA_CHANGED, detail="code 0 without zpData")
    records = data.mini if isinstance(data.mini, list) and data.mini else data.web
    if not isinstance(records, list):
        records = data.mini
    if not isinstance(records, list):
        return Verdict(outcome=Outcome.SCHEMA_CHANGED, detail="zpData has neither list nor jobList")
    ids = (id_text(item.id, item.old_id) if isinstance(item, _Item) else "" for item in records)
    more = truthy(data.more)
    return listing(records, ids, last=data.more is not None and not more, due=more, total=whole(data.total))


def judge_code(value: object) -> Verdict | None:
    """The verdict of an envelope's ``code``, or ``None`` for success."""
    code = whole(value)
    if code == 0:
        return None
    if code is None:
        return Verdict(outcome=Outcome.SCHEMA_CHANGED, detail="the answer has no code")
    outcome, meaning = ANSWERS.get(code, (Outcome.SCHEMA_CHANGED, "not a known code"))
    return Verdict(outcome=outcome, detail=f"code {code}: {meaning}")


def read_items(body: bytes) -> list[dict[str, object]]:
    """The records of a landed search page, by the columns of ``fields.SEARCH``."""
    return items.read_items(SEARCH, body)
