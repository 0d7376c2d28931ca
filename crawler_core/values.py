"""The values that flow through a crawl: what is asked, what is sent, what came back, what was understood.

Frozen and slotted; strings only at the edges. No I/O here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from hashlib import sha256
from random import Random

from pydantic import SecretStr

from crawler_core.keyword import Keyword
from crawler_core.outcome import Outcome

__all__ = ["SHANGHAI", "PageRef", "Query", "Request", "RequestContext", "Response", "Token", "Verdict"]

SHANGHAI = timezone(timedelta(hours=8), "Asia/Shanghai")
"""China has had one zone without daylight saving since 1991: a fixed offset needs no zone database."""


@dataclass(frozen=True, slots=True)
class Query:
    """One search: a keyword in a city of a platform. ``city`` is the platform's own code."""

    platform: str
    keyword: Keyword
    city: str


@dataclass(frozen=True, slots=True)
class PageRef:
    """One page of a search; ``page`` counts from 1."""

    query: Query
    page: int


@dataclass(frozen=True, slots=True)
class Token:
    """A Boss mini-program session (WIRE 1.1): ``mpt`` is the credential, ``wt2`` the login ticket or empty."""

    mpt: SecretStr
    wt2: SecretStr = field(default_factory=lambda: SecretStr(""))

    @property
    def fingerprint(self) -> str:
        """Eight hex digits that tell tokens apart in logs and landed pages without revealing them."""
        return sha256(self.mpt.get_secret_value().encode()).hexdigest()[:8]


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestContext:
    """Everything besides the page that a request is built from; injected, so building is a pure function.

    Attributes:
        base_url: scheme and host, without a trailing slash.
        page_size: records asked for.
        now: zone-aware time of sending.
        rng: source of the random parts of ids.
        client_id: UUID with dashes, stable per identity.
        token: the session of platforms that need one.
        sign_key: the signing key of platforms that need one.
        carry: values a previous page of the same search handed on (51job ``requestId``).
    """

    base_url: str
    page_size: int
    now: datetime
    rng: Random
    client_id: str
    token: Token | None = None
    sign_key: SecretStr | None = None
    carry: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """An HTTP request, final: the URL is percent-encoded exactly as it goes on the wire.

    Attributes:
        params: what is stored with the page: path parameters and body fields without secrets.
    """

    method: str
    url: str
    headers: Mapping[str, str]
    path: str
    params: Mapping[str, object]
    body: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """An HTTP answer as received. ``headers`` has lower-case names; ``latency_ms`` is wall time in milliseconds."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    latency_ms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a page means for the next request: no more of it is read while crawling.

    Attributes:
        ids: the record ids on the page, in order.
        records: how many records the page holds (ids may be missing in some).
        total: the platform's own count of hits, where it gives one.
        retry_after: how long the platform asks to wait.
        carry: values to hand to the next page's request.
        detail: a short reason, free of secrets, for logs and the landed page.
    """

    outcome: Outcome
    ids: tuple[str, ...] = ()
    records: int = 0
    total: int | None = None
    retry_after: timedelta | None = None
    carry: Mapping[str, str] = field(default_factory=dict)
    detail: str = ""
