"""Zhaopin: the request for one page of a keyword search (WIRE 3.1)."""

from __future__ import annotations

import json
from urllib.parse import quote

from crawler_core.platforms.zhilian.sign import headers, page_request_id, page_version
from crawler_core.values import PageRef, Request, RequestContext

__all__ = ["SEARCH_PATH", "build_search"]

SEARCH_PATH = "/c/i/search/positions"


def build_search(ref: PageRef, context: RequestContext) -> Request:
    """The POST for one page; at most 20 records come back whatever ``pageSize`` says (WIRE 3.1, LIKELY)."""
    fields: dict[str, object] = {
        "S_SOU_FULL_INDEX": ref.query.keyword.text,
        "S_SOU_WORK_CITY": ref.query.city,
        "order": 4,
        "pageIndex": ref.page,
        "pageSize": context.page_size,
        "anonymous": 1,
        "eventScenario": "pcSearchedSouSearch",
        "platform": 13,
        "version": "0.0.0",
    }
    ids = {
        "_v": page_version(context.rng),
        "x-zp-page-request-id": page_request_id(context),
        "x-zp-client-id": context.client_id,
    }
    query = "&".join(f"{name}={quote(value, safe='')}" for name, value in ids.items())
    return Request(
        method="POST",
        url=f"{context.base_url}{SEARCH_PATH}?{query}",
        headers=headers(),
        path=SEARCH_PATH,
        params=fields,
        body=json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode(),
    )
