"""Zhaopin: details of a company from the web page of one of its jobs (WIRE 3.4).

The page keeps its state as JSON in ``__INITIAL_STATE__``: ``detailedCompany`` and the registry's
``businessInformationData`` are evidenced there. The company calls of ``cgate`` are not used: nothing is known of
their answers. A page that was taken down says that the job is gone, never that the company is: the next job is tried.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from crawler_core.outcome import Outcome
from crawler_core.platforms.answer import id_text, refusal
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
from crawler_core.platforms.zhilian.sign import headers
from crawler_core.values import Request, RequestContext, Response, Verdict

__all__ = ["COMPANY", "JOB_PAGE", "MOST_PAGES", "initial_state", "plan"]

JOB_PAGE = "job_page"

MOST_PAGES = 3
"""Job pages that are tried for one company."""

_API_HOST = "https://fe-api.zhaopin.com"
_PAGE_HOST = "https://www.zhaopin.com"

_MARK = b"__INITIAL_STATE__"
_GAP = 16
"""Bytes between the name and its value at most: quotes, brackets, blanks and the equals sign."""

_ASSIGNED = (b"=", b'"]=', b"']=")
"""What may stand between the name and its object, blanks aside: more would be another value, a text for instance."""

_STRING_OR_UNDEFINED = re.compile(r'"(?:[^"\\]|\\.)*"?|\bundefined\b', re.DOTALL)
"""Reads a script text from left to right; an unclosed string ends it, so the time stays linear."""

_COMPANY = "jobDetail.detailedCompany"
_REGISTRY = "companyExtDetail.businessInformation.businessInformationData"

SHAPES = {
    JOB_PAGE: PageShape(
        items=("state",),
        single=True,
        fields=(
            Field(column="company_id", paths=(f"{_COMPANY}.companyNumber",), doc="`CZ123456780`"),
            Field(column="name", paths=(f"{_COMPANY}.companyName",)),
            Field(column="full_name", paths=(f"{_REGISTRY}.registeredName",)),
            Field(column="short_name", paths=(f"{_COMPANY}.companyShortName",), doc="not evidenced"),
            Field(column="legal_person", paths=(f"{_REGISTRY}.legalPerson",)),
            Field(column="registered_capital", paths=(f"{_REGISTRY}.registeredCapital",)),
            Field(column="founded_text", paths=(f"{_REGISTRY}.createDate",)),
            Field(column="address", paths=(f"{_REGISTRY}.location",)),
            Field(column="office_address", paths=(f"{_COMPANY}.address", f"{_COMPANY}.companyAddress")),
            Field(column="business_scope", paths=(f"{_REGISTRY}.businessScope",)),
            Field(
                column="industry",
                paths=(f"{_COMPANY}.industryNameLevel", f"{_COMPANY}.industryLevel", f"{_REGISTRY}.industry"),
            ),
            Field(column="size_text", paths=(f"{_COMPANY}.companySize",)),
            Field(column="type_text", paths=(f"{_COMPANY}.property", f"{_COMPANY}.propertyName")),
            Field(column="stage_text", paths=(f"{_COMPANY}.financingStageName",)),
            Field(column="introduction", paths=(f"{_COMPANY}.companyDescription",), doc="may hold HTML"),
            Field(column="status_text", paths=(f"{_REGISTRY}.epStatus",)),
            Field(column="credit_code", paths=(f"{_REGISTRY}.creditCode", f"{_REGISTRY}.socialCreditCode")),
            Field(column="taxpayer_no", paths=(f"{_REGISTRY}.taxpayerNo",), doc="not evidenced"),
            Field(column="website", paths=(f"{_COMPANY}.companyWebsite", f"{_COMPANY}.website")),
            Field(column="logo", paths=(f"{_COMPANY}.companyLogo", f"{_COMPANY}.logo")),
            Field(column="page_url", paths=(f"{_COMPANY}.url", f"{_COMPANY}.companyUrl")),
        ),
    ),
}


def plan(target: CompanyTarget, answers: Sequence[CompanyAnswer]) -> CompanyCall | CompanyEnd:
    """One job page after another until one shows the company."""
    jobs = [job for job in (part.strip() for part in target.extra.get("job_id", "").split(",")) if job]
    if not jobs:
        return CompanyEnd("refused", "no job number is known, and only job pages tell about a company")
    if any(answer.verdict.finding is Finding.FOUND for answer in answers):
        return CompanyEnd("done")
    if len(answers) < min(len(jobs), MOST_PAGES):
        job_id = jobs[len(answers)]
        return CompanyCall(
            JOB_PAGE,
            {"number": job_id},
            functools.partial(_build, job_id),
            functools.partial(_judge, target.company_id),
        )
    if any(answer.verdict.finding is Finding.REFUSED for answer in answers):
        return CompanyEnd("refused", reasons(answers))
    return CompanyEnd("retry_later", f"needs the number of a job that is open: {reasons(answers)}")


def _build(job_id: str, context: RequestContext) -> Request:
    """The page as a browser asks for it. It has a host of its own; a replaced host serves both."""
    host = _PAGE_HOST if context.base_url == _API_HOST else context.base_url
    path = f"/jobdetail/{quote(job_id, safe='')}.htm"
    return Request(
        method="GET",
        url=f"{host}{path}",
        headers={
            "Accept": "text/html,application/xhtml+xml",
            "Referer": f"{_PAGE_HOST}/",
            "User-Agent": headers()["User-Agent"],
        },
        path=path,
        params={"number": job_id},
    )


def _judge(company_id: str, response: Response) -> Verdict:
    """What a page means: HTML is expected here, so the state inside decides, and a page without it is a challenge."""
    if response.status in (404, 410):
        return CompanyVerdict.of(Finding.ABSENT, f"HTTP {response.status}: the job was taken down")
    refused = refusal(response)
    if refused and (response.status != 200 or refused.outcome is Outcome.TRANSPORT):
        return CompanyVerdict.refusal(refused)
    state = _state(response.body)
    if state is None:
        return _without_state(response.body)
    if not knows_any(SHAPES[JOB_PAGE], state):
        return CompanyVerdict.of(Finding.REFUSED, "__INITIAL_STATE__ has no known member of a company")
    detail = state.get("jobDetail")
    company = detail.get("detailedCompany") if isinstance(detail, dict) else None
    answered = id_text(company.get("companyNumber")) if isinstance(company, dict) else ""
    if not same_id(company_id, answered):
        return CompanyVerdict.of(Finding.ABSENT, "the job is of another company")
    return CompanyVerdict.of(Finding.FOUND, company_id=answered)


def _without_state(body: bytes) -> Verdict:
    end = body.rstrip()[-64:].lower()
    if b"</html" not in end and b"</body" not in end and b"</script" not in end:
        return Verdict(outcome=Outcome.TRANSPORT, detail="the page is cut off")
    if _MARK in body:
        return CompanyVerdict.of(Finding.REFUSED, "__INITIAL_STATE__ is not an object of JSON")
    return Verdict(outcome=Outcome.CHALLENGE, detail="HTTP 200 with a page that is not the job's")


def initial_state(body: bytes) -> bytes:
    """The JSON of a job page's state as ``{"state":…}``, empty when there is none. Total; linear in the body."""
    state = _state(body)
    if state is None:
        return b""
    try:
        return json.dumps({"state": state}, ensure_ascii=False).encode("utf-8", "replace")
    except RecursionError:
        return b""


def _state(body: bytes) -> dict[str, Any] | None:
    mark = body.find(_MARK)
    start = body.find(b"{", mark + len(_MARK), mark + len(_MARK) + _GAP) if mark >= 0 else -1
    if start < 0 or body[mark + len(_MARK) : start].translate(None, b" \t\r\n") not in _ASSIGNED:
        return None
    end = body.find(b"</script", start)
    text = body[start : end if end >= 0 else len(body)].decode("utf-8", "replace")
    for candidate in (text, None):
        try:
            # The browser's own writer leaves `undefined` where JSON has null: only then is the text changed.
            value, _ = json.JSONDecoder().raw_decode(_without_undefined(text) if candidate is None else candidate)
        except (ValueError, RecursionError):
            continue
        return value if isinstance(value, dict) else None
    return None


def _without_undefined(text: str) -> str:
    return _STRING_OR_UNDEFINED.sub(lambda found: "null" if found[0] == "undefined" else found[0], text)


COMPANY = CompanySpec(plan=plan, shapes=SHAPES, json_of=initial_state)
"""Company details of Zhaopin."""
