"""What the company tests are made from: targets, answers, pages, landed envelopes."""

from __future__ import annotations

import json
from typing import Any

from crawler_core.landing import Envelope, RequestRecord, text_body
from crawler_core.platforms import platform
from crawler_core.platforms.company import (
    CompanyAnswer,
    CompanyCall,
    CompanyEnd,
    CompanySpec,
    CompanyTarget,
    CompanyVerdict,
)
from crawler_core.values import Response

BRAND = {
    "encryptBrandId": "1a~", "brandName": "示例", "comName": "示例科技有限公司", "legalPerson": "张三",
    "startDate": "2020-02-14", "regCapital": "100万人民币", "regAddress": "长沙", "businessScope": "软件",
    "statusDesc": "存续", "scaleName": "20-99人", "stageName": "", "industryName": "电子商务", "introduce": "我们",
    "brandWelfares": ["五险一金"], "logo": "https://example.invalid/l.png",
}  # fmt: skip
DETAIL_PATH = "/wapi/zpgeek/miniapp/job/detail.json"
FULL = CompanyTarget("boss", "1a~", "示例", {"job_id": "j1", "security_id": "session-value", "lid": "l.search.1"})
QCWY = CompanyTarget("qcwy", "5000001", "示例", {"company_key": "Ab_C-d"})
COINFO = {
    "coid": "5000001", "ctmId": 6000001, "coname": "示例科技", "cotype": "民营", "cosize": "50-150人",
    "coinfo": "我们", "license": {"companyName": "示例科技有限公司", "legalPerson": "张三", "creditCode": "91"},
}  # fmt: skip
ZHILIAN = CompanyTarget("zhilian", "CZ1", "示例", {"job_id": "CC1J1,CC1J2"})
STATE = {
    "jobDetail": {"detailedCompany": {"companyNumber": "CZ1", "companyName": "示例", "companyDescription": "</b>"}},
    "companyExtDetail": {
        "businessInformation": {
            "businessInformationData": {"registeredName": "示例科技有限公司", "legalPerson": "张三"}
        }
    },
}


def company(name: str) -> CompanySpec:
    found = platform(name).company
    assert found is not None
    return found


def call(target: CompanyTarget, *answers: tuple[str, CompanyVerdict]) -> CompanyCall:
    step = company(target.platform).plan(target, known(*answers))
    assert isinstance(step, CompanyCall), step
    return step


def end(target: CompanyTarget, *answers: tuple[str, CompanyVerdict]) -> CompanyEnd:
    step = company(target.platform).plan(target, known(*answers))
    assert isinstance(step, CompanyEnd), step
    return step


def known(*answers: tuple[str, CompanyVerdict]) -> list[CompanyAnswer]:
    return [CompanyAnswer(name, number, verdict) for number, (name, verdict) in enumerate(answers, 1)]


def said(target: CompanyTarget, response: Response, *answers: tuple[str, CompanyVerdict]) -> CompanyVerdict:
    verdict = call(target, *answers).judge(response)
    assert isinstance(verdict, CompanyVerdict), verdict
    return verdict


def html(state: object = STATE, *, script: str = "<script>__INITIAL_STATE__={}</script>") -> bytes:
    inline = json.dumps(state, ensure_ascii=False).replace("</", "<\\/")
    return f"<!DOCTYPE html><html><body>{script.replace('{}', inline)}</body></html>".encode()


def envelope(name: str, kind: str, body: bytes, number: int = 1, **changes: Any) -> Envelope:
    text, encoding = text_body(body)
    made: dict[str, Any] = {
        "platform": name, "kind": f"company:{kind}", "keyword": "id-1", "city": "示例", "page": number, "attempt": 1,
        "date": "2026-11-21", "fetched_at": f"2026-11-21T09:00:0{number}.000+08:00", "outcome": "ok", "status": 200,
        "latency_ms": 1.0, "egress": "local", "identity": "local", "node": "local", "crawler_version": "0",
        "request": RequestRecord("GET", "/x", {}), "detail": "", "body": text, "body_encoding": encoding,
    }  # fmt: skip
    return Envelope(**(made | changes))
