"""51job: what a search answer means (WIRE 2.3), today's form and that of 2022.

Reads status, ids, totals and ``requestId``; the records themselves are read later, from the landed body.
"""

from __future__ import annotations

from typing import Any

import msgspec

from crawler_core.errors import BadSetting
from crawler_core.outcome import Outcome
from crawler_core.platforms import items
from crawler_core.platforms.answer import Scalar, id_text, listing, read, refusal, whole
from crawler_core.platforms.qcwy.codes import SIGNATURE_WRONG, STATUSES, SUCCESS
from crawler_core.platforms.qcwy.fields import SEARCH
from crawler_core.values import PageRef, Response, Verdict

__all__ = ["LARGEST_PAGE", "REACH", "judge", "judge_status", "read_items"]

LARGEST_PAGE = 50
"""Records on the largest page seen in captures (WIRE 2.1)."""

REACH = 1000
"""Records that the site lets a person page through (general knowledge): beyond, an empty page is no contradiction."""


class _Item(msgspec.Struct, gc=False):
    id: Any = msgspec.field(default=None, name="jobId")
    old_id: Any = msgspec.field(default=None, name="jobid")


_Items = list[_Item | list[Any] | Scalar] | dict[str, Any] | Scalar


class _Job(msgspec.Struct):
    items: _Items = None
    total: Any = msgspec.field(default=None, name="totalCount")
    total_lower: Any = msgspec.field(default=None, name="totalcount")
    request_id: Any = msgspec.field(default=None, name="requestId")


class _Result(msgspec.Struct):
    job: _Job | list[Any] | Scalar = None
    request_id: Any = msgspec.field(default=None, name="requestId")


class _Answer(msgspec.Struct):
    status: Any = None
    result: _Result | list[Any] | Scalar = msgspec.field(default=None, name="resultbody")
    old_items: _Items = msgspec.field(default=None, name="engine_jds")
    old_total: Any = msgspec.field(default=None, name="jobid_count")
    old_page: Any = msgspec.field(default=None, name="curr_page")
    old_pages: Any = msgspec.field(default=None, name="total_page")


_DECODER = msgspec.json.Decoder(_Answer)


def judge(response: Response, ref: PageRef) -> Verdict:
    """What a search answer means.

    The page is the last when the records up to it reach the total; a short page alone proves nothing. ``carry``
    holds the ``requestId`` that later pages repeat.

    Raises:
        BadSetting: the platform says that the signature is wrong: no page can be fetched until the key is right.
    """
    refused = refusal(response)
    if refused and not (400 <= response.status < 500 and response.status != 429):
        return refused
    answer = read(response.body, _DECODER)
    if isinstance(answer, Verdict):
        return refused or answer
    # Whether an error status comes with HTTP 200 is unknown (WIRE 2.3): a known one is believed with any 4xx.
    failed = judge_status(answer.status) or refused
    if failed:
        return failed
    if isinstance(answer.old_items, list):
        return _judge_old(answer, answer.old_items)
    if id_text(answer.status) != SUCCESS:
        return Verdict(outcome=Outcome.SCHEMA_CHANGED, detail="the answer's status is none that is known")
    return _judge_result(answer.result, ref.page)


def judge_status(value: object) -> Verdict | None:
    """The verdict of a status that is known to be a refusal, else ``None``.

    Raises:
        BadSetting: the platform says that the signature is wrong.
    """
    status = id_text(value)
    if status == SIGNATURE_WRONG:
        raise BadSetting(
            f"QCWY_SIGN_KEY: 51job answered status {SIGNATURE_WRONG}, signature wrong; set the current key,"
            " and check that this machine's clock is right (the signed timestamp is checked too)"
        )
    if status in STATUSES:
        outcome, meaning = STATUSES[status]
        return Verdict(outcome=outcome, detail=f"status {status}: {meaning}")
    return None


def _judge_result(result: object, page: int) -> Verdict:
    job = result.job if isinstance(result, _Result) else None
    if not isinstance(result, _Result) or not isinstance(job, _Job) or not isinstance(job.items, list):
        return Verdict(outcome=Outcome.SCHEMA_CHANGED, detail="status 1 without resultbody.job.items")
    total = _first(whole(job.total), whole(job.total_lower))
    request_id = id_text(result.request_id, job.request_id)
    before = (page - 1) * LARGEST_PAGE
    return listing(
        job.items,
        _ids(job.items),
        last=total is not None and page * len(job.items) >= total,
        due=total is not None and before < min(total, REACH),
        total=total,
        carry={"requestId": request_id} if request_id else None,
    )


def _judge_old(answer: _Answer, records: list[_Item | list[Any] | Scalar]) -> Verdict:
    page, pages, total = whole(answer.old_page), whole(answer.old_pages), whole(answer.old_total)
    last = page is not None and pages is not None and page >= pages
    return listing(records, _ids(records), last=last, due=page == 1 and bool(total), total=total)


def _ids(records: list[_Item | list[Any] | Scalar]) -> list[str]:
    return [id_text(item.id, item.old_id) if isinstance(item, _Item) else "" for item in records]


def _first(*values: int | None) -> int | None:
    return next((value for value in values if value is not None), None)


def read_items(body: bytes) -> list[dict[str, object]]:
    """The records of a landed search page, by the columns of ``fields.SEARCH``."""
    return items.read_items(SEARCH, body)
