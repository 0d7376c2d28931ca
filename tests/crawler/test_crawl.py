"""The crawl against a scripted transport and a fake clock: what is fetched, what is landed, how it ends."""

from __future__ import annotations

import asyncio
import datetime as dt
import gc
import itertools
import json
import threading
from pathlib import Path
from random import Random
from typing import Any

import pytest
from pydantic import SecretStr

from crawler_core.crawl import CheckpointUpdate, CrawlReport, KeywordReport, crawl
from crawler_core.crawl.keyword import KeywordCrawl
from crawler_core.errors import BadSetting, NoToken, TransportError
from crawler_core.keyword import Keyword
from crawler_core.landing import LandingZone, Manifest, read_segment, verify
from crawler_core.platforms.spec import PlatformSpec
from crawler_core.settings import CrawlSettings
from crawler_core.tokens import ListTokenSource
from crawler_core.values import Query, Request, Response, Token
from tests.support.clock import FakeClock
from tests.support.toy_platform import Handler, Script, market, outcome, page, sequence, spec

DAY = dt.date(2026, 11, 21)


class Bench:
    """One landing zone and one clock; ``crawl`` may be called again, as a new process would."""

    def __init__(self, folder: Path) -> None:
        self.zone = LandingZone.from_url(f"file://{folder}/landing")
        self.clock = FakeClock()
        self.script: Script
        self.reports: list[KeywordReport] = []
        self.checkpoints: list[CheckpointUpdate] = []
        self.lines: list[str] = []

    def crawl(
        self,
        handler: Handler,
        *keywords: str,
        platform: PlatformSpec | None = None,
        tokens: ListTokenSource | None = None,
        cities: tuple[str, ...] = ("100",),
        **settings: Any,
    ) -> CrawlReport:
        self.script = Script(handler)
        platform = platform or spec()
        options: dict[str, Any] = {"segment_pages": 2, **settings}
        return crawl(
            platform,
            [Query("boss", Keyword.parse(word), city) for word in keywords or ("数据",) for city in cities],
            date=DAY,
            settings=CrawlSettings(**options),
            landing=self.zone,
            tokens=tokens,
            on_keyword=self.reports.append,
            on_checkpoint=self.checkpoints.append,
            on_event=self.lines.append,
            transport=self.script,
            clock=self.clock,
            rng=Random(7),
        )

    def landed(self) -> list[tuple[str, int, str]]:
        return [
            (item.keyword, item.page, item.outcome)
            for ref in self.zone.segments("boss", DAY)
            for item in read_segment(self.zone.read(ref))
        ]


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def test_a_keyword_is_crawled_to_its_last_page(bench: Bench) -> None:
    report = bench.crawl(market(5), "数据", "Java")
    for item, word in zip(report.keywords, ("数据", "Java"), strict=True):
        assert (item.keyword, item.state, item.stop_reason) == (word, "done", "last")
        assert (item.pages, item.records, item.new_ids, item.fetched) == (5, 10, 10, 5)
    assert report.outcomes == {"ok": 8, "last": 2}
    assert bench.landed() == [(w, n, "last" if n == 5 else "ok") for w in ("数据", "Java") for n in range(1, 6)]
    assert list(verify(bench.zone)) == []
    assert bench.reports == list(report.keywords)
    assert [update.next_page for update in bench.checkpoints if update.keyword == "数据"] == [3, 5, 6, 6]


def test_no_manifest_calls_a_search_ended_before_its_last_segment_is_stored(bench: Bench) -> None:
    """A slow disk still seals the first segment when the last page is there; a kill then must not lose the rest."""
    written: list[tuple[str, int]] = []
    served, loops = threading.Event(), list[asyncio.AbstractEventLoop]()

    class SlowDisk(LandingZone):
        def put_segment(self, path: str, data: bytes) -> None:
            assert served.wait(30)
            for _ in range(50):  # the loop goes on as far as it can without the disk
                turn = threading.Event()
                loops[0].call_soon_threadsafe(turn.set)
                assert turn.wait(30)
            super().put_segment(path, data)

        def put_manifest(self, manifest: Manifest) -> None:
            written.extend((city.state, city.pages) for city in manifest.cities.values())
            super().put_manifest(manifest)

    def handle(request: Request, egress: str) -> Response | bytes | Exception:
        loops.append(asyncio.get_running_loop())
        if request.params["page"] == 3:
            served.set()
        return market(3)(request, egress)

    bench.zone = SlowDisk(bench.zone._store, bench.zone.url, bench.zone.local_root)
    bench.crawl(handle)
    assert ("partial", 2) in written
    assert {pages for state, pages in written if state == "done"} == {3}


