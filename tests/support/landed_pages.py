"""Landed pages for tests of what comes after landing: envelopes with made-up or given bodies."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Mapping
from typing import Any

from crawler_core.landing import Envelope, RequestRecord

DAY = dt.date(2026, 11, 21)


def envelope(body: str | bytes, *, platform: str = "boss", **values: Any) -> Envelope:
    """A page as landed; every member can be given."""
    base64 = ""
    if isinstance(body, bytes):
        from base64 import b64encode

        body, base64 = b64encode(body).decode(), "base64"
    defaults: dict[str, Any] = {
        "platform": platform,
        "kind": "search",
        "keyword": "数据",
        "city": "100010000",
        "page": 1,
        "attempt": 1,
        "date": DAY.isoformat(),
        "fetched_at": f"{values.get('date', DAY.isoformat())}T09:30:00.123+08:00",
        "outcome": "ok",
        "status": 200,
        "latency_ms": 12.5,
        "egress": "203.0.113.7",
        "identity": "203.0.113.7/abcd0123",
        "node": "node-1",
        "crawler_version": "0.1.0",
        "request": RequestRecord(method="GET", path="/search", params={"page": 1}),
        "detail": "",
    }
    return Envelope(**{**defaults, **values, "body": body, "body_encoding": base64})


def boss_item(number: int, **values: Any) -> dict[str, Any]:
    """A Boss list item with the members WIRE 1.1 calls sure."""
    item = {
        "encryptJobId": f"{number:016x}1nNz3di4ElpY",
        "jobName": f"数据工程师{number}",
        "salaryDesc": "15-25K·14薪",
        "jobExperience": "3-5年",
        "jobDegree": "本科",
        "skills": ["Python", "SQL"],
        "cityName": "长沙",
        "brandName": f"示例科技{number % 7}",
        "proxyJob": 0,
        "jobValidStatus": 1,
    }
    return {**item, **values}


def boss_body(items: Iterable[Any], *, more: bool = True) -> str:
    """A Boss search answer."""
    page: Mapping[str, Any] = {"code": 0, "message": "Success", "zpData": {"hasMore": more, "list": list(items)}}
    return json.dumps(page, ensure_ascii=False, separators=(",", ":"))


def boss_pages(first: int, pages: int, *, per_page: int = 5, **values: Any) -> list[tuple[Envelope, int]]:
    """Pages of consecutive jobs, as ``land_pages`` takes them."""
    return [
        (
            envelope(
                boss_body(boss_item(first + page * per_page + rank) for rank in range(per_page)),
                **{"page": page + 1, **values},
            ),
            per_page,
        )
        for page in range(pages)
    ]
