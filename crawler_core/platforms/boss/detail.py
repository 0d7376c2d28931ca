"""Boss Zhipin: job details through the batch call (WIRE 1.2, 1.3).

The detail needs ``securityId`` and ``lid`` of the list answer; they are session values, so they are read from the
landed list page (``detail_refs``), used soon, and stored in no table and no request parameters.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import msgspec

from crawler_core.outcome import Outcome
from crawler_core.platforms import items
from crawler_core.platforms.answer import Scalar, id_text, read, refusal
from crawler_core.platforms.boss.fields import DETAIL_PATH, JOB_DETAIL
from crawler_core.platforms.boss.parse import judge_code
from crawler_core.platforms.boss.sign import APP_ID, headers
from crawler_core.values import Request, RequestContext, Response, Verdict

__all__ = ["BATCH_PATH", "DetailRef", "build_job_detail", "detail_refs", "judge_job_detail", "read_detail"]

BATCH_PATH = "/wapi/batch/batchRunV3"
_IMPROVEMENT_PATH = "/wapi/zpgeek/miniapp/jobdetail/improvement/query.json"


@dataclass(frozen=True, slots=True)
class DetailRef:
    """A job of a list answer with the session values that its detail call needs."""

    job_id: str
    security_id: str = field(repr=False)
    lid: str = ""


class _Item(msgspec.Struct, gc=False):
    id: Any = msgspec.field(default=None, name="encryptJobId")
    old_id: Any = msgspec.field(default=None, name="encryptId")
    security_id: Any = msgspec.field(default=None, name="securityId")
    lid: Any = None


_Items = list[_Item | list[Any] | Scalar] | dict[str, Any] | Scalar


class _List(msgspec.Struct):
    mini: _Items = msgspec.field(default=None, name="list")
    web: _Items = msgspec.field(default=None, name="jobList")


class _ListAnswer(msgspec.Struct):
    data: _List | list[Any] | Scalar = msgspec.field(default=None, name="zpData")


class _Job(msgspec.Struct):
    id: Any = msgspec.field(default=None, name="encryptJobId")
    number: Any = msgspec.field(default=None, name="jobId")


class _Detail(msgspec.Struct):
    job: _Job | list[Any] | Scalar = msgspec.field(default=None, name="jobBaseInfoVO")


class _Inner(msgspec.Struct):
    code: Any = None
    data: _Detail | list[Any] | Scalar = msgspec.field(default=None, name="zpData")


class _Data(msgspec.Struct):
    detail: _Inner | list[Any] | Scalar = msgspec.field(default=None, name=DETAIL_PATH)
    job: _Job | list[Any] | Scalar = msgspec.field(default=None, name="jobBaseInfoVO")


class _Answer(msgspec.Struct):
    code: Any = None
    data: _Data | list[Any] | Scalar = msgspec.field(default=None, name="zpData")


_LIST_DECODER = msgspec.json.Decoder(_ListAnswer)
_DECODER = msgspec.json.Decoder(_Answer)


def detail_refs(body: bytes) -> tuple[DetailRef, ...]:
    """The jobs of a landed list page that can be asked for in detail; none from a body of another shape."""
    answer = read(body, _LIST_DECODER)
    if isinstance(answer, Verdict) or not isinstance(answer.data, _List):
        return ()
    records = answer.data.mini or answer.data.web
    refs = (
        DetailRef(id_text(item.id, item.old_id), id_text(item.security_id), id_text(item.lid))
        for item in (records if isinstance(records, list) else ())
        if isinstance(item, _Item)
    )
    return tuple(ref for ref in refs if ref.job_id and ref.security_id)


def build_job_detail(ref: DetailRef, context: RequestContext) -> Request:
    """The batch GET for one job, paired with the second call as the mini-program does (WIRE 1.2).

    One job a batch: entries of the same path would collide in the answer.

    Raises:
        NoToken: the context has no session.
    """
    arguments = {"securityId": ref.security_id, "jobId": ref.job_id, "lid": ref.lid, "source": "11", "scene": ""}
    query = "&".join(f"{name}={quote(value, safe='')}" for name, value in arguments.items())
    feed = json.dumps([f"method={path}&{query}" for path in (DETAIL_PATH, _IMPROVEMENT_PATH)], separators=(",", ":"))
    return Request(
        method="GET",
        url=f"{context.base_url}{BATCH_PATH}?batch_method_feed={quote(feed, safe='')}&appId={APP_ID}",
        headers=headers(context),
        path=BATCH_PATH,
        params={"method": DETAIL_PATH, "jobId": ref.job_id, "source": "11", "appId": APP_ID},
    )


def judge_job_detail(response: Response) -> Verdict:
    """What a detail answer means, batch or plain: one call can succeed outside and fail inside (WIRE 1.2).

    The second call of the pair does not matter: its failure costs nothing that is stored.
    """
    if refused := refusal(response):
        return refused
    answer = read(response.body, _DECODER)
    if isinstance(answer, Verdict):
        return answer
    if failed := judge_code(answer.code):
        return failed
    data = answer.data
    job = data.job if isinstance(data, _Data) else None
    if isinstance(data, _Data) and isinstance(data.detail, _Inner):
        if failed := judge_code(data.detail.code):
            return Verdict(outcome=failed.outcome, detail=f"inside the batch, {failed.detail}")
        job = data.detail.data.job if isinstance(data.detail.data, _Detail) else None
    if not isinstance(job, _Job):
        return Verdict(outcome=Outcome.SCHEMA_CHANGED, detail="the answer has no jobBaseInfoVO")
    job_id = id_text(job.id, job.number)
    if not job_id:
        return Verdict(outcome=Outcome.SCHEMA_CHANGED, records=1, detail="jobBaseInfoVO has no id")
    return Verdict(outcome=Outcome.OK, ids=(job_id,), records=1)


def read_detail(body: bytes) -> list[dict[str, object]]:
    """The record of a landed detail answer, by the columns of ``fields.JOB_DETAIL``; at most one."""
    return items.read_items(JOB_DETAIL, body)
