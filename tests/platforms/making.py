"""What the platform tests are made from: answers, pages and a fixed request context."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime
from random import Random
from typing import Any

from pydantic import SecretStr

from crawler_core.keyword import Keyword
from crawler_core.values import SHANGHAI, PageRef, Query, RequestContext, Response, Token

MPT = "d41d8cd98f00b204e9800998ecf8427e"
WT2 = "ticket~~"
SIGN_KEY = "example-51job-key"


def answer(body: Any = b"", status: int = 200, **headers: str) -> Response:
    """An HTTP answer; a body that is not bytes is turned into JSON; header names with underscores."""
    raw = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(status=status, headers=named, body=raw, latency_ms=1.0)


def page(number: int = 1, *, platform: str = "boss", keyword: str = "数据 C++", city: str = "101250100") -> PageRef:
    return PageRef(Query(platform, Keyword.parse(keyword), city), number)


def context(**changes: Any) -> RequestContext:
    made = RequestContext(
        base_url="https://platform.invalid",
        page_size=20,
        now=datetime(2026, 11, 21, 9, 30, 0, 123000, tzinfo=SHANGHAI),
        rng=Random(7),
        client_id="0f0e0d0c-0b0a-4908-8706-050403020100",
        token=Token(SecretStr(MPT), SecretStr(WT2)),
        sign_key=SecretStr(SIGN_KEY),
    )
    return replace(made, **changes)
