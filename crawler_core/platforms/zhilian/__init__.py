"""Zhaopin / 智联招聘, through its web search (WIRE 3)."""

from __future__ import annotations

from crawler_core.platforms.spec import PlatformSpec
from crawler_core.platforms.zhilian.codes import CITIES, NATIONWIDE
from crawler_core.platforms.zhilian.company import COMPANY
from crawler_core.platforms.zhilian.fields import SEARCH
from crawler_core.platforms.zhilian.parse import LARGEST_PAGE, PAGE_CAP, judge
from crawler_core.platforms.zhilian.search import build_search

__all__ = ["SPEC"]

SPEC = PlatformSpec(
    name="zhilian",
    title="智联招聘",
    base_url="https://fe-api.zhaopin.com",
    page_size=LARGEST_PAGE,
    max_page_size=LARGEST_PAGE,
    page_cap=PAGE_CAP,
    needs_token=False,
    needs_sign_key=False,
    nationwide=NATIONWIDE,
    cities=CITIES,
    build_search=build_search,
    judge=judge,
    search=SEARCH,
    details={},
    company=COMPANY,
)
"""The platform."""