def test_a_second_run_fetches_nothing(bench: Bench) -> None:
    bench.crawl(market(3))
    before = bench.zone.manifest("boss", DAY, Keyword.parse("数据"))
    report = bench.crawl(market(3))
    assert bench.script.log == []
    assert report.keywords[0].already_landed
    assert bench.zone.manifest("boss", DAY, Keyword.parse("数据")) == before


@pytest.mark.parametrize(
    ("handler", "reason", "pages"),
    [
        (lambda _r, _e: page(), "empty", 1),
        (lambda _r, _e: page("a", "b"), "no_new_ids", 2),
        (lambda r, _e: page(f"{r.params['page']}a"), "page_cap", 4),
    ],
)
def test_a_search_ends_at(bench: Bench, handler: Handler, reason: str, pages: int) -> None:
    [item] = bench.crawl(handler, platform=spec(page_cap=4)).keywords
    assert (item.state, item.stop_reason, item.pages) == ("done", reason, pages)


def test_a_page_that_completes_the_platforms_count_is_landed_as_the_last_one(bench: Bench) -> None:
    pages = [page("a", "b", total=3), page("b", "c", total=3)]
    [item] = bench.crawl(sequence(pages)).keywords
    assert (item.state, item.stop_reason, item.pages, item.new_ids) == ("done", "last", 2, 3)
    assert [outcome for _, _, outcome in bench.landed()] == ["ok", "last"]


def test_a_keyword_that_ended_is_let_go_of_without_waiting_for_the_collector(bench: Bench) -> None:
    gc.collect()
    gc.disable()
    try:
        bench.crawl(market(3), "a", "b", "c", "d")
        assert [one for one in gc.get_objects() if isinstance(one, KeywordCrawl)] == []
    finally:
        gc.enable()


def test_several_cities_of_a_keyword_share_one_manifest(bench: Bench) -> None:
    [item] = bench.crawl(market(2), cities=("100", "101")).keywords
    assert (item.pages, item.state) == (4, "done")
    manifest = bench.zone.manifest("boss", DAY, Keyword.parse("数据"))
    assert manifest is not None
    assert {city: progress.pages for city, progress in manifest.cities.items()} == {"100": 2, "101": 2}


def test_a_throttle_waits_as_long_as_it_was_asked_to(bench: Bench) -> None:
    slow = Response(status=429, headers={"retry-after": "77"}, body=b"", latency_ms=1)
    report = bench.crawl(sequence([slow, page("a", last=True)]), cool_down_seconds=1)
    assert report.outcomes == {"throttled": 1, "last": 1}
    assert max(bench.clock.slept) == pytest.approx(77, abs=20)


def test_a_ban_moves_the_page_to_another_identity_and_is_not_no_jobs(bench: Bench) -> None:
    good = market(3)

    def handler(request: Request, egress: str) -> Response | bytes | Exception:
        return outcome("banned") if egress == "127.0.1.1" else good(request, egress)

    report = bench.crawl(handler, egress_addresses=("127.0.1.1", "127.0.1.2"))
    assert [item.state for item in report.keywords] == ["done"]
    assert report.outcomes == {"banned": 1, "ok": 2, "last": 1}
    assert report.egress == {"127.0.1.1": 1, "127.0.1.2": 3}


def test_nobody_waits_for_a_banned_identity_while_others_work(bench: Bench) -> None:
    good = market(4)

    def handler(request: Request, egress: str) -> Response | bytes | Exception:
        return outcome("banned") if egress == "127.0.1.1" else good(request, egress)

    report = bench.crawl(handler, *"abcdef", egress_addresses=("127.0.1.1", "127.0.1.2"), ban_seconds=600)
    assert not report.unfinished
    assert report.outcomes["banned"] == 1
    assert max(bench.clock.slept, default=0) < 600


