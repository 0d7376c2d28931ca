"""The node program against the sandbox: exit codes, summary, resume, and nothing secret anywhere."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest

from crawler_core.landing import LandingZone, read_segment, verify
from crawler_core.platforms import platform
from crawler_core.values import SHANGHAI
from sandbox.process import SandboxProcess
from tests.support.node import environment, run_node

TODAY = dt.datetime.now(SHANGHAI).date()


@pytest.fixture(scope="module")
def running() -> Iterator[SandboxProcess]:
    with SandboxProcess() as process:
        yield process


@pytest.fixture
def sandbox(running: SandboxProcess) -> SandboxProcess:
    running.control("DELETE", "/faults")
    running.control("POST", "/reset", {})
    return running


def landed_ids(home: Path, name: str, word: str, day: dt.date = TODAY) -> list[str]:
    zone = LandingZone.from_url(f"file://{home}/landing")
    spec = platform(name)
    found: list[str] = []
    for ref in zone.segments(name, day):
        for envelope in read_segment(zone.read(ref)):
            if envelope.keyword == word and envelope.outcome in ("ok", "last"):
                from crawler_core.crawl.resume import judge_envelope
                from crawler_core.keyword import Keyword
                from crawler_core.values import Query

                found += judge_envelope(spec, Query(name, Keyword.parse(word), envelope.city), envelope).ids
    return found


@pytest.mark.parametrize("name", ["boss", "qcwy", "zhilian"])
def test_a_keyword_is_landed_completely(sandbox: SandboxProcess, tmp_path: Path, name: str) -> None:
    env = environment(sandbox, tmp_path)
    code, summary, _ = run_node(env, name, ["数据工程师", "C++"], "--city", "北京")
    assert (code, summary["complete"], [item["state"] for item in summary["keywords"]]) == (0, True, ["done", "done"])
    for word in ("数据工程师", "C++"):
        query = f"platform={name}&keyword={_quote(word)}&city={_quote('北京')}"
        truth = sandbox.control("GET", f"/truth?{query}")
        assert set(landed_ids(tmp_path, name, word)) == set(truth["ids"])
    assert list(verify(LandingZone.from_url(f"file://{tmp_path}/landing"))) == []
    code, summary, _ = run_node(env, name, ["数据工程师", "C++"], "--city", "北京")
    assert (code, summary["fetched"]) == (0, 0)


def _quote(text: str) -> str:
    from urllib.parse import quote

    return quote(text, safe="")


def test_trouble_on_the_way_is_told_apart_and_survived(sandbox: SandboxProcess, tmp_path: Path) -> None:
    sandbox.control(
        "POST",
        "/faults",
        [
            {"platform": "boss", "kind": "truncate", "match": {"page": 2}, "times": 1},
            {"platform": "boss", "kind": "ban_ip", "match": {"keyword": "Python", "page": 1}, "times": 1},
        ],
    )
    env = environment(sandbox, tmp_path, RETRY_SECONDS="0.05", BAN_SECONDS="30")
    code, summary, stderr = run_node(env, "boss", ["数据工程师", "Python"])
    assert code == 0, stderr
    assert summary["outcomes"]["transport"] == 1
    assert summary["outcomes"]["banned"] == 1
    query = f"platform=boss&keyword={_quote('数据工程师')}&city={_quote('全国')}"
    assert set(landed_ids(tmp_path, "boss", "数据工程师")) == set(sandbox.control("GET", f"/truth?{query}")["ids"])


def test_a_challenge_stops_and_a_later_run_resumes(sandbox: SandboxProcess, tmp_path: Path) -> None:
    sandbox.control("POST", "/faults", {"platform": "qcwy", "kind": "challenge", "match": {"page": 3}, "times": 1})
    env = environment(sandbox, tmp_path, PAGE_SIZE="20")
    code, summary, _ = run_node(env, "qcwy", ["数据工程师"])
    [item] = summary["keywords"]
    assert (code, item["state"], item["stop_reason"], item["pages"]) == (3, "failed", "challenge", 2)
    code, summary, _ = run_node(env, "qcwy", ["数据工程师"])
    [item] = summary["keywords"]
    assert (code, item["state"], item["resumed"]) == (0, "done", True)
    ids = landed_ids(tmp_path, "qcwy", "数据工程师")
    assert len(ids) == len(set(ids)) == item["records"]


@pytest.mark.parametrize(
    ("options", "settings", "words"),
    [
        (["--city", "火星"], {}, ("火星", "boss", "北京")),
        (["--date", "2999-01-01"], {}, ("2999-01-01", "future")),
        (["--date", "tomorrow"], {}, ("tomorrow", "YYYY-MM-DD")),
        ([], {"SLEEP_MIN_SECONDS": "soon"}, ("SLEEP_MIN_SECONDS", "soon")),
        ([], {"LANDING_URL": "ftp://x"}, ("LANDING_URL", "file://")),
        ([], {"PROXY_TUNNEL": "nowhere"}, ("PROXY_TUNNEL", "host:port")),
    ],
)
def test_bad_input_is_one_clear_line(
    sandbox: SandboxProcess, tmp_path: Path, options: list[str], settings: dict[str, str], words: tuple[str, ...]
) -> None:
    code, _, stderr = run_node(environment(sandbox, tmp_path, **settings), "boss", ["数据工程师"], *options)
    assert code == 2
    assert len(stderr.strip().splitlines()) == 1, stderr
    assert all(word in stderr for word in words), stderr


def test_a_keyword_with_a_bar_an_unknown_platform_a_missing_key_and_a_wrong_key(
    sandbox: SandboxProcess, tmp_path: Path
) -> None:
    env = environment(sandbox, tmp_path)
    assert "'|'" in run_node(env, "boss", ["a|b"])[2]
    assert "boss, qcwy, zhilian" in run_node(env, "lagou", ["x"])[2]
    code, _, stderr = run_node({**env, "QCWY_SIGN_KEY": ""}, "qcwy", ["x"])
    assert (code, "QCWY_SIGN_KEY" in stderr) == (2, True)
    code, _, stderr = run_node({**env, "QCWY_SIGN_KEY": "planted-wrong-key"}, "qcwy", ["x"])
    assert (code, "QCWY_SIGN_KEY" in stderr, "planted" in stderr) == (2, True, False)
    code, _, stderr = run_node({**env, "BOSS_TOKENS": ""}, "boss", ["x"])
    assert (code, "token import" in stderr) == (3, True)
    assert LandingZone.from_url(f"file://{tmp_path}/landing").platforms() == []


def test_no_secret_is_printed_or_landed(sandbox: SandboxProcess, tmp_path: Path) -> None:
    sandbox.control("POST", "/faults", {"platform": "boss", "kind": "expire_token", "match": {"page": 2}, "times": 1})
    env = environment(sandbox, tmp_path)
    secrets = [token[key] for token in sandbox.tokens() for key in ("mpt", "wt2") if token[key]]
    secrets.append(env["QCWY_SIGN_KEY"])
    assert len(secrets) >= 5
    outputs = []
    for name in ("boss", "qcwy"):
        code, summary, stderr = run_node(env, name, ["Python"])
        assert code == 0
        outputs += [str(summary), stderr]
    zone = LandingZone.from_url(f"file://{tmp_path}/landing")
    for name in ("boss", "qcwy"):
        for manifest in zone.manifests(name, TODAY):
            outputs.append(manifest.encode().decode())
            outputs += [repr(item) for ref in zone.refs(manifest) for item in read_segment(zone.read(ref))]
    assert not [secret for secret in secrets for text in outputs if secret in text]
