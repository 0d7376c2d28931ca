"""Reports made of values, for tests of how they are shown."""

from __future__ import annotations

import datetime as dt
from typing import Any

from crawler_core.values import SHANGHAI
from jobdata_assets.reports.page.model import (
    Band,
    CompanyLine,
    HealthDay,
    KeywordLine,
    MarketReport,
    Movement,
    OutcomeLine,
    PlatformLine,
    SalaryCell,
    SalaryLine,
    SkillLine,
)

DAY = dt.date(2026, 11, 21)
TITLES = {"boss": "BOSS直聘", "qcwy": "前程无忧", "zhilian": "智联招聘"}


def days(count: int = 30) -> list[dt.date]:
    return [DAY - dt.timedelta(days=count - 1 - place) for place in range(count)]


def empty(**changes: Any) -> MarketReport:
    """Nothing was ever loaded."""
    still = tuple(Movement(day, 0, 0) for day in days())
    nothing = [PlatformLine(name, title, 0, 0, 0, 0, 0, 0, None) for name, title in TITLES.items()]
    values: dict[str, Any] = {
        "date": DAY,
        "since": days()[0],
        "made_at": dt.datetime(2026, 11, 22, 7, 30, tzinfo=SHANGHAI),
        "total": PlatformLine("", "All platforms", 0, 0, 0, 0, 0, 0, None),
        "platforms": tuple(nothing),
        "trend": still,
        "trend_by_platform": dict.fromkeys(TITLES, still),
        "bands": (Band(0, 10_000, 0), Band(10_000, None, 0)),
        **dict.fromkeys(
            ("cities", "keywords_salary", "cells", "companies", "skills", "keywords", "health", "outcomes"), ()
        ),
    }
    return MarketReport(**values | changes)


def full(scale: int = 1, **changes: Any) -> MarketReport:
    """Every part filled, with more rows than the page shows; ``scale`` makes the figures huge."""
    trend = tuple(Movement(day, (40 + place % 7) * scale, 30 * scale) for place, day in enumerate(days()))
    words = [f"关键词{place}" for place in range(40)]
    platforms = tuple(
        PlatformLine(name, title, 700 * scale, 20 * scale, 140 * scale, 9 * scale, 60 * scale, 500 * scale, 14_250.0)
        for name, title in TITLES.items()
    )
    values: dict[str, Any] = {
        "total": PlatformLine(
            "", "All platforms", 2100 * scale, 60 * scale, 420 * scale, 27 * scale, 180 * scale, 900 * scale, 14_250.0
        ),
        "platforms": platforms,
        "trend": trend,
        "trend_by_platform": dict.fromkeys(TITLES, trend),
        "bands": (Band(0, 10_000, 300 * scale), Band(10_000, None, 900 * scale)),
        "cities": tuple(_salary(f"城市{place}", scale) for place in range(30)),
        "keywords_salary": tuple(_salary(word, scale) for word in words),
        "cells": tuple(
            SalaryCell(f"城市{place}", word, 20 * scale, 9_000.0 + 500 * place)
            for place in range(30)
            for word in words[:30]
        ),
        "companies": tuple(
            CompanyLine(f"公司{place}", (90 - place) * scale, 9 * scale, 3, "boss, qcwy", 12_500.0)
            for place in range(80)
        ),
        "skills": tuple(
            SkillLine(f"技能{place}", (200 - place) * scale, 0.2 - place / 1000, 30 * scale, 0.25, 15_000.0)
            for place in range(80)
        ),
        "keywords": tuple(KeywordLine(word, 90 * scale, 3 * scale, 20 * scale, 10 * scale) for word in words),
        "health": tuple(
            HealthDay(day, name, 55 * scale, 54 * scale, 900 * scale, 7, 4, 1_000_000 * scale, 240.0, 1_800.0)
            for day in days(14)
            for name in TITLES
        ),
        "outcomes": tuple(
            OutcomeLine(name, outcome, pages * scale)
            for name in TITLES
            for outcome, pages in (("ok", 47), ("last", 7), ("banned", 1))
        ),
    }
    return empty(**values | changes)


def _salary(name: str, scale: int) -> SalaryLine:
    return SalaryLine(name, 90 * scale, 80 * scale, 9_500.0, 14_000.0, 21_000.0, 30_000.0)