def test_when_every_identity_rests_too_long_the_keyword_is_partial_and_goes_on_later(bench: Bench) -> None:
    answers = sequence([page("a", "b"), page("c", "d"), page("e"), outcome("banned")])
    report = bench.crawl(answers, "数据", "Java", ban_seconds=3600)
    assert [(item.state, item.stop_reason, item.next_page) for item in report.keywords] == [
        ("partial", "no_identity", 4),
        ("partial", "not_begun", 1),
    ]
    assert "rests" in report.stop_reason
    bench.clock.advance(4000)
    seen: list[dict[str, object]] = []

    def rest(request: Request, _egress: str) -> bytes:
        seen.append(dict(request.params))
        return page("f", last=True)

    [item] = bench.crawl(rest).keywords
    assert (item.state, item.resumed, item.pages) == ("done", True, 4)
    assert seen == [{"q": "数据", "page": 4, "carry": {"cursor": "3"}}]


def test_a_challenge_fails_the_keyword_at_once_and_retires_the_identity(bench: Bench) -> None:
    report = bench.crawl(lambda _r, _e: outcome("challenge"), "数据", "Java")
    assert len(bench.script.log) == 1
    assert [(item.state, item.stop_reason) for item in report.keywords] == [
        ("failed", "challenge"),
        ("partial", "no_identity"),
    ]
    assert bench.landed() == [("数据", 1, "challenge")]


def test_an_expired_token_is_marked_and_the_next_one_used(bench: Bench) -> None:
    tokens = ListTokenSource(Token(mpt=SecretStr(name)) for name in ("old", "new"))
    good = market(2)

    def handler(request: Request, egress: str) -> Response | bytes | Exception:
        return outcome("token_expired") if request.headers["mpt"] == "old" else good(request, egress)

    report = bench.crawl(handler, platform=spec(needs_token=True), tokens=tokens)
    assert report.outcomes == {"token_expired": 1, "ok": 1, "last": 1}
    assert [reason for _, reason in tokens.invalid] == ["scripted"]
    lease = tokens.lease()
    assert lease is not None
    assert lease.mpt.get_secret_value() == "new"


def test_without_any_token_left_the_crawl_says_how_to_add_one(bench: Bench) -> None:
    with pytest.raises(NoToken, match="token import"):
        bench.crawl(market(1), platform=spec(needs_token=True))
    report = bench.crawl(
        lambda _r, _e: outcome("token_expired"),
        platform=spec(needs_token=True),
        tokens=ListTokenSource([Token(mpt=SecretStr("old"))]),
    )
    assert report.keywords[0].state == "partial"
    assert "token import" in report.stop_reason


def test_failed_connections_are_tried_again_on_a_new_connection_then_given_up(bench: Bench) -> None:
    good = market(1)
    broken: list[Response | bytes | Exception] = [TransportError("ConnectionReset"), outcome("transport", "truncated")]

    def handler(request: Request, egress: str) -> Response | bytes | Exception:
        return broken.pop() if broken else good(request, egress)

    report = bench.crawl(handler)
    assert report.outcomes == {"transport": 2, "last": 1}
    assert bench.script.transports[0].reconnects == 2
    [item] = bench.crawl(lambda _r, _e: TransportError("refused"), "Java").keywords
    assert (item.state, item.stop_reason, item.fetched) == ("failed", "transport", 5)
    assert "refused" in item.error


def test_a_changed_schema_fails_keywords_and_stops_the_platform_after_three(bench: Bench) -> None:
    report = bench.crawl(lambda _r, _e: outcome("schema_changed", "zpData.list is gone"), "a", "b", "c", "d", "e")
    assert [item.stop_reason for item in report.keywords] == ["schema_changed"] * 3 + ["not_begun"] * 2
    assert "zpData.list is gone" in report.stop_reason


def test_the_budget_counts_every_request_of_the_day_in_every_process(bench: Bench) -> None:
    report = bench.crawl(market(9), identity_pages_per_day=4)
    assert (report.fetched, report.keywords[0].stop_reason) == (4, "no_identity")
    assert "IDENTITY_PAGES_PER_DAY" in report.stop_reason
    assert bench.crawl(market(9), identity_pages_per_day=6).fetched == 2
    assert bench.crawl(market(9)).keywords[0].state == "done"


