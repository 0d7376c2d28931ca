"""A sandbox without a network, a clock that stands still, and well-formed requests to it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any
from urllib.parse import quote, urlencode

import pytest

from sandbox.config import SandboxConfig
from sandbox.market import Market
from sandbox.qcwy import signature
from sandbox.server import Sandbox
from sandbox.wire import Ask

DAY = date(2026, 1, 13)
UUID4 = "3f2b8c1a-7d4e-4f6a-9b0c-1d2e3f4a5b6c"


class FakeClock:
    """Seconds that pass only when told to."""

    def __init__(self, now: float = 1_768_300_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += seconds


class Asks:
    """Requests as a correct client sends them; keyword arguments change one thing at a time."""

    def __init__(self, token: dict[str, str], clock: Callable[[], float], key: str = "sandbox-51job-key") -> None:
        self.token, self.clock, self.key = token, clock, key

    def boss_headers(self) -> dict[str, str]:
        return {
            **self.token,
            "User-Agent": "Mozilla/5.0 MicroMessenger/7.0.20 MiniProgramEnv/Windows",
            "zp_app_id": "10002",
            "zp_product_id": "10002",
            "platform": "zhipin/windows",
            "ua": '{"model":"microsoft","platform":"windows"}',
            "traceid": "F-0a1b2cABCDEFGHIJ",
        }

    def boss(
        self, page: int = 1, *, keyword: str = "Python", headers: dict[str, str] | None = None, **more: Any
    ) -> Ask:
        query = {"query": keyword, "city": "100010000", "page": page, "pageSize": 15, "appId": 10002} | more
        query = {name: value for name, value in query.items() if value is not None}
        target = f"/wapi/zpgeek/miniapp/search/joblist.json?{urlencode(query)}"
        return Ask("GET", target, self.boss_headers() | (headers or {}), "127.0.1.1")

    def boss_get(self, path: str, **query: Any) -> Ask:
        return Ask("GET", f"{path}?{urlencode(query | {'appId': 10002})}", self.boss_headers(), "127.0.1.1")

    def batch(self, *inner: dict[str, Any]) -> Ask:
        feed = json.dumps([urlencode(one, safe="/") for one in inner])
        return self.boss_get("/wapi/batch/batchRunV3", batch_method_feed=feed)

    def qcwy_headers(self, target: str) -> dict[str, str]:
        described = {
            "partner": "", "webId": 2, "fromdomain": "51job_web", "frompageUrl": "", "pageUrl": "",
            "identityType": "", "userType": "", "isLogin": "否", "accountid": "",
        }  # fmt: skip
        return {
            "From-Domain": "51job_web",
            "uuid": "0" * 32,
            "property": quote(json.dumps(described, ensure_ascii=False, separators=(",", ":"))),
            "sign": signature(self.key, target),
        }

    def qcwy(self, page: int = 1, *, keyword: str = "Python", request_id: str = "", **more: Any) -> Ask:
        query = {
            "api_key": "51job", "timestamp": int(self.clock()), "keyword": keyword, "searchType": 2,
            "jobArea": "000000", "sortType": 0, "pageNum": page, "requestId": request_id, "pageSize": 50,
            "source": 1, "accountId": "", "pageCode": "sou|sou|soulb",
        } | more  # fmt: skip
        target = f"/open/noauth/search-pc?{urlencode(query)}"
        return Ask("GET", target, self.qcwy_headers(target), "127.0.1.1")

    def zhilian(
        self, page: int = 1, *, keyword: str = "Python", headers: dict[str, str] | None = None, **more: Any
    ) -> Ask:
        ids = {
            "_v": "0.12345678",
            "x-zp-page-request-id": f"{UUID4.replace('-', '')}-1768300000000-123456",
            "x-zp-client-id": UUID4,
        }
        body = {
            "S_SOU_FULL_INDEX": keyword, "S_SOU_WORK_CITY": "489", "order": 4, "pageIndex": page, "pageSize": 20,
            "anonymous": 1, "eventScenario": "pcSearchedSouSearch", "platform": 13, "version": "0.0.0",
        } | more  # fmt: skip
        sent = {
            "Content-Type": "application/json;charset=UTF-8",
            "Origin": "https://www.zhaopin.com",
            "Referer": "https://www.zhaopin.com/",
            "x-zp-page-code": "4019",
            "x-zp-platform": "13",
            "x-zp-business-system": "1",
        } | (headers or {})
        target = f"/c/i/search/positions?{urlencode(ids)}"
        return Ask("POST", target, sent, "127.0.1.1", json.dumps(body, ensure_ascii=False).encode())

    def page(self, platform: str, page: int = 1, keyword: str = "Python") -> Ask:
        build: Callable[..., Ask] = getattr(self, platform)
        return build(page, keyword=keyword)


def answer(box: Sandbox, platform: str, ask: Ask, egress: str = "127.0.1.1") -> Any:
    """The JSON a platform answers."""
    delivery = box.fronts[platform].handle(replace(ask, peer=egress))
    box.fronts[platform].finished(delivery)
    return json.loads(delivery.reply.body)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture(scope="session")
def shared_market() -> Market:
    """One market for all sandboxes: making one takes longer than a test."""
    return Market(7)


@pytest.fixture
def box(clock: FakeClock, shared_market: Market) -> Sandbox:
    """A sandbox that listens nowhere."""
    return Sandbox(SandboxConfig(day=DAY), clock=clock, market=shared_market)


@pytest.fixture
def asks(box: Sandbox, clock: FakeClock) -> Asks:
    return Asks(box.tokens.valid()[0], clock)


@pytest.fixture
def ask_json(box: Sandbox) -> Callable[..., Any]:
    """`ask_json(platform, ask, egress=…)`: the JSON answered without a network."""
    return lambda platform, ask, egress="127.0.1.1": answer(box, platform, ask, egress)


@pytest.fixture
def live_asks() -> Callable[[list[dict[str, str]]], Asks]:
    """Builds requests for a sandbox that runs on the real clock."""
    return lambda tokens: Asks(tokens[0], time.time)
