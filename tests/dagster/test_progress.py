"""What a crawl tells while it runs: few lines, and a mirror that is right whenever somebody looks."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from crawler_core.crawl import CheckpointUpdate, KeywordReport
from jobdata_assets.crawl.progress import ControlMirror, ProgressLog
from jobdata_resources.control import ControlStore

DAY = dt.date(2026, 11, 21)


class Seconds:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def update(keyword: str, pages: int, city: str = "100") -> CheckpointUpdate:
    return CheckpointUpdate(
        platform="boss", date=DAY, keyword=keyword, city=city, next_page=pages + 1, state="partial", pages=pages,
        records=30 * pages,
    )  # fmt: skip


def report(keyword: str, pages: int, **changed: object) -> KeywordReport:
    done = KeywordReport(
        platform="boss", date=DAY, keyword=keyword, state="done", stop_reason="last", pages=pages, records=30 * pages
    )
    return replace(done, **changed)  # type: ignore[arg-type]


def test_a_line_every_ten_seconds_however_many_pages() -> None:
    lines: list[str] = []
    clock = Seconds()
    log = ProgressLog(lines.append, total=3, label="boss 2026-11-21", clock=clock)
    for second in range(60):
        clock.now = float(second)
        for page in range(20):
            log.checkpoint(update("a", second * 20 + page))
    log.keyword(report("a", 1200))
    clock.now = 70.0
    log.keyword(report("b", 5))
    assert len(lines) == 6
    assert lines[-1] == "boss 2026-11-21: 2 of 3 keywords ended, 1205 pages landed"


def test_a_flood_of_trouble_is_cut_and_counted() -> None:
    lines: list[str] = []
    log = ProgressLog(lines.append, total=500, label="boss", clock=Seconds())
    for number in range(500):
        log.trouble(f"keyword {number} failed")
    log.close()
    assert len(lines) == 51
    assert lines[-1] == "boss: 450 more lines of this kind are not shown"


def cities(store: ControlStore) -> dict[tuple[str, str], tuple[str, int]]:
    return {(row.keyword, row.city): (row.state, row.pages) for row in store.checkpoints("boss", DAY)}


def test_progress_is_written_every_few_seconds_and_the_end_at_once(store: ControlStore) -> None:
    clock = Seconds()
    mirror = ControlMirror(store, clock=clock)
    store.add_keyword("boss", "long")
    mirror.checkpoint(update("long", 16))
    assert cities(store) == {}
    clock.now = 6.0
    mirror.checkpoint(update("long", 32))
    assert cities(store) == {("long", "100"): ("partial", 32), ("long", ""): ("partial", 32)}
    mirror.checkpoint(update("long", 40))
    mirror.keyword(report("long", 40))
    assert cities(store) == {("long", "100"): ("partial", 40), ("long", ""): ("done", 40)}


def test_a_short_keyword_leaves_one_row_and_an_unfinished_one_its_place(store: ControlStore) -> None:
    mirror = ControlMirror(store, clock=Seconds())
    for keyword in ("short", "stopped", "resumed"):
        store.add_keyword("boss", keyword)
        mirror.checkpoint(update(keyword, 3))
    mirror.keyword(report("short", 3))
    mirror.keyword(report("stopped", 3, state="failed", stop_reason="challenge"))
    mirror.keyword(report("resumed", 3, resumed=True))
    assert set(cities(store)) == {
        ("short", ""), ("stopped", "100"), ("stopped", ""), ("resumed", "100"), ("resumed", ""),
    }  # fmt: skip
    assert cities(store)["stopped", ""] == ("failed", 3)


def test_flush_writes_what_waits(store: ControlStore) -> None:
    mirror = ControlMirror(store, clock=Seconds())
    mirror.checkpoint(update("a", 3))
    mirror.checkpoint(update("a", 4, city="101"))
    mirror.flush()
    assert cities(store)["a", "101"] == ("partial", 4)
