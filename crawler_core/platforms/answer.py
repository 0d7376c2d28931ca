"""What the three platforms' answers have in common: refusals by HTTP status, reading JSON, counting a listing.

Nothing here looks for words inside a page: a posting titled "403" or "error analysis" is a posting. Only the HTTP
status, the first byte of the body, and members at known places decide.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar

import msgspec

from crawler_core.outcome import Outcome
from crawler_core.values import Response, Verdict

__all__ = ["LONGEST_WAIT", "Scalar", "id_text", "listing", "read", "refusal", "retry_after", "truthy", "whole"]

LONGEST_WAIT = timedelta(days=1)
"""A longer ``Retry-After`` is cut to this."""

Scalar = str | int | float | bool | None
"""Whatever may stand where an object or array was expected, without failing the rest of the page."""

StructT = TypeVar("StructT")

_STATUS: dict[int, tuple[Outcome, str]] = {
    401: (Outcome.TOKEN_EXPIRED, "HTTP 401"),
    403: (Outcome.BANNED, "HTTP 403"),
    407: (Outcome.TRANSPORT, "HTTP 407 from the proxy"),
    408: (Outcome.TRANSPORT, "HTTP 408"),
    429: (Outcome.THROTTLED, "HTTP 429"),
}


def refusal(response: Response) -> Verdict | None:
    """What the HTTP status and the first byte say, or ``None`` when the body is to be read.

    HTML with status 405 is how the edge of several sites refuses an address (general knowledge, not in WIRE);
    other HTML, and a redirect away from the API, is a page for people: a challenge.
    """
    status, start = response.status, response.body[:64].lstrip()[:1]
    if status in _STATUS:
        outcome, detail = _STATUS[status]
        return Verdict(outcome=outcome, detail=detail, retry_after=retry_after(response.headers))
    if status >= 500:
        return Verdict(outcome=Outcome.TRANSPORT, detail=f"HTTP {status}", retry_after=retry_after(response.headers))
    if 300 <= status < 400:
        return Verdict(outcome=Outcome.CHALLENGE, detail=f"HTTP {status}: redirected instead of answered")
    if start == b"<":
        if status == 405:
            return Verdict(outcome=Outcome.BANNED, detail="HTTP 405 with HTML: refused at the edge")
        if status in (404, 410):
            return Verdict(outcome=Outcome.SCHEMA_CHANGED, detail=f"HTTP {status}: no such call")
        return Verdict(outcome=Outcome.CHALLENGE, detail=f"HTTP {status} with HTML instead of JSON")
    if not start:
        return Verdict(outcome=Outcome.TRANSPORT, detail=f"HTTP {status} with an empty body")
    if status != 200:
        return Verdict(outcome=Outcome.SCHEMA_CHANGED, detail=f"HTTP {status}")
    return None


def retry_after(headers: Mapping[str, str]) -> timedelta | None:
    """The wait asked for in ``Retry-After``: seconds, or an HTTP date counted from the answer's own ``Date``.

    ``None`` when absent, zero, past or unreadable; at most ``LONGEST_WAIT``.
    """
    value = headers.get("retry-after", "").strip()
    if value.isascii() and value.isdigit():
        wait = timedelta(seconds=int(value)) if len(value) < 9 else LONGEST_WAIT
    else:
        until, sent = _http_date(value), _http_date(headers.get("date", ""))
        if until is None or sent is None:
            return None
        wait = until - sent
    return min(wait, LONGEST_WAIT) if wait > timedelta(0) else None


def _http_date(value: str) -> datetime | None:
    try:
        parsed = parsedate_to_datetime(value)
        return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)
    except (ValueError, OverflowError, IndexError):
        return None


def read(body: bytes, decoder: msgspec.json.Decoder[StructT]) -> StructT | Verdict:
    """Decode the few members that ``decoder`` knows and skip the rest.

    What the fast decoder refuses is tried once more with the standard library: an escape that is half of a
    surrogate pair (a text cut inside an emoji) is no reason to lose a page.

    Returns:
        The decoded value; or a verdict: transport for a body that is cut off or no JSON, schema changed for JSON of
        another shape.
    """
    try:
        return decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        pass  # decided below, by a parser that can tell a strange page from a broken one
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        cut = body.lstrip()[:1] in (b"{", b"[")
        return Verdict(outcome=Outcome.TRANSPORT, detail="truncated JSON" if cut else "the body is no JSON")
    try:
        return msgspec.convert(value, decoder.type)
    except (msgspec.ValidationError, RecursionError):
        return Verdict(outcome=Outcome.SCHEMA_CHANGED, detail="the answer is JSON of another shape")


def id_text(*candidates: object) -> str:
    """The first usable id among values that may be text or a number; ``""`` when there is none."""
    for value in candidates:
        if isinstance(value, str) and value.isprintable() and value.strip():
            return value
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
    return ""


def whole(value: object) -> int | None:
    """A whole number given as number or digits, else ``None``."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, str) and len(value) < 19 and value.isascii() and value.removeprefix("-").isdigit():
        return int(value)
    return None


def truthy(value: Any) -> bool:
    """True for ``true``, a number other than 0, and their texts."""
    return value.lower() in ("1", "true") if isinstance(value, str) else value not in (None, 0) and bool(value)


def listing(
    records: Sequence[object],
    ids: Iterable[str],
    *,
    last: bool,
    due: bool,
    total: int | None = None,
    carry: Mapping[str, str] | None = None,
) -> Verdict:
    """The verdict on a page whose list of records was found.

    Args:
        records: the list.
        ids: an id per record, ``""`` where none is usable.
        last: the platform says that no page follows.
        due: by the answer's own figures the page cannot be empty: when it is, the answer is a soft block.
        total: the platform's count of hits.
        carry: values for the next page.
    """
    usable = tuple(filter(None, ids))
    count = len(records)
    if not records and due:
        outcome, detail = Outcome.BANNED, "soft block: the answer counts records but lists none"
    elif not records:
        outcome, detail = Outcome.EMPTY, ""
    elif not usable:
        outcome, detail = Outcome.SCHEMA_CHANGED, f"none of {count} records has an id"
    else:
        outcome = Outcome.LAST if last else Outcome.OK
        detail = "" if len(usable) == count else f"{count - len(usable)} of {count} records have no id"
    return Verdict(outcome=outcome, ids=usable, records=count, total=total, carry=dict(carry or {}), detail=detail)
