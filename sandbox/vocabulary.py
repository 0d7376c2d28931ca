"""The words each platform uses for experience, degree and company size (WIRE 9, codes WIRE 1.8).

What belongs here: one internal level per fact and its spelling on each platform. Spellings that WIRE marks as
inferred are used as well, so that a client that does not read them tolerantly shows it here first.
"""

from __future__ import annotations

from typing import Final

EXPERIENCE: Final[dict[str, tuple[str, ...]]] = {
    "boss": ("经验不限", "在校/应届", "1年以内", "1-3年", "3-5年", "5-10年", "10年以上"),
    "qcwy": ("无需经验", "在校生/应届生", "1年", "1年及以上", "3年及以上", "5年及以上", "10年及以上"),
    "zhilian": ("经验不限", "应届", "1年以下", "1-3年", "3-5年", "5-10年", "10年以上"),
}
QCWY_EXPERIENCE_VARIANTS: Final = (
    "无工作经验",
    "在校生/应届生",
    "1年经验",
    "2年及以上",
    "3-4年经验",
    "5-7年经验",
    "8-9年经验",
)
DEGREE: Final = ("学历不限", "大专", "本科", "硕士", "博士", "高中", "中专/中技")

_BOSS_SIZES: Final = (
    (20, "0-20人"),
    (100, "20-99人"),
    (500, "100-499人"),
    (1000, "500-999人"),
    (10_000, "1000-9999人"),
)
_QCWY_SIZES: Final = (
    (50, "少于50人"), (150, "50-150人"), (500, "150-500人"), (1000, "500-1000人"),
    (5000, "1000-5000人"), (10_000, "5000-10000人"),
)  # fmt: skip
_ZHILIAN_SIZES: Final = (
    (20, "20人以下"), (100, "20-99人"), (300, "100-299人"), (500, "300-499人"),
    (1000, "500-999人"), (10_000, "1000-9999人"),
)  # fmt: skip
_SIZES: Final = {"boss": _BOSS_SIZES, "qcwy": _QCWY_SIZES, "zhilian": _ZHILIAN_SIZES}


def size_text(platform: str, headcount: int) -> str:
    """The platform's size bracket for a number of employees."""
    return next((text for limit, text in _SIZES[platform] if headcount < limit), "10000人以上")
