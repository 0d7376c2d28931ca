"""A minimal HTTP server for the crawl benchmark: prebuilt Boss search pages, a fixed latency, nothing else.

Runs as ``python -m bench.page_server --latency-ms 50`` in a process of its own, prints its port, and stops when its
standard input closes.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import sys

RECORDS = 30
_PAGE = re.compile(rb"[?&]page=(\d+)")
_TEXT = "负责数据平台的建设与维护，参与数据仓库建模、离线与实时计算任务开发，保证数据质量与时效；" * 6


def page_body(page: int, records: int = RECORDS) -> bytes:
    """A search answer of ``records`` records of about 1.5 KB each, with ids of its own."""
    items = [
        {
            "encryptJobId": f"{page:05d}{rank:02d}aa10bb03R-2du7FVNY",
            "securityId": f"Zk3{page}{rank}" + "x" * 180,
            "lid": f"6aKx2pQvT3M.search.{rank}",
            "jobName": f"数据工程师{rank}",
            "salaryDesc": "15-25K·14薪",
            "jobExperience": "3-5年",
            "jobDegree": "本科",
            "jobLabels": ["3-5年", "本科", "Python"],
            "skills": ["Python", "SQL", "Spark"],
            "cityName": "长沙",
            "districtName": "岳麓区",
            "businessName": "麓谷",
            "performance": _TEXT,
            "brandName": f"示例科技{page}",
            "brandLogo": "https://example.invalid/l.png",
            "brandScale": "100-499人",
            "bossTitle": "HR",
            "bossAvatar": "https://example.invalid/a.png",
            "jobValidStatus": 1,
        }
        for rank in range(records)
    ]
    answer = {"code": 0, "message": "Success", "zpData": {"hasMore": True, "list": items}}
    return json.dumps(answer, ensure_ascii=False).encode()


class _Connection(asyncio.Protocol):
    def __init__(self, latency: float, bodies: dict[int, bytes]) -> None:
        self._latency = latency
        self._bodies = bodies
        self._buffer = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            head, self._buffer = self._buffer[:end], self._buffer[end + 4 :]
            match = _PAGE.search(head)
            page = int(match[1]) if match else 1
            if page not in self._bodies:
                body = page_body(page)
                self._bodies[page] = (
                    b"HTTP/1.1 200 OK\r\nContent-Type: application/json;charset=UTF-8\r\nContent-Length: "
                    + str(len(body)).encode()
                    + b"\r\n\r\n"
                    + body
                )
            if self._latency:
                asyncio.get_running_loop().call_later(self._latency, self._answer, page)
            else:
                self._answer(page)

    def _answer(self, page: int) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(self._bodies[page])


async def serve(latency: float) -> None:
    """Serve until standard input closes."""
    loop = asyncio.get_running_loop()
    bodies: dict[int, bytes] = {}
    server = await loop.create_server(lambda: _Connection(latency, bodies), "127.0.0.1", 0, backlog=256)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--latency-ms", type=float, default=0)
    asyncio.run(serve(parser.parse_args().latency_ms / 1000))