def test_the_delay_holds_between_all_requests_of_an_identity(bench: Bench) -> None:
    times: list[float] = []
    answers = sequence([outcome("transport"), page("a"), outcome("token_expired"), page("b"), page("c", last=True)])

    def handler(request: Request, egress: str) -> Response | bytes | Exception:
        times.append(bench.clock.monotonic())
        return answers(request, egress)

    bench.crawl(handler, sleep_min_seconds=10, sleep_max_seconds=20)
    gaps = [later - earlier for earlier, later in itertools.pairwise(times)]
    assert len(gaps) == 4
    assert min(gaps) >= 10


def test_a_refused_key_is_an_error_and_what_was_fetched_is_landed(bench: Bench) -> None:
    with pytest.raises(BadSetting, match="QCWY_SIGN_KEY"):
        bench.crawl(sequence([page("a"), json.dumps({"badkey": 1}).encode()]), segment_pages=50)
    assert bench.landed() == [("数据", 1, "ok")]


def test_an_error_in_a_listener_ends_the_crawl_and_loses_nothing(bench: Bench) -> None:
    def explode(_: object) -> None:
        raise RuntimeError("the control store is gone")

    with pytest.raises(RuntimeError, match="control store"):
        crawl(
            spec(),
            [Query("boss", Keyword.parse("数据"), "100")],
            date=DAY,
            settings=CrawlSettings(),
            landing=bench.zone,
            on_keyword=explode,
            transport=Script(market(2)),
            clock=bench.clock,
        )
    assert len(bench.landed()) == 2


def test_cancelling_seals_what_was_fetched(bench: Bench) -> None:
    def handler(request: Request, _egress: str) -> bytes:
        if request.params["page"] == 4:
            asyncio.get_running_loop().call_soon(_cancel_all)
        return page(f"{request.params['page']}")

    with pytest.raises(asyncio.CancelledError):
        bench.crawl(handler, segment_pages=50)
    assert [number for _, number, _ in bench.landed()] in ([1, 2, 3], [1, 2, 3, 4])
    [item] = bench.crawl(market(6), segment_pages=50).keywords
    assert (item.state, item.pages, item.resumed) == ("done", 6, True)


def _cancel_all() -> None:
    for task in asyncio.all_tasks():
        task.cancel()


def test_planted_secrets_are_neither_landed_nor_reported(bench: Bench) -> None:
    planted = "planted-secret-0123456789"
    tokens = ListTokenSource([Token(mpt=SecretStr(planted), wt2=SecretStr("wt2-" + planted))])
    answers = sequence([page("a"), outcome("token_expired", "x"), page("b", last=True)])

    def handler(request: Request, egress: str) -> Response | bytes | Exception:
        answer = answers(request, egress)
        assert isinstance(answer, bytes)
        return answer.replace(b'"a"', b'"a", "echo ' + planted.encode() + b'"')

    bench.crawl(handler, platform=spec(needs_token=True), tokens=tokens)
    texts = [repr(bench.reports), repr(bench.checkpoints), repr(bench.lines), repr(tokens.invalid)]
    for ref in bench.zone.segments("boss", DAY):
        texts += [repr(item) for item in read_segment(bench.zone.read(ref))]
    assert any("***" in text for text in texts)
    assert not any(planted in text for text in texts)


@pytest.mark.parametrize("late", [2, 5])
def test_a_second_crawl_of_a_keyword_is_noticed_and_leaves_the_first_ones_manifest(bench: Bench, late: int) -> None:
    """The other crawl lands the whole keyword while this one is at page ``late``, in the middle or at the end."""
    other = Bench(Path(str(bench.zone.local_root)).parent)

    def handle(request: Request, egress: str) -> Response | bytes | Exception:
        if request.params == {**request.params, "q": "数据", "page": late} and not other.reports:
            thread = threading.Thread(target=other.crawl, args=(market(5),))
            thread.start()
            thread.join()
        return market(5)(request, egress)

    first, second = bench.crawl(handle, "数据", "Java").keywords
    assert (first.state, first.stop_reason) == ("failed", "LandingConflict")
    assert "another crawl" in first.error
    assert (second.keyword, second.state) == ("Java", "done")
    manifest = bench.zone.manifest("boss", DAY, Keyword.parse("数据"))
    assert manifest is not None
    assert (manifest.state, manifest.pages) == ("done", 5)
    assert list(verify(bench.zone)) == []
