"""The sandbox's mail server and its page, over real connections."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator

import pytest

from crawler_core.settings import load
from jobdata_resources.mail import Attachment, Mail, Mailer
from jobdata_resources.settings import MailSettings
from sandbox.process import SandboxProcess

EVIL = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[SandboxProcess]:
    with SandboxProcess("--companies", "20") as sandbox:
        yield sandbox


def get(sandbox: SandboxProcess, path: str, method: str = "GET") -> tuple[int, bytes, dict[str, str]]:
    connection = http.client.HTTPConnection(sandbox.urls["mailbox"].removeprefix("http://"), timeout=30)
    try:
        connection.request(method, path)
        answer = connection.getresponse()
        return answer.status, answer.read(), dict(answer.getheaders())
    finally:
        connection.close()


def test_a_mail_of_ours_is_taken_and_can_be_read(sandbox: SandboxProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    assert b"No mail yet" in get(sandbox, "/")[1]
    for name, value in sandbox.env.items():
        monkeypatch.setenv(name, value)
    mailer = Mailer(load(MailSettings))
    attachment = Attachment("报告.csv", "text/csv", "城市\n上海\n".encode())
    mailer.send(Mail(subject=f"告警 {EVIL}", text=f"正文 {EVIL}", html=f"<b>粗</b>{EVIL}", attachments=(attachment,)))
    mailer.send(Mail(subject="second", text="only text"))

    page = get(sandbox, "/")[1].decode()
    assert page.index("second") < page.index("告警"), "newest first"
    assert EVIL not in page
    one = get(sandbox, "/mail/1")[1].decode()
    assert "you@sandbox.example" in one
    assert "报告.csv" in one
    assert EVIL not in one
    status, body, headers = get(sandbox, "/mail/1/html")
    assert (status, body.decode().strip()) == (200, f"<b>粗</b>{EVIL}")
    assert headers["Content-Security-Policy"].startswith("sandbox;"), "a mail's own script may not run"
    assert get(sandbox, "/mail/1/file/0")[1].decode() == "城市\n上海\n"
    assert "only text" in get(sandbox, "/mail/2")[1].decode()
    listed = json.loads(get(sandbox, "/mails")[1])
    assert [(mail["number"], mail["subject"]) for mail in listed] == [(1, f"告警 {EVIL}"), (2, "second")]
    assert listed[0]["text"].strip() == f"正文 {EVIL}"
    for path in ("/mail/3", "/mail/x", "/mail/1/file/1", "/mail/2/nothing", "/nothing"):
        assert get(sandbox, path)[0] == 404
    assert get(sandbox, "/mails", "DELETE")[0] == 200
    assert json.loads(get(sandbox, "/mails")[1]) == []
