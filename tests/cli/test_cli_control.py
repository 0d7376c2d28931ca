from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from jobdata_resources.control import ControlStore
from jobdata_resources.control.revision import HEAD

MPT = "0123456789abcdef0123456789abcdef"
PASSWORD = "pa55-planted"

Run = Callable[..., Any]
Write = Callable[[str, str], Path]


def test_keywords_are_imported_listed_paused_and_resumed(jobdata: Run, file: Write) -> None:
    path = file("keywords.csv", "keyword,platforms,city,priority\nJava,boss,北京,1\nC++,boss;qcwy,,5\n")
    ran = jobdata("keyword", "import", path)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == "boss: 2 added, 0 updated, 0 unchanged\nqcwy: 1 added, 0 updated, 0 unchanged\n"
    assert jobdata("keyword", "import", path, "--json").data["boss"] == {
        "added": 0, "updated": 0, "unchanged": 2, "notes": [],
    }  # fmt: skip
    listed = jobdata("keyword", "list", "--json").data
    assert [(row["platform"], row["keyword"], row["cities"], row["state"]) for row in listed] == [
        ("boss", "C++", [], "pending"),
        ("boss", "Java", ["101010100"], "pending"),
        ("qcwy", "C++", [], "pending"),
    ]
    ran = jobdata("keyword", "pause", "c++")
    assert (ran.code, ran.out) == (0, "paused 'c++' on boss, qcwy\n")
    assert [row["keyword"] for row in jobdata("keyword", "list", "--active", "--json").data] == ["Java"]
    assert jobdata("keyword", "resume", "C++", "--platform", "boss").out == "resumed 'C++' on boss\n"
    table = jobdata("keyword", "list", "-p", "boss", "-p", "qcwy").out
    assert [line.split()[:2] for line in table.splitlines() if "C++" in line] == [["boss", "C++"], ["qcwy", "C++"]]
    assert "paused" in table


def test_keyword_add(jobdata: Run) -> None:
    assert jobdata("keyword", "add", "数据 工程师", "-p", "boss", "--city", "上海", "--priority", "3").code == 0
    ran = jobdata("keyword", "add", "ｊａｖａ")
    assert ran.out.count("1 added") == 3
    ran = jobdata("keyword", "add", "JAVA", "-p", "boss")
    assert ran.err == "note: boss: 'JAVA' is the known keyword 'java' and keeps its spelling\n"
    rows = jobdata("keyword", "list", "-p", "boss", "--json").data
    assert [(row["keyword"], row["cities"], row["priority"]) for row in rows] == [
        ("数据 工程师", ["101020100"], 3),
        ("java", [], 0),
    ]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("keyword", "add", "a|b"), "error: keyword 'a|b': '|' separates partition dimensions in Dagster"),
        (("keyword", "add", "x", "-p", "lagou"), "error: platform 'lagou' is unknown; use one of boss, qcwy, zhilian"),
        (("keyword", "add", "x", "--city", "火星"), "error: city '火星' is not known to boss; use a name (全国、"),
        (("keyword", "list", "-p", "lagou"), "error: platform 'lagou' is unknown"),
        (("keyword", "list", "--date", "tomorrow"), "error: --date 'tomorrow' is not a day; write YYYY-MM-DD"),
        (("keyword", "pause", "Rust"), "error: keyword 'Rust' is stored for no platform; see `jobdata keyword list`"),
        (("keyword", "pause", "Rust", "-p", "boss"), "error: keyword 'Rust' is not in boss_keyword"),
        (
            ("keyword", "import", "missing.csv"),
            "error: missing.csv: No such file or directory; give a CSV or YAML file",
        ),
        (("token", "disable", MPT), "error: no token has this fingerprint (value not shown); see `jobdata token list`"),
        (("landing", "ls", "-p", "lagou"), "error: platform 'lagou' is not known"),
        (("landing", "ls", "--date", "2026-13-01"), "error: --date '2026-13-01' is not a day"),
    ],
)
def test_bad_input_is_one_line_on_stderr_and_exit_code_2(jobdata: Run, arguments: tuple[str, ...], words: str) -> None:
    ran = jobdata(*arguments)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith(words)
    assert ran.err.count("\n") == 1


