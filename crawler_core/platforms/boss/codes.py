"""Boss Zhipin dictionaries: cities, filter codes, answer codes (WIRE 1.7, 1.8).

The tables drift on the platform's side (WIRE 1.8); each is used in one place, so a change is one line here.
"""

from __future__ import annotations

from crawler_core.outcome import Outcome

__all__ = ["ANSWERS", "CITIES", "DEGREE", "EXPERIENCE", "NATIONWIDE", "SALARY", "SCALE", "STAGE"]

NATIONWIDE = "100010000"

_CITIES_SURE = {
    "全国": NATIONWIDE,
    "北京": "101010100",
    "上海": "101020100",
    "广州": "101280100",
    "深圳": "101280600",
    "杭州": "101210100",
    "成都": "101270100",
}
_CITIES_LIKELY = {
    "天津": "101030100",
    "沈阳": "101070100",
    "福州": "101230100",
    "珠海": "101280700",
    "东莞": "101281600",
    "长沙": "101250100",  # the code is in a capture, the name is general knowledge
}
CITIES = {**_CITIES_SURE, **_CITIES_LIKELY}
"""City name to code of nine digits."""

EXPERIENCE = {
    "在校生": "108",
    "应届生": "102",
    "经验不限": "101",
    "1年以内": "103",
    "1-3年": "104",
    "3-5年": "105",
    "5-10年": "106",
    "10年以上": "107",
}
"""Search filter ``experience``. SURE; one client maps 3-5 years to 104."""

DEGREE = {
    "初中及以下": "209",
    "中专/中技": "208",
    "高中": "206",
    "大专": "202",
    "本科": "203",
    "硕士": "204",
    "博士": "205",
}
"""Search filter ``degree``. SURE."""

SALARY = {"3K以下": "402", "3-5K": "403", "5-10K": "404", "10-20K": "405", "20-50K": "406", "50K以上": "407"}
"""Search filter ``salary``. SURE."""

SCALE = {
    "0-20人": "301",
    "20-99人": "302",
    "100-499人": "303",
    "500-999人": "304",
    "1000-9999人": "305",
    "10000人以上": "306",
}
"""Search filter ``scale``. SURE."""

STAGE = {
    "未融资": "801",
    "天使轮": "802",
    "A轮": "803",
    "B轮": "804",
    "C轮": "805",
    "D轮及以上": "806",
    "已上市": "807",
    "不需要融资": "808",
}
"""Search filter ``stage``. SURE."""

ANSWERS: dict[int, tuple[Outcome, str]] = {
    1: (Outcome.TRANSPORT, "generic failure"),  # SURE, but says nothing: worth another try
    2: (Outcome.SCHEMA_CHANGED, "bad parameter"),
    3: (Outcome.SCHEMA_CHANGED, "no permission"),
    4: (Outcome.THROTTLED, "too many requests"),
    5: (Outcome.SCHEMA_CHANGED, "request not legitimate"),
    6: (Outcome.SCHEMA_CHANGED, "request not legitimate"),
    7: (Outcome.TOKEN_EXPIRED, "login expired"),
    9: (Outcome.THROTTLED, "rate limited or outdated version"),  # clients disagree; slowing down is the careful reading
    17: (Outcome.SCHEMA_CHANGED, "missing parameter"),
    19: (Outcome.SCHEMA_CHANGED, "bad parameter value"),
    22: (Outcome.SCHEMA_CHANGED, "parameter too long"),
    24: (Outcome.TOKEN_EXPIRED, "the account is in the recruiter role"),  # another account can go on
    31: (Outcome.BANNED, "access restricted"),
    35: (Outcome.BANNED, "address flagged"),
    36: (Outcome.CHALLENGE, "account flagged, human check demanded"),
    37: (Outcome.CHALLENGE, "environment flagged, check demanded"),
    100: (Outcome.SCHEMA_CHANGED, "client version refused"),
    121: (Outcome.SCHEMA_CHANGED, "header zp_token demanded"),
}
"""Codes other than 0 and what they mean for a crawl (WIRE 1.7); any other code is a changed contract."""
