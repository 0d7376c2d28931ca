"""What a mail is: a value, and its form on the wire. No server is known here."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, make_msgid, parseaddr

from crawler_core.errors import BadSetting

__all__ = ["Attachment", "Mail", "compose", "parse_address"]

_SUBJECT_CHARS = 180
_POLICY = SMTP.clone(max_line_length=250)
"""A subject that fits is not folded: Python would put its first word on a line of its own. Servers take 998."""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that goes with a mail; ``media_type`` as ``text/csv``. A text is UTF-8."""

    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """A mail without sender and recipients.

    Attributes:
        subject: one line; line breaks in it become spaces.
        text: what clients without HTML show; complete in itself.
        html: the same for the others, a whole document; empty for none.
        topic: mails with the same topic are shown as one conversation.
    """

    subject: str
    text: str
    html: str = ""
    attachments: tuple[Attachment, ...] = field(default=())
    topic: str = ""


def parse_address(setting: str, text: str) -> Address:
    """``name@host`` or ``Name <name@host>`` as an address.

    Raises:
        BadSetting: names the setting and the value.
    """
    name, address = parseaddr(text)
    user, _, domain = address.rpartition("@")
    try:
        if not user or not domain or not text.isprintable():
            raise ValueError
        return Address(display_name=name, username=user, domain=domain)
    except (ValueError, IndexError, HeaderParseError):
        raise BadSetting(
            f"{setting}={text!r}: is not a mail address; write name@example.com or Name <name@example.com>"
        ) from None


def compose(mail: Mail, *, sender: Address, recipients: tuple[Address, ...], now: dt.datetime) -> EmailMessage:
    """The mail as a message: UTF-8, lines that every server takes, with date and id.

    Args:
        now: zone-aware.
    """
    message = EmailMessage(policy=_POLICY)
    # A line break in a header would start another one, such as Bcc.
    subject = " ".join(mail.subject.split())
    message["Subject"] = subject if len(subject) <= _SUBJECT_CHARS else f"{subject[: _SUBJECT_CHARS - 1]}…"
    message["From"] = sender
    message["To"] = recipients
    message["Date"] = format_datetime(now)
    message["Message-ID"] = make_msgid(domain=sender.domain)
    message["Auto-Submitted"] = "auto-generated"
    if mail.topic:
        message["References"] = message["In-Reply-To"] = f"<{mail.topic}@{sender.domain}>"
    # Base64: a line of quoted-printable Chinese is three times as long, and one of 8bit may be of any length.
    message.set_content(mail.text, charset="utf-8", cte="base64")
    if mail.html:
        message.add_alternative(mail.html, subtype="html", charset="utf-8", cte="base64")
    for one in mail.attachments:
        main, _, sub = one.media_type.partition("/")
        params = {"charset": "utf-8"} if main == "text" else None
        message.add_attachment(one.content, maintype=main, subtype=sub, filename=one.name, params=params)
    return message
