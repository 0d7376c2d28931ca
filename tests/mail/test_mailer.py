from __future__ import annotations

import datetime as dt
import socket
import threading
from email.message import EmailMessage
from pathlib import Path

import pytest

from crawler_core.errors import BadSetting
from crawler_core.settings import load
from jobdata_resources.mail import Attachment, Mail, Mailer, MailRefused, MailServerUnavailable
from jobdata_resources.mailer_resource import MailerResource
from jobdata_resources.settings import MailSettings
from tests.support.mail_server import PASSWORD, USER, Mailbox, mail_server

NOON = dt.datetime(2026, 11, 21, 4, 0, tzinfo=dt.UTC)
MAIL = Mail(
    subject="告警：boss 抓取失败",
    text="第一行\n" + "长" * 5_000,
    html="<p>数据 &lt;script&gt;</p>",
    attachments=(Attachment("报告.csv", "text/csv", "城市,职位\n上海,1\n".encode()),),
)


def part(message: EmailMessage, kind: str) -> str:
    found = message.get_body((kind,))
    assert found is not None
    return str(found.get_content())


def test_a_chinese_mail_arrives_whole_through_starttls_and_login(box: Mailbox) -> None:
    Mailer(load(MailSettings), now=lambda: NOON).send(MAIL)
    [mail] = box.mails
    assert box.encrypted == [True]
    assert box.logins[-1] == USER
    assert mail["Subject"] == MAIL.subject
    assert mail["From"] == "JobData <jobdata@example.com>"
    assert [(a.display_name, a.addr_spec) for a in mail["To"].addresses] == [
        ("", "ops@example.com"), ("数据组", "data@example.com"),
    ]  # fmt: skip
    assert box.recipients == [["ops@example.com", "data@example.com"]]
    assert mail["Date"].datetime == NOON
    assert mail["Message-ID"].endswith("@example.com>")
    assert part(mail, "plain").replace("\r\n", "\n").rstrip("\n") == MAIL.text
    assert part(mail, "html").strip() == MAIL.html
    [attached] = mail.iter_attachments()
    assert attached.get_filename() == "报告.csv"
    assert attached.get_content() == "城市,职位\n上海,1\n"


@pytest.mark.parametrize("security", ["ssl", "plain"])
def test_other_ways_in(security: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with mail_server(tmp_path, security) as box:  # type: ignore[arg-type]
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
        for name, value in box.env(security).items():
            monkeypatch.setenv(name, value)
        mailer = MailerResource().mailer()
        mailer.check()
        mailer.send(Mail(subject="s", text="t"))
        assert box.subjects() == ["s"]
        assert box.encrypted == [False]  # of SMTP itself: with ssl the socket below is


def test_a_line_break_in_a_subject_starts_no_header(box: Mailbox) -> None:
    Mailer(load(MailSettings)).send(Mail(subject="a\r\nBcc: spy@example.com\n b" + "x" * 300, text="t"))
    [mail] = box.mails
    assert mail["Bcc"] is None
    assert mail["Subject"].startswith("a Bcc: spy@example.com bxx")
    assert len(mail["Subject"]) == 180


def test_a_refused_mail_and_a_refused_recipient(box: Mailbox, monkeypatch: pytest.MonkeyPatch) -> None:
    box.refuse = "554 looks like spam"
    with pytest.raises(MailRefused, match=r"localhost:\d+ \(starttls\) refused a mail: 554 looks like spam"):
        Mailer(load(MailSettings)).send(MAIL)
    box.refuse = ""
    monkeypatch.setenv("SMTP_TO", "ops@example.com,nobody@example.com")
    assert Mailer(load(MailSettings)).send(MAIL) == {"nobody@example.com": "550 no such user"}
    assert len(box.mails) == 1
    monkeypatch.setenv("SMTP_TO", "nobody@example.com")
    with pytest.raises(MailRefused, match=r"nobody@example.com: 550 no such user; check SMTP_TO"):
        Mailer(load(MailSettings)).send(MAIL)


def test_a_wrong_password_is_told_without_it(box: Mailbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SMTP_PASS", "wrong-password")
    with pytest.raises(MailServerUnavailable, match=r"refused the login \(code 535\); check SMTP_USER") as caught:
        Mailer(load(MailSettings)).send(MAIL)
    assert "wrong-password" not in str(caught.value)
    assert caught.value.__context__ is None or caught.value.__suppress_context__
    assert box.mails == []


def test_a_certificate_nobody_vouches_for_is_refused(box: Mailbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    with pytest.raises(MailServerUnavailable, match=r"does not encrypt.*certificate"):
        Mailer(load(MailSettings)).send(MAIL)


def test_a_server_that_is_silent_or_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        settings = load(
            MailSettings, smtp_host="127.0.0.1", smtp_port=port, smtp_from="a@b.c", smtp_to="d@e.f",
            smtp_security="plain", smtp_timeout_seconds=0.2,
        )  # fmt: skip
        accepting = threading.Thread(target=silent.accept)
        accepting.start()
        with pytest.raises(MailServerUnavailable, match=rf"127.0.0.1:{port} \(plain\) does not answer.*SMTP_HOST"):
            Mailer(settings).send(MAIL)
        accepting.join()
    with pytest.raises(MailServerUnavailable, match="does not answer"):
        Mailer(settings).check()


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"SMTP_TO": ""}, "SMTP_HOST is set but SMTP_TO is not"),
        ({"SMTP_FROM": ""}, "SMTP_HOST is set but SMTP_FROM is not"),
        ({"SMTP_FROM": "no address"}, "SMTP_FROM='no address': is not a mail address"),
        ({"SMTP_TO": "ops@example.com,nobody"}, "SMTP_TO='nobody': is not a mail address"),
        ({"SMTP_PASS": ""}, "SMTP_USER is set but SMTP_PASS is not"),
        ({"SMTP_SECURITY": "tls"}, "SMTP_SECURITY='tls'"),
        ({"SMTP_PORT": "99999"}, "SMTP_PORT='99999'"),
    ],
)
def test_a_wrong_setting_names_it(
    changed: dict[str, str], message: str, box: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in changed.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(BadSetting, match=message) as caught:
        MailerResource().mailer()
    assert PASSWORD not in str(caught.value)


def test_ports_follow_the_security_and_no_host_is_no_mail() -> None:
    ports = {kind: load(MailSettings, smtp_security=kind).smtp_port for kind in ("starttls", "ssl", "plain")}
    assert ports == {"starttls": 587, "ssl": 465, "plain": 25}
    assert not MailerResource().mailer().configured
