from __future__ import annotations

import json
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import httpx
import pytest

from crawler_core.errors import BadSetting
from crawler_core.settings import load
from jobdata_resources.settings import ReportSettings
from jobdata_resources.webhook import Webhook, WebhookError, WebhookResource

URL = "https://reports.example.com/in?key=very-secret-key"


class Receiver:
    """Answers with these, the last one for ever, and keeps the requests."""

    def __init__(self, *answers: int | Exception | httpx.Response) -> None:
        self.answers = list(answers)
        self.requests: list[httpx.Request] = []
        self.slept: list[float] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer if isinstance(answer, httpx.Response) else httpx.Response(answer)

    def webhook(self, **settings: object) -> Webhook:
        given = load(ReportSettings, report_endpoint=URL, **settings)
        return Webhook(given, transport=httpx.MockTransport(self), sleep=self.slept.append)


def test_it_is_sent_again_with_the_same_key_until_it_is_taken() -> None:
    receiver = Receiver(503, httpx.ReadTimeout("slow"), 200)
    assert receiver.webhook().send({"jobs": 3, "名": "数据"}, key="k-1") == 3
    assert [request.headers["Idempotency-Key"] for request in receiver.requests] == ["k-1"] * 3
    assert json.loads(receiver.requests[0].content) == {"jobs": 3, "名": "数据"}
    first, second = receiver.slept
    assert 1 <= first <= 1.25
    assert 2 <= second <= 2.5


@pytest.mark.parametrize(
    ("answers", "settings", "attempts", "message"),
    [
        ([500], {}, 4, "did not take a report in 4 attempts: status 500"),
        ([httpx.ConnectError("no route")], {"report_max_retries": 0}, 1, "in 1 attempts: ConnectError"),
        ([401], {}, 1, "refused a report: status 401; check REPORT_ENDPOINT"),
        ([429, 400], {}, 2, "refused a report: status 400"),
    ],
)
def test_what_is_not_taken_is_told_without_the_key(
    answers: list[int | Exception], settings: dict[str, object], attempts: int, message: str
) -> None:
    receiver = Receiver(*answers)
    with pytest.raises(WebhookError, match=message) as caught:
        receiver.webhook(**settings).send({}, key="k")
    assert len(receiver.requests) == attempts
    assert str(caught.value).startswith("https://reports.example.com ")
    assert "very-secret-key" not in str(caught.value)


def test_it_waits_as_long_as_the_receiver_asks_within_reason() -> None:
    receiver = Receiver(
        httpx.Response(429, headers={"Retry-After": "7"}), httpx.Response(503, headers={"Retry-After": "9999"}), 204
    )
    receiver.webhook().send({}, key="k")
    assert receiver.slept == [7, 30]


def test_settings() -> None:
    assert not WebhookResource().webhook().configured
    with pytest.raises(BadSetting, match=r"REPORT_ENDPOINT=\*\*\*: must start with http"):
        load(ReportSettings, report_endpoint="reports.example.com")
    settings = load(ReportSettings)
    assert (settings.report_timeout, settings.report_max_retries) == (10, 3)


def test_over_a_real_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[str | None, bytes]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            seen.append((self.headers["Idempotency-Key"], body))
            self.send_response(202)
            self.end_headers()

        log_message: Callable[..., None] = lambda *_: None

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        serving = Thread(target=server.handle_request)
        serving.start()
        monkeypatch.setenv("REPORT_ENDPOINT", f"http://127.0.0.1:{server.server_port}/")
        assert WebhookResource().webhook().send({"a": 1}, key="k") == 1
        serving.join()
    assert seen == [("k", b'{"a":1}')]
