"""51job: the request for one page of a keyword search (WIRE 2.1)."""

from __future__ import annotations

from urllib.parse import quote

from crawler_core.platforms.qcwy.sign import headers
from crawler_core.values import PageRef, Request, RequestContext

__all__ = ["SEARCH_PATH", "build_search"]

SEARCH_PATH = "/open/noauth/search-pc"
_SEARCH_PAGE = "https://we.51job.com/pc/search"


def build_search(ref: PageRef, context: RequestContext) -> Request:
    """The signed GET for one page, its parameters in the order of the captures: the raw string is signed.

    Pages after the first repeat ``requestId`` of an earlier answer of the same search (``context.carry``).

    Raises:
        BadSetting: the context has no signing key.
    """
    keyword = ref.query.keyword.text
    params = {
        "api_key": "51job",
        "timestamp": str(int(context.now.timestamp())),
        "keyword": keyword,
        "searchType": "2",
        "function": "",
        "industry": "",
        "jobArea": ref.query.city,
        "jobArea2": "",
        "landmark": "",
        "metro": "",
        "salary": "",
        "workYear": "",
        "degree": "",
        "companyType": "",
        "companySize": "",
        "jobType": "",
        "issueDate": "",
        "sortType": "0",
        "pageNum": str(ref.page),
        "requestId": context.carry.get("requestId", "") if ref.page > 1 else "",
        "pageSize": str(context.page_size),
        "source": "1",
        "accountId": "",
        "pageCode": "sou|sou|soulb",
    }
    query = "&".join(f"{name}={quote(value, safe='')}" for name, value in params.items())
    url = f"{context.base_url}{SEARCH_PATH}?{query}"
    page_url = f"{_SEARCH_PAGE}?keyword={quote(keyword, safe='')}&searchType=2"
    return Request(
        method="GET",
        url=url,
        headers=headers(url, context, page_url=page_url),
        path=SEARCH_PATH,
        params={name: value for name, value in params.items() if value},
    )
