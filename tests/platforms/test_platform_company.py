"""Company calls: the exact requests, which call follows, and what every answer means."""

from __future__ import annotations

import hmac
from urllib.parse import parse_qs, urlsplit

import pytest

from crawler_core.errors import BadSetting, NoToken
from crawler_core.outcome import Outcome
from crawler_core.platforms import platform
from crawler_core.platforms.company import (
    CompanyEnd,
    CompanyTarget,
    Finding,
    plain_name,
)
from crawler_core.values import Response, Verdict
from tests.platforms.making import MPT, SIGN_KEY, WT2, answer, context
from tests.platforms.making_company import (
    BRAND,
    COINFO,
    DETAIL_PATH,
    FULL,
    QCWY,
    ZHILIAN,
    call,
    end,
    html,
    said,
)

# ---- requests


def test_boss_brand_detail_on_the_wire() -> None:
    request = call(FULL).build(context())
    assert request.url == "https://platform.invalid/wapi/zpgeek/miniapp/brand/detail.json?brandId=1a~&appId=10002"
    assert (request.method, request.body) == ("GET", None)
    assert request.params == {"brandId": "1a~", "appId": "10002"}
    assert (request.headers["mpt"], request.headers["wt2"]) == (MPT, WT2)


def test_boss_job_detail_on_the_wire_keeps_session_values_out_of_what_is_stored() -> None:
    step = call(CompanyTarget("boss", "", "示例", FULL.extra))
    assert step.name == "job_detail"
    request = step.build(context())
    assert parse_qs(urlsplit(request.url).query)["batch_method_feed"][0].startswith(
        f'["method={DETAIL_PATH}&securityId=session-value&jobId=j1&lid=l.search.1&source=11&scene="'
    )
    assert "session-value" not in repr(request.params)
    assert "session-value" not in repr(FULL)


def test_boss_brand_list_on_the_wire() -> None:
    request = call(CompanyTarget("boss", "", "示例 A&B")).build(context())
    assert request.url == (
        "https://platform.invalid/wapi/zpgeek/miniapp/search/brandlist.json?query=%E7%A4%BA%E4%BE%8B%20A%26B"
        "&city=100010000&page=1&pageSize=20&appId=10002&source=1&sortType=0"
    )


def test_51job_pc_info_on_the_wire() -> None:
    request = call(QCWY).build(context())
    target = "/open/noauth/company-info/pc-info?api_key=51job&timestamp=1795224600&encryCompanyId=Ab_C-d"
    assert request.url == f"https://platform.invalid{target}"
    assert request.headers["sign"] == hmac.new(SIGN_KEY.encode(), target.encode(), "sha256").hexdigest()
    assert SIGN_KEY not in repr(request)


def test_zhilian_job_page_on_the_wire() -> None:
    request = call(ZHILIAN).build(context())
    assert (request.method, request.url) == ("GET", "https://platform.invalid/jobdetail/CC1J1.htm")
    real = call(ZHILIAN).build(context(base_url=platform("zhilian").base_url))
    assert real.url == "https://www.zhaopin.com/jobdetail/CC1J1.htm"
    assert request.headers["Accept"].startswith("text/html")


def test_what_is_missing_is_said() -> None:
    with pytest.raises(NoToken, match="BOSS_TOKENS"):
        call(FULL).build(context(token=None))
    with pytest.raises(BadSetting, match="QCWY_SIGN_KEY"):
        call(QCWY).build(context(sign_key=None))
    assert end(CompanyTarget("qcwy", "5000001", "示例")).state == "refused"
    assert end(CompanyTarget("zhilian", "CZ1", "示例")).state == "refused"
    assert end(CompanyTarget("boss", "", "示例科技有限...")).state == "refused"


# ---- plans


def test_boss_asks_for_a_job_only_when_the_brand_lacks_registry_facts() -> None:
    full = said(FULL, answer({"code": 0, "zpData": BRAND}))
    assert end(FULL, ("brand_detail", full)) == CompanyEnd("done")
    little = said(FULL, answer({"code": 0, "zpData": {"introduce": ""}}))
    assert call(FULL, ("brand_detail", little)).name == "job_detail"
    inner = {"code": 0, "zpData": {"brandComInfoVO": BRAND}}
    job = said(FULL, answer({"code": 0, "zpData": {DETAIL_PATH: inner}}), ("brand_detail", little))
    assert job.finding is Finding.FOUND
    assert end(FULL, ("brand_detail", little), ("job_detail", job)).state == "done"
    stale = said(FULL, answer({"code": 0, "zpData": {DETAIL_PATH: {"code": 19}}}), ("brand_detail", little))
    assert stale.finding is Finding.ABSENT
    assert end(FULL, ("brand_detail", little), ("job_detail", stale)).state == "done"
    assert end(CompanyTarget("boss", "1a~"), ("brand_detail", little)).state == "done"


