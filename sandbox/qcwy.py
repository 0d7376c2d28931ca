"""51job: signed search, company call and jobs of a company (WIRE 2.1-2.5).

What belongs here: the signature over the raw request target, parameter checks, paging by `requestId`, the HTML
challenge. What does not: the fields of a record (`qcwy_items`) and limits (`limits`).
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping
from hashlib import blake2b, sha256
from typing import Any, Final
from urllib.parse import unquote

import orjson

from sandbox.config import QcwyConfig
from sandbox.market import Market, Posting
from sandbox.places import city_name
from sandbox.qcwy_items import QcwyItems
from sandbox.state import State
from sandbox.wire import Ask, Call, Reply, Twist, html_reply, json_reply, whole

SEARCH: Final = "/open/noauth/search-pc"
COMPANY: Final = "/open/noauth/company-info/pc-info"
COMPANY_JOBS: Final = "/open/noauth/jobs/company"
_KINDS: Final = {SEARCH: "search", COMPANY: "company", COMPANY_JOBS: "company_jobs"}
_PROPERTY_KEYS: Final = {
    "partner", "webId", "fromdomain", "frompageUrl", "pageUrl", "identityType", "userType", "isLogin", "accountid",
}  # fmt: skip
MESSAGES: Final = {"110011": "鉴权失败，签名错误", "100004": "参数校验错误", "110104": "user-token不能为空"}
_CHALLENGE: Final = (
    "<html><head><meta charset=\"utf-8\"></head><script>var arg1='{arg}';function setCookie(name,value){{"
    "document.cookie=name+'='+value+';expires=3600;path=/;';}}function reload(x){{setCookie('acw_sc__v2',x);"
    "document.location.reload();}}</script><body></body></html>"
)
_BLOCKED: Final = (
    '<!doctypehtml><html lang="zh-cn"><meta charset="utf-8"><title>405</title><body>'
    "<div>很抱歉，由于您访问的URL有可能对网站造成安全威胁，您的访问被阻断。</div></body></html>"
)


def signature(key: str, target: str, body: bytes = b"") -> str:
    """Lower-case hex HMAC-SHA256 of path, question mark and query as sent, then the body bytes (WIRE 2.2)."""
    message = target.encode("utf-8", "surrogateescape") + body
    return hmac.new(key.encode(), message, sha256).hexdigest()


class Qcwy:
    """The platform behind a listener."""

    name = "qcwy"
    schema_change: Mapping[str, str] = {
        "jobId": "positionId",
        "jobName": "positionName",
        "provideSalaryString": "salary",
    }

    def __init__(self, market: Market, state: State, config: QcwyConfig) -> None:
        self._market = market
        self._state = state
        self._config = config
        self._items = QcwyItems(market)
        self._secret = blake2b(f"qcwy-request-{market.seed}".encode(), digest_size=32).digest()
        self._issued = 0

    @property
    def window(self) -> int:
        """How many postings of a search can be reached by paging."""
        return self._config.max_records

    def env(self, base_url: str) -> dict[str, str]:
        """The settings a client needs."""
        return {"QCWY_BASE_URL": base_url, "QCWY_SIGN_KEY": self._config.sign_key}

    def read(self, ask: Ask) -> Call:
        """Say what a request is about."""
        query = ask.query
        return Call(
            self.name,
            _KINDS.get(ask.path, "other"),
            ask.peer,
            "",
            query.get("keyword", ""),
            "+".join(filter(None, (city_name(self.name, code) for code in query.get("jobArea", "").split(",")))),
            ask.number("pageNum", 1) or 0,
        )

    def refuse_ban(self) -> Reply:
        """The edge blocks: HTML with status 405, no JSON."""
        return html_reply(_BLOCKED, status=405, outcome="banned")

    def refuse_token(self, flagged: bool) -> Reply:
        """Not reached: searches carry no token."""
        return self._challenge() if flagged else json_reply({"status": "100004", "message": MESSAGES["100004"]})

    def answer(self, ask: Ask, call: Call, twist: Twist) -> Reply:
        """Check the signature, then the parameters, then answer."""
        if twist.challenge:
            return self._challenge()
        if call.kind == "other":
            return json_reply({"status": "404", "message": "Not Found"}, status=404, outcome="not_found")
        if ask.method != ("POST" if call.kind == "company_jobs" else "GET"):
            return json_reply({"status": "405", "message": "Method Not Allowed"}, status=405, outcome="bad_request")
        if twist.code:
            return _error(twist.code)
        if not hmac.compare_digest(signature(self._config.sign_key, ask.target, ask.body), _header(ask, "sign")):
            return _error("110011", outcome="bad_signature")
        stamp = ask.number("timestamp")
        if ask.query.get("api_key") != "51job" or stamp is None:
            return _error("100004")
        if abs(self._state.clock() - stamp) > self._config.timestamp_tolerance:
            return _error("110011", "鉴权失败，请求已过期", outcome="bad_signature")
        if self._config.check_client and not _is_web_client(ask):
            return _error("100004")
        if call.kind == "company_jobs":
            return self._company_jobs(ask)
        return self._company(ask) if call.kind == "company" else self._search(ask, call, twist)

    def _search(self, ask: Ask, call: Call, twist: Twist) -> Reply:
        query = ask.query
        page, size = ask.number("pageNum"), ask.number("pageSize", self._config.page_size)
        if not page or not size or size > self._config.max_page_size or "keyword" not in query:
            return _error("100004")
        cities = [city_name(self.name, code) for code in query.get("jobArea", "000000").split(",")]
        if None in cities or len(call.keyword) > 100:
            return _error("100004")
        request_id = query.get("requestId", "")
        scope = f"{call.keyword}\x1f{query.get('jobArea', '')}"
        if page == 1:
            request_id = request_id or self._issue(scope)
        elif not self._issued_for(request_id, scope):
            return _error("100004")
        page = max(1, page - 1) if twist.page_back else page
        day = self._state.day
        found = [p for city in cities if city for p in self._market.search(self.name, call.keyword, city, day)]
        start = (page - 1) * size
        shown = found[: self.window][start : start + size] if not twist.soft_block else []
        outcome = "soft_block" if twist.soft_block else "ok" if shown else "empty"
        return self._listing(shown, len(found), request_id, outcome)

    def _listing(self, shown: list[Posting], total: int, request_id: str, outcome: str) -> Reply:
        ordinal = self._state.day.toordinal()
        head = {
            "requestId": request_id,
            "totalCount": total,
            "totalcount": total,
            "policyId": "0",
            "policyType": "",
        }
        outer = {"searchType": 2, "engineKeywordType": 0, "requestId": request_id}
        body = b'{"status":"1","message":"\xe6\x88\x90\xe5\x8a\x9f","resultbody":%b,"job":%b,"items":[%b]}}}' % (
            orjson.dumps(outer)[:-1],
            orjson.dumps(head)[:-1],
            b",".join([self._items.listed.get(posting, ordinal) for posting in shown]),
        )
        self._state.stats.listed(self.name, len(shown))
        return Reply(body, outcome=outcome)

    def _company_jobs(self, ask: Ask) -> Reply:
        """What a company has open among the well-known keywords; `coId` is the plain id, not `encCoId`."""
        try:
            body = orjson.loads(ask.body)
        except orjson.JSONDecodeError:
            return _error("100004")
        if not isinstance(body, dict) or not isinstance(body.get("coId"), str):
            return _error("100004")
        page, size = whole(body.get("pageNum")), whole(body.get("pageSize"))
        if not page or not size or size > self._config.max_page_size:
            return _error("100004")
        everything = self._market.snapshot(self._state.day)[self.name]
        found = [posting for posting in everything if posting.opening.company.qcwy_id == body["coId"]]
        shown = found[(page - 1) * size : page * size]
        return self._listing(shown, len(found), self._issue(body["coId"]), "ok" if shown else "empty")

    def _company(self, ask: Ask) -> Reply:
        company_id = ask.query.get("encryCompanyId", "")
        company = self._market.companies.find(company_id)
        if company is None or company.qcwy_enc_id != company_id:
            return _error("100004")
        return json_reply({"status": "1", "message": "成功", "resultbody": self._items.company(company)})

    def _issue(self, scope: str) -> str:
        """A new 32-hex request id that only this search can go on with."""
        self._issued += 1
        nonce = blake2b(self._issued.to_bytes(8, "big"), key=self._secret, digest_size=8).hexdigest()
        return nonce + self._seal(nonce, scope)

    def _seal(self, nonce: str, scope: str) -> str:
        return blake2b(f"{nonce}{scope}".encode("utf-8", "surrogatepass"), key=self._secret, digest_size=8).hexdigest()

    def _issued_for(self, request_id: str, scope: str) -> bool:
        return len(request_id) == 32 and self._seal(request_id[:16], scope) == request_id[16:]

    def _challenge(self) -> Reply:
        self._issued += 1
        arg = blake2b(self._issued.to_bytes(8, "big"), key=self._secret, digest_size=20).hexdigest().upper()
        return html_reply(_CHALLENGE.format(arg=arg))


def _header(ask: Ask, name: str) -> str:
    value = ask.headers.get(name, "")
    return value if value.isascii() else ""


def _is_web_client(ask: Ask) -> bool:
    """The headers every capture has: `From-Domain`, a 32-hex `uuid`, a decodable `property` (WIRE 2.1)."""
    if ask.headers.get("From-Domain") != "51job_web" or not re.fullmatch(r"[0-9a-f]{32}", ask.headers.get("uuid", "")):
        return False
    try:
        described = orjson.loads(unquote(ask.headers.get("property", "")))
    except orjson.JSONDecodeError:
        return False
    return isinstance(described, dict) and described.keys() >= _PROPERTY_KEYS and described["fromdomain"] == "51job_web"


def _error(status: str, message: str = "", *, outcome: str = "bad_request") -> Reply:
    value: dict[str, Any] = {"status": status, "message": message or MESSAGES.get(status, "系统错误"), "resultbody": {}}
    return json_reply(value, outcome=outcome)
