"""51job: the ``sign`` header and its company (WIRE 2.1, 2.2)."""

from __future__ import annotations

import hmac
import json
from urllib.parse import quote, urlsplit

from pydantic import SecretStr

from crawler_core.errors import BadSetting
from crawler_core.values import RequestContext

__all__ = ["headers", "sign"]

_SITE = "https://we.51job.com"
_USER_AGENT = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36"
)


def sign(key: SecretStr, target: str, body: bytes = b"") -> str:
    """Lower-case hex HMAC-SHA256 of path, ``?`` and query exactly as sent, directly followed by the body."""
    return hmac.new(key.get_secret_value().encode(), target.encode() + body, "sha256").hexdigest()


def headers(url: str, context: RequestContext, *, page_url: str, body: bytes = b"") -> dict[str, str]:
    """The request headers, with the signature over the final URL (the host is not signed).

    Args:
        url: the final URL, percent-encoded.
        context: gives key and client id.
        page_url: the page a person would be on, for ``property``.
        body: exact body bytes of a POST.

    Raises:
        BadSetting: the context has no signing key.
    """
    if context.sign_key is None:
        raise BadSetting("QCWY_SIGN_KEY is not set; 51job refuses unsigned requests: set it to the platform's key")
    parts = urlsplit(url)
    target = f"{parts.path}?{parts.query}"
    described = {
        "partner": "",
        "webId": 2,
        "fromdomain": "51job_web",
        "frompageUrl": f"{_SITE}/",
        "pageUrl": page_url,
        "identityType": "",
        "userType": "",
        "isLogin": "否",
        "accountid": "",
    }
    return {
        "From-Domain": "51job_web",
        "sign": sign(context.sign_key, target, body),
        "property": quote(json.dumps(described, ensure_ascii=False, separators=(",", ":")), safe=""),
        "uuid": context.client_id.replace("-", ""),
        "account-id": "",
        "user-token": "",
        "partner": "",
        "Origin": _SITE,
        "Referer": f"{_SITE}/",
        "User-Agent": _USER_AGENT,
    }
