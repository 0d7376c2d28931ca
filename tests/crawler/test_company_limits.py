"""Company batches under limits and errors: budget, delay, bans, cancellation, bad input, secrets."""

from __future__ import annotations

import asyncio
import itertools
import json
from pathlib import Path
from random import Random
from typing import Any

import pytest
from pydantic import SecretStr

from crawler_core.crawl import crawl, crawl_companies
from crawler_core.errors import BadInput, BadSetting, CorruptSegment, LandingConflict, NoToken
from crawler_core.keyword import Keyword
from crawler_core.landing import KeywordLanding, OpenSegment, read_segment
from crawler_core.platforms.company import (
    CompanyTarget,
)
from crawler_core.settings import CrawlSettings
from crawler_core.tokens import ListTokenSource
from crawler_core.values import Query, Request, Token
from tests.support import toy_platform
from tests.support.toy_company import DAY, Bench, fails, found, spec, targets
from tests.support.toy_platform import Script, market, sequence


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def test_both_trees_count_against_the_budget(bench: Bench) -> None:
    def search(**settings: Any) -> int:
        return crawl(
            spec(), [Query("boss", Keyword.parse("数据"), "100")], date=DAY, settings=CrawlSettings(**settings),
            landing=bench.zone, transport=Script(market(3)), clock=bench.clock, rng=Random(1),
        ).fetched  # fmt: skip

    report = bench.fetch(lambda _r, _e: found(), *"abcde", identity_pages_per_day=4)
    assert report.states == {"done": 4, "retry_later": 1}
    assert "IDENTITY_PAGES_PER_DAY" in report.stop_reason
    assert search(identity_pages_per_day=6) == 2
    assert bench.fetch(lambda _r, _e: found(), *"abcde", identity_pages_per_day=7).fetched == 1


def test_the_delay_holds_between_all_requests(bench: Bench) -> None:
    times: list[float] = []
    answers = sequence([fails("transport"), found(), fails("token_expired"), found(), found()])

    def handler(request: Request, egress: str) -> Any:
        times.append(bench.clock.monotonic())
        return answers(request, egress)

    bench.fetch(handler, "a", "b2", sleep_min_seconds=10, sleep_max_seconds=20)
    assert len(times) == 5
    assert min(later - earlier for earlier, later in itertools.pairwise(times)) >= 10


def test_a_banned_identity_hands_over_to_another(bench: Bench) -> None:
    def handler(_request: Request, egress: str) -> bytes:
        return fails("banned") if egress == "127.0.1.1" else found()

    report = bench.fetch(handler, *"abcd", egress_addresses=("127.0.1.1", "127.0.1.2"))
    assert report.states == {"done": 4}
    assert report.egress == {"127.0.1.1": 1, "127.0.1.2": 4}


def test_a_refused_key_is_an_error_and_what_was_fetched_is_landed(bench: Bench) -> None:
    with pytest.raises(BadSetting, match="QCWY_SIGN_KEY"):
        bench.fetch(sequence([found(), b'{"badkey":1}']), "a", "b")
    assert bench.landed() == [("a", "company:first", "ok")]
    assert [result.state for result in bench.results] == ["done"]


def test_cancelling_seals_what_was_fetched(bench: Bench) -> None:
    def handler(request: Request, _egress: str) -> bytes:
        if request.params["id"] == "c":
            for task in asyncio.all_tasks():
                asyncio.get_running_loop().call_soon(task.cancel)
        return found()

    with pytest.raises(asyncio.CancelledError):
        bench.fetch(handler, *"abcdef")
    assert {name for name, _, _ in bench.landed()} >= {"a", "b"}
    assert {result.target.company_id for result in bench.results} >= {"a", "b"}
    assert bench.fetch(lambda _r, _e: found(), *"abcdef").states == {"done": 6}


def test_an_error_in_a_listener_ends_the_crawl_and_loses_nothing(bench: Bench) -> None:
    def explode(_: object) -> None:
        raise RuntimeError("the queue is gone")

    with pytest.raises(RuntimeError, match="queue is gone"):
        crawl_companies(
            spec(), targets("a", "b"), date=DAY, settings=CrawlSettings(), landing=bench.zone, batch_id="b1",
            on_company=explode, transport=Script(lambda _r, _e: found()), clock=bench.clock,
        )  # fmt: skip
    assert bench.fetch(lambda _r, _e: found(), "a", "b").fetched == 0


def test_a_second_crawl_of_the_batch_is_found_out(bench: Bench) -> None:
    def handler(_request: Request, _egress: str) -> bytes:
        rival = KeywordLanding(bench.zone.companies, "boss", DAY, Keyword.parse("b1"))
        if rival.fresh:
            rival.commit("companies", OpenSegment())
        return found()

    with pytest.raises(LandingConflict, match="batch"):
        bench.fetch(handler, "a")


def test_a_corrupt_batch_is_not_built_upon(bench: Bench) -> None:
    bench.fetch(lambda _r, _e: found(), "a")
    [path] = (bench.zone.local_root or Path()).rglob("*.jsonl.zst")
    path.write_bytes(b"other bytes")
    with pytest.raises(CorruptSegment):
        bench.fetch(lambda _r, _e: found(), "a", "b")
    assert bench.asked == []


def test_bad_input_is_named_and_changes_nothing(bench: Bench) -> None:
    for wanted, batch_id, platform, message in (
        ([CompanyTarget("qcwy", "1")], "b1", spec(), "belongs to qcwy"),
        ([CompanyTarget("boss", "")], "b1", spec(), "neither company_id nor name"),
        (targets("a"), "a|b", spec(), "batch_id"),
        (targets("a"), "b1", toy_platform.spec(), "no company details"),
    ):
        with pytest.raises(BadInput, match=message):
            bench.fetch(lambda _r, _e: found(), *wanted, batch_id=batch_id, platform=platform)
    with pytest.raises(NoToken, match="token import"):
        bench.fetch(lambda _r, _e: found(), "a", platform=spec(needs_token=True))
    assert bench.fetch(lambda _r, _e: found()).companies == ()
    assert list((bench.zone.local_root or Path()).rglob("*")) == []


def test_planted_secrets_are_neither_landed_nor_told(bench: Bench) -> None:
    planted = "planted-secret-0123456789"
    tokens = ListTokenSource([Token(mpt=SecretStr(planted), wt2=SecretStr("wt2-" + planted))])
    target = CompanyTarget("boss", "a", "one", {"security_id": "planted-session"})
    echo = json.dumps({"finding": "found", "echo": planted, "company": {"id": "a"}}).encode()
    report = bench.fetch(lambda _r, _e: echo, target, platform=spec(needs_token=True), tokens=tokens)
    texts = [repr(report), repr(bench.results), repr(bench.lines)]
    zone = bench.zone.companies
    for ref in zone.segments("boss", DAY):
        texts += [repr(page) for page in read_segment(zone.read(ref))]
    texts += [path.read_text() for path in (bench.zone.local_root or Path()).rglob("*.json")]
    assert any("***" in text for text in texts)
    assert not any("planted" in text for text in texts)
