"""A real SMTP server in this process: STARTTLS, SSL or plain, with or without login; it keeps what it accepts."""

from __future__ import annotations

import email
import email.policy
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path
from typing import Any, Literal

import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

USER, PASSWORD = "robot", "s3cret-of-the-mail-server"


@dataclass
class Mailbox:
    """What arrived, and how to reach the server.

    Attributes:
        refuse: answer to the text of the next mails; empty to accept.
    """

    host: str = "localhost"
    port: int = 0
    mails: list[EmailMessage] = field(default_factory=list)
    recipients: list[list[str]] = field(default_factory=list)
    refuse: str = ""
    logins: list[str] = field(default_factory=list)
    encrypted: list[bool] = field(default_factory=list)

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address.startswith("nobody@"):
            return "550 no such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        if self.refuse:
            return self.refuse
        content = envelope.content
        assert isinstance(content, bytes)
        assert max(map(len, content.splitlines())) < 998
        message = email.message_from_bytes(content, policy=email.policy.default)
        assert isinstance(message, EmailMessage)
        self.mails.append(message)
        self.recipients.append(list(envelope.rcpt_tos))
        self.encrypted.append(session.ssl is not None)
        return "250 accepted"

    def subjects(self) -> list[str]:
        return [str(mail["Subject"]) for mail in self.mails]

    def env(self, security: str = "starttls") -> dict[str, str]:
        """The settings of a client."""
        return {
            "SMTP_HOST": self.host,
            "SMTP_PORT": str(self.port),
            "SMTP_FROM": "JobData <jobdata@example.com>",
            "SMTP_TO": "ops@example.com, 数据组 <data@example.com>",
            "SMTP_SECURITY": security,
        } | ({"SMTP_USER": USER, "SMTP_PASS": PASSWORD} if security != "plain" else {})


@contextmanager
def mail_server(folder: Path, security: Literal["starttls", "ssl", "plain"] = "starttls") -> Iterator[Mailbox]:
    """Run one; ``folder / "ca.pem"`` is what a client must trust (``SSL_CERT_FILE``)."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost").configure_cert(context)
    box = Mailbox()

    def login(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        assert isinstance(data, LoginPassword)
        box.logins.append(data.login.decode())
        # handled=True would keep the server from answering
        return AuthResult(success=(data.login, data.password) == (USER.encode(), PASSWORD.encode()), handled=False)

    options: dict[str, Any] = {"hostname": "localhost", "port": 0, "ready_timeout": 30.0}
    if security != "plain":
        options |= {"authenticator": login, "auth_required": True, "auth_require_tls": security == "starttls"}
    if security == "starttls":
        options |= {"tls_context": context, "require_starttls": True}
    if security == "ssl":
        options |= {"ssl_context": context}
    controller = _Controller(box, **options)
    controller.start()
    try:
        assert controller.server is not None
        box.port = controller.server.sockets[0].getsockname()[1]
        yield box
    finally:
        controller.stop()


class _Controller(Controller):
    """One that may take any free port: the original asks its own port 0 whether it is ready."""

    def _trigger_server(self) -> None:
        assert self.server is not None
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()
