"""What an instance can ask about itself: whether it is to be reclaimed, and its role's short-lived credentials.

Source of the paths: Alibaba Cloud's instance metadata; both answer 404 where there is nothing to say.
"""

from __future__ import annotations

import datetime as dt
import http.client
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from crawler_core.errors import BadSetting, LandingError

__all__ = ["role_credentials", "termination_time"]

_TERMINATION = "/meta-data/instance/spot/termination-time"
_ROLE = "/meta-data/ram/security-credentials/"
_SECONDS = 2.0
_NOTHING_YET = (404, 400)


def termination_time(url: str) -> str:
    """When this spot instance ends, as the service words it; empty while nothing is scheduled or it does not answer.

    A service that does not answer is no reason to stop: the lease covers an end without notice.
    """
    try:
        status, body = _get(url, _TERMINATION)
    except (OSError, http.client.HTTPException):
        return ""
    return body.decode(errors="replace").strip() if status == http.client.OK else ""


def role_credentials(url: str, role: str) -> Callable[[], dict[str, Any]]:
    """A source of the role's credentials in the shape ``obstore`` asks for; called again when they run out.

    Raises:
        BadSetting: at the call: the instance has no such role.
        LandingError: at the call: the service does not answer.
    """

    def fetch() -> dict[str, Any]:
        try:
            status, body = _get(url, _ROLE + role)
        except (OSError, http.client.HTTPException) as error:
            raise LandingError(
                f"no credentials for the bucket: {url} does not answer ({type(error).__name__})"
            ) from None
        if status in _NOTHING_YET:
            raise BadSetting(
                f"FLEET_NODE_ROLE={role!r}: the instance has no such RAM role; attach it, or correct the name"
            )
        if status != http.client.OK:
            raise LandingError(f"no credentials for the bucket: {url} answers {status}")
        answer = json.loads(body)
        return {
            "access_key_id": answer["AccessKeyId"],
            "secret_access_key": answer["AccessKeySecret"],
            "token": answer["SecurityToken"],
            "expires_at": dt.datetime.fromisoformat(answer["Expiration"]),
        }

    return fetch


def _get(url: str, path: str) -> tuple[int, bytes]:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=_SECONDS)
    try:
        connection.request("GET", parts.path.rstrip("/") + path)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()
