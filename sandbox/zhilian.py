"""Zhaopin: search (WIRE 3.1) and the job page (WIRE 3.4).

What belongs here: the shape of ids and body, paging with `isEndPage`, the human check and the soft block. What
does not: the fields of a record (`zhilian_items`) and limits (`limits`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

import orjson

from sandbox.config import ZhilianConfig
from sandbox.market import Market
from sandbox.places import city_name
from sandbox.state import State
from sandbox.wire import Ask, Call, Reply, Twist, html_reply, json_reply, whole
from sandbox.zhilian_items import ZhilianItems
from sandbox.zhilian_page import PATH as JOB_PAGE
from sandbox.zhilian_page import job_page

SEARCH: Final = "/c/i/search/positions"
_PAGE_REQUEST_ID: Final = re.compile(r"[0-9a-f]{12}4[0-9a-f]{3}[89ab][0-9a-f]{15}-\d{13}-\d{5,6}|\d{13}-\d{6}")
_CLIENT_ID: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
_VERSION: Final = re.compile(r"0\.\d{8}")
_BLOCKED: Final = (
    '<!DOCTYPE html><html><head><meta charset="utf-8"><title>访问验证</title></head><body>请完成安全验证</body></html>'
)


@lru_cache(maxsize=1024)
def _parsed(body: bytes) -> dict[str, Any] | None:
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    return value if isinstance(value, dict) else None


class Zhilian:
    """The platform behind a listener."""

    name = "zhilian"
    schema_change: Mapping[str, str] = {
        "number": "positionNo",
        "positionNumber": "positionNo",
        "salary60": "salaryText",
    }

    def __init__(self, market: Market, state: State, config: ZhilianConfig) -> None:
        self._market = market
        self._state = state
        self._config = config
        self._items = ZhilianItems(market)

    @property
    def window(self) -> int:
        """How many postings of a search can be reached by paging."""
        return self._config.max_page_size * self._config.max_pages

    def env(self, base_url: str) -> dict[str, str]:
        """The settings a client needs."""
        return {"ZHILIAN_BASE_URL": base_url}

    def read(self, ask: Ask) -> Call:
        """Say what a request is about."""
        body = _parsed(ask.body) or {}
        return Call(
            self.name,
            "search" if ask.path == SEARCH else "detail" if JOB_PAGE.fullmatch(ask.path) else "other",
            ask.peer,
            "",
            _text(body.get("S_SOU_FULL_INDEX")),
            city_name(self.name, _text(body.get("S_SOU_WORK_CITY"))) or "",
            whole(body.get("pageIndex", 1)) or 0,
        )

    def refuse_ban(self) -> Reply:
        """The edge blocks: HTML with status 403."""
        return html_reply(_BLOCKED, status=403, outcome="banned")

    def refuse_token(self, flagged: bool) -> Reply:
        """Not reached: searches carry no token."""
        return self._verification() if flagged else _error("请求过于频繁")

    def answer(self, ask: Ask, call: Call, twist: Twist) -> Reply:
        """Check ids, headers and body, then answer."""
        if call.kind == "other":
            return json_reply({"code": 404, "apiCode": 404, "message": "Not Found"}, status=404, outcome="not_found")
        if call.kind == "detail" and ask.method == "GET":
            return html_reply(_BLOCKED) if twist.challenge else self._job_page(ask)
        if call.kind == "detail" or ask.method != "POST":
            return json_reply(
                {"code": 405, "apiCode": 405, "message": "Method Not Allowed"}, status=405, outcome="bad_request"
            )
        if twist.challenge:
            return self._verification()
        if twist.code:
            return _error("系统异常", whole(twist.code) or 500)
        wrong = _wrong_with(ask) if self._config.check_client else ""
        if wrong:
            return _error(f"参数错误：{wrong}")
        body = _parsed(ask.body)
        if body is None:
            return _error("参数错误：body")
        return self._search(body, call, twist)

    def _search(self, body: dict[str, Any], call: Call, twist: Twist) -> Reply:
        page, size = whole(body.get("pageIndex")), whole(body.get("pageSize"))
        if not isinstance(body.get("S_SOU_FULL_INDEX"), str) or len(call.keyword) > 100:
            return _error("参数错误：S_SOU_FULL_INDEX")
        if not call.city:
            return _error("参数错误：S_SOU_WORK_CITY")
        if not page or not size:
            return _error("参数错误：pageIndex/pageSize")
        size = min(size, self._config.max_page_size)
        found = self._market.search(self.name, call.keyword, call.city, self._state.day)
        reach = found[: size * self._config.max_pages]
        page = max(1, page - 1) if twist.page_back else page
        start = (page - 1) * size
        shown = reach[start : start + size]
        end = start + size >= len(reach)
        if twist.soft_block:
            shown, end = (), False
        day = self._state.day.toordinal()
        records = b",".join([self._items.listed.get(posting, day) for posting in shown])
        count = max(len(found), 1) if twist.soft_block else len(found)
        text = b'{"code":200,"apiCode":200,"data":{"count":%d,"isEndPage":%d,"isVerification":0,"list":[%b]}}'
        self._state.stats.listed(self.name, len(shown))
        outcome = "soft_block" if twist.soft_block else "ok" if shown else "empty"
        return Reply(text % (count, end, records), outcome=outcome)

    def _job_page(self, ask: Ask) -> Reply:
        found = JOB_PAGE.fullmatch(ask.path)
        posting = self._market.posting(self.name, found[1], self._state.day) if found else None
        if posting is None:
            return html_reply("<!DOCTYPE html><html><body>职位已下线</body></html>", status=404, outcome="not_found")
        return html_reply(job_page(self._market, posting, self._state.day.toordinal()), outcome="ok")

    @staticmethod
    def _verification() -> Reply:
        data = {"count": 0, "isEndPage": 1, "isVerification": 1, "list": []}
        return json_reply({"code": 200, "apiCode": 200, "data": data}, outcome="challenge")


def _wrong_with(ask: Ask) -> str:
    """The name of the first id or header that does not have the shape of WIRE 3.1; empty when all have."""
    query, headers = ask.query, ask.headers
    if not _VERSION.fullmatch(query.get("_v", "")):
        return "_v"
    if not _PAGE_REQUEST_ID.fullmatch(query.get("x-zp-page-request-id", "")):
        return "x-zp-page-request-id"
    if not _CLIENT_ID.fullmatch(query.get("x-zp-client-id", "")):
        return "x-zp-client-id"
    if not headers.get("Content-Type", "").startswith("application/json"):
        return "Content-Type"
    for name, value in (("x-zp-page-code", "4019"), ("x-zp-platform", "13"), ("x-zp-business-system", "1")):
        if headers.get(name) != value:
            return name
    for name in ("Origin", "Referer"):
        if not headers.get(name, "").startswith("https://www.zhaopin.com"):
            return name
    return ""


def _text(value: object) -> str:
    return value if isinstance(value, str) else str(value) if isinstance(value, int) else ""


def _error(message: str, code: int = 500) -> Reply:
    return json_reply({"code": code, "apiCode": code, "message": message, "data": None}, outcome="bad_request")
