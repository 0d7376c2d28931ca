"""Requests: the exact bytes that go on the wire, signatures, and where secrets may stand."""

from __future__ import annotations

import hmac
import json
import re
from random import Random
from urllib.parse import parse_qsl, unquote, urlsplit
from uuid import UUID

import pytest
import yarl
from hypothesis import given, reject
from hypothesis import strategies as st
from pydantic import SecretStr

from crawler_core.errors import BadKeyword, BadSetting, NoToken
from crawler_core.keyword import Keyword
from crawler_core.platforms import PLATFORMS, platform
from crawler_core.platforms.boss.detail import DetailRef, build_job_detail
from crawler_core.platforms.boss.sign import trace_id
from crawler_core.platforms.qcwy.sign import sign
from crawler_core.values import PageRef, Query
from tests.platforms.making import MPT, SIGN_KEY, WT2, context, page

KEYWORD = "数据 C++&#=%|~·"


@st.composite
def keywords(draw: st.DrawFn) -> Keyword:
    """Every keyword that ``Keyword`` accepts."""
    printable = st.characters(exclude_categories=("Cc", "Cs", "Co", "Cn"))
    try:
        return Keyword.parse(draw(st.text(printable, min_size=1, max_size=12)))
    except BadKeyword:
        reject()


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (
            (
                "/open/noauth/search-pc?api_key=51job&timestamp=1700000000&keyword=%E6%95%B0%E6%8D%AE&searchType=2"
                "&pageNum=1&pageSize=20"
            ),
            "f7a4bd50f7164fdbf1e23f7cd469003960f763e16f35325daf083520ff71ee5b",
        ),
        (
            '/open/noauth/jobs/company?api_key=51job&timestamp=1700000000{"pageNum":1,"pageSize":20,"coId":"1234567"}',
            "80f68da44f96f97ad48673b5ba346babd62cf7c01d0721cb685d416ede778a9e",
        ),
    ],
)
def test_51job_signature_vectors(message: str, expected: str) -> None:
    target, brace, body = message.partition("{")
    assert sign(SecretStr(SIGN_KEY), target, (brace + body).encode()) == expected


def test_boss_search_on_the_wire() -> None:
    request = platform("boss").build_search(page(2, keyword=KEYWORD.replace("|", "/")), context(page_size=15))
    assert request.method == "GET"
    assert request.body is None
    assert request.url == (
        "https://platform.invalid/wapi/zpgeek/miniapp/search/joblist.json"
        "?query=%E6%95%B0%E6%8D%AE%20C%2B%2B%26%23%3D%25%2F~%C2%B7&city=101250100&page=2&pageSize=15&appId=10002"
        "&source=1&sortType=0&experience=&degree=&salary=&industry=&scale=&stage=&position=&districtCode="
        "&businessCode=&subwayLineId=&subwayStationId=&longitude=&latitude=&expectId=&expectPosition="
        "&encryptExpectId="
    )
    assert request.headers["mpt"] == MPT
    assert request.headers["wt2"] == WT2
    assert json.loads(request.headers["ua"]) == {"model": "microsoft", "platform": "windows"}
    assert (request.headers["zp_app_id"], request.headers["zp_product_id"]) == ("10002", "10002")
    assert re.fullmatch(r"F-[0-9a-f]{6}[0-9A-Za-z]{10}", request.headers["traceid"])
    assert "MicroMessenger/" in request.headers["User-Agent"]
    assert "MiniProgramEnv/" in request.headers["User-Agent"]


def test_boss_trace_id_has_its_shape_for_every_seed() -> None:
    shapes = {bool(re.fullmatch(r"F-[0-9a-f]{6}[0-9A-Za-z]{10}", trace_id(Random(seed)))) for seed in range(300)}
    assert shapes == {True}


def test_boss_without_token_says_how_to_get_one() -> None:
    with pytest.raises(NoToken, match="BOSS_TOKENS"):
        platform("boss").build_search(page(), context(token=None))


def test_51job_search_on_the_wire() -> None:
    ref = page(1, platform="qcwy", keyword="数据 C++", city="190200")
    request = platform("qcwy").build_search(ref, context(page_size=50))
    target = (
        "/open/noauth/search-pc?api_key=51job&timestamp=1795224600&keyword=%E6%95%B0%E6%8D%AE%20C%2B%2B&searchType=2"
        "&function=&industry=&jobArea=190200&jobArea2=&landmark=&metro=&salary=&workYear=&degree=&companyType="
        "&companySize=&jobType=&issueDate=&sortType=0&pageNum=1&requestId=&pageSize=50&source=1&accountId="
        "&pageCode=sou%7Csou%7Csoulb"
    )
    assert request.url == f"https://platform.invalid{target}"
    assert request.headers["sign"] == hmac.new(SIGN_KEY.encode(), target.encode(), "sha256").hexdigest()
    assert request.headers["uuid"] == "0f0e0d0c0b0a49088706050403020100"
    assert request.headers["From-Domain"] == "51job_web"
    described = json.loads(unquote(request.headers["property"]))
    assert list(described) == [
        "partner", "webId", "fromdomain", "frompageUrl", "pageUrl", "identityType", "userType", "isLogin", "accountid",
    ]  # fmt: skip
    assert (described["webId"], described["fromdomain"], described["isLogin"]) == (2, "51job_web", "否")
    assert request.params["keyword"] == "数据 C++"


