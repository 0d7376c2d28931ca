"""What crawls go out with: keys and tokens. The platforms themselves are called only when asked for (``online``)."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from pathlib import Path

from crawler_core.platforms import PLATFORMS
from crawler_core.settings import CrawlSettings, load
from jobdata_resources.control import ControlStore
from jobdata_resources.doctor.check import Finding, fail, ok, warn
from jobdata_resources.doctor.endpoint import Endpoint
from jobdata_resources.settings import StoreSettings

__all__ = ["look_at_access", "look_at_platforms"]


def look_at_access() -> Iterator[Finding]:
    """The signing key of 51job, active Boss tokens, keywords: what a platform refuses to crawl without."""
    settings = load(CrawlSettings)
    if settings.qcwy_sign_key is not None and settings.qcwy_sign_key.get_secret_value():
        yield ok("qcwy has its signing key")
    else:
        yield warn("qcwy has no signing key and refuses to crawl", "set QCWY_SIGN_KEY, or pause its keywords")
    url = load(StoreSettings).control_db_url
    path = Path(url.get_secret_value().removeprefix("sqlite:///"))
    with ControlStore(url) as store:
        if store.is_embedded and not path.exists():
            return  # the check of the control store says so
        tokens = store.tokens()
        active = sum(token.active for token in tokens)
        spare = bool(settings.boss_tokens and settings.boss_tokens.get_secret_value())
        if active or spare:
            yield ok(f"boss has {active} active tokens of {len(tokens)}" + (" and BOSS_TOKENS" if spare else ""))
        else:
            yield warn(f"boss has no active token of {len(tokens)}", "`jobdata token import tokens.csv`")
        counts = {name: len(store.active_keywords(name)) for name in PLATFORMS}
    idle = [name for name, count in counts.items() if not count]
    text = "active keywords: " + ", ".join(f"{name} {count}" for name, count in counts.items())
    yield warn(text, f"`jobdata keyword import keywords.csv` ({', '.join(idle)})") if idle else ok(text)


def look_at_platforms() -> Iterator[Finding]:
    """A connection to the host of each platform, and no request: nothing is fetched."""
    settings = load(CrawlSettings)
    for name in PLATFORMS:
        endpoint = Endpoint.of(settings.base_url(name))
        host, port = endpoint.host, endpoint.port
        try:
            endpoint.connect()
        except ssl.SSLError as error:
            yield fail(
                f"{name}: {host} is not trusted ({error.reason})", "check the machine's clock, CA store and proxy"
            )
        except OSError as error:
            yield fail(
                f"{name}: {host}:{port} cannot be reached ({type(error).__name__})",
                f"check the network, or {name.upper()}_BASE_URL",
            )
        else:
            yield ok(f"{name}: {host}:{port} can be reached")
