"""Boss Zhipin: details of a company (WIRE 1.2-1.4).

Three calls, in the order of the plan:

* ``brand_detail`` when the brand id is known. Only ``introduce`` is evidenced in its answer.
* ``job_detail`` of one of its jobs, when listings gave one with its session values and the answer before lacked the
  registry facts, which are evidenced there.
* ``brand_list`` when only a name is known: a brand counts when its name is exactly the same, brackets and width aside.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import quote

import msgspec

from crawler_core.platforms.answer import id_text, read, refusal, whole
from crawler_core.platforms.boss.codes import NATIONWIDE
from crawler_core.platforms.boss.detail import DetailRef, build_job_detail
from crawler_core.platforms.boss.fields import BATCH_DETAIL, DETAIL_PATH
from crawler_core.platforms.boss.parse import judge_code
from crawler_core.platforms.boss.sign import APP_ID, headers
from crawler_core.platforms.company import (
    CompanyAnswer,
    CompanyCall,
    CompanyEnd,
    CompanySpec,
    CompanyTarget,
    CompanyVerdict,
    Finding,
    knows_any,
    plain_name,
    reasons,
    same_id,
)
from crawler_core.platforms.fields import Field, PageShape
from crawler_core.values import Request, RequestContext, Response, Verdict

__all__ = ["BRAND_DETAIL", "BRAND_LIST", "COMPANY", "JOB_DETAIL", "plan"]

BRAND_DETAIL = "brand_detail"
JOB_DETAIL = "job_detail"
BRAND_LIST = "brand_list"

_DETAIL_PATH = "/wapi/zpgeek/miniapp/brand/detail.json"
_LIST_PATH = "/wapi/zpgeek/miniapp/search/brandlist.json"
_LIST_SIZE = "20"

_NO_SUCH_VALUE = 19
"""``bad value``: the brand id is the only value of the call that is not a constant."""

_BUSINESS_FAILURE = 1
"""Free text, not about the session (WIRE 1.7); inside a batch it is about the one job that was asked for."""

_FIELDS = (
    Field(column="company_id", paths=("encryptBrandId",)),
    Field(column="name", paths=("brandName", "name")),
    Field(column="full_name", paths=("comName",), doc="registered name"),
    Field(column="short_name", paths=("brandName", "name")),
    Field(column="legal_person", paths=("legalPerson",)),
    Field(column="registered_capital", paths=("regCapital",)),
    Field(column="founded_text", paths=("startDate",)),
    Field(column="address", paths=("regAddress",)),
    Field(column="business_scope", paths=("businessScope",)),
    Field(column="industry", paths=("industryName",)),
    Field(column="size_text", paths=("scaleName",)),
    Field(column="stage_text", paths=("stageName",)),
    Field(column="introduction", paths=("introduce", "brandIntroduce")),
    Field(column="status_text", paths=("statusDesc",)),
    Field(column="logo", paths=("logo",)),
    Field(column="welfare", paths=("brandWelfares", "labels"), kind="texts", doc="`labels` in the web form (1.6)"),
)
"""``brandComInfoVO`` (1.3) and the web's ``brandComInfo`` (1.6); the brand detail is read with the same names."""

SHAPES = {
    JOB_DETAIL: PageShape(
        items=(f"{BATCH_DETAIL}.zpData.brandComInfoVO", "zpData.brandComInfoVO", "zpData.brandComInfo"),
        fields=_FIELDS,
        single=True,
    ),
    BRAND_DETAIL: PageShape(
        items=("zpData.brandComInfoVO", "zpData.brandComInfo", "zpData"), fields=_FIELDS, single=True
    ),
}

_OBJECT = msgspec.json.Decoder(dict[str, Any])


def plan(target: CompanyTarget, answers: Sequence[CompanyAnswer]) -> CompanyCall | CompanyEnd:
    """The next call; see the module. Registry facts decide whether a second call is worth its request."""
    by = {answer.call: answer.verdict for answer in answers}
    listed = by.get(BRAND_LIST)
    company_id = target.company_id or (listed.carry.get("company_id", "") if listed else "")
    brand, job = by.get(BRAND_DETAIL), by.get(JOB_DETAIL)
    if brand is not None and brand.finding is Finding.GONE:
        return CompanyEnd("gone", brand.detail)
    if any(found.carry.get("registry") for found in (brand, job) if found is not None):
        return CompanyEnd("done")
    if company_id and brand is None:
        return CompanyCall(
            BRAND_DETAIL,
            {"brandId": company_id},
            functools.partial(_build_detail, company_id),
            functools.partial(_judge_detail, company_id),
        )
    job_id, security_id = target.extra.get("job_id", ""), target.extra.get("security_id", "")
    if job_id and security_id and job is None:
        ref = DetailRef(job_id, security_id, target.extra.get("lid", ""))
        return CompanyCall(
            JOB_DETAIL,
            {"jobId": job_id},
            functools.partial(build_job_detail, ref),
            functools.partial(_judge_job, company_id),
        )
    if any(found.finding is Finding.FOUND for found in (brand, job) if found is not None):
        return CompanyEnd("done", reasons(answers))
    if company_id:
        return CompanyEnd("refused", reasons(answers))
    if listed is None and target.name and not target.name.endswith(("...", "…")):
        return CompanyCall(
            BRAND_LIST,
            {"query": target.name},
            functools.partial(_build_list, target.name),
            functools.partial(_judge_list, target.name),
        )
    return _nothing_found(target, answers)


