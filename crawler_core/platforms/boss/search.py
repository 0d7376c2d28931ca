"""Boss Zhipin: the request for one page of a keyword search (WIRE 1.1)."""

from __future__ import annotations

from crawler_core.platforms.boss.sign import APP_ID, headers
from crawler_core.values import PageRef, Request, RequestContext

__all__ = ["SEARCH_PATH", "build_search"]

SEARCH_PATH = "/wapi/zpgeek/miniapp/search/joblist.json"

_FIXED = f"&appId={APP_ID}&source=1&sortType=0&" + "&".join(
    f"{name}="
    for name in (
        *("experience", "degree", "salary", "industry", "scale", "stage", "position"),
        *("districtCode", "businessCode", "subwayLineId", "subwayStationId", "longitude", "latitude"),
        *("expectId", "expectPosition", "encryptExpectId"),
    )
)
"""What every keyword search sends alike, filters empty (WIRE 1.1); put together once, not per page."""


def build_search(ref: PageRef, context: RequestContext) -> Request:
    """The GET for one page; ``pageSize`` beyond 15 may not be honoured (WIRE 1.1).

    Raises:
        NoToken: the context has no session.
    """
    params = {
        "query": ref.query.keyword.text,
        "city": ref.query.city,
        "page": str(ref.page),
        "pageSize": str(context.page_size),
        "appId": APP_ID,
        "source": "1",
        "sortType": "0",
    }
    query = f"query={ref.query.keyword.path}&city={ref.query.city}&page={ref.page}&pageSize={context.page_size}{_FIXED}"
    return Request(
        method="GET",
        url=f"{context.base_url}{SEARCH_PATH}?{query}",
        headers=headers(context),
        path=SEARCH_PATH,
        params=params,
    )
