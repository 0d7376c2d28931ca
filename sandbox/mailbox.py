"""A mail server that keeps what it is given, and a web page to read it on.

What belongs here: taking mails, and showing them. What does not: sockets; `server` binds them. Nothing is ever sent
on. The newest mails are kept in memory and are gone with the sandbox.
"""

from __future__ import annotations

import email
import email.policy
from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from functools import cache
from typing import Any, Final
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined, Template, select_autoescape

from sandbox.wire import HTML, Ask, Clock, Reply, json_reply

_KEPT: Final = 500
_LOCKED: Final = {"Content-Security-Policy": "sandbox; default-src 'none'; img-src data:; style-src 'unsafe-inline'"}
"""A mail is foreign text: it may run nothing, load nothing and send no form."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A mail with its place in the order of arrival, from 1."""

    number: int
    received: float
    recipients: tuple[str, ...]
    message: EmailMessage

    @property
    def files(self) -> list[EmailMessage]:
        """The attachments."""
        return [part for part in self.message.iter_attachments() if isinstance(part, EmailMessage)]

    def body(self, kind: str) -> str:
        """The text of the `plain` or `html` alternative, empty where there is none."""
        part = self.message.get_body((kind,))
        return str(part.get_content()) if part is not None else ""

    def head(self) -> dict[str, Any]:
        """What a list shows."""
        at = datetime.fromtimestamp(self.received, UTC).astimezone()
        return {
            "number": self.number,
            "received": at.isoformat(timespec="seconds"),
            "subject": str(self.message["Subject"] or "(no subject)"),
            "sender": str(self.message["From"] or ""),
            "recipients": list(self.recipients),
            "attachments": [part.get_filename() or "unnamed" for part in self.files],
        }


class Mailbox:
    """The mails; `handle_DATA` is what `aiosmtpd` calls, `handle` answers the page's requests."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._mails: deque[Kept] = deque(maxlen=_KEPT)
        self._count = 0

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        """Keep a mail."""
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        self._count += 1
        self._mails.append(Kept(self._count, self._clock(), tuple(envelope.rcpt_tos), message))
        return "250 kept"

    def handle(self, ask: Ask) -> Reply:
        """Answer one request: `/`, `/mails` (JSON), `/mail/N`, `/mail/N/html`, `/mail/N/file/M`."""
        match ask.method, ask.path.strip("/").split("/"):
            case "GET", [""]:
                return self._page("mailbox.html", mails=[mail.head() for mail in reversed(self._mails)])
            case "GET", ["mails"]:
                whole = [{**mail.head(), "text": mail.body("plain"), "html": mail.body("html")} for mail in self._mails]
                return json_reply(whole)
            case "DELETE", ["mails"]:
                self._mails.clear()
                return json_reply([])
            case "GET", ["mail", number, *rest] if (mail := self._find(number)) is not None:
                return self._show(mail, rest)
        return json_reply({"error": f"no {ask.method} {ask.path}"}, status=404)

    def _find(self, number: str) -> Kept | None:
        return next((mail for mail in self._mails if str(mail.number) == number), None)

    def _show(self, mail: Kept, rest: list[str]) -> Reply:
        match rest:
            case []:
                return self._page(
                    "mailbox_mail.html", mail=mail.head(), html=bool(mail.body("html")), text=mail.body("plain")
                )
            case ["html"]:
                return Reply(mail.body("html").encode(), content_type=HTML, headers=_LOCKED)
            case ["file", place] if place.isdigit() and int(place) < len(mail.files):
                part = mail.files[int(place)]
                content = part.get_payload(decode=True)
                name = quote(part.get_filename() or "unnamed")
                headers = {**_LOCKED, "Content-Disposition": f"attachment; filename*=UTF-8''{name}"}
                body = content if isinstance(content, bytes) else b""
                return Reply(body, content_type=part.get_content_type(), headers=headers)
        return json_reply({"error": f"mail {mail.number} has no {'/'.join(rest)}"}, status=404)

    @staticmethod
    def _page(name: str, **values: Any) -> Reply:
        return Reply(_template(name).render(values).encode(), content_type=HTML)


@cache
def _template(name: str) -> Template:
    environment = Environment(
        loader=PackageLoader("sandbox", ""),
        autoescape=select_autoescape(),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(name)
