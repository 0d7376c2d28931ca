"""The mail server: connection, encryption and login, without sending anything."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Iterator
from dataclasses import dataclass, field

from pydantic import Field, SecretStr

from crawler_core.settings import EnvSettings, load
from jobdata_resources.doctor.check import TIMEOUT_SECONDS, Finding, fail, ok, warn

__all__ = ["MailPlace", "configured_mail", "look_at_mail", "look_at_server"]

_IMPLICIT, _STARTTLS = ("ssl", "tls"), ("starttls",)


@dataclass(frozen=True, slots=True, kw_only=True)
class MailPlace:
    """Where mail is handed over, as plain values. ``security``: ``starttls``, ``ssl`` (or ``tls``), else plain."""

    host: str
    port: int
    security: str
    user: str = ""
    password: SecretStr = field(default_factory=lambda: SecretStr(""))


class _SmtpVariables(EnvSettings):
    """The variables of the mailer, read loosely: what they may be is the mailer's business."""

    smtp_host: str = ""
    smtp_port: int | None = Field(None, ge=1, le=65535)
    smtp_security: str = "starttls"
    smtp_user: str = ""
    smtp_pass: SecretStr = SecretStr("")


def configured_mail() -> MailPlace | None:
    """The server of ``SMTP_*``; None when none is configured. The one place that knows these names."""
    found = load(_SmtpVariables)
    if not found.smtp_host:
        return None
    security = found.smtp_security.lower()
    port = found.smtp_port or (465 if security in _IMPLICIT else 587 if security in _STARTTLS else 25)
    return MailPlace(host=found.smtp_host, port=port, security=security, user=found.smtp_user, password=found.smtp_pass)


def look_at_mail() -> Iterator[Finding]:
    """The configured server."""
    place = configured_mail()
    if place is None:
        yield warn("no mail server is configured: alerts are only logged", "set SMTP_HOST, SMTP_FROM and SMTP_TO")
    else:
        yield look_at_server(place)


def look_at_server(place: MailPlace, *, context: ssl.SSLContext | None = None) -> Finding:
    """Connect, encrypt, log in, and leave."""
    where = f"{place.host}:{place.port}"
    trust = context or ssl.create_default_context()
    try:
        if place.security in _IMPLICIT:
            server: smtplib.SMTP = smtplib.SMTP_SSL(place.host, place.port, timeout=TIMEOUT_SECONDS, context=trust)
        else:
            server = smtplib.SMTP(place.host, place.port, timeout=TIMEOUT_SECONDS)
        with server:
            if place.security in _STARTTLS:
                server.starttls(context=trust)
            if place.user:
                server.login(place.user, place.password.get_secret_value())
            server.noop()
    except smtplib.SMTPAuthenticationError as error:
        return fail(f"mail server {where} refused the login ({error.smtp_code})", "correct SMTP_USER and SMTP_PASS")
    except smtplib.SMTPNotSupportedError:
        return fail(
            f"mail server {where} does not offer what is configured (SMTP_SECURITY={place.security})",
            "try SMTP_SECURITY=ssl (port 465) or none, or leave SMTP_USER empty for a relay without login",
        )
    except ssl.SSLError as error:
        return fail(
            f"the certificate or encryption of mail server {where} is not accepted ({error.reason})",
            "correct SMTP_HOST to the name in the certificate, trust its CA (SSL_CERT_FILE), or check SMTP_SECURITY",
        )
    except (smtplib.SMTPException, OSError) as error:
        return fail(
            f"mail server {where} does not answer as one ({type(error).__name__})", "check SMTP_HOST and SMTP_PORT"
        )
    return ok(f"mail server {where}: connected" + (", logged in" if place.user else "") + f" ({place.security})")