def test_a_refused_file_lists_every_problem_and_changes_nothing(jobdata: Run, file: Write) -> None:
    ran = jobdata("keyword", "import", file("keywords.csv", "keyword,priority\nGo,1\na|b,x\n"))
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.splitlines() == [
        (
            "error: keywords.csv row 3, column keyword: 'a|b': '|' separates partition dimensions in Dagster;"
            " use another character"
        ),
        "error: keywords.csv row 3, column priority: 'x' is not a whole number up to ±1000000; 0 is normal",
        "error: nothing was imported",
    ]
    assert jobdata("keyword", "list", "--json").data == []
    assert jobdata("keyword", "list").out == "no keywords yet; add some with `jobdata keyword import FILE`\n"


def test_a_city_one_platform_does_not_know_changes_no_platform(jobdata: Run) -> None:
    assert jobdata("keyword", "add", "Java", "--city", "101010100").code == 2
    assert jobdata("keyword", "list", "--json").data == []


def test_tokens_are_shown_by_fingerprint_only(jobdata: Run, file: Write, home: Path) -> None:
    path = file("tokens.csv", f"mpt,wt2\n{MPT},ticket-planted~~\n{MPT[::-1].upper()},\n")
    said = [jobdata("token", "import", path), jobdata("token", "import", path), jobdata("token", "list")]
    (first, _) = rows = jobdata("token", "list", "--json").data
    assert [(row["state"], row["has_wt2"], row["uses"]) for row in rows] == [("free", True, 0), ("free", False, 0)]
    said.append(jobdata("token", "disable", first["fingerprint"], "--reason", "logged out"))
    with ControlStore(f"sqlite:///{home / 'control.db'}") as store:
        assert store.token_source().lease() is not None
    said.append(jobdata("token", "list", "--json"))
    assert [(row["state"], row["invalid_reason"]) for row in said[-1].data] == [
        ("invalid", "logged out"),
        ("leased", ""),
    ]
    said.append(jobdata("token", "enable", first["fingerprint"]))
    said.append(jobdata("token", "import", file("tokens.yaml", f"- mpt: {MPT}, {MPT}\n  wt2: ticket planted\n")))
    assert said[-1].code == 2
    said.append(jobdata("token", "import", file("tokens.csv", f"{MPT}\n")))
    assert said[-1].code == 2
    for ran in said:
        for secret in (MPT, MPT[::-1].upper(), "planted"):
            assert secret not in ran.out + ran.err


def test_proxies_are_shown_without_their_login(jobdata: Run, file: Write) -> None:
    path = file("proxies.csv", f"label,url\none,http://planted:{PASSWORD}@10.0.0.1:8080\n")
    assert jobdata("proxy", "import", path).out == "proxy: 1 added, 0 updated, 0 unchanged\n"
    assert jobdata("proxy", "list", "--json").data == [
        {"label": "one", "server": "http://10.0.0.1:8080", "login": True}
    ]
    assert "http://10.0.0.1:8080" in jobdata("proxy", "list").out
    assert "planted" not in jobdata("proxy", "list").out


@pytest.mark.parametrize(
    ("url", "words"),
    [
        (
            f"mysql+pymysql://planted:{PASSWORD}@127.0.0.1:1/jobs",
            "error: control store mysql 127.0.0.1:1/jobs: the server",
        ),
        (f"postgres://planted:{PASSWORD}@127.0.0.1/jobs", "error: "),
        (f"mysql+pymysql://planted:x@{PASSWORD}@h/jobs", "error: CONTROL_DB_URL holds more than one '@'"),
    ],
)
@pytest.mark.parametrize("command", [("keyword", "list"), ("token", "list"), ("db", "migrate", "--only", "control")])
def test_a_database_that_fails_is_named_without_its_login(
    jobdata: Run, monkeypatch: pytest.MonkeyPatch, url: str, words: str, command: tuple[str, ...]
) -> None:
    monkeypatch.setenv("CONTROL_DB_URL", url)
    ran = jobdata(*command)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith(words)
    assert ran.err.count("\n") == 1
    assert "planted" not in ran.err


def test_db_migrate_of_the_control_store(jobdata: Run, home: Path) -> None:
    ran = jobdata("db", "migrate", "--only", "control", "--json")
    assert (ran.code, ran.data) == (0, {"control": HEAD})
    assert jobdata("db", "migrate", "--only", "control").out == f"control: tables are at version {HEAD}\n"
    assert (home / "control.db").exists()
