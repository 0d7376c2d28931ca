"""The landing zone: a probe object is written, read back and removed; a bucket's clock is compared with ours."""

from __future__ import annotations

import datetime as dt
import secrets
import socket
import time
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from obstore.exceptions import BaseError

from crawler_core.errors import LandingError
from crawler_core.landing import LandingZone
from crawler_core.settings import CrawlSettings, load
from jobdata_resources.doctor.check import TIMEOUT_SECONDS, Finding, fail, ok
from jobdata_resources.doctor.machine import skew

__all__ = ["look_at_landing_zone"]

_PROBE = b"written by jobdata doctor; may be removed"


def look_at_landing_zone() -> Iterator[Finding]:
    """Write, read, delete; and the skew against the Date of the S3 endpoint, which refuses 15 minutes."""
    settings = load(CrawlSettings)
    endpoint = settings.landing_s3_endpoint
    if endpoint and not _answers(endpoint):
        yield fail(
            f"LANDING_S3_ENDPOINT {_host(endpoint)} does not answer", "check the endpoint, its port and the network"
        )
        return
    if endpoint:
        yield from _skew(endpoint)
    zone = LandingZone.from_url(settings.landing_url, s3_endpoint=endpoint)
    path = f"doctor/probe-{secrets.token_hex(8)}"
    where = settings.landing_url
    try:
        zone.put_segment(path, _PROBE)
        found = zone.get(path)
        zone.delete(path)
    except LandingError as error:
        yield fail(f"cannot write to {where}", _remedy(str(error), zone))
        return
    except BaseError as error:
        yield fail(f"cannot read or delete in {where}", _remedy(str(error), zone))
        return
    if found != _PROBE:
        yield fail(f"{where} gave back other bytes than were written", "do not crawl into it; check the store")
        return
    if zone.local_root is not None and (folder := zone.local_root / "doctor").is_dir() and not any(folder.iterdir()):
        folder.rmdir()
    yield ok(f"{where}: wrote, read and removed a probe")


def _remedy(text: str, zone: LandingZone) -> str:
    for marks, remedy in (
        (("os error 28", "os error 122", "QuotaExceeded"), "free space, or move LANDING_URL"),
        (
            ("os error 13", "os error 1)", "os error 30"),
            "give this user the right to write there, or change LANDING_URL",
        ),
        (("InvalidAccessKeyId", "SignatureDoesNotMatch"), "AWS_ACCESS_KEY_ID or AWS_SECRET_ACCESS_KEY is wrong"),
        (("AccessDenied", "403"), "give the key the rights to put, get and delete objects of the bucket"),
        (("NoSuchBucket", "404"), "make the bucket, or correct LANDING_URL"),
        (("credential", "Credential"), "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"),
    ):
        if any(mark in text for mark in marks):
            return remedy
    return "check LANDING_URL" if zone.local_root is not None else "check LANDING_URL, endpoint, region and keys"


def _host(endpoint: str) -> str:
    parts = urlsplit(endpoint)
    return f"{parts.hostname}:{parts.port or (443 if parts.scheme == 'https' else 80)}"


def _answers(endpoint: str) -> bool:
    """Whether anybody listens: the store itself would go on trying for minutes."""
    host, _, port = _host(endpoint).rpartition(":")
    try:
        socket.create_connection((host, int(port)), timeout=TIMEOUT_SECONDS).close()
    except OSError:
        return False
    return True


def _skew(endpoint: str) -> Iterator[Finding]:
    import httpx

    try:
        answer = httpx.head(endpoint, timeout=TIMEOUT_SECONDS, follow_redirects=False)
        theirs = parsedate_to_datetime(answer.headers["Date"]).astimezone(dt.UTC)
    except (httpx.HTTPError, KeyError, ValueError):
        return  # the probe will say more
    yield from skew(theirs.timestamp() - time.time(), f"the bucket ({_host(endpoint)})")
