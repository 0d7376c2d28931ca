"""A platform of three lines of JSON and a transport that plays a script: for tests of the crawl itself."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from datetime import timedelta

from crawler_core.errors import BadSetting
from crawler_core.outcome import Outcome
from crawler_core.platforms.fields import Field, PageShape
from crawler_core.platforms.spec import PlatformSpec
from crawler_core.proxy import Proxy
from crawler_core.values import PageRef, Request, RequestContext, Response, Verdict

SHAPE = PageShape(items=("items",), fields=(Field(column="job_id", paths=("id",), required=True),))


def build(ref: PageRef, context: RequestContext) -> Request:
    token = context.token.mpt.get_secret_value() if context.token else ""
    return Request(
        method="GET",
        url=f"{context.base_url}/search?q={ref.query.keyword.path}&city={ref.query.city}&page={ref.page}",
        headers={"mpt": token},
        path="/search",
        params={"q": ref.query.keyword.text, "page": ref.page, "carry": dict(context.carry)},
    )


def judge(response: Response, ref: PageRef) -> Verdict:
    if response.status == 429:
        return Verdict(outcome=Outcome.THROTTLED, retry_after=timedelta(seconds=int(response.headers["retry-after"])))
    body = json.loads(response.body)
    if body.get("badkey"):
        raise BadSetting("QCWY_SIGN_KEY is refused; check it")
    if "outcome" in body:
        return Verdict(outcome=Outcome(body["outcome"]), detail=body.get("detail", "scripted"))
    ids = tuple(body["items"])
    outcome = Outcome.EMPTY if not ids else Outcome.LAST if body.get("last") else Outcome.OK
    return Verdict(outcome=outcome, ids=ids, records=len(ids), total=body.get("total"), carry={"cursor": str(ref.page)})


def spec(*, needs_token: bool = False, page_cap: int = 10) -> PlatformSpec:
    return PlatformSpec(
        name="boss",
        title="Toy",
        base_url="http://toy.invalid",
        page_size=2,
        max_page_size=2,
        page_cap=page_cap,
        needs_token=needs_token,
        needs_sign_key=False,
        nationwide="100",
        cities={"长沙": "101"},
        build_search=build,
        judge=judge,
        search=SHAPE,
        details={},
    )


def page(*ids: str, last: bool = False, total: int | None = None) -> bytes:
    return json.dumps({"items": list(ids), "last": last, "total": total}).encode()


def outcome(name: str, detail: str = "scripted") -> bytes:
    return json.dumps({"outcome": name, "detail": detail}).encode()


Handler = Callable[[Request, str], Response | bytes | Exception]


class ScriptedTransport:
    """Answers through a handler that is given the request and the egress it came from."""

    def __init__(self, handler: Handler, egress: str, log: list[tuple[str, Request]]) -> None:
        self._handler = handler
        self._egress = egress
        self._log = log
        self.reconnects = 0

    async def send(self, request: Request) -> Response:
        self._log.append((self._egress, request))
        answer = self._handler(request, self._egress)
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, bytes):
            return Response(status=200, headers={}, body=answer, latency_ms=1.0)
        return answer

    async def reconnect(self) -> None:
        self.reconnects += 1

    async def close(self) -> None:
        pass


class Script:
    """A transport factory that plays one handler for every identity and keeps the requests."""

    def __init__(self, handler: Handler) -> None:
        self._handler = handler
        self.log: list[tuple[str, Request]] = []
        self.transports: list[ScriptedTransport] = []

    def __call__(self, local: str | None, proxy: Proxy | None) -> ScriptedTransport:
        transport = ScriptedTransport(self._handler, local or (proxy.label if proxy else "local"), self.log)
        self.transports.append(transport)
        return transport

    @property
    def pages(self) -> list[int]:
        return [int(str(request.params["page"])) for _, request in self.log]


def sequence(answers: Iterable[Response | bytes | Exception]) -> Handler:
    """Answers in order, whatever is asked."""
    rest = iter(answers)
    return lambda _request, _egress: next(rest)


def market(pages: int) -> Handler:
    """Every keyword has ``pages`` pages of two ids each."""

    def handle(request: Request, _egress: str) -> bytes:
        number, word = int(str(request.params["page"])), request.params["q"]
        if number > pages:
            return page()
        return page(f"{word}-{number}a", f"{word}-{number}b", last=number == pages)

    return handle
