"""The mail server: connection, encryption and login, without sending anything."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Iterator
from dataclasses import dataclass, field

from pydantic import SecretStr

from crawler_core.settings import load
from jobdata_resources.doctor.check import TIMEOUT_SECONDS, Finding, fail, ok, warn
from jobdata_resources.settings import MailSettings

__all__ = ["MailPlace", "configured_mail", "look_at_mail", "look_at_server"]


@dataclass(frozen=True, slots=True, kw_only=True)
class MailPlace:
    """Where mail is handed over, as plain values. ``security``: ``starttls``, ``ssl`` or ``plain``."""

    host: str
    port: int
    security: str
    user: str = ""
    password: SecretStr = field(default_factory=lambda: SecretStr(""))


def configured_mail() -> MailPlace | None:
    """The server of the mailer; None when none is configured."""
    found = load(MailSettings)
    if not found.smtp_host or found.smtp_port is None:
        return None
    return MailPlace(
        host=found.smtp_host,
        port=found.smtp_port,
        security=found.smtp_security,
        user=found.smtp_user,
        password=found.smtp_pass,
    )


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
        if place.security == "ssl":
            server: smtplib.SMTP = smtplib.SMTP_SSL(place.host, place.port, timeout=TIMEOUT_SECONDS, context=trust)
        else:
            server = smtplib.SMTP(place.host, place.port, timeout=TIMEOUT_SECONDS)
        with server:
            if place.security == "starttls":
                server.starttls(context=trust)
            if place.user:
                server.login(place.user, place.password.get_secret_value())
            server.noop()
    except smtplib.SMTPAuthenticationError as error:
        return fail(f"mail server {where} refused the login ({error.smtp_code})", "correct SMTP_USER and SMTP_PASS")
    except smtplib.SMTPNotSupportedError:
        return fail(
            f"mail server {where} does not offer what is configured (SMTP_SECURITY={place.security})",
            "try SMTP_SECURITY=ssl (port 465) or plain, or leave SMTP_USER empty for a relay without login",
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
