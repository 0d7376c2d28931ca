"""Boss Zhipin: the headers that make a request one of the mini-program's (WIRE 1.1).

There is no signature; the session token ``mpt`` is the credential and stands in a header only.
"""

from __future__ import annotations

import json
import string
from random import Random

from crawler_core.errors import NoToken
from crawler_core.values import RequestContext

__all__ = ["APP_ID", "headers", "trace_id"]

APP_ID = "10002"
"""Constant id of the mini-program (WIRE 1.1)."""

_VERSION = "13.2000"
_USER_AGENT = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/122.0.0.0 Safari/537.36"
    " MicroMessenger/7.0.20.1781(0x6700143B) NetType/WIFI MiniProgramEnv/Windows WindowsWechat"
)
_ALPHANUMERIC = string.ascii_letters + string.digits
_CONSTANT = {
    "ua": json.dumps({"model": "microsoft", "platform": "windows"}, separators=(",", ":")),
    "platform": "zhipin/windows",
    "ver": _VERSION,
    "mini_ver": _VERSION,
    "zp_app_id": APP_ID,
    "zp_product_id": APP_ID,
    "scene": "1001",
    "xweb_xhr": "1",
    "x-requested-with": "XMLHttpRequest",
    "content-type": "application/x-www-form-urlencoded",
    "referer": "https://servicewechat.com/",  # the path holds the app's id, which WIRE leaves open
    "User-Agent": _USER_AGENT,
}


def trace_id(rng: Random) -> str:
    """``F-``, six hex digits and ten alphanumerics: the shape of WIRE 1.1."""
    return f"F-{rng.getrandbits(24):06x}{''.join(rng.choices(_ALPHANUMERIC, k=10))}"


def headers(context: RequestContext) -> dict[str, str]:
    """The request headers, with the session of the context.

    Raises:
        NoToken: the context has no session.
    """
    if context.token is None:
        raise NoToken("boss: no session token; import one with `jobdata token import` or set BOSS_TOKENS")
    return {
        "mpt": context.token.mpt.get_secret_value(),
        "wt2": context.token.wt2.get_secret_value(),
        "traceid": trace_id(context.rng),
        **_CONSTANT,
    }
