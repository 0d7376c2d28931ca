"""Boss mini-program: search, batch, job detail and company (WIRE 1.1-1.4, 1.7).

What belongs here: what this platform checks, how it pages, how it says no. What does not: the fields of a record
(`boss_items`) and limits (`limits`). Every refusal of its own is HTTP 200 with a code that is not 0.
"""

from __future__ import annotations

import base64
import re
from binascii import b2a_base64
from collections.abc import Mapping
from hashlib import blake2b
from typing import Any, Final
from urllib.parse import parse_qsl

import orjson

from sandbox.boss_items import BossItems
from sandbox.config import BossConfig
from sandbox.market import Market, Posting
from sandbox.places import city_name
from sandbox.state import State
from sandbox.tokens import TokenPool
from sandbox.wire import Ask, Call, Reply, Twist, json_reply, whole

SEARCH: Final = "/wapi/zpgeek/miniapp/search/joblist.json"
BATCH: Final = "/wapi/batch/batchRunV3"
DETAIL: Final = "/wapi/zpgeek/miniapp/job/detail.json"
IMPROVEMENT: Final = "/wapi/zpgeek/miniapp/jobdetail/improvement/query.json"
COMPANY: Final = "/wapi/zpgeek/miniapp/brand/detail.json"
BRANDS: Final = "/wapi/zpgeek/miniapp/search/brandlist.json"
_KINDS: Final = {
    SEARCH: "search",
    BATCH: "batch",
    DETAIL: "detail",
    COMPANY: "company",
    IMPROVEMENT: "detail",
    BRANDS: "brands",
}
_URL_SAFE: Final = bytes.maketrans(b"+/", b"-_")
_MAX_BATCH: Final = 20
MESSAGES: Final = {
    1: "操作失败",
    2: "参数错误",
    4: "请求过于频繁，请稍后再试",
    5: "请求不合法",
    7: "当前登录状态已失效",
    17: "缺少参数",
    19: "参数值不合法",
    22: "参数过长",
    24: "请切换身份后再试",
    31: "访问受限",
    35: "您的IP地址存在异常行为.",
    36: "您的账户存在异常行为",
    37: "您的环境存在异常.",
    100: "请升级客户端",
}
_OUTCOMES: Final = {4: "throttled", 7: "token_expired", 31: "banned", 35: "banned", 36: "banned", 37: "challenge"}


