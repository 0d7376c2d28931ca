"""Zhaopin's job page: HTML with the page's state in it, the only evidenced source of registry facts (WIRE 3.4).

What belongs here: the page and the names inside `__INITIAL_STATE__`, which WIRE gives as likely. What does not:
the search (`zhilian`).
"""

from __future__ import annotations

import re
from typing import Any, Final

import orjson

from sandbox.dice import Dice
from sandbox.market import Market, Posting
from sandbox.roles import job_text, role_of
from sandbox.vocabulary import DEGREE, EXPERIENCE, size_text

PATH: Final = re.compile(r"/jobdetail/(CC\d+J\d+)\.htm")


def job_page(market: Market, posting: Posting, day: int) -> str:
    """The page of one posting."""
    opening, company = posting.opening, posting.opening.company
    experience, degree = EXPERIENCE["zhilian"][opening.experience], DEGREE[opening.degree]
    dice = Dice(market.seed, "text", opening.opening_id)
    text = job_text(dice, role_of(opening.role), list(opening.skills), experience, degree, opening.edited(day))
    state: dict[str, Any] = {
        "jobDetail": {
            "detailedPosition": {
                "positionName": opening.title,
                "positionNumber": posting.job_id,
                "salary": market.published(posting, day).text,
                "education": degree,
                "workingExp": experience,
                "workType": "实习" if opening.intern else "全职",
                "workAddress": company.address if company.city is opening.city else opening.city.name,
                "positionWorkCity": opening.city.name,
                "positionCityDistrict": opening.district[0],
                "jobDesc": text,
                "skillLabel": [{"value": skill} for skill in opening.skills],
            },
            "detailedCompany": {
                "companyName": company.listed["zhilian"][0],
                "companyNumber": company.zhilian_number,
                "companySize": size_text("zhilian", company.headcount),
                "industryNameLevel": company.industry[3],
                "financingStageName": company.stage,
                "companyDescription": company.introduction,
                "url": f"https://company.zhaopin.com/{company.zhilian_number}.htm",
            },
        },
        "companyExtDetail": {
            "businessInformation": {
                "businessInformationData": {
                    "registeredName": company.legal_name,
                    "registeredCapital": company.capital,
                    "legalPerson": company.legal_person,
                    "createDate": company.founded.isoformat(),
                    "businessScope": company.scope,
                    "epStatus": company.status,
                    "industry": company.industry[3],
                    "location": company.address,
                }
            }
        },
    }
    inline = orjson.dumps(state).decode().replace("</", "<\\/")
    return (
        f'<!DOCTYPE html><html><head><meta charset="utf-8"><title>{opening.title} - 智联招聘</title></head>'
        f'<body><div id="root"></div><script>__INITIAL_STATE__={inline}</script></body></html>'
    )
