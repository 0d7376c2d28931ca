"""51job / 前程无忧, through its web search (WIRE 2)."""

from __future__ import annotations

from crawler_core.platforms.qcwy.codes import CITIES, NATIONWIDE
from crawler_core.platforms.qcwy.company import COMPANY
from crawler_core.platforms.qcwy.fields import SEARCH
from crawler_core.platforms.qcwy.parse import LARGEST_PAGE, judge
from crawler_core.platforms.qcwy.search import build_search
from crawler_core.platforms.spec import PlatformSpec

__all__ = ["SPEC"]

SPEC = PlatformSpec(
    name="qcwy",
    title="前程无忧",
    base_url="https://cupid.51job.com",
    page_size=50,  # both 20 and 50 are seen in practice (WIRE 2.1); fewer requests are kinder
    max_page_size=LARGEST_PAGE,
    page_cap=50,  # INFER: as many pages as the site shows
    needs_token=False,
    needs_sign_key=True,
    nationwide=NATIONWIDE,
    cities=CITIES,
    build_search=build_search,
    judge=judge,
    search=SEARCH,
    details={},
    company=COMPANY,
)
"""The platform."""
