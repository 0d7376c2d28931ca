"""Zhaopin: the ids that every request carries, and its headers (WIRE 3.1). There is no signature."""

from __future__ import annotations

from random import Random
from uuid import UUID

from crawler_core.values import RequestContext

__all__ = ["headers", "page_request_id", "page_version"]

_USER_AGENT = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36"
)


def page_request_id(context: RequestContext) -> str:
    """UUID 4 without dashes, epoch milliseconds, a random number of five or six digits; joined by dashes."""
    unique = UUID(int=context.rng.getrandbits(128), version=4).hex
    return f"{unique}-{int(context.now.timestamp() * 1000)}-{context.rng.randint(10_000, 999_999)}"


def page_version(rng: Random) -> str:
    """``_v``: ``0.`` and eight random digits."""
    return f"0.{rng.randrange(10**8):08d}"


def headers() -> dict[str, str]:
    """The request headers; the same for everyone."""
    return {
        "Content-Type": "application/json;charset=UTF-8",
        "Origin": "https://www.zhaopin.com",
        "Referer": "https://www.zhaopin.com/",
        "x-zp-page-code": "4019",
        "x-zp-platform": "13",
        "x-zp-business-system": "1",
        "User-Agent": _USER_AGENT,
    }
