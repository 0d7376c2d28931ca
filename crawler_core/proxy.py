"""Proxies: a fixed one is an identity of its own; a tunnel gives another exit address with each new connection."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from pydantic import SecretStr

from crawler_core.errors import BadSetting
from crawler_core.settings import CrawlSettings

__all__ = ["Proxy", "tunnel_from"]


@dataclass(frozen=True, slots=True)
class Proxy:
    """A forward proxy.

    Attributes:
        label: how it appears in logs and landed pages.
        url: ``scheme://[user:password@]host:port``.
        rotates: a new connection leaves from a new address (a tunnel).
    """

    label: str
    url: SecretStr
    rotates: bool = False


def tunnel_from(settings: CrawlSettings) -> Proxy | None:
    """The proxy tunnel of the ``PROXY_*`` settings, None when ``PROXY_TUNNEL`` is not set.

    Raises:
        BadSetting: malformed host or scheme.
    """
    tunnel = settings.proxy_tunnel.strip()
    if not tunnel:
        return None
    host, _, port = tunnel.rpartition(":")
    if not host or not port.isdigit():
        raise BadSetting(f"PROXY_TUNNEL={tunnel!r}: write host:port")
    if settings.proxy_scheme not in ("http", "https"):
        raise BadSetting(f"PROXY_SCHEME={settings.proxy_scheme!r}: use http or https")
    login = ""
    if settings.proxy_username:
        password = settings.proxy_password.get_secret_value() if settings.proxy_password else ""
        login = f"{quote(settings.proxy_username, safe='')}:{quote(password, safe='')}@"
    return Proxy(label=f"tunnel:{host}", url=SecretStr(f"{settings.proxy_scheme}://{login}{tunnel}"), rotates=True)
