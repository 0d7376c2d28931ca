"""Company batches against a scripted transport and a fake clock: results, retries, resume, what is landed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from crawler_core.crawl import CompanyResult, crawl_companies, landed_companies
from crawler_core.errors import TransportError
from crawler_core.keyword import Keyword
from crawler_core.landing import verify
from crawler_core.platforms.company import (
    CompanyAnswer,
    CompanyCall,
    CompanyEnd,
    CompanySpec,
    CompanyTarget,
    CompanyVerdict,
    Finding,
)
from crawler_core.settings import CrawlSettings
from crawler_core.values import Request
from tests.support.toy_company import DAY, TOY, Bench, fails, found, plan, says, spec, states, targets
from tests.support.toy_platform import Script, sequence


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def test_a_batch_is_fetched_landed_and_read(bench: Bench) -> None:
    def handler(request: Request, _egress: str) -> bytes:
        return found(id=str(request.params["id"]), full=request.path)

    report = bench.fetch(handler, "a", "b2", "a")
    assert states(report) == {"a": "done", "b2": "done"}
    assert [result.requests for result in report.companies] == [1, 2]
    assert (report.fetched, report.outcomes, report.egress) == (3, {"ok": 3}, {"local": 3})
    assert bench.results == list(report.companies)
    assert bench.landed() == [
        ("a", "company:first", "ok"), ("b2", "company:first", "ok"), ("b2", "company:second", "ok"),
    ]  # fmt: skip
    records = {record.company_id: record for record in landed_companies(spec(), bench.zone, DAY)}
    assert {key: record.full_name for key, record in records.items()} == {"a": "/first", "b2": "/second"}
    manifest = bench.zone.companies.manifest("boss", DAY, Keyword.parse("b1"))
    assert manifest is not None
    assert (manifest.state, manifest.pages, manifest.records) == ("done", 3, 3)
    [ref] = bench.zone.companies.segments("boss", DAY)
    assert ref.path == f"company/platform=boss/date={DAY}/batch=b1/companies-00001.jsonl.zst"
    assert bench.zone.segments("boss", DAY) == []
    assert list(verify(bench.zone.companies)) == []


def test_a_second_run_of_the_batch_asks_for_nothing_and_another_batch_for_all(bench: Bench) -> None:
    answers = {"a": found(), "g": says("gone"), "r": says("absent")}

    def handler(request: Request, _egress: str) -> bytes:
        return answers[str(request.params["id"])]

    bench.fetch(handler, "a", "g", "r")
    before = bench.zone.companies.manifest("boss", DAY, Keyword.parse("b1"))
    report = bench.fetch(handler, "g", "r", "a")
    assert bench.asked == []
    assert states(report) == {"a": "done", "g": "gone", "r": "refused"}
    assert all(result.already_landed and not result.requests for result in report.companies)
    assert bench.zone.companies.manifest("boss", DAY, Keyword.parse("b1")) == before
    assert bench.fetch(handler, "a", batch_id="b2").fetched == 1


@pytest.mark.parametrize("outcome", ["challenge", "throttled", "banned", "transport", "token_expired"])
def test_a_block_is_retried_later_and_asked_again_in_the_same_batch(bench: Bench, outcome: str) -> None:
    report = bench.fetch(lambda _r, _e: fails(outcome), "a", "b", ban_seconds=1, max_wait_seconds=9999)
    assert states(report) == {"a": "retry_later", "b": "retry_later"}
    assert outcome in next(iter(report.companies)).reason
    assert [result.target.company_id for result in report.unfinished] == ["a", "b"]
    bench.clock.advance(9999)
    again = bench.fetch(lambda _r, _e: found(), "a", "b")
    assert states(again) == {"a": "done", "b": "done"}
    assert again.fetched == 2


def test_a_failed_connection_is_tried_again(bench: Bench) -> None:
    report = bench.fetch(sequence([TransportError("reset"), found()]), "a")
    assert (states(report), report.outcomes) == ({"a": "done"}, {"transport": 1, "ok": 1})


def test_a_company_is_gone_only_beside_one_that_is_found(bench: Bench) -> None:
    handler = sequence([says("gone"), found(), says("gone")])
    assert states(bench.fetch(handler, "a", "b", "c")) == {"a": "gone", "b": "done", "c": "gone"}
    alone = bench.fetch(lambda _r, _e: says("gone"), "d", batch_id="b2")
    assert states(alone) == {"d": "retry_later"}
    assert "no company of this batch was found" in alone.companies[0].reason


@pytest.mark.parametrize(("finding", "state"), [("gone", "retry_later"), ("refused", "refused")])
def test_a_call_that_changed_stops_the_batch_after_three(bench: Bench, finding: str, state: str) -> None:
    report = bench.fetch(lambda _r, _e: says(finding), *"abcdef")
    assert report.fetched == 3
    assert [states(report)[name] for name in "abcdef"] == [state] * 3 + ["retry_later"] * 3
    assert "not answered as expected" in report.stop_reason


def test_companies_that_are_not_listed_do_not_stop_a_batch(bench: Bench) -> None:
    assert bench.fetch(lambda _r, _e: says("absent"), *"abcdef").states == {"refused": 6}


def test_a_corrected_reader_needs_no_request(bench: Bench) -> None:
    bench.fetch(lambda _r, _e: says("refused"), "a")
    kinder = CompanySpec(plan=partial(_kind_plan, plan), shapes=TOY.shapes)
    report = bench.fetch(lambda _r, _e: found(), "a", platform=replace(spec(), company=kinder))
    assert (states(report), bench.asked) == ({"a": "done"}, [])


def _kind_plan(inner: Any, target: CompanyTarget, answers: Sequence[CompanyAnswer]) -> CompanyCall | CompanyEnd:
    step = inner(target, answers)
    return replace(step, judge=lambda _: CompanyVerdict.of(Finding.FOUND)) if isinstance(step, CompanyCall) else step


def test_an_interrupted_company_goes_on_with_its_next_call(bench: Bench) -> None:
    report = bench.fetch(sequence([found(), fails("challenge")]), "a2")
    assert states(report) == {"a2": "retry_later"}
    report = bench.fetch(lambda _r, _e: found(), "a2")
    assert (states(report), bench.asked) == ({"a2": "done"}, ["/second:a2"])


def test_an_unnamed_segment_of_a_killed_crawl_is_taken_in(bench: Bench) -> None:
    bench.fetch(lambda _r, _e: found(), "a", "b")
    for path in (bench.zone.local_root or Path()).rglob("manifest.json"):
        path.unlink()
    report = bench.fetch(lambda _r, _e: found(), "a", "b", "c")
    assert bench.asked == ["/first:c"]
    assert [result.already_landed for result in report.companies] == [True, True, False]


def test_results_are_told_only_when_they_are_durable(bench: Bench) -> None:
    told: list[tuple[str, bool]] = []

    def on_company(result: CompanyResult) -> None:
        told.append((result.target.company_id, (result.target.company_id, "company:first", "ok") in bench.landed()))

    names = [f"c{number}" for number in range(1, 12) if number % 10 != 2]
    crawl_companies(
        spec(),
        targets(*names),
        date=DAY,
        settings=CrawlSettings(segment_pages=3, egress_addresses=("127.0.1.1", "127.0.1.2", "127.0.1.3")),
        landing=bench.zone,
        batch_id="b1",
        on_company=on_company,
        transport=Script(lambda _r, _e: found()),
        clock=bench.clock,
    )
    assert sorted(told) == sorted((name, True) for name in names)
    segments = bench.zone.companies.segments("boss", DAY)
    assert [ref.lines for ref in segments[:-1]] == pytest.approx([3] * (len(segments) - 1), abs=2)
    assert len(segments) >= 2
