"""The doctor at the mail server: a real one with STARTTLS and login, broken in every way a setting can break it."""

from __future__ import annotations

import ssl
from collections.abc import Iterator

import pytest
import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from pydantic import SecretStr

from jobdata_resources.doctor import mail
from jobdata_resources.doctor.check import Finding
from tests.doctor.test_doctor import PASSWORD, free_port, status, worst


class _Nobody:
    async def handle_DATA(self, *_: object) -> str:  # noqa: N802 - the library's name
        raise AssertionError("the doctor sends nothing")


@pytest.fixture(scope="module")
def mail_server() -> Iterator[tuple[int, ssl.SSLContext]]:
    """STARTTLS and login, as a real relay; the client's context that trusts it."""
    authority = trustme.CA()
    tls, trust = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
    authority.issue_cert("127.0.0.1").configure_cert(tls)
    authority.configure_trust(trust)
    controller = Controller(
        _Nobody(),
        hostname="127.0.0.1",
        port=free_port(),
        tls_context=tls,
        require_starttls=True,
        auth_required=True,
        authenticator=lambda _server, _session, _envelope, _mechanism, data: AuthResult(
            success=(data.login, data.password) == (b"robot", PASSWORD.encode()), handled=False
        ),
    )
    controller.start()
    assert controller.server is not None
    yield controller.server.sockets[0].getsockname()[1], trust
    controller.stop()


def test_mail_server(mail_server: tuple[int, ssl.SSLContext]) -> None:
    port, trust = mail_server

    def look(context: ssl.SSLContext | None = trust, **changes: object) -> Finding:
        values: dict[str, object] = {
            "host": "127.0.0.1", "port": port, "security": "starttls", "user": "robot", "password": SecretStr(PASSWORD),
        }  # fmt: skip
        finding = mail.look_at_server(mail.MailPlace(**(values | changes)), context=context)  # type: ignore[arg-type]
        assert PASSWORD not in repr(finding)
        return finding

    assert look().status == "ok"
    assert status(look(password=SecretStr("wrong"))) == ("fail", "correct SMTP_USER and SMTP_PASS")
    assert "trust its CA" in look(context=None).remedy
    assert look(security="plain").remedy.startswith("try SMTP_SECURITY=ssl")
    assert "check SMTP_SECURITY" in look(security="ssl").remedy
    assert status(look(port=free_port())) == ("fail", "check SMTP_HOST and SMTP_PORT")


def test_mail_is_configured_by_its_host(monkeypatch: pytest.MonkeyPatch) -> None:
    assert status(worst(mail.look_at_mail()))[0] == "warn"
    for name, value in {"HOST": "mail.example", "FROM": "jobdata@example.com", "TO": "ops@example.com"}.items():
        monkeypatch.setenv(f"SMTP_{name}", value)
    for security, port in {"starttls": 587, "SSL": 465, "plain": 25}.items():
        monkeypatch.setenv("SMTP_SECURITY", security)
        place = mail.configured_mail()
        assert place is not None
        assert (place.port, place.security) == (port, security.lower())
