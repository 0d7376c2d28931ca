"""``Mailer``: hands mails to the server of the settings; returning means that the server accepted the mail."""

from __future__ import annotations

import datetime as dt
import smtplib
import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from jobdata_resources.mail.errors import MailRefused, MailServerUnavailable
from jobdata_resources.mail.message import Mail, compose, parse_address
from jobdata_resources.settings import MailSettings

__all__ = ["Mailer"]


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


class Mailer:
    """One server, one sender, some recipients.

    Args:
        settings: without a host, ``configured`` is False and ``send`` is not to be called.
        now: zone-aware clock.

    Raises:
        BadSetting: ``SMTP_FROM`` or ``SMTP_TO`` is not an address.
    """

    def __init__(self, settings: MailSettings, *, now: Callable[[], dt.datetime] = _now) -> None:
        self._settings = settings
        self._now = now
        if settings.smtp_host:
            self._sender = parse_address("SMTP_FROM", settings.smtp_from)
            self._recipients = tuple(parse_address("SMTP_TO", text) for text in settings.smtp_to)

    @property
    def configured(self) -> bool:
        """Whether there is a server; without one mails are for the log."""
        return bool(self._settings.smtp_host)

    @property
    def label(self) -> str:
        """Server, port and encryption, for messages."""
        settings = self._settings
        return (
            f"{settings.smtp_host}:{settings.smtp_port} ({settings.smtp_security})" if self.configured else "no server"
        )

    def send(self, mail: Mail) -> dict[str, str]:
        """Hand over a mail; returns the recipients it was not accepted for, with the server's words.

        Somebody has it when this returns. Sending it again for the sake of one wrong address would give it to the
        others again and again.

        Raises:
            MailServerUnavailable: no connection, no encryption or no login.
            MailRefused: the server does not take this mail, or not for any of the recipients.
        """
        message = compose(mail, sender=self._sender, recipients=self._recipients, now=self._now())
        with self._session() as server:
            try:
                refused = server.send_message(message)
            except smtplib.SMTPRecipientsRefused as error:
                told = "; ".join(f"{address}: {words}" for address, words in _refused(error.recipients).items())
                raise MailRefused(f"mail server {self.label} does not take mail for {told}; check SMTP_TO") from None
            except smtplib.SMTPServerDisconnected as error:
                raise MailServerUnavailable(f"mail server {self.label} hung up: {error}") from None
            except smtplib.SMTPException as error:
                raise MailRefused(f"mail server {self.label} refused a mail: {_said(error)}") from None
            except OSError as error:
                raise MailServerUnavailable(f"mail server {self.label} stopped answering: {error}") from None
        return _refused(refused)

    def check(self) -> None:
        """Connect, encrypt and log in, and send nothing.

        Raises:
            MailServerUnavailable: says which of these failed.
        """
        with self._session():
            pass

    @contextmanager
    def _session(self) -> Iterator[smtplib.SMTP]:
        settings = self._settings
        host, port, seconds = settings.smtp_host, settings.smtp_port or 0, settings.smtp_timeout_seconds
        try:
            server = (
                smtplib.SMTP_SSL(host, port, timeout=seconds, context=ssl.create_default_context())
                if settings.smtp_security == "ssl"
                else smtplib.SMTP(host, port, timeout=seconds)
            )
        except (OSError, smtplib.SMTPException) as error:
            raise MailServerUnavailable(
                f"mail server {self.label} does not answer: {error}; check SMTP_HOST, SMTP_PORT and SMTP_SECURITY"
            ) from None
        try:
            self._open(server)
            yield server
        finally:
            # The mail is accepted or not by now; a server that hangs up before our goodbye changes nothing.
            server.close()

    def _open(self, server: smtplib.SMTP) -> None:
        settings = self._settings
        try:
            if settings.smtp_security == "starttls":
                server.starttls(context=ssl.create_default_context())
        except (OSError, smtplib.SMTPException) as error:
            raise MailServerUnavailable(
                f"mail server {self.label} does not encrypt: {_said(error)}; check its certificate and SMTP_SECURITY"
            ) from None
        try:
            if settings.smtp_user:
                server.login(settings.smtp_user, settings.smtp_pass.get_secret_value())
        except (OSError, smtplib.SMTPException) as error:
            # What it said may quote the login.
            code = f" (code {error.smtp_code})" if isinstance(error, smtplib.SMTPResponseException) else ""
            raise MailServerUnavailable(
                f"mail server {self.label} refused the login{code}; check SMTP_USER and SMTP_PASS"
            ) from None


def _refused(recipients: Mapping[str, tuple[int, bytes]]) -> dict[str, str]:
    return {address: _decode(code, text) for address, (code, text) in recipients.items()}


def _said(error: BaseException) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        return _decode(error.smtp_code, error.smtp_error)
    return str(error)


def _decode(code: int, text: bytes | str) -> str:
    said = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    return f"{code} {' '.join(said.split())}"
