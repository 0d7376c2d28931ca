"""One client of the crawl benchmark, in a process of its own: ours, ours over httpx, Scrapy, or bare sockets.

Bare sockets ask for the next page as soon as one is there and do nothing with it: what 16 connections to this server
allow at all.

``python -m bench.crawl_client CLIENT PORT PAGES FOLDER`` prints a JSON line: pages, seconds, CPU seconds of the crawl
itself (imports excluded for every client) and the process's peak resident memory.
"""

from __future__ import annotations

import datetime as dt
import json
import resource
import sys
import time
from pathlib import Path
from typing import Any

CONNECTIONS = 16


def keyword_shape(pages: int) -> tuple[int, int]:
    """Keywords and pages per keyword: about as many pages as a real search has, and work for 16 that ends together."""
    per_keyword = 32
    rounds = max(1, round(pages / per_keyword / CONNECTIONS))
    return CONNECTIONS * rounds, per_keyword


class Meter:
    """CPU seconds and wall seconds between two moments of this process."""

    def __init__(self) -> None:
        self._wall = time.perf_counter()
        usage = resource.getrusage(resource.RUSAGE_SELF)
        self._cpu = usage.ru_utime + usage.ru_stime

    def report(self, pages: int, **extra: Any) -> None:
        usage = resource.getrusage(resource.RUSAGE_SELF)
        result = {
            "pages": pages,
            "seconds": time.perf_counter() - self._wall,
            "cpu_seconds": usage.ru_utime + usage.ru_stime - self._cpu,
            "peak_mb": usage.ru_maxrss / 1024,
            **extra,
        }
        sys.stdout.write(json.dumps(result) + "\n")


def ours(port: int, pages: int, folder: Path, transport: str) -> None:
    from pydantic import SecretStr

    from crawler_core.crawl import crawl
    from crawler_core.keyword import Keyword
    from crawler_core.landing import LandingZone
    from crawler_core.platforms import platform
    from crawler_core.settings import CrawlSettings
    from crawler_core.tokens import ListTokenSource
    from crawler_core.values import SHANGHAI, Query, Token

    factory = None
    if transport == "httpx":
        from bench.httpx_transport import HttpxTransport

        factory = HttpxTransport
    keywords, per_keyword = keyword_shape(pages)
    spec = platform("boss")
    settings = CrawlSettings(
        boss_base_url=f"http://127.0.0.1:{port}",
        sleep_min_seconds=0,
        sleep_max_seconds=0,
        max_pages=per_keyword,
        page_size=30,
        identity_pages_per_day=10**9,
        egress_addresses=tuple(f"127.0.1.{n}" for n in range(1, CONNECTIONS + 1)),
    )
    zone = LandingZone.from_url(f"file://{folder}")
    tokens = ListTokenSource(Token(mpt=SecretStr(f"{n:032x}")) for n in range(CONNECTIONS))
    queries = [Query("boss", Keyword.parse(f"kw{n}"), spec.nationwide) for n in range(keywords)]
    meter = Meter()
    report = crawl(
        spec,
        queries,
        date=dt.datetime.now(SHANGHAI).date(),
        settings=settings,
        landing=zone,
        tokens=tokens,
        transport=factory,
    )
    assert not report.unfinished, report.unfinished
    meter.report(report.pages, records=report.records)


def scrapy(port: int, pages: int, folder: Path) -> None:
    from collections.abc import AsyncIterator, Iterator

    from scrapy import Request as ScrapyRequest
    from scrapy import Spider
    from scrapy.crawler import CrawlerProcess
    from scrapy.http import Response as ScrapyResponse

    keywords, per_keyword = keyword_shape(pages)
    counted = [0]

    class Jobs(Spider):  # type: ignore[misc]
        name = "jobs"

        async def start(self) -> AsyncIterator[ScrapyRequest]:
            for keyword in range(keywords):
                for page in range(1, per_keyword + 1):
                    url = (
                        f"http://127.0.0.1:{port}/wapi/zpgeek/miniapp/search/joblist.json"
                        f"?query=kw{keyword}&city=100010000&page={page}&pageSize=30"
                    )
                    yield ScrapyRequest(url, callback=self.parse)

        def parse(self, response: ScrapyResponse) -> Iterator[dict[str, Any]]:
            counted[0] += 1
            yield from response.json()["zpData"]["list"]

    process = CrawlerProcess(
        {
            "CONCURRENT_REQUESTS": CONNECTIONS,
            "CONCURRENT_REQUESTS_PER_DOMAIN": CONNECTIONS,
            "DOWNLOAD_DELAY": 0,
            "ROBOTSTXT_OBEY": False,
            "LOG_ENABLED": False,
            "TELNETCONSOLE_ENABLED": False,
            "FEEDS": {str(folder / "items.jsonl"): {"format": "jsonlines"}},
        }
    )
    meter = Meter()
    process.crawl(Jobs)
    process.start()
    meter.report(counted[0], records=counted[0] * 30)


def bare(port: int, pages: int) -> None:
    import re
    import selectors
    import socket

    length = re.compile(rb"\r\nContent-Length: (\d+).*?\r\n\r\n", re.DOTALL)
    request = b"GET /search?page=%d HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    meter = Meter()
    left: dict[socket.socket, int] = {}
    asked = done = 0
    with selectors.DefaultSelector() as selector:
        for _ in range(CONNECTIONS):
            connection = socket.create_connection(("127.0.0.1", port))
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            selector.register(connection, selectors.EVENT_READ)
            left[connection] = 0
            asked += 1
            connection.sendall(request % asked)
        while done < pages:
            for key, _ in selector.select():
                connection = key.fileobj
                assert isinstance(connection, socket.socket)
                data = connection.recv(1 << 18)
                if not left[connection]:
                    head = length.search(data)
                    assert head is not None, data[:200]
                    left[connection] = int(head[1]) + head.end()
                left[connection] -= len(data)
                if not left[connection]:
                    done += 1
                    asked += 1
                    connection.sendall(request % (asked % 32 + 1))
        for connection in left:
            connection.close()
    meter.report(done)


def main() -> None:
    client, port, pages, folder = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4])
    if client == "scrapy":
        scrapy(port, pages, folder)
    elif client == "bare":
        bare(port, pages)
    else:
        ours(port, pages, folder, client)


if __name__ == "__main__":
    main()
