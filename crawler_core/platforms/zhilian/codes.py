"""Zhaopin dictionaries: cities and answer codes (WIRE 3.1, 3.4)."""

from __future__ import annotations

from crawler_core.outcome import Outcome

__all__ = ["ANSWERS", "CITIES", "NATIONWIDE", "SUCCESS"]

NATIONWIDE = "489"

_CITIES_SURE = {
    "全国": NATIONWIDE,
    "北京": "530",
    "上海": "538",
    "天津": "531",
    "广州": "763",
    "深圳": "765",
    "杭州": "653",
    "武汉": "736",
    "成都": "801",
}
_CITIES_LIKELY = {
    "长沙": "749",
    "南京": "635",
    "苏州": "639",
    "重庆": "551",
    "西安": "854",
    "郑州": "719",
    "济南": "702",
    "青岛": "703",
    "沈阳": "599",
    "大连": "600",
    "长春": "613",
    "哈尔滨": "622",
    "无锡": "636",
    "宁波": "654",
    "福州": "681",
    "厦门": "682",
    "石家庄": "565",
    "南昌": "691",
    "东莞": "779",
}
CITIES = {**_CITIES_SURE, **_CITIES_LIKELY}
"""City name to code of three digits."""

SUCCESS = 200

ANSWERS: dict[int, tuple[Outcome, str]] = {
    401: (Outcome.TOKEN_EXPIRED, "login demanded"),
    403: (Outcome.BANNED, "refused"),
    429: (Outcome.THROTTLED, "too many requests"),
    500: (Outcome.TRANSPORT, "server failure"),
    502: (Outcome.TRANSPORT, "server failure"),
    503: (Outcome.TRANSPORT, "server failure"),
    504: (Outcome.TRANSPORT, "server failure"),
}
"""Codes other than success, read like the HTTP statuses they imitate (only 500 is evidenced, WIRE 3.1)."""
