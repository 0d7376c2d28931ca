"""What passes between the sockets and a service: one request, one answer, and what the request is about.

What belongs here: values and the `Service` protocol. What does not: sockets (`server`) and any platform's rules.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final, Protocol
from urllib.parse import parse_qsl

import orjson

Clock = Callable[[], float]
JSON: Final = "application/json; charset=utf-8"
HTML: Final = "text/html; charset=utf-8"


@dataclass(frozen=True)
class Ask:
    """One request. `target` is the request target exactly as it came over the wire, not decoded."""

    method: str
    target: str
    headers: Mapping[str, str]
    peer: str
    body: bytes = b""

    @property
    def path(self) -> str:
        """The target up to the question mark."""
        return self.target.partition("?")[0]

    @cached_property
    def query(self) -> dict[str, str]:
        """Decoded query parameters; of a repeated name the last one."""
        return dict(parse_qsl(self.target.partition("?")[2], keep_blank_values=True))

    def number(self, name: str, default: int | None = None) -> int | None:
        """A query parameter as a non-negative number; None when it is not one, `default` when it is absent."""
        return whole(self.query.get(name, default))


@dataclass(frozen=True)
class Reply:
    """One answer."""

    body: bytes
    status: int = 200
    content_type: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict)
    outcome: str = "ok"


@dataclass(frozen=True, slots=True)
class Call:
    """What a request is about, as far as limits, faults and counters care."""

    platform: str
    kind: str
    egress: str
    token: str = ""
    keyword: str = ""
    city: str = ""
    page: int = 0


@dataclass(frozen=True, slots=True)
class Twist:
    """How an answer is to be falsified; the fields are those a service has to know about."""

    page_back: bool = False
    soft_block: bool = False
    challenge: bool = False
    code: str = ""
    inner_code: int = 0


class Service(Protocol):
    """One platform behind a listener."""

    name: str
    schema_change: Mapping[str, str]

    def read(self, ask: Ask) -> Call:
        """Say what a request is about. Never fails: what cannot be read is left empty."""

    def answer(self, ask: Ask, call: Call, twist: Twist) -> Reply:
        """Check a request as the platform does and answer it."""

    def refuse_ban(self) -> Reply:
        """The answer to a banned address."""

    def refuse_token(self, flagged: bool) -> Reply:
        """The answer to a token that asks too often (or, flagged, has asked too much for a day)."""

    def env(self, base_url: str) -> dict[str, str]:
        """The settings a client needs to talk to this service."""


def whole(value: object) -> int | None:
    """A non-negative number from JSON or a query string; None when it is none."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value if value >= 0 else None
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 19:
        return int(value)
    return None


def json_reply(
    value: Any, *, status: int = 200, outcome: str = "ok", headers: Mapping[str, str] | None = None
) -> Reply:
    """A JSON answer."""
    return Reply(orjson.dumps(value), status, JSON, headers or {}, outcome)


def html_reply(text: str, *, status: int = 200, outcome: str = "challenge") -> Reply:
    """An HTML answer, as an edge in front of the platform gives it."""
    return Reply(text.encode(), status, HTML, {}, outcome)
