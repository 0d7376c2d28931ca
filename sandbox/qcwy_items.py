"""51job records: the posting and the company.

What belongs here: field names and spellings of WIRE 2.4 and 2.5. What does not: signatures and paging; see `qcwy`.
"""

from __future__ import annotations

from datetime import date
from typing import Any, Final

import orjson

from sandbox import names
from sandbox.company import Company
from sandbox.dice import Dice
from sandbox.market import Market, Posting
from sandbox.records import Records, edits
from sandbox.roles import job_text, role_of
from sandbox.salary import Published
from sandbox.vocabulary import DEGREE, EXPERIENCE, QCWY_EXPERIENCE_VARIANTS, size_text

_MARKET_TAG: Final = ("AB", "CD", "EF")


class QcwyItems:
    """Renders 51job records of a market."""

    def __init__(self, market: Market) -> None:
        self._market = market
        self.listed = Records(self._render, lambda posting, day: (edits(posting, day), _refreshed(posting, day)))

    def _render(self, posting: Posting, day: int) -> bytes:
        return orjson.dumps(self._record(posting, day, _refreshed(posting, day)))

    def _record(self, posting: Posting, day: int, fresh: int) -> dict[str, Any]:
        opening, company = posting.opening, posting.opening.company
        dice = Dice(self._market.seed, "qcwy-record", posting.job_id)
        paid = self._market.published(posting, day)
        experience = EXPERIENCE["qcwy"][opening.experience]
        if dice.chance(0.06):
            experience = QCWY_EXPERIENCE_VARIANTS[opening.experience]
        degree = DEGREE[opening.degree] if opening.degree else dice.pick(("", None, "学历不限"))
        text = job_text(
            Dice(self._market.seed, "text", opening.opening_id),
            role_of(opening.role), list(opening.skills), experience, degree or "学历不限", opening.edited(day),
        )  # fmt: skip
        clock = f"{dice.between(8, 18):02d}:{dice.below(60):02d}:{dice.below(60):02d}"
        city, (district, area) = opening.city, opening.district
        property_value: Any = {"jobId": posting.job_id, "policyType": dice.pick(_MARKET_TAG), "rankType": "0"}
        if dice.chance(0.5):
            property_value = orjson.dumps(property_value).decode()
        href = f"//jobs.51job.com/{city.pinyin}/{posting.job_id}.html"
        href = dice.weighted(((f"https:{href}", 70), (f"https:{href}?req={dice.roll():016x}", 20), (href, 10)))
        low, high = self._numbers(paid, dice)
        record: dict[str, Any] = {
            "jobId": posting.job_id,
            "jobType": "0100",
            "jobName": opening.title,
            "jobTags": [experience, *([degree] if degree else []), *opening.skills[:3], *company.welfare[:2]],
            "jobAreaString": city.name if dice.chance(0.1) else f"{city.name}·{district}",
            "jobAreaLevelDetail": {
                "provinceString": city.province,
                "cityCode": city.qcwy,
                "cityString": city.name,
                "districtString": district,
                "landMarkString": area,
            },
            "provideSalaryString": paid.text,
            "jobSalaryMin": low,
            "jobSalaryMax": high,
            "issueDateString": f"{date.fromordinal(posting.posted)} {clock}",
            "updateDateTime": f"{date.fromordinal(fresh)} {clock}",
            "workYear": f"{opening.experience:02d}",
            "workYearString": experience if dice.chance(0.99) else None,
            "degreeString": degree,
            "industryType1Str": company.industry[2],
            "industryType2Str": "",
            "encCoId": company.qcwy_enc_id,
            "coId": company.qcwy_id,
            "companyName": company.listed["qcwy"][0],
            "fullCompanyName": company.listed["qcwy"][1],
            "companyTypeString": company.types[1],
            "companySizeString": size_text("qcwy", company.headcount),
            "companyHref": f"https://jobs.51job.com/all/co{company.qcwy_enc_id}.html",
            "jobHref": href,
            "jobDescribe": text,
            "termStr": "实习" if opening.intern else "全职",
            "hrName": names.recruiter(dice),
            "hrPosition": dice.pick(names.TITLES),
            "hrIsOnline": dice.chance(0.2),
            "lon": f"{city.longitude + dice.below(1000) / 10_000:.6f}",
            "lat": f"{city.latitude + dice.below(1000) / 10_000:.6f}",
            "isIntern": opening.intern,
            "isExpire": False,
            "property": property_value,
        }
        return record

    @staticmethod
    def _numbers(paid: Published, dice: Dice) -> tuple[Any, Any]:
        """`jobSalaryMin`/`jobSalaryMax`: CNY a month as digit strings, sometimes numbers; empty when there are none."""
        if paid.monthly_min is None and paid.monthly_max is None:
            return dice.pick((("", ""), ("0", "0")))
        low, high = round(paid.monthly_min or 0), round(paid.monthly_max or 0)
        return (low, high) if dice.chance(0.05) else (str(low), str(high))

    def company(self, company: Company) -> dict[str, Any]:
        """`resultbody` of the company call. WIRE 2.5 evidences only `coid`, `ctmId` and a `license` part."""
        return {
            "coinfo": {
                "coid": company.qcwy_id,
                "ctmId": int(company.qcwy_id) + 1_000_000,
                "encCoId": company.qcwy_enc_id,
                "coname": company.listed["qcwy"][1],
                "cotype": company.types[1],
                "cosize": size_text("qcwy", company.headcount),
                "indtype1": company.industry[2],
                "indtype2": "",
                "caddr": company.address,
                "coinfo": company.introduction,
                "license": {
                    "companyName": company.legal_name,
                    "creditCode": company.uscc,
                    "legalPerson": company.legal_person,
                    "regCapital": company.capital,
                    "startDate": company.founded.isoformat(),
                    "regAddress": company.address,
                    "businessScope": company.scope,
                    "statusDesc": company.status,
                },
            }
        }


def _refreshed(posting: Posting, day: int) -> int:
    """The last day on which the recruiter renewed the posting: every few days."""
    rhythm = 1 + int(posting.job_id[-2:]) % 7
    return posting.posted + (day - posting.posted) // rhythm * rhythm
