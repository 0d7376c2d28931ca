"""A ClickHouse HTTP interface over the embedded engine, so that tests run the HTTP path with the real client.

Raw ASGI on uvicorn, started as a child process: ``python clickhouse_front.py --path FOLDER``. It prints its port,
then serves until it is killed. Every request gets its own engine handle (handles share the process's one engine);
INSERT bodies are spooled and read with INFILE.

Its limits as a stand-in: same engine, but not the server's HTTP handler. Pools, time-outs and asynchronous inserts of
a real server stay untested.

Faults, for tests of the retry policy: ``GET /fault?drop=N`` closes the next N answers to INSERTs *after* executing
them; ``GET /fault?code=C&times=N`` answers the next N statements with that ClickHouse error code.
"""

from __future__ import annotations

import argparse
import asyncio
import gzip
import re
import socket
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import chdb
import uvicorn
import zstandard

Scope = dict[str, Any]
Send = Callable[[dict[str, Any]], Awaitable[None]]
Receive = Callable[[], Awaitable[dict[str, Any]]]

_NOT_SETTINGS = {
    *(
        "query",
        "database",
        "user",
        "password",
        "session_id",
        "session_timeout",
        "session_check",
        "query_id",
        "compress",
    ),
    *("quota_key", "decompress", "wait_end_of_query", "client_protocol_version", "role", "enable_http_compression"),
    *("send_progress_in_http_headers", "http_headers_progress_interval_ms", "buffer_size", "default_format"),
}
_FORMAT = re.compile(rb"\sFORMAT\s+(\w+)\s*;?\s*$", re.IGNORECASE)
_INSERT_BODY = re.compile(r"^\s*INSERT\s+INTO\s.*\sFORMAT\s+(\w+)\s*$", re.IGNORECASE | re.DOTALL)
_CODE = re.compile(r"Code: (\d+)")


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


class Front:
    """The ASGI application."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.keeper = chdb.connect(path)  # the engine stays open between requests
        self.server: Any = None
        self.drops = 0
        self.fault_code = 0
        self.faults = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        params = dict(parse_qsl(scope["query_string"].decode(), keep_blank_values=True))
        body = bytearray()
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        if scope["path"] == "/ping":
            await self._answer(send, 200, b"Ok.\n")
            return
        if scope["path"] == "/fault":
            self.drops = int(params.get("drop", self.drops))
            self.fault_code, self.faults = int(params.get("code", 0)), int(params.get("times", 0))
            await self._answer(send, 200, b"")
            return
        headers = {key.decode().lower(): value.decode() for key, value in scope["headers"]}
        try:
            if self.faults:
                self.faults -= 1
                raise RuntimeError(f"Code: {self.fault_code}. DB::Exception: asked for by the test.")
            answer = await asyncio.to_thread(self._run, params, bytes(body), headers)
        except Exception as error:  # noqa: BLE001 - every failure of the engine is an answer
            text = str(error)
            code = _CODE.search(text)
            await self._answer(
                send, 500, text.encode(), [(b"x-clickhouse-exception-code", (code[1] if code else "1002").encode())]
            )
            return
        if self.drops and b"INSERT" in (params.get("query", "").encode() + bytes(body[:200])).upper():
            self.drops -= 1
            self._hang_up(scope["client"])
            return
        await self._answer(send, 200, answer)

    def _run(self, params: dict[str, str], body: bytes, headers: dict[str, str]) -> bytes:
        encoding = headers.get("content-encoding", "")
        if encoding == "zstd":
            body = zstandard.ZstdDecompressor().decompressobj().decompress(body)
        elif encoding == "gzip":
            body = gzip.decompress(body)
        elif encoding:
            raise RuntimeError(f"Code: 36. DB::Exception: Unknown Content-Encoding {encoding}. (BAD_ARGUMENTS)")
        query = params.get("query", "")
        sql, data = (query, body) if _INSERT_BODY.match(query) else (f"{query}\n{body.decode()}".strip(), b"")
        handle = chdb.connect(self.path)
        try:
            if params.get("database"):
                handle.query(f"USE `{params['database']}`", "TabSeparated")
            for name, value in params.items():
                if name not in _NOT_SETTINGS and not name.startswith("param_"):
                    handle.query(f"SET {name} = {_quoted(value)}", "TabSeparated")
            bound = {name.removeprefix("param_"): value for name, value in params.items() if name.startswith("param_")}
            if data:
                return self._insert(handle, sql, data)
            raw = sql.encode()
            found = _FORMAT.search(raw)
            return bytes(handle.query(sql, found[1].decode() if found else "TabSeparated", params=bound).bytes())
        finally:
            handle.close()

    @staticmethod
    def _insert(handle: Any, sql: str, data: bytes) -> bytes:
        head, _, fmt = re.split(r"\s(FORMAT)\s+(?=\w+\s*$)", sql, flags=re.IGNORECASE)
        with tempfile.NamedTemporaryFile(suffix=".bin", delete=False) as spool:
            spool.write(data)
        try:
            handle.query(f"{head} FROM INFILE {_quoted(spool.name)} FORMAT {fmt.strip()}", "TabSeparated")
        finally:
            Path(spool.name).unlink()
        return b""

    def _hang_up(self, client: tuple[str, int]) -> None:
        assert self.server is not None
        for connection in list(self.server.server_state.connections):
            if connection.client == tuple(client):
                connection.transport.abort()

    async def _answer(
        self, send: Send, status: int, body: bytes, extra: list[tuple[bytes, bytes]] | None = None
    ) -> None:
        headers = [
            (b"content-type", b"application/octet-stream"),
            (b"content-length", str(len(body)).encode()),
            (b"x-clickhouse-timezone", b"UTC"),
            (b"x-clickhouse-summary", b"{}"),
            *(extra or []),
        ]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})


def main() -> None:
    """Serve a folder on a free port of the loopback interface."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--path", required=True)
    arguments = parser.parse_args()
    front = Front(arguments.path)
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(128)
    print(listener.getsockname()[1], flush=True)
    config = uvicorn.Config(front, log_level="warning", lifespan="off", http="h11")
    front.server = uvicorn.Server(config)
    front.server.run(sockets=[listener])


if __name__ == "__main__":
    main()
