"""Boss Zhipin / BOSS直聘, through its mini-program calls (WIRE 1)."""

from __future__ import annotations

from crawler_core.platforms.boss.codes import CITIES, NATIONWIDE
from crawler_core.platforms.boss.company import COMPANY
from crawler_core.platforms.boss.fields import JOB_DETAIL, SEARCH
from crawler_core.platforms.boss.parse import judge
from crawler_core.platforms.boss.search import build_search
from crawler_core.platforms.spec import PlatformSpec

__all__ = ["SPEC"]

SPEC = PlatformSpec(
    name="boss",
    title="BOSS直聘",
    base_url="https://www.zhipin.com",
    page_size=15,
    max_page_size=30,
    page_cap=20,  # INFER: captures end at 300 records, 20 pages of 15
    needs_token=True,
    needs_sign_key=False,
    nationwide=NATIONWIDE,
    cities=CITIES,
    build_search=build_search,
    judge=judge,
    search=SEARCH,
    details={"job_detail": JOB_DETAIL},
    company=COMPANY,
)
"""The platform."""