def test_51job_signs_whatever_path_the_base_url_adds() -> None:
    request = platform("qcwy").build_search(page(platform="qcwy"), context(base_url="http://127.0.0.1:9000/qcwy"))
    target = request.url.removeprefix("http://127.0.0.1:9000")
    assert target.startswith("/qcwy/open/")
    assert request.headers["sign"] == hmac.new(SIGN_KEY.encode(), target.encode(), "sha256").hexdigest()


@pytest.mark.parametrize(("number", "sent"), [(1, ""), (2, "0f0e"), (3, "0f0e")])
def test_51job_repeats_the_request_id_from_page_two(number: int, sent: str) -> None:
    request = platform("qcwy").build_search(page(number, platform="qcwy"), context(carry={"requestId": "0f0e"}))
    assert dict(parse_qsl(urlsplit(request.url).query, keep_blank_values=True))["requestId"] == sent


def test_51job_without_key_names_the_setting() -> None:
    with pytest.raises(BadSetting, match="QCWY_SIGN_KEY is not set"):
        platform("qcwy").build_search(page(platform="qcwy"), context(sign_key=None))


def test_zhaopin_search_on_the_wire() -> None:
    request = platform("zhilian").build_search(page(3, platform="zhilian", keyword="数据", city="749"), context())
    assert request.method == "POST"
    assert request.body is not None
    assert request.body.decode() == (
        '{"S_SOU_FULL_INDEX":"数据","S_SOU_WORK_CITY":"749","order":4,"pageIndex":3,"pageSize":20,"anonymous":1,'
        '"eventScenario":"pcSearchedSouSearch","platform":13,"version":"0.0.0"}'
    )
    assert request.params == json.loads(request.body)
    parts = urlsplit(request.url)
    assert parts.path == "/c/i/search/positions"
    query = dict(parse_qsl(parts.query))
    assert list(query) == ["_v", "x-zp-page-request-id", "x-zp-client-id"]
    assert re.fullmatch(r"0\.\d{8}", query["_v"])
    unique, milliseconds, number = query["x-zp-page-request-id"].split("-")
    assert UUID(unique).version == 4
    assert milliseconds == "1795224600123"
    assert 10_000 <= int(number) <= 999_999
    assert query["x-zp-client-id"] == "0f0e0d0c-0b0a-4908-8706-050403020100"
    assert request.headers["x-zp-page-code"] == "4019"


def test_boss_detail_on_the_wire() -> None:
    ref = DetailRef("8f21c0de55aa10bb03R-2du7FVNY", "Zk3&x=1~~", "6aKx2pQvT3M.search.1")
    request = build_job_detail(ref, context())
    parts = urlsplit(request.url)
    assert parts.path == request.path == "/wapi/batch/batchRunV3"
    query = dict(parse_qsl(parts.query))
    assert query["appId"] == "10002"
    feed = json.loads(query["batch_method_feed"])
    assert [dict(parse_qsl(entry, keep_blank_values=True)) for entry in feed] == [
        {
            "method": method,
            "securityId": "Zk3&x=1~~",
            "jobId": "8f21c0de55aa10bb03R-2du7FVNY",
            "lid": "6aKx2pQvT3M.search.1",
            "source": "11",
            "scene": "",
        }
        for method in (
            "/wapi/zpgeek/miniapp/job/detail.json",
            "/wapi/zpgeek/miniapp/jobdetail/improvement/query.json",
        )
    ]
    assert all(entry.startswith("method=") for entry in feed)
    assert "Zk3" not in repr(request.params) + repr(ref)


@pytest.mark.parametrize("name", list(PLATFORMS))
def test_secrets_stand_in_headers_only(name: str) -> None:
    request = platform(name).build_search(page(2, platform=name), context(carry={"requestId": "0f0e"}))
    open_parts = request.url + repr(request.params) + request.path + repr(request.body)
    for secret in (MPT, WT2, SIGN_KEY):
        assert secret not in open_parts
    assert SIGN_KEY not in repr(request)


@pytest.mark.parametrize("name", list(PLATFORMS))
def test_a_request_is_a_function_of_its_context(name: str) -> None:
    build = platform(name).build_search
    assert build(page(2, platform=name), context()) == build(page(2, platform=name), context())


@given(keyword=keywords(), number=st.integers(1, 50))
def test_every_keyword_arrives_as_it_is(keyword: Keyword, number: int) -> None:
    for name, member in (("boss", "query"), ("qcwy", "keyword")):
        request = platform(name).build_search(PageRef(Query(name, keyword, "000000"), number), context())
        assert request.url.isascii()
        assert str(yarl.URL(request.url, encoded=True)) == request.url
        sent = dict(parse_qsl(urlsplit(request.url).query, keep_blank_values=True, strict_parsing=True))
        assert sent[member] == keyword.text
    request = platform("zhilian").build_search(PageRef(Query("zhilian", keyword, "489"), number), context())
    assert json.loads(request.body or b"")["S_SOU_FULL_INDEX"] == keyword.text
