from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from crawler_core.keyword import Keyword
from crawler_core.landing import Envelope, LandingZone, RequestRecord, land_pages

DAY = dt.date(2026, 11, 21)

Run = Callable[..., Any]


def envelope(platform: str, keyword: str, page: int) -> Envelope:
    return Envelope(
        platform=platform,
        kind="search",
        keyword=keyword,
        city="100",
        page=page,
        attempt=1,
        date=DAY.isoformat(),
        fetched_at="2026-11-21T09:30:00.000+08:00",
        outcome="ok",
        status=200,
        latency_ms=1.0,
        egress="direct",
        identity="direct",
        node="test",
        crawler_version="0",
        request=RequestRecord(method="GET", path="/", params={}),
        detail="",
        body="{}",
    )


@pytest.fixture
def landed(home: Path) -> Path:
    root = home / "landing"
    zone = LandingZone.from_url(f"file://{root}")
    for platform, text, pages in (("boss", "C++", 3), ("boss", "数据 工程师", 2), ("qcwy", "Java", 1)):
        pages_of = [(envelope(platform, text, page), 30) for page in range(1, pages + 1)]
        land_pages(zone, platform, DAY, Keyword.parse(text), "100", pages_of, segment_pages=2)
    return root


def test_ls_shows_what_is_landed(jobdata: Run, landed: Path) -> None:
    rows = jobdata("landing", "ls", "--json").data
    shown = [
        (row["platform"], row["date"], row["keyword"], row["state"], row["pages"], row["segments"]) for row in rows
    ]
    assert shown == [
        ("boss", "2026-11-21", "C++", "done", 3, 2),
        ("boss", "2026-11-21", "数据 工程师", "done", 2, 1),
        ("qcwy", "2026-11-21", "Java", "done", 1, 1),
    ]
    sizes = sum(path.stat().st_size for path in landed.rglob("*.zst"))
    assert sum(row["bytes"] for row in rows) == sizes
    table = jobdata("landing", "ls", "-p", "boss", "--date", "2026-11-21").out
    assert "数据 工程师" in table
    assert "qcwy" not in table
    assert jobdata("landing", "ls", "--date", "2026-11-20").out.startswith("nothing is landed under file://")


def test_verify_is_silent_about_a_sound_zone(jobdata: Run, landed: Path) -> None:
    ran = jobdata("landing", "verify")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("no problems under file://")
    assert jobdata("landing", "verify", "--json").data == []


def test_verify_lists_problems_and_exits_3(jobdata: Run, landed: Path) -> None:
    (segment,) = landed.rglob("platform=qcwy/**/*.zst")
    segment.write_bytes(segment.read_bytes()[:-1] + b"x")
    ran = jobdata("landing", "verify", "--json")
    assert ran.code == 3
    assert [(problem["kind"], problem["path"]) for problem in ran.data] == [
        ("corrupt", str(segment.relative_to(landed))),
    ]
    assert jobdata("landing", "verify").code == 3
    assert jobdata("landing", "verify", "-p", "boss").code == 0


def test_nothing_landed_yet(jobdata: Run) -> None:
    assert jobdata("landing", "ls").out.startswith("nothing is landed under file://")
    assert jobdata("landing", "ls", "--json").data == []
    assert jobdata("landing", "verify").code == 0
