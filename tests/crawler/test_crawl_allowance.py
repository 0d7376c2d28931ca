"""A crawl with allowances: page caps, stopping where nothing is new, and the memory of earlier days."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from crawler_core.crawl import Allowance, KeywordReport, crawl
from crawler_core.errors import CorruptSegment
from crawler_core.keyword import Keyword
from crawler_core.landing import KeywordMemory, LandingZone
from crawler_core.settings import CrawlSettings
from crawler_core.values import Query, Request
from tests.support.clock import FakeClock
from tests.support.toy_platform import Handler, Script, market, outcome, page, spec

MONDAY = dt.date(2026, 11, 16)
TUESDAY, WEDNESDAY = MONDAY + dt.timedelta(days=1), MONDAY + dt.timedelta(days=2)
WORD = Keyword.parse("数据")


def pages(*listing: tuple[str, ...]) -> Handler:
    """One list of pages for every search."""

    def handle(request: Request, _egress: str) -> bytes:
        number = int(str(request.params["page"]))
        return page(*listing[number - 1], last=number == len(listing)) if number <= len(listing) else page()

    return handle


class Days:
    def __init__(self, folder: Path) -> None:
        self.zone = LandingZone.from_url(f"file://{folder}/landing")
        self.asked: list[int] = []

    def crawl(
        self,
        handler: Handler,
        day: dt.date,
        allowance: Allowance | None,
        cities: tuple[str, ...] = ("100",),
        **settings: int,
    ) -> KeywordReport:
        script = Script(handler)
        report = crawl(
            spec(),
            [Query("boss", WORD, city) for city in cities],
            date=day,
            settings=CrawlSettings(sleep_min_seconds=0, sleep_max_seconds=0, segment_pages=2, **settings),
            landing=self.zone,
            allowances=None if allowance is None else {WORD.key: allowance},
            transport=script,
            clock=FakeClock(),
        )
        self.asked = script.pages
        return report.keywords[0]


@pytest.fixture
def days(tmp_path: Path) -> Days:
    return Days(tmp_path)


def test_without_an_allowance_nothing_is_remembered(days: Days) -> None:
    report = days.crawl(market(4), MONDAY, None)
    assert (report.state, report.stop_reason, report.pages, report.fresh) == ("done", "last", 4, None)
    assert not days.zone.get("seen/platform=boss/keyword=%E6%95%B0%E6%8D%AE.json.zst")


def test_an_allowance_caps_the_pages_and_the_keyword_is_done(days: Days) -> None:
    report = days.crawl(market(6), MONDAY, Allowance(3, sweep=True))
    assert (report.state, report.stop_reason, days.asked, report.fresh) == ("done", "plan", [1, 2, 3], 6)
    again = days.crawl(market(6), MONDAY, Allowance(6, sweep=True))
    assert again.already_landed
    assert days.asked == []


def test_an_allowance_larger_than_the_platform_allows_ends_at_its_cap(days: Days) -> None:
    assert days.crawl(market(9), MONDAY, Allowance(9), max_pages=3).stop_reason == "page_cap"
    assert days.crawl(market(30), TUESDAY, None, max_pages=25).pages == 25  # a cap above the platform's own


def test_no_pages_at_all_is_a_day_of_rest(days: Days) -> None:
    report = days.crawl(market(2), MONDAY, Allowance(0))
    assert (report.state, report.stop_reason, report.pages, days.asked) == ("done", "plan", 0, [])
    manifest = days.zone.manifest("boss", MONDAY, WORD)
    assert manifest is not None
    assert manifest.state == "done"


def test_paging_stops_at_a_page_that_brings_nothing_new(days: Days) -> None:
    days.crawl(pages(("a", "b"), ("c", "d"), ("e", "f")), MONDAY, Allowance(9, sweep=True))
    later = pages(("n", "a"), ("b", "c"), ("m", "d"), ("e", "f"))
    report = days.crawl(later, TUESDAY, Allowance(9))
    assert (report.state, report.stop_reason, days.asked, report.fresh) == ("done", "nothing_new", [1, 2], 1)
    sweep = days.crawl(later, WEDNESDAY, Allowance(9, sweep=True))
    assert (sweep.stop_reason, days.asked, sweep.fresh) == ("last", [1, 2, 3, 4], 1)


def test_a_list_that_ends_is_complete_although_its_last_page_is_old(days: Days) -> None:
    days.crawl(pages(("a", "b")), MONDAY, Allowance(2))
    assert days.crawl(pages(("a", "b")), TUESDAY, Allowance(2)).stop_reason == "last"


def test_cities_share_an_allowance_and_a_cut_city_marks_the_keyword(days: Days) -> None:
    def handle(request: Request, egress: str) -> bytes:
        answer = market(1 if "city=101" in request.url else 5)(request, egress)
        assert isinstance(answer, bytes)
        return answer

    report = days.crawl(handle, MONDAY, Allowance(5, sweep=True), cities=("100", "101"))
    assert (report.stop_reason, report.pages) == ("plan", 4)  # three of the first city, one of the second
    reached = days.crawl(handle, TUESDAY, Allowance(7, sweep=True), cities=("101", "100"))
    assert (reached.stop_reason, reached.pages) == ("last", 6)  # what the small city left went to the large one


def test_a_resumed_keyword_keeps_to_its_allowance_and_counts_its_new_once(days: Days) -> None:
    days.crawl(market(2), MONDAY, Allowance(9))

    def breaks(request: Request, egress: str) -> bytes:
        answer = outcome("challenge") if request.params["page"] == 4 else market(8)(request, egress)
        assert isinstance(answer, bytes)
        return answer

    broken = days.crawl(breaks, TUESDAY, Allowance(6, sweep=True))
    assert (broken.state, broken.fresh) == ("failed", 2)  # pages 1 and 2 are known from Monday
    report = days.crawl(market(8), TUESDAY, Allowance(6, sweep=True))
    assert (report.state, report.stop_reason, days.asked, report.pages) == ("done", "plan", [4, 5, 6], 6)
    assert report.fresh == 8
    assert KeywordMemory(days.zone, "boss", WORD).known(WEDNESDAY) == {
        f"数据-{number}{side}" for number in range(1, 7) for side in "ab"
    }


def test_memory_forgets_what_was_not_seen_for_long_and_noting_twice_changes_nothing(days: Days) -> None:
    memory = KeywordMemory(days.zone, "boss", WORD)
    memory.note(MONDAY, ["old", "both"])
    for _ in range(2):
        memory.note(MONDAY + dt.timedelta(days=59), ["both", "new"])
    memory.save()
    late = MONDAY + dt.timedelta(days=60)
    again = KeywordMemory(days.zone, "boss", WORD)
    assert again.known(late) == {"old", "both", "new"}
    assert (again.fresh(MONDAY), again.fresh(MONDAY + dt.timedelta(days=59))) == (2, 1)
    again.note(late, [])
    again.note(late, ["more"])
    assert again.known(late) == {"both", "new"}


def test_a_damaged_memory_is_named_and_can_be_removed(days: Days) -> None:
    days.crawl(market(2), MONDAY, Allowance(9))
    path = KeywordMemory(days.zone, "boss", WORD).path
    days.zone.replace(path, b"junk")
    with pytest.raises(CorruptSegment, match=r"seen/platform=boss/keyword=.*remove it"):
        KeywordMemory(days.zone, "boss", WORD)
    assert days.crawl(market(2), TUESDAY, Allowance(9)).state == "failed"
    days.zone.delete(path)
    assert days.crawl(market(2), TUESDAY, Allowance(9)).fresh == 4
