"""httpx behind the crawl library's transport seam: the alternative that ``bench/crawl.py`` measures."""

from __future__ import annotations

import time

import httpx

from crawler_core.errors import TransportError
from crawler_core.proxy import Proxy
from crawler_core.values import Request, Response


class HttpxTransport:
    """One ``httpx.AsyncClient`` per identity."""

    def __init__(self, local_address: str | None, proxy: Proxy | None) -> None:
        self._client = httpx.AsyncClient(
            transport=httpx.AsyncHTTPTransport(
                local_address=local_address, proxy=proxy.url.get_secret_value() if proxy else None
            ),
            trust_env=False,
        )

    async def send(self, request: Request) -> Response:
        started = time.perf_counter()
        try:
            answer = await self._client.request(
                request.method, request.url, content=request.body, headers=dict(request.headers)
            )
        except httpx.HTTPError as error:
            raise TransportError(type(error).__name__) from None
        return Response(
            status=answer.status_code,
            headers={name.lower(): value for name, value in answer.headers.items()},
            body=answer.content,
            latency_ms=(time.perf_counter() - started) * 1000,
        )

    async def reconnect(self) -> None:
        """Connections are dropped by httpx when they fail; nothing else is measured here."""

    async def close(self) -> None:
        await self._client.aclose()
