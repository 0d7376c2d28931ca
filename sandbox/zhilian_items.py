"""Zhaopin records.

What belongs here: field names and spellings of WIRE 3.2. What does not: checks and paging; see `zhilian`.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, Final

import orjson

from sandbox import names
from sandbox.dice import Dice
from sandbox.market import Market, Posting
from sandbox.records import Records, edits
from sandbox.roles import job_text, role_of
from sandbox.vocabulary import DEGREE, EXPERIENCE, size_text

_STAGE_CODES: Final = {
    "未融资": "1",
    "天使轮": "2",
    "A轮": "3",
    "B轮": "4",
    "C轮": "5",
    "D轮及以上": "6",
    "已上市": "7",
    "不需要融资": "8",
}
NAMELESS_SHARE: Final = 0.04
_EPOCH: Final = date(1970, 1, 1).toordinal()


class ZhilianItems:
    """Renders Zhaopin records of a market."""

    def __init__(self, market: Market) -> None:
        self._market = market
        self.listed = Records(self._render, lambda posting, day: (edits(posting, day), _refreshed(posting, day)))

    def _render(self, posting: Posting, day: int) -> bytes:
        return orjson.dumps(self._record(posting, day, _refreshed(posting, day)))

    def _record(self, posting: Posting, day: int, fresh: int) -> dict[str, Any]:
        opening, company, city = posting.opening, posting.opening.company, posting.opening.city
        dice = Dice(self._market.seed, "zhilian-record", posting.job_id)
        paid = self._market.published(posting, day)
        experience, degree = EXPERIENCE["zhilian"][opening.experience], DEGREE[opening.degree]
        text = job_text(
            Dice(self._market.seed, "text", opening.opening_id),
            role_of(opening.role), list(opening.skills), experience, degree, opening.edited(day),
        )  # fmt: skip
        hour, minute, second = dice.between(8, 18), dice.below(60), dice.below(60)
        clock = f"{hour:02d}:{minute:02d}:{second:02d}"
        published = f"{date.fromordinal(fresh)} {clock}"
        first = f"{date.fromordinal(posting.posted) - timedelta(days=dice.below(3))} 09:00:00"
        epoch_ms = ((fresh - _EPOCH) * 86_400 + (hour - 8) * 3600 + minute * 60 + second) * 1000
        url = f"https://www.zhaopin.com/jobdetail/{posting.job_id}.htm"
        base = {"positionNumber": posting.job_id, "positionName": opening.title, "positionUrl": url}
        record: dict[str, Any] = {
            "number": posting.job_id,
            "jobId": posting.job_id.partition("J")[2].lstrip("0"),
            "name": opening.title,
            "companyName": company.listed["zhilian"][0],
            "companyNumber": company.zhilian_number,
            "companySize": size_text("zhilian", company.headcount),
            "companyUrl": f"https://company.zhaopin.com/{company.zhilian_number}.htm",
            "propertyName": company.types[2],
            "industryName": company.industry[3],
            "financingStage": {"code": _STAGE_CODES[company.stage], "name": company.stage},
            "workCity": city.name,
            "cityId": city.zhilian,
            "cityDistrict": opening.district[0].removesuffix("区"),
            "streetName": opening.district[1] if dice.chance(0.7) else "",
            "workingExp": experience,
            "education": degree,
            "workType": "实习" if opening.intern else "全职",
            "salary60": paid.text,
            "salaryReal": f"{paid.low:g}-{paid.high:g}" if paid.unit == "month" and paid.low and paid.high else "",
            "salaryCount": f"{paid.months}薪" if paid.months > 12 else "",
            "recruitNumber": dice.between(1, 5),
            "skillLabel": [{"value": skill} for skill in opening.skills],
            "welfareTagList": list(company.welfare[:3]),
            "publishTime": published,
            "firstPublishTime": first,
            "jobPostingTime": str(epoch_ms),
            "positionURL": url,
            "staffCard": {"staffName": names.recruiter(dice), "hrJob": dice.pick(names.TITLES)},
            "jobDetailData": {
                "position": {
                    "base": base,
                    "desc": {"description": _html(text), "labels": list(opening.skills[:2])},
                    "date": {"positionPublishTime": published},
                }
            },
        }
        if dice.chance(0.3):
            record["property"] = company.types[2]
        if dice.chance(NAMELESS_SHARE):
            del record["number"], record["name"]
        return record


def _html(text: str) -> str:
    return "<p>" + text.replace("&", "&amp;").replace("<", "&lt;").replace("\n", "<br/>") + "</p>"


def _refreshed(posting: Posting, day: int) -> int:
    """The last day on which the posting was published again: every three days."""
    return posting.posted + (day - posting.posted) // 3 * 3