class Boss:
    """The platform behind a listener."""

    name = "boss"
    schema_change: Mapping[str, str] = {"encryptJobId": "encJobId", "jobName": "title", "salaryDesc": "salary"}

    def __init__(self, market: Market, state: State, tokens: TokenPool, config: BossConfig) -> None:
        self._market = market
        self._state = state
        self._tokens = tokens
        self._config = config
        self._items = BossItems(market, config.brand_id_share)
        self._secret = blake2b(f"boss-security-{market.seed}".encode(), digest_size=32).digest()
        self._issued = 0

    @property
    def window(self) -> int:
        """How many postings of a search can be reached by paging."""
        return self._config.max_records

    def env(self, base_url: str) -> dict[str, str]:
        """The settings a client needs."""
        return {"BOSS_BASE_URL": base_url}

    def read(self, ask: Ask) -> Call:
        """Say what a request is about."""
        query = ask.query
        return Call(
            self.name,
            _KINDS.get(ask.path, "other"),
            ask.peer,
            ask.headers.get("mpt", ""),
            query.get("query", ""),
            city_name(self.name, query.get("city", "")) or "",
            ask.number("page", 1) or 0,
        )

    def refuse_ban(self) -> Reply:
        """Code 35 (WIRE 1.7)."""
        return self._error(35)

    def refuse_token(self, flagged: bool) -> Reply:
        """Code 36 for an account flagged for the day, 4 for one in a hurry."""
        return self._error(36 if flagged else 4)

    def answer(self, ask: Ask, call: Call, twist: Twist) -> Reply:
        """Check the session, then answer the call."""
        if call.kind == "other":
            return json_reply({"code": 404, "message": "Not Found", "zpData": {}}, status=404, outcome="not_found")
        if ask.method != "GET":
            return json_reply(
                {"code": 405, "message": "Method Not Allowed", "zpData": {}}, status=405, outcome="bad_request"
            )
        if twist.challenge:
            return self._error(37)
        if twist.code:
            return self._error(whole(twist.code) or 1)
        code = self._check_session(ask, call)
        if code:
            return self._error(code)
        if call.kind == "search":
            return self._search(ask, call, twist)
        if call.kind == "batch":
            return self._batch(ask, twist)
        if call.kind == "company":
            return json_reply(self._company(ask.query))
        if call.kind == "brands":
            return self._brands(call)
        inner = self._detail(ask.path, ask.query)
        return json_reply(inner, outcome=_outcome(inner["code"]))

    def _check_session(self, ask: Ask, call: Call) -> int:
        """0, or the code for a dead token or for a caller that is not the mini-program (WIRE 1.1 headers)."""
        token = self._tokens.alive(call.token)
        if token is None:
            return 7
        login = ask.headers.get("wt2", "")
        if login and login != token.wt2:
            return 7
        if self._config.check_client and not _is_mini_program(ask.headers):
            return 37
        if ask.query.get("appId") != "10002":
            return 19 if "appId" in ask.query else 17
        token.uses += 1
        return 0

    def _search(self, ask: Ask, call: Call, twist: Twist) -> Reply:
        if "query" not in ask.query or "page" not in ask.query or "city" not in ask.query:
            return self._error(17)
        page, size = ask.number("page"), ask.number("pageSize", self._config.page_size)
        if not page or not size or not call.city:
            return self._error(19)
        if len(call.keyword) > 100:
            return self._error(22)
        size = min(size, self._config.max_page_size)
        page = max(1, page - 1) if twist.page_back else page
        found = self._market.search(self.name, call.keyword, call.city, self._state.day)[: self.window]
        start = (page - 1) * size
        shown = found[start : start + size]
        more = start + size < len(found)
        if twist.soft_block:
            shown, more = (), True
        records = b",".join(self._list_records(shown, start))
        body = b'{"code":0,"message":"Success","zpData":{"hasMore":%b,"list":[%b]}}' % (
            b"true" if more else b"false",
            records,
        )
        self._state.stats.listed(self.name, len(shown))
        outcome = "soft_block" if twist.soft_block else "ok" if shown else "empty"
        return Reply(body, outcome=outcome)

    def _list_records(self, shown: tuple[Posting, ...], start: int) -> list[bytes]:
        self._issued += 1
        nonce = blake2b(self._issued.to_bytes(8, "big"), key=self._secret, digest_size=8).digest()
        stamp = nonce + int(self._state.clock()).to_bytes(5, "big")
        lid = base64.urlsafe_b64encode(nonce).rstrip(b"=")
        day = self._state.day.toordinal()
        return [
            b'{"securityId":"%b","lid":"%b.search.%d",%b'
            % (self._security_id(stamp, posting.job_id), lid, start + rank, self._items.listed.get(posting, day))
            for rank, posting in enumerate(shown, 1)
        ]

    def _security_id(self, stamp: bytes, job_id: str) -> bytes:
        seal = blake2b(stamp + job_id.encode(), key=self._secret, digest_size=62).digest()
        return b2a_base64(stamp + seal, newline=False).translate(_URL_SAFE) + b"~~"

    def _genuine(self, security_id: str, job_id: str) -> bool:
        """True when a list answer gave this id for this job, and not too long ago."""
        try:
            raw = base64.urlsafe_b64decode(security_id.removesuffix("~~"))
        except ValueError:
            return False
        stamp = raw[:13]
        if len(raw) != 75 or self._security_id(stamp, job_id).decode() != security_id:
            return False
        age = self._state.clock() - int.from_bytes(stamp[8:], "big")
        return -1 <= age <= self._config.security_id_seconds

    def _detail(self, path: str, query: Mapping[str, str]) -> dict[str, Any]:
        """One inner or outer envelope of a detail call (WIRE 1.3)."""
        security_id, job_id = query.get("securityId", ""), query.get("jobId", "")
        if not security_id or not job_id:
            return _envelope(17)
        if not self._genuine(security_id, job_id):
            return _envelope(19)
        posting = self._market.posting(self.name, job_id, self._state.day)
        if posting is None:
            return _envelope(1, "职位不存在")
        if path == IMPROVEMENT:
            return _envelope(0)
        detail = self._items.detail(posting, self._state.day.toordinal(), security_id, query.get("lid", ""))
        return _envelope(0, data=detail)

    def _batch(self, ask: Ask, twist: Twist) -> Reply:
        """Outer envelope with one inner envelope per called path (WIRE 1.2); of two equal paths the last one stays."""
        try:
            feed = orjson.loads(ask.query.get("batch_method_feed", ""))
        except orjson.JSONDecodeError:
            return self._error(17 if "batch_method_feed" not in ask.query else 19)
        if not isinstance(feed, list) or not all(isinstance(entry, str) for entry in feed):
            return self._error(19)
        if len(feed) > _MAX_BATCH:
            return self._error(22)
        answers: dict[str, Any] = {}
        for entry in feed:
            query = dict(parse_qsl(entry, keep_blank_values=True))
            path = query.get("method", "")
            if not entry.startswith("method=") or path not in (DETAIL, IMPROVEMENT, COMPANY):
                answers[path] = _envelope(2)
            elif twist.inner_code:
                answers[path] = _envelope(twist.inner_code)
            else:
                answers[path] = self._company(query) if path == COMPANY else self._detail(path, query)
        failed = [inner["code"] for inner in answers.values() if inner["code"]]
        return json_reply(_envelope(0, data=answers), outcome="inner_failure" if failed else "ok")

    def _company(self, query: Mapping[str, str]) -> dict[str, Any]:
        brand_id = query.get("brandId", "")
        company = self._market.companies.find(brand_id)
        if company is None or company.boss_id != brand_id:
            return _envelope(19 if brand_id else 17)
        return _envelope(0, data=self._items.company(company))

    def _brands(self, call: Call) -> Reply:
        """Companies whose brand is in the query or has the query in it (WIRE 1.4, likely)."""
        name, size = call.keyword.strip(), 20
        matches = [
            {"encryptBrandId": one.boss_id, "brandName": one.listed["boss"][0]}
            for one in self._market.companies
            if name and (name in one.listed["boss"][0] or one.brand in name)
        ]
        shown = matches[max(call.page - 1, 0) * size :][:size]
        more = call.page * size < len(matches)
        return json_reply(_envelope(0, data={"hasMore": more, "brandList": shown}), outcome="ok" if shown else "empty")

    def _error(self, code: int) -> Reply:
        data: dict[str, Any] = {}
        if code == 37:
            self._issued += 1
            seed = blake2b(self._issued.to_bytes(8, "big"), key=self._secret, digest_size=33).digest()
            data = {
                "name": seed[-4:].hex(),
                "seed": base64.b64encode(seed).decode(),
                "ts": int(self._state.clock() * 1000),
            }
        return json_reply(_envelope(code, data=data), outcome=_outcome(code))


def _envelope(code: int, message: str = "", data: Mapping[str, Any] | None = None) -> dict[str, Any]:
    text = message or ("Success" if code == 0 else MESSAGES.get(code, MESSAGES[1]))
    return {"code": code, "message": text, "zpData": data or {}}


def _outcome(code: int) -> str:
    return _OUTCOMES.get(code, "bad_request") if code else "ok"


def _is_mini_program(headers: Mapping[str, str]) -> bool:
    """The headers that every capture has (WIRE 1.1); `traceid` and `ua` are looked at only when they are there."""
    if "MicroMessenger" not in headers.get("User-Agent", ""):
        return False
    if headers.get("zp_app_id", "10002") != "10002" or headers.get("zp_product_id", "10002") != "10002":
        return False
    if not headers.get("platform", "zhipin").startswith("zhipin"):
        return False
    if not re.fullmatch(r"(F-|M-W)[0-9a-f]{6}[0-9A-Za-z]{10}", headers.get("traceid", "F-0000000000000000")):
        return False
    try:
        device = orjson.loads(headers.get("ua") or '{"model":"","platform":""}')
    except orjson.JSONDecodeError:
        return False
    return isinstance(device, dict) and {"model", "platform"} <= device.keys()
