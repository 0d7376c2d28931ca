"""The one seam for I/O: a request goes out, an answer or a ``TransportError`` comes back.

aiohttp stands behind it because of ``bench/crawl.py``: landing a page through httpx costs several times the CPU of
aiohttp (figures in ``bench/README.md``). One client per identity, so cookies, connections and addresses never mix.
"""

from __future__ import annotations

import asyncio
import time
from typing import Protocol

import aiohttp
from yarl import URL

from crawler_core.errors import TransportError
from crawler_core.proxy import Proxy
from crawler_core.values import Request, Response

__all__ = ["MAX_BODY_BYTES", "AiohttpTransport", "Transport"]

MAX_BODY_BYTES = 16 * 1024 * 1024
"""An answer larger than this is refused: a search page has about 50 KB."""


class Transport(Protocol):
    """Sends requests of one identity."""

    async def send(self, request: Request) -> Response:
        """Send and read the whole answer; any HTTP status is an answer.

        Raises:
            TransportError: refused, reset, timed out, cut off.
        """
        ...

    async def reconnect(self) -> None:
        """Drop open connections, so that the next request makes a new one."""
        ...

    async def close(self) -> None:
        """Release everything."""
        ...


class AiohttpTransport:
    """One aiohttp session bound to a local address or a proxy.

    Redirects are not followed: on these platforms a redirect leads to a login or check page and is judged as it is.
    The environment's proxy variables are ignored: where a request leaves from is decided by the identity alone.
    """

    def __init__(self, *, local_address: str | None = None, proxy: Proxy | None = None, timeout_seconds: float = 30.0):
        self._local_address = local_address
        self._proxy = proxy.url.get_secret_value() if proxy else None
        self._timeout = aiohttp.ClientTimeout(total=timeout_seconds)
        self._session: aiohttp.ClientSession | None = None

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(
                    local_addr=(self._local_address, 0) if self._local_address else None, limit=4
                ),
                timeout=self._timeout,
                trust_env=False,
                auto_decompress=True,
                max_line_size=65536,
                max_field_size=65536,
            )
            # aiohttp sends an idempotent request again when a kept connection was dropped: that would be a second
            # request without delay or budget. There is no public switch.
            self._session._retry_connection = False  # noqa: SLF001
        return self._session

    async def send(self, request: Request) -> Response:
        """See ``Transport.send``."""
        started = time.perf_counter()
        try:
            async with self._open().request(
                request.method,
                URL(request.url, encoded=True),
                data=request.body,
                headers=request.headers,
                proxy=self._proxy,
                allow_redirects=False,
            ) as answer:
                body = await answer.read()
                status = answer.status
                headers = {name.lower(): value for name, value in answer.headers.items()}
        except TimeoutError as error:
            raise TransportError(f"no answer within {self._timeout.total:g} s") from error
        except (aiohttp.ClientError, OSError) as error:
            # The exception's own text may hold a proxy URL with its password: only its kind is told.
            raise TransportError(_reason(error)) from None
        if len(body) > MAX_BODY_BYTES:
            raise TransportError(f"an answer of {len(body)} bytes, at most {MAX_BODY_BYTES} are taken")
        return Response(
            status=status, headers=headers, body=body, latency_ms=round((time.perf_counter() - started) * 1000, 3)
        )

    async def reconnect(self) -> None:
        """See ``Transport.reconnect``."""
        await self.close()

    async def close(self) -> None:
        """See ``Transport.close``."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()
            # aiohttp closes TLS transports in the next loop iteration.
            await asyncio.sleep(0)


def _reason(error: BaseException) -> str:
    number = getattr(error, "errno", None)
    return f"{type(error).__name__}" + (f" (errno {number})" if number else "")
