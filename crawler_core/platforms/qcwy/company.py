"""51job: details of a company (WIRE 2.5): one signed GET by ``encCoId``.

``coinfo`` with ``coid`` and a ``license`` part are evidenced, inner names are not: the old lower-case names of 51job
(``coname``, ``cotype``) and the names of its listings and of registry data elsewhere are all tried.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

import msgspec

from crawler_core.platforms.answer import id_text, read, refusal
from crawler_core.platforms.company import (
    CompanyAnswer,
    CompanyCall,
    CompanyEnd,
    CompanySpec,
    CompanyTarget,
    CompanyVerdict,
    Finding,
    knows_any,
    reasons,
    same_id,
)
from crawler_core.platforms.fields import Field, PageShape
from crawler_core.platforms.qcwy.codes import SUCCESS
from crawler_core.platforms.qcwy.fields import COMPANY_URL
from crawler_core.platforms.qcwy.parse import judge_status
from crawler_core.platforms.qcwy.sign import headers
from crawler_core.values import Request, RequestContext, Response, Verdict

__all__ = ["COMPANY", "PC_INFO", "plan"]

PC_INFO = "pc_info"

_PATH = "/open/noauth/company-info/pc-info"

_PARAMETERS_REFUSED = "100004"
"""``parameters refused``: the company id is the only parameter of the call that listings gave."""


def _in(part: str, *names: str) -> tuple[str, ...]:
    return tuple(f"{part}.{name}" for name in names)


def _license(*names: str) -> tuple[str, ...]:
    """Where the registry part stands is not evidenced: inside the company or beside it."""
    return (*_in("coinfo.license", *names), *_in("license", *names))


SHAPES = {
    PC_INFO: PageShape(
        items=("resultbody",),
        single=True,
        fields=(
            Field(column="company_id", paths=_in("coinfo", "coid", "coId"), doc="digits"),
            Field(column="company_key", paths=_in("coinfo", "encCoId", "encryCompanyId")),
            Field(column="name", paths=_in("coinfo", "coname", "coName", "companyName", "fullCompanyName")),
            Field(
                column="full_name",
                paths=(*_license("companyName", "name", "entName"), *_in("coinfo", "fullCompanyName")),
            ),
            Field(column="short_name", paths=_in("coinfo", "shortName", "coshortname")),
            Field(column="legal_person", paths=_license("legalPerson", "legalPersonName", "legalRepresentative")),
            Field(column="registered_capital", paths=_license("regCapital", "registeredCapital")),
            Field(column="founded_text", paths=_license("startDate", "establishDate", "createDate", "foundDate")),
            Field(column="address", paths=_license("regAddress", "registeredAddress", "address")),
            Field(column="office_address", paths=_in("coinfo", "caddr", "coaddr", "address", "companyAddress")),
            Field(column="business_scope", paths=_license("businessScope", "scope")),
            Field(
                column="industry",
                paths=_in("coinfo", "indtype1", "indType1", "industryType1Str", "companyIndustryType1Str"),
            ),
            Field(column="size_text", paths=_in("coinfo", "cosize", "coSize", "companySizeString")),
            Field(column="type_text", paths=_in("coinfo", "cotype", "coType", "companyTypeString")),
            Field(column="introduction", paths=_in("coinfo", "coinfo", "coInfo", "introduction", "companyDesc")),
            Field(column="status_text", paths=_license("statusDesc", "status", "regStatus")),
            Field(column="credit_code", paths=_license("creditCode", "socialCreditCode", "unifiedCode")),
            Field(column="taxpayer_no", paths=_license("taxpayerNo", "taxNumber", "taxNo")),
            Field(column="website", paths=_in("coinfo", "website", "cowebsite", "homePage")),
            Field(column="logo", paths=_in("coinfo", "logo", "cologo", "companyLogo")),
            Field(column="page_url", paths=_in("coinfo", "companyHref", "coUrl")),
        ),
    ),
}

_OBJECT = msgspec.json.Decoder(dict[str, Any])


def plan(target: CompanyTarget, answers: Sequence[CompanyAnswer]) -> CompanyCall | CompanyEnd:
    """The one call; its answer ends it."""
    if answers:
        verdict = answers[-1].verdict
        match verdict.finding:
            case Finding.FOUND:
                return CompanyEnd("done")
            case Finding.GONE:
                return CompanyEnd("gone", verdict.detail)
            case _:
                return CompanyEnd("refused", reasons(answers))
    key = target.extra.get("company_key", "")
    if not key:
        return CompanyEnd("refused", "company_key (encCoId) is not known, and 51job answers to no other id")
    return CompanyCall(
        PC_INFO,
        {"encryCompanyId": key},
        functools.partial(_build, key),
        functools.partial(_judge, target.company_id),
    )


def _build(company_key: str, context: RequestContext) -> Request:
    """The signed GET of WIRE 2.5.

    Raises:
        BadSetting: the context has no signing key.
    """
    params = {
        "api_key": "51job",
        "timestamp": str(int(context.now.timestamp())),
        "encryCompanyId": company_key,
    }
    query = "&".join(f"{name}={quote(value, safe='')}" for name, value in params.items())
    url = f"{context.base_url}{_PATH}?{query}"
    page_url = COMPANY_URL.format(company_key=quote(company_key, safe=""))
    return Request(method="GET", url=url, headers=headers(url, context, page_url=page_url), path=_PATH, params=params)


def _judge(company_id: str, response: Response) -> Verdict:
    """What the answer means; a known status is believed with any 4xx, as in a search (WIRE 2.3).

    Raises:
        BadSetting: the platform says that the signature is wrong.
    """
    refused = refusal(response)
    if refused and not (400 <= response.status < 500 and response.status != 429):
        return CompanyVerdict.refusal(refused)
    answer = read(response.body, _OBJECT)
    if isinstance(answer, Verdict):
        return CompanyVerdict.refusal(refused or answer)
    status = id_text(answer.get("status"))
    if status == _PARAMETERS_REFUSED:
        return CompanyVerdict.of(Finding.GONE, f"status {status}: the company's id is refused")
    if failed := judge_status(status) or refused:
        return CompanyVerdict.refusal(failed)
    result = answer.get("resultbody")
    if status != SUCCESS or not isinstance(result, dict) or "coinfo" not in result:
        return CompanyVerdict.of(Finding.REFUSED, "the answer is not status 1 with resultbody.coinfo")
    return _judge_company(company_id, result)


def _judge_company(company_id: str, result: dict[str, Any]) -> Verdict:
    company = result["coinfo"]
    if not company:
        return CompanyVerdict.of(Finding.GONE, "status 1 with an empty coinfo")
    if not isinstance(company, dict) or not knows_any(SHAPES[PC_INFO], result):
        return CompanyVerdict.of(Finding.REFUSED, "coinfo has no known member")
    answered = id_text(company.get("coid"), company.get("coId"))
    if not same_id(company_id, answered):
        return CompanyVerdict.of(Finding.ABSENT, "the answer is about another company")
    return CompanyVerdict.of(Finding.FOUND, company_id=answered)


COMPANY = CompanySpec(plan=plan, shapes=SHAPES, from_request={"company_key": "encryCompanyId"})
"""Company details of 51job."""
