"""51job dictionaries: areas and answer statuses (WIRE 2.1, 2.3)."""

from __future__ import annotations

from crawler_core.outcome import Outcome

__all__ = ["CITIES", "NATIONWIDE", "SIGNATURE_WRONG", "STATUSES", "SUCCESS"]

NATIONWIDE = "000000"

CITIES = {
    "全国": NATIONWIDE,  # SURE
    # LIKELY: these codes occur in captures, which do not name the cities; the names are general knowledge.
    "北京": "010000",
    "上海": "020000",
    "广州": "030200",
    "东莞": "030800",
    "深圳": "040000",
    "长沙": "190200",
    "西安": "200200",
}
"""City name to area code of six digits."""

SUCCESS = "1"

SIGNATURE_WRONG = "110011"
"""LIKELY: the signature does not match; a matter of configuration, so it is raised and not an outcome."""

STATUSES: dict[str, tuple[Outcome, str]] = {
    "100004": (Outcome.SCHEMA_CHANGED, "parameters refused"),
    "110104": (Outcome.TOKEN_EXPIRED, "user-token required"),
}
"""Statuses other than success, LIKELY (WIRE 2.3); any other status is a changed contract."""
