"""The proxy tunnel: requests go through it with its login, and a ban asks for a new connection."""

from __future__ import annotations

import asyncio
import base64
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from sandbox.process import SandboxProcess
from tests.support.node import environment, run_node

USER, PASSWORD = "tunnel-user", "planted/pass:word@1"


class Tunnel:
    """A forward proxy for plain HTTP that demands a login and counts connections."""

    def __init__(self) -> None:
        self.connections = 0
        self.requests = 0
        self.refused = 0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._server = asyncio.run_coroutine_threadsafe(
            asyncio.start_server(self._serve, "127.0.0.1", 0), self._loop
        ).result()
        self.port = self._server.sockets[0].getsockname()[1]

    def close(self) -> None:
        async def stop() -> None:
            self._server.close()
            for task in asyncio.all_tasks() - {asyncio.current_task()}:
                task.cancel()

        asyncio.run_coroutine_threadsafe(stop(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        login = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                lines = head.decode().split("\r\n")
                method, target, _ = lines[0].split(" ")
                headers = dict(line.split(": ", 1) for line in lines[1:] if line)
                lower = {name.lower(): value for name, value in headers.items()}
                body = await reader.readexactly(int(lower.get("content-length", 0)))
                if lower.get("proxy-authorization") != login:
                    self.refused += 1
                    writer.write(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
                    continue
                self.requests += 1
                writer.write(await self._forward(method, target, headers, body))
                await writer.drain()
        except asyncio.IncompleteReadError:
            pass  # the client is done
        finally:
            writer.close()

    @staticmethod
    async def _forward(method: str, target: str, headers: dict[str, str], body: bytes) -> bytes:
        parts = urlsplit(target)
        path = target[len(f"{parts.scheme}://{parts.netloc}") :]
        kept = {name: value for name, value in headers.items() if not name.lower().startswith(("proxy-", "connection"))}
        text = "".join(f"{name}: {value}\r\n" for name, value in kept.items())
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        writer.write(f"{method} {path} HTTP/1.1\r\n{text}Connection: close\r\n\r\n".encode() + body)
        answer = await reader.read(-1)
        writer.close()
        return answer.replace(b"Connection: close\r\n", b"")


@pytest.fixture
def tunnel() -> Iterator[Tunnel]:
    running = Tunnel()
    yield running
    running.close()


def settings(tunnel: Tunnel, password: str = PASSWORD) -> dict[str, str]:
    return {
        "PROXY_TUNNEL": f"127.0.0.1:{tunnel.port}",
        "PROXY_USERNAME": USER,
        "PROXY_PASSWORD": password,
        "RETRY_SECONDS": "0.05",
        "EGRESS_ADDRESSES": "",
    }


@pytest.mark.parametrize("name", ["boss", "qcwy", "zhilian"])
def test_every_request_goes_through_the_tunnel(tunnel: Tunnel, tmp_path: Path, name: str) -> None:
    with SandboxProcess() as sandbox:
        code, summary, stderr = run_node(environment(sandbox, tmp_path, **settings(tunnel)), name, ["Python"])
        assert code == 0, stderr
        assert tunnel.requests == summary["fetched"] == sandbox.control("GET", "/stats")["requests"]
    assert summary["egress"] == {"tunnel:127.0.0.1": summary["fetched"]}
    assert PASSWORD not in f"{summary}{stderr}"


def test_a_ban_takes_a_new_connection_of_the_tunnel_and_goes_on(tunnel: Tunnel, tmp_path: Path) -> None:
    with SandboxProcess() as sandbox:
        sandbox.control(
            "POST",
            "/faults",
            {"platform": "boss", "kind": "code", "match": {"page": 2}, "times": 1, "params": {"code": 35}},
        )
        code, summary, stderr = run_node(environment(sandbox, tmp_path, **settings(tunnel)), "boss", ["Python"])
    assert code == 0, stderr
    assert summary["outcomes"]["banned"] == 1
    assert tunnel.connections >= 2


def test_a_refused_login_is_told_without_the_password(tunnel: Tunnel, tmp_path: Path) -> None:
    with SandboxProcess() as sandbox:
        env = environment(sandbox, tmp_path, **settings(tunnel, "planted-wrong"))
        code, summary, stderr = run_node(env, "qcwy", ["Python"])
    assert code == 3
    assert (tunnel.requests, tunnel.refused > 0) == (0, True)
    assert "planted" not in f"{summary}{stderr}"
    assert [item["state"] for item in summary["keywords"]] == ["failed"]