def _nothing_found(target: CompanyTarget, answers: Sequence[CompanyAnswer]) -> CompanyEnd:
    if not answers:
        how = "its name is cut off" if target.name else "neither brand id nor name"
        return CompanyEnd("refused", f"{how}, and no job with a fresh securityId; nothing can be asked")
    return CompanyEnd("refused", reasons(answers))


# ---- requests


def _build_detail(company_id: str, context: RequestContext) -> Request:
    """The GET of WIRE 1.4.

    Raises:
        NoToken: the context has no session.
    """
    return _get(context, _DETAIL_PATH, {"brandId": company_id, "appId": APP_ID})


def _build_list(name: str, context: RequestContext) -> Request:
    """The look-up by name of WIRE 1.4: parameters as in a search."""
    params = {
        "query": name,
        "city": NATIONWIDE,
        "page": "1",
        "pageSize": _LIST_SIZE,
        "appId": APP_ID,
        "source": "1",
        "sortType": "0",
    }
    return _get(context, _LIST_PATH, params)


def _get(context: RequestContext, path: str, params: dict[str, str]) -> Request:
    query = "&".join(f"{name}={quote(value, safe='')}" for name, value in params.items())
    return Request(
        method="GET", url=f"{context.base_url}{path}?{query}", headers=headers(context), path=path, params=params
    )


# ---- answers


def _judge_detail(company_id: str, response: Response) -> Verdict:
    """``introduce`` or any other known member makes it an answer; a refused brand id is a company that is gone."""
    answer = _answer(response)
    if isinstance(answer, Verdict):
        return CompanyVerdict.refusal(answer)
    if whole(answer.get("code")) == _NO_SUCH_VALUE:
        return CompanyVerdict.of(Finding.GONE, f"code {_NO_SUCH_VALUE}: the brand id is refused")
    if failed := judge_code(answer.get("code")):
        return CompanyVerdict.refusal(failed)
    data = answer.get("zpData")
    brand = next((part for part in _parts(data, ("brandComInfoVO", "brandComInfo")) if part), data)
    return _judge_brand(company_id, BRAND_DETAIL, brand)


def _judge_job(company_id: str, response: Response) -> Verdict:
    """Both envelopes of the batch must say yes; a refusal inside is about the job, not about the company."""
    answer = _answer(response)
    if isinstance(answer, Verdict):
        return CompanyVerdict.refusal(answer)
    if failed := judge_code(answer.get("code")):
        return CompanyVerdict.refusal(failed)
    data = answer.get("zpData")
    inner = data.get(DETAIL_PATH) if isinstance(data, dict) else None
    if isinstance(inner, dict):
        if whole(inner.get("code")) in (_NO_SUCH_VALUE, _BUSINESS_FAILURE):
            return CompanyVerdict.of(Finding.ABSENT, "the job is gone or its securityId is no longer fresh")
        if failed := judge_code(inner.get("code")):
            return CompanyVerdict.refusal(replace(failed, detail=f"inside the batch, {failed.detail}"))
        data = inner.get("zpData")
    brand = next((part for part in _parts(data, ("brandComInfoVO", "brandComInfo")) if part), None)
    return _judge_brand(company_id, JOB_DETAIL, brand)


def _judge_brand(company_id: str, call: str, brand: object) -> Verdict:
    shape = SHAPES[call]
    if not isinstance(brand, dict) or not knows_any(shape, brand):
        return CompanyVerdict.of(Finding.REFUSED, "code 0 without any known member of a company")
    answered = id_text(brand.get("encryptBrandId"))
    if not same_id(company_id, answered):
        return CompanyVerdict.of(Finding.ABSENT, "the answer is about another company")
    registry = any(id_text(brand.get(name)) for name in ("legalPerson", "regCapital", "regAddress"))
    return CompanyVerdict.of(
        Finding.FOUND,
        "" if registry else "no registry facts",
        company_id=answered,
        carry={"registry": "1"} if registry else None,
    )


def _judge_list(name: str, response: Response) -> Verdict:
    """The id of the one brand of exactly this name; several of that name decide nothing."""
    answer = _answer(response)
    if isinstance(answer, Verdict):
        return CompanyVerdict.refusal(answer)
    if failed := judge_code(answer.get("code")):
        return CompanyVerdict.refusal(failed)
    data = answer.get("zpData")
    brands = data.get("brandList") if isinstance(data, dict) else None
    if not isinstance(brands, list):
        return CompanyVerdict.of(Finding.REFUSED, "zpData has no brandList")
    wanted = plain_name(name)
    found = {
        id_text(brand.get("encryptBrandId"))
        for brand in brands
        if isinstance(brand, dict) and plain_name(id_text(brand.get("brandName"))) == wanted
    } - {""}
    if len(found) != 1:
        how = "several brands have" if found else "no brand has"
        return CompanyVerdict.of(Finding.ABSENT, f"{how} exactly this name")
    [company_id] = found
    return CompanyVerdict.of(Finding.FOUND, company_id=company_id, carry={"company_id": company_id})


def _answer(response: Response) -> dict[str, Any] | Verdict:
    if refused := refusal(response):
        return refused
    return read(response.body, _OBJECT)


def _parts(data: object, names: tuple[str, ...]) -> list[object]:
    return [data.get(name) for name in names] if isinstance(data, dict) else []


COMPANY = CompanySpec(plan=plan, shapes=SHAPES, from_request={"company_id": "brandId"})
"""Company details of Boss; registry facts of the job detail win over those of the brand detail."""