def test_boss_looks_a_name_up_and_takes_only_the_same_name() -> None:
    target = CompanyTarget("boss", "", "示例（长沙）")

    def listed(*names: str) -> Response:
        brands = [{"encryptBrandId": f"{number}~", "brandName": name} for number, name in enumerate(names)]
        return answer({"code": 0, "zpData": {"brandList": brands}})

    found = said(target, listed("示例", "示例 (长沙)"))
    assert (found.finding, found.carry) == (Finding.FOUND, {"company_id": "1~"})
    detail = call(target, ("brand_list", found))
    assert detail.build(context()).params["brandId"] == "1~"
    for response in (listed("示例"), listed("示例(长沙)", "示例（长沙）"), listed()):
        absent = said(target, response)
        assert absent.finding is Finding.ABSENT
        assert end(target, ("brand_list", absent)).state == "refused"
    assert plain_name(" 示例（Ａ） b") == "示例(a)b"


def test_zhilian_tries_the_next_job_and_never_calls_the_company_gone() -> None:
    down = said(ZHILIAN, answer(b"<html></html>", 404))
    other = said(ZHILIAN, answer(html({"jobDetail": {"detailedCompany": {"companyNumber": "CZ2"}}})))
    assert (down.finding, other.finding) == (Finding.ABSENT, Finding.ABSENT)
    assert call(ZHILIAN, ("job_page", down)).build(context()).path == "/jobdetail/CC1J2.htm"
    assert end(ZHILIAN, ("job_page", down), ("job_page", other)).state == "retry_later"
    found = said(ZHILIAN, answer(html()), ("job_page", down))
    assert end(ZHILIAN, ("job_page", down), ("job_page", found)).state == "done"


# ---- answers


@pytest.mark.parametrize(
    ("target", "response", "finding"),
    [
        (FULL, answer({"code": 19}), Finding.GONE),
        (FULL, answer({"code": "19"}), Finding.GONE),
        (FULL, answer({"code": 3}), Finding.REFUSED),
        (FULL, answer({"code": 0, "zpData": {}}), Finding.REFUSED),
        (FULL, answer({"code": 0, "zpData": {"brandName": "x", "encryptBrandId": "other"}}), Finding.ABSENT),
        (FULL, answer([]), Finding.REFUSED),
        (QCWY, answer({"status": "1", "resultbody": {"coinfo": COINFO}}), Finding.FOUND),
        (QCWY, answer({"status": "100004"}), Finding.GONE),
        (QCWY, answer({"status": "100004"}, 400), Finding.GONE),
        (QCWY, answer({"status": "1", "resultbody": {"coinfo": None}}), Finding.GONE),
        (QCWY, answer({"status": "1", "resultbody": {}}), Finding.REFUSED),
        (QCWY, answer({"status": "1", "resultbody": {"coinfo": {"x": 1}}}), Finding.REFUSED),
        (QCWY, answer({"status": "1", "resultbody": {"coinfo": COINFO | {"coid": "7"}}}), Finding.ABSENT),
        (QCWY, answer({"status": "7"}), Finding.REFUSED),
        (ZHILIAN, answer(html()), Finding.FOUND),
        (ZHILIAN, answer(html({"jobDetail": {}})), Finding.REFUSED),
        (ZHILIAN, answer(html(script="<script>__INITIAL_STATE__=[1]</script>")), Finding.REFUSED),
        (ZHILIAN, answer(b"", 410), Finding.ABSENT),
    ],
)
def test_answers_that_say_something(target: CompanyTarget, response: Response, finding: Finding) -> None:
    verdict = said(target, response)
    assert verdict.finding is finding
    assert (verdict.outcome is Outcome.SCHEMA_CHANGED) is (finding is Finding.REFUSED)
    assert (verdict.outcome is Outcome.OK) is (finding is Finding.FOUND)


@pytest.mark.parametrize(
    ("target", "response", "outcome"),
    [
        (FULL, answer({"code": 7}), Outcome.TOKEN_EXPIRED),
        (FULL, answer({"code": 35}), Outcome.BANNED),
        (FULL, answer({"code": 37, "zpData": {"seed": "x"}}), Outcome.CHALLENGE),
        (FULL, answer(b'{"code":0,"zp'), Outcome.TRANSPORT),
        (FULL, answer(b"", 429, retry_after="9"), Outcome.THROTTLED),
        (QCWY, answer({"status": "110104"}), Outcome.TOKEN_EXPIRED),
        (QCWY, answer(b"<html>", 405), Outcome.BANNED),
        (QCWY, answer(b"<html><script>var arg1=1</script>"), Outcome.CHALLENGE),
        (ZHILIAN, answer(b"<html><body>verify</body></html>"), Outcome.CHALLENGE),
        (ZHILIAN, answer(b"<html><body>ver"), Outcome.TRANSPORT),
        (ZHILIAN, answer(html()[:200]), Outcome.TRANSPORT),
        (ZHILIAN, answer(b"<html></html>", 403), Outcome.BANNED),
        (ZHILIAN, answer(b"", 302), Outcome.CHALLENGE),
        (ZHILIAN, answer(b"<h1>503</h1>", 503), Outcome.TRANSPORT),
        (ZHILIAN, answer(b""), Outcome.TRANSPORT),
    ],
)
def test_refusals_say_nothing_about_the_company(target: CompanyTarget, response: Response, outcome: Outcome) -> None:
    verdict = call(target).judge(response)
    assert type(verdict) is Verdict
    assert verdict.outcome is outcome


def test_51job_refusing_the_signature_is_an_error_of_configuration() -> None:
    with pytest.raises(BadSetting, match="QCWY_SIGN_KEY"):
        call(QCWY).judge(answer({"status": "110011"}))
