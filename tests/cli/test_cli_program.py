"""The program as people start it: a child process."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from jobdata_cli.app import app
from jobdata_resources.control.revision import HEAD

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = [sys.executable, "-c", "from jobdata_cli.app import main; main()"]

Run = Callable[..., Any]


def start(*arguments: str, **options: Any) -> subprocess.Popen[str]:
    env = os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.Popen(
        [*PROGRAM, *arguments], env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options
    )


def finish(*arguments: str) -> tuple[int, str, str]:
    child = start(*arguments)
    out, err = child.communicate(timeout=60)
    return child.returncode, out, err


def test_help_is_fast_because_nothing_heavy_is_imported() -> None:
    code = (
        "import sys, jobdata_cli.app as a\n"
        "try: a.app(['--help'])\n"
        "except SystemExit: pass\n"
        "heavy = {'sqlalchemy', 'alembic', 'pydantic', 'dagster', 'chdb', 'pandas', 'aiohttp', 'httpx', 'obstore'}\n"
        "print('loaded', sorted(heavy & set(sys.modules)))\n"
    )
    env = os.environ | {"PYTHONPATH": str(ROOT)}
    ran = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True)
    assert ran.stdout.endswith("loaded []\n")
    for name in ("keyword", "token", "proxy", "crawl", "landing", "db", "report", "sandbox", "settings"):
        assert f" {name} " in ran.stdout


def test_every_command_has_a_help_text(jobdata: Run) -> None:
    for group, commands in {
        "keyword": ("import", "add", "list", "pause", "resume"),
        "token": ("import", "list", "disable", "enable"),
        "proxy": ("import", "list"),
        "landing": ("ls", "verify"),
        "db": ("migrate",),
        "report": ("open",),
        "sandbox": ("up", "env"),
    }.items():
        shown = jobdata(group, "--help")
        assert shown.code == 0
        for command in commands:
            assert f" {command} " in shown.out


def test_bad_input_shows_no_traceback(home: Path) -> None:
    code, out, err = finish("keyword", "add", "a|b")
    assert (code, out) == (2, "")
    assert err.startswith("error: keyword 'a|b'")
    assert "Traceback" not in err


def test_an_unknown_command_is_bad_input() -> None:
    code, _, err = finish("keyword", "frobnicate")
    assert code == 2
    assert "frobnicate" in err


def test_a_bug_shows_as_one(monkeypatch: pytest.MonkeyPatch, jobdata: Run) -> None:
    from jobdata_resources.control import ControlStore

    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr(ControlStore, "tokens", broken)
    with pytest.raises(ZeroDivisionError):
        jobdata("token", "list")
    assert app.pretty_exceptions_enable is False  # rich tracebacks can print the values of variables


def test_crawl_is_the_node_program(jobdata: Run) -> None:
    shown = finish("crawl", "--help")
    assert shown[0] == 0
    for option in ("--platform", "--keyword", "--max-pages", "--json"):
        assert option in shown[1]
    code, out, err = finish("crawl", "--platform", "lagou", "--keyword", "Java", "--json")
    assert (code, out) == (2, "")
    assert "lagou" in err
    assert "Traceback" not in err


def test_report_open(jobdata: Run, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ran = jobdata("report", "open")
    assert (ran.code, ran.out) == (3, "")
    assert ran.err.startswith("error: there is no report yet under ")
    reports = home / "reports"
    for number, name in enumerate(("2026-11-20/market.html", "2026-11-21/market.html")):
        path = reports / name
        path.parent.mkdir(parents=True)
        path.write_text("<html>")
        os.utime(path, (number, number))
    opened: list[str] = []
    monkeypatch.setattr("webbrowser.open", lambda url: opened.append(url) or True)
    ran = jobdata("report", "open")
    assert (ran.code, ran.out) == (0, f"{reports}/2026-11-21/market.html\n")
    assert opened == [(reports / "2026-11-21/market.html").as_uri()]
    jobdata("report", "open", "--path")
    assert len(opened) == 1


def test_sandbox_env_of_no_or_a_dead_sandbox(jobdata: Run, home: Path) -> None:
    ran = jobdata("sandbox", "env")
    assert ran.code == 2
    assert "no sandbox is running" in ran.err
    ready = home / "sandbox" / "sandbox.json"
    ready.parent.mkdir(parents=True)
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    ready.write_text(json.dumps({"pid": dead.pid, "env": {}}))
    assert "has ended" in jobdata("sandbox", "env").err
    for text in ("", "[]", '{"pid": "x", "env": {}}', '{"pid": 1}', '{"pid": 1, "env": 3}'):
        ready.write_text(text)
        ran = jobdata("sandbox", "env")
        assert (ran.code, ran.out) == (2, "")
        assert "is not a sandbox's" in ran.err


def test_sandbox_env_can_be_read_by_a_shell(jobdata: Run, home: Path) -> None:
    ready = home / "sandbox" / "sandbox.json"
    ready.parent.mkdir(parents=True)
    variables = {"BOSS_BASE_URL": "http://127.0.0.1:1", "QCWY_SIGN_KEY": "it's $HOME `x`\n"}
    ready.write_text(json.dumps({"pid": os.getpid(), "env": variables}))
    assert jobdata("sandbox", "env", "--json").data == variables
    shell = jobdata("sandbox", "env").out + 'printf %s "$QCWY_SIGN_KEY" x'
    ran = subprocess.run(["sh", "-c", shell], capture_output=True, text=True, check=True)
    assert ran.stdout == "it's $HOME `x`\nx"


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_sandbox_up_runs_until_it_is_stopped(jobdata: Run, home: Path, stop: signal.Signals) -> None:
    child = start("sandbox", "up", "--companies", "50", start_new_session=True)
    try:
        ready = home / "sandbox" / "sandbox.json"
        deadline = time.monotonic() + 60
        while not ready.exists() and child.poll() is None and time.monotonic() < deadline:
            time.sleep(0.05)
        assert "BOSS_BASE_URL" in jobdata("sandbox", "env", "--json").data
        if stop is signal.SIGINT:
            os.killpg(child.pid, stop)  # Ctrl-C reaches the whole group
        else:
            child.terminate()
        assert child.wait(30) == 0
        assert not ready.exists()
    finally:
        if child.poll() is None:
            os.killpg(child.pid, signal.SIGKILL)
        child.communicate()


def test_sandbox_up_hands_its_exit_code_on() -> None:
    code, _, err = finish("sandbox", "up", "--no-such-option")
    assert code == 2
    assert "--no-such-option" in err


def test_db_migrate_makes_the_tables_of_both_databases(home: Path) -> None:
    for _ in range(2):
        code, out, err = finish("db", "migrate", "--json")
        assert (code, err) == (0, "")
        versions = json.loads(out)
        assert versions["control"] == HEAD
        assert versions["warehouse"] >= 1
    assert (home / "clickhouse").is_dir()


def test_a_warehouse_that_does_not_answer_is_named_without_its_password(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLICKHOUSE_HOST", "127.0.0.1")
    monkeypatch.setenv("CLICKHOUSE_PORT", "1")
    monkeypatch.setenv("CLICKHOUSE_PASS", "pa55-planted")
    code, out, err = finish("db", "migrate", "--only", "warehouse")
    assert (code, out) == (2, "")
    assert err.startswith("error: ")
    assert "Traceback" not in err
    assert "planted" not in err
