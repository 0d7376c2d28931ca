"""One landed page: the bytes that came, with request, identity, time and outcome; and its JSON line.

The field names are part of the landing format: the warehouse reads the lines as they are.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Sequence
from typing import Any

import msgspec
import orjson

from crawler_core.errors import CorruptSegment

__all__ = ["COMPANY_KIND", "Envelope", "RequestRecord", "decode_line", "encode_line", "text_body"]

COMPANY_KIND = "company:"
"""Start of the kind of a company answer; the name of the platform's call follows."""


class RequestRecord(msgspec.Struct, frozen=True):
    """What was asked, without secrets: headers, signatures and tokens are left out."""

    method: str
    path: str
    params: dict[str, Any]


class Envelope(msgspec.Struct, frozen=True, kw_only=True):
    """A fetched page.

    Attributes:
        kind: ``search``, ``company:`` and the name of a company call, or the name of a detail page.
        keyword, city: of a search. Of a company answer: the platform's company id and the company's name, as far as
            they were known when it was asked for.
        page: counted from 1; of a company the number of the call; ``attempt`` counts the fetches of that page from 1.
        date: partition day, ``YYYY-MM-DD`` in Asia/Shanghai.
        fetched_at: RFC 3339 with zone, when the answer had arrived.
        status: HTTP status, None when no answer came.
        latency_ms: wall time of the request in milliseconds.
        egress: the address or proxy label the request left from.
        identity: egress and token fingerprint.
        body: the answer's text exactly as received; base64 when ``body_encoding`` says so (bytes that are not UTF-8).
        detail: a short reason, free of secrets.
    """

    platform: str
    kind: str
    keyword: str
    city: str
    page: int
    attempt: int
    date: str
    fetched_at: str
    outcome: str
    status: int | None
    latency_ms: float
    egress: str
    identity: str
    node: str
    crawler_version: str
    request: RequestRecord
    detail: str
    body: str
    body_encoding: str = ""

    def body_bytes(self) -> bytes:
        """The answer's bytes."""
        return b64decode(self.body) if self.body_encoding == "base64" else self.body.encode()


_DECODER = msgspec.json.Decoder(Envelope)


def encode_line(envelope: Envelope) -> bytes:
    """The envelope as one JSON line with its line feed."""
    # orjson escapes a page's body in half the time of msgspec.
    line = orjson.dumps(
        msgspec.structs.asdict(envelope), default=msgspec.structs.asdict, option=orjson.OPT_APPEND_NEWLINE
    )
    # It keeps the room it reserved for escapes, ten times the page; an open segment would hold that for every line.
    return bytes(memoryview(line))


def decode_line(line: bytes) -> Envelope:
    """Read one line.

    Raises:
        CorruptSegment: the line is not an envelope.
    """
    try:
        return _DECODER.decode(line)
    except msgspec.MsgspecError as error:
        raise CorruptSegment(f"a landed line is not an envelope: {error}; run `jobdata landing verify`") from error


def text_body(body: bytes, secrets: Sequence[str] = ()) -> tuple[str, str]:
    """The body as text and its encoding.

    ``secrets`` are the values that were sent with the request: a platform that echoes one must not bring it into
    the landing zone, so they are replaced by stars. This is the only change a body ever sees.
    """
    for secret in secrets:
        # Searched in the bytes: a scan of the decoded text costs ten times as much.
        if (planted := secret.encode()) in body:
            body = body.replace(planted, b"***")
    try:
        return body.decode("utf-8"), ""
    except UnicodeDecodeError:
        return b64encode(body).decode("ascii"), "base64"
