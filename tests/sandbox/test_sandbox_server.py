"""End to end: real sockets, the control listener, and the sandbox as a child process."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path
from urllib.parse import quote

import aiohttp
import pytest
import pytest_asyncio
from yarl import URL

from sandbox.config import SandboxConfig
from sandbox.process import SandboxError, SandboxProcess
from sandbox.server import Sandbox

DAY = date(2026, 1, 13)


@pytest_asyncio.fixture
async def live(tmp_path: Path, shared_market) -> AsyncIterator[Sandbox]:
    sandbox = Sandbox(SandboxConfig(home=tmp_path, day=DAY), market=shared_market)
    await sandbox.start()
    yield sandbox
    await sandbox.stop()


class Client:
    """Sends prepared requests from a loopback address of its own."""

    def __init__(self, sandbox: Sandbox, egress: str = "127.0.0.1") -> None:
        self.sandbox = sandbox
        connector = aiohttp.TCPConnector(local_addr=(egress, 0), force_close=True)
        self.session = aiohttp.ClientSession(connector=connector, trust_env=False)

    async def __aenter__(self) -> Client:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.session.close()

    async def send(self, platform: str, ask) -> tuple[int, bytes]:
        url = URL(self.sandbox.urls[platform] + ask.target, encoded=True)
        async with self.session.request(ask.method, url, headers=ask.headers, data=ask.body or None) as response:
            return response.status, await response.read()

    async def control(self, method: str, path: str, value: object = None):
        async with self.session.request(method, self.sandbox.urls["control"] + path, json=value) as response:
            return response.status, await response.json()


@pytest.mark.asyncio
async def test_all_platforms_answer_over_http_and_count_by_caller(live, live_asks) -> None:
    asks = live_asks(live.tokens.valid())
    async with Client(live, "127.0.1.7") as client:
        for platform in ("boss", "qcwy", "zhilian"):
            status, body = await client.send(platform, asks.page(platform, keyword="C++"))
            assert status == 200
            assert json.loads(body)
    stats = live.state.stats.report()
    assert all(stats["platforms"][p]["identities"].keys() == {"127.0.1.7"} for p in ("boss", "qcwy", "zhilian"))
    assert all(stats["platforms"][p]["outcomes"] == {"ok": 1} for p in ("boss", "qcwy", "zhilian"))


@pytest.mark.asyncio
async def test_the_signature_covers_the_bytes_on_the_wire(live, live_asks) -> None:
    asks = live_asks(live.tokens.valid())
    spellings = ("a%20b", "a+b", "a%2bb", "a%2Bb", "%7e", "~", "'()*", "100%25")
    async with Client(live) as client:
        for spelling in spellings:
            ask = asks.qcwy()
            target = ask.target.replace("keyword=Python", f"keyword={spelling}")
            signed = type(ask)("GET", target, asks.qcwy_headers(target), "")
            _, body = await client.send("qcwy", signed)
            assert json.loads(body)["status"] == "1", spelling


@pytest.mark.asyncio
async def test_a_ban_hits_one_loopback_address(live, live_asks) -> None:
    asks = live_asks(live.tokens.valid())
    rule = {"kind": "ban_ip", "platform": "boss", "match": {"egress": "127.0.1.1"}}
    async with Client(live, "127.0.1.1") as one, Client(live, "127.0.1.2") as two:
        assert (await one.control("POST", "/faults", rule)) == (200, {"added": 1})
        assert json.loads((await one.send("boss", asks.boss()))[1])["code"] == 35
        assert json.loads((await two.send("boss", asks.boss()))[1])["code"] == 0
        assert (await one.control("GET", "/stats"))[1]["bans"]["imposed"] == 1
        await one.control("POST", "/reset")
        assert json.loads((await one.send("boss", asks.boss()))[1])["code"] == 0


@pytest.mark.asyncio
async def test_connections_break_as_asked(live, live_asks) -> None:
    asks = live_asks(live.tokens.valid())
    async with Client(live) as client:
        await client.control("POST", "/faults", [{"kind": "drop", "times": None}])
        with pytest.raises(aiohttp.ServerDisconnectedError):
            await client.send("boss", asks.boss())
        await client.control("DELETE", "/faults")
        await client.control("POST", "/faults", {"kind": "truncate", "params": {"how": "close"}})
        with pytest.raises(aiohttp.ClientPayloadError):
            await client.send("boss", asks.boss())
        await client.control("POST", "/faults", {"kind": "latency", "params": {"seconds": 0.01}})
        assert (await client.send("boss", asks.boss()))[0] == 200
    outcomes = live.state.stats.report()["platforms"]["boss"]["outcomes"]
    assert outcomes["truncated"] == outcomes["ok"] == 1
    assert outcomes["dropped"] >= 1


@pytest.mark.asyncio
async def test_the_control_listener_shows_and_changes(live, live_asks) -> None:
    asks = live_asks(live.tokens.valid())
    async with Client(live) as client:
        assert (await client.control("GET", "/health"))[1]["status"] == "ok"
        assert (await client.control("GET", "/env"))[1]["BOSS_BASE_URL"] == live.urls["boss"]
        assert len((await client.control("GET", "/tokens"))[1]) == 8
        assert (await client.control("POST", "/day", {"date": "2026-01-14"}))[1] == {"date": "2026-01-14"}
        assert (await client.control("GET", "/day"))[1] == {"date": "2026-01-14"}
        status, limits = await client.control("POST", "/limits", {"pages_per_minute": 1})
        assert status == 200
        assert limits["pages_per_minute"] == 1
        assert (await client.send("boss", asks.boss()))[0] == 200
        assert (await client.send("boss", asks.boss()))[0] == 429
        path = f"/truth?platform=boss&keyword={quote('数据工程师')}&city={quote('北京')}&full=1"
        truth = (await client.control("GET", path))[1]
        assert truth["total"] == len(truth["ids"]) == len(truth["postings"])
        assert truth["postings"][0]["city"] == "北京"
        by_code = (await client.control("GET", path.replace(quote("北京"), "101010100")))[1]
        assert by_code["ids"] == truth["ids"]
        assert (await client.control("GET", "/companies?from=10&count=2"))[1]["companies"][0]["company_id"] == "C00010"
        for method, where, value in (
            ("POST", "/day", {"date": "soon"}),
            ("POST", "/day", []),
            ("POST", "/faults", {"kind": "explode"}),
            ("POST", "/limits", {"speed": 1}),
            ("GET", "/truth?platform=monster&keyword=x", None),
            ("GET", "/truth?platform=boss", None),
        ):
            status, answer = await client.control(method, where, value)
            assert status == 400
            assert answer["error"]
        assert (await client.control("GET", "/nothing"))[0] == 404


@pytest.mark.asyncio
async def test_the_ready_file_comes_last_and_goes_with_the_sandbox(tmp_path: Path) -> None:
    sandbox = Sandbox(SandboxConfig(home=tmp_path, day=DAY))
    assert not (tmp_path / "sandbox.json").exists()
    await sandbox.start()
    facts = json.loads((tmp_path / "sandbox.json").read_bytes())
    assert facts["urls"] == sandbox.urls
    assert facts["env"]["EGRESS_ADDRESSES"].count(",") == 3
    await sandbox.stop()
    assert not list(tmp_path.iterdir())  # noqa: ASYNC240 - a local folder


@pytest.mark.asyncio
async def test_a_taken_port_is_an_error_and_leaves_nothing_bound(live) -> None:
    taken = int(live.urls["control"].rpartition(":")[2])
    second = Sandbox(SandboxConfig(port_base=taken - 3, day=DAY))
    with pytest.raises(OSError, match="in use"):
        await second.start()
    await second.stop()


def test_the_child_process_lives_as_long_as_its_block(live_asks) -> None:
    with SandboxProcess("--day", "2026-01-13", "--pages-per-minute-limit", "none") as sandbox:
        pid = sandbox.pid
        os.kill(pid, 0)
        assert sandbox.env["QCWY_SIGN_KEY"]
        assert len(sandbox.tokens()) == 8
        assert sandbox.control("GET", "/limits")["pages_per_minute"] is None
        assert sandbox.control("POST", "/day", json={"date": "2026-01-15"}) == {"date": "2026-01-15"}
        with pytest.raises(SandboxError, match="explode"):
            sandbox.control("POST", "/faults", json={"kind": "explode"})
        home = sandbox.home
    assert not home.exists()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_child_that_cannot_start_says_why() -> None:
    with pytest.raises(SandboxError, match="--day"):
        SandboxProcess("--day", "tomorrow").start()


def test_two_sandboxes_of_one_seed_serve_equal_truth() -> None:
    path = f"/truth?platform=qcwy&keyword={quote('大数据开发')}&full=1"
    with SandboxProcess("--day", "2026-01-13") as one, SandboxProcess("--day", "2026-01-13") as two:
        assert one.control("GET", path) == two.control("GET", path)


def test_sigterm_and_the_time_limit_end_it_cleanly(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "sandbox", "--home", str(tmp_path)]
    brief = subprocess.run([*command, "--max-seconds", "0.2"], capture_output=True, text=True, timeout=30, check=False)
    assert brief.returncode == 0
    assert brief.stdout.startswith("sandbox ready: pid ")
    assert brief.stderr == ""
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        assert child.stdout.readline().startswith("sandbox ready")
        child.send_signal(signal.SIGTERM)
        assert child.wait(10) == 0
    assert not (tmp_path / "sandbox.json").exists()


@pytest.mark.asyncio
async def test_many_requests_at_once_are_answered_alike(live, live_asks) -> None:
    asks = live_asks(live.tokens.valid())
    async with Client(live) as client:
        answers = await asyncio.gather(*(client.send("zhilian", asks.zhilian()) for _ in range(20)))
    assert len(set(answers)) == 1


def test_the_child_ends_when_its_parent_is_killed(tmp_path: Path) -> None:
    code = (
        "import pathlib, sys, signal\n"
        "from sandbox.process import SandboxProcess\n"
        "SandboxProcess(home=pathlib.Path(sys.argv[1])).start()\n"
        "print('up', flush=True)\n"
        "signal.pause()\n"
    )
    with subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == "up\n"
        port = int(json.loads((tmp_path / "sandbox.json").read_bytes())["urls"]["control"].rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port), timeout=20) as line:
            parent.kill()
            assert line.recv(1) == b""


@pytest.mark.asyncio
async def test_a_plan_of_faults_is_in_force_from_the_start(live_asks) -> None:
    sandbox = Sandbox(SandboxConfig(day=DAY, faults=({"kind": "code", "platform": "boss", "params": {"code": 31}},)))
    await sandbox.start()
    asks = live_asks(sandbox.tokens.valid())
    async with Client(sandbox) as client:
        codes = [json.loads((await client.send("boss", asks.boss()))[1])["code"] for _ in range(2)]
    await sandbox.stop()
    assert codes == [31, 0]
