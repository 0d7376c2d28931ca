"""Boss records: the posting in a list, the posting in detail, the company.

What belongs here: field names and spellings of WIRE 1.1, 1.3 and 1.4. What does not: checks and paging; see `boss`.
"""

from __future__ import annotations

from datetime import date
from typing import Any, Final

import orjson

from sandbox import names
from sandbox.company import Company
from sandbox.dice import Dice, fraction
from sandbox.market import Market, Posting
from sandbox.records import Records, edits
from sandbox.roles import job_text, role_of
from sandbox.vocabulary import DEGREE, EXPERIENCE, size_text

_ACTIVE: Final = ("刚刚活跃", "今日活跃", "3日内活跃", "本周活跃", "本月活跃")
_CDN: Final = "https://img.example.invalid/beijin"


class BossItems:
    """Renders Boss records of a market. List records are cached without their per-answer ids."""

    def __init__(self, market: Market, brand_id_share: float) -> None:
        self._market = market
        self._brand_id_share = brand_id_share
        self.listed = Records(self._render, edits)

    def _render(self, posting: Posting, day: int) -> bytes:
        """A list record as JSON without its opening brace; `securityId` and `lid` are put there per answer."""
        return orjson.dumps(self._record(posting, day))[1:]

    def _record(self, posting: Posting, day: int) -> dict[str, Any]:
        opening, company = posting.opening, posting.opening.company
        dice = Dice(self._market.seed, "boss-record", posting.job_id)
        experience, degree = EXPERIENCE["boss"][opening.experience], DEGREE[opening.degree]
        labels = [experience, degree, *opening.skills]
        if opening.intern:
            labels = ["5天/周 3个月", degree, *opening.skills]
        record: dict[str, Any] = {
            "encryptJobId": posting.job_id,
            "jobName": opening.title,
            "salaryDesc": self._market.published(posting, day).text,
            "jobExperience": experience,
            "jobDegree": degree,
            "jobLabels": labels,
            "skills": list(opening.skills),
            "cityName": opening.city.name,
            "districtName": opening.district[0],
            "businessName": opening.district[1],
            "performance": self.text(posting, day)[:210],
            "brandName": company.listed["boss"][0],
            "brandLogo": f"{_CDN}/logo/{company.boss_id[:12]}.png",
            "brandScale": size_text("boss", company.headcount),
            "bossName": names.recruiter(dice),
            "bossTitle": dice.pick(names.TITLES),
            "bossAvatar": f"{_CDN}/upload/avatar/{dice.roll():016x}_s.png.webp",
            "bossOnline": dice.chance(0.2),
            "activeMsg": dice.pick(_ACTIVE),
            "contact": False,
            "jobValidStatus": 1,
        }
        if opening.intern:
            record |= {"daysPerWeekDesc": "5天/周", "leastMonthDesc": "3个月"}
        if fraction(self._market.seed, "boss-brand", posting.job_id) < self._brand_id_share:
            record |= {
                "encryptBrandId": company.boss_id,
                "brandIndustry": company.industry[1],
                "brandStageName": company.stage,
            }
        return record

    def text(self, posting: Posting, day: int) -> str:
        """The full job description."""
        opening = posting.opening
        dice = Dice(self._market.seed, "text", opening.opening_id)
        experience, degree = EXPERIENCE["boss"][opening.experience], DEGREE[opening.degree]
        return job_text(dice, role_of(opening.role), list(opening.skills), experience, degree, opening.edited(day))

    def detail(self, posting: Posting, day: int, security_id: str, lid: str) -> dict[str, Any]:
        """`zpData` of the detail call (WIRE 1.3)."""
        opening, company = posting.opening, posting.opening.company
        dice = Dice(self._market.seed, "boss-record", posting.job_id)
        boss_name, boss_title = names.recruiter(dice), dice.pick(names.TITLES)
        paid = self._market.published(posting, day)
        monthly = paid.unit == "month"
        is_open = posting.posted <= day < posting.closes
        return {
            "jobBaseInfoVO": {
                "jobId": posting.job_id,
                "jobValidStatus": 1 if is_open else 2,
                "deleted": 0 if is_open else 1,
                "position": 100_000 + sum(opening.role.encode()) % 900,
                "positionName": opening.title,
                "positionCategory": opening.role,
                "location": int(opening.city.boss or 0),
                "locationName": opening.city.name,
                "areaDistrict": opening.district[0],
                "businessDistrict": opening.district[1],
                "locationDesc": f"{opening.city.name}·{opening.district[0]}·{opening.district[1]}",
                "experienceName": EXPERIENCE["boss"][opening.experience],
                "degreeName": DEGREE[opening.degree],
                "lowSalary": int((paid.low or 0) // 1000) if monthly else 0,
                "highSalary": int((paid.high or 0) // 1000) if monthly else 0,
                "salaryMonth": paid.months if monthly else 0,
                "salaryDesc": paid.text,
                "salaryType": 0 if monthly else 1,
                "performance": "",
                "jobDesc": self.text(posting, day),
                "requiredSkills": list(opening.skills),
                "jobSkills": ",".join(opening.skills),
                "address": company.address
                if opening.city is company.city
                else f"{opening.city.name}{opening.district[0]}",
                "longitude": round(opening.city.longitude + dice.below(1000) / 10_000, 6),
                "latitude": round(opening.city.latitude + dice.below(1000) / 10_000, 6),
                "jobType": 4 if opening.intern else 0,
                "daysPerWeekDesc": "5天/周" if opening.intern else "",
                "leastMonthDesc": "3个月" if opening.intern else "",
                "proxyJob": 0,
                "proxyType": 0,
                "anonymous": 0,
            },
            "bossBaseInfoVO": {
                "name": boss_name,
                "title": boss_title,
                "activeTimeDesc": dice.pick(_ACTIVE),
                "activeTime": (day - date(1970, 1, 1).toordinal()) * 86_400_000 + dice.below(43_200_000),
                "bossOnline": False,
                "brandName": company.listed["boss"][0],
                "encryptBossId": f"{dice.roll():016x}~",
                "teamLureList": list(company.welfare[:3]),
                "securityId": security_id,
            },
            "brandComInfoVO": self.company(company),
            "relationInfoVO": {"friend": False, "lid": lid},
        }

    def company(self, company: Company) -> dict[str, Any]:
        """The company section of the detail call, which the company call answers with as well (WIRE 1.4, inferred)."""
        return {
            "encryptBrandId": company.boss_id,
            "brandName": company.listed["boss"][0],
            "comName": company.legal_name,
            "logo": f"{_CDN}/logo/{company.boss_id[:12]}.png",
            "industryName": company.industry[1],
            "stageName": "" if company.stage == "不需要融资" and company.number % 2 else company.stage,
            "scaleName": size_text("boss", company.headcount),
            "introduce": company.introduction,
            "brandIntroduce": company.introduction[:60],
            "legalPerson": company.legal_person,
            "startDate": company.founded.isoformat(),
            "regCapital": company.capital,
            "regAddress": company.address,
            "businessScope": company.scope,
            "statusDesc": company.status,
            "brandWelfares": list(company.welfare),
            "customerBrandName": "",
            "proxyBrandName": "",
            "canJumpToBrandPage": True,
        }
