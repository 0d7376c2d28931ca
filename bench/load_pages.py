"""Made-up landed days for the load benchmark: Chinese listings of about 1.5 KB in the platforms' current shapes."""

from __future__ import annotations

import datetime as dt
import json
import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from crawler_core.landing import Envelope, LandingZone, RequestRecord, land_pages

PER_PAGE = 30
KEYWORDS = 20
_CHARS = (
    "负责数据平台的建设与维护参与需求分析和系统设计编写高质量代码优化查询性能协助团队完成项目交付熟悉常用算法结构"
    "具备良好沟通能力独立解决问题有大型分布式经验者优先本科及以上学历三年工作薪资面议五险一金年终奖带薪假期弹性"
)
_SKILLS = ("Python", "SQL", "Spark", "Flink", "Kafka", "Hive", "Java", "Go", "数据仓库", "ETL", "建模", "Airflow")
_DISTRICTS = ("岳麓区", "开福区", "雨花区", "天心区", "芙蓉区", "浦东新区", "徐汇区", "海淀区")


class _Listings:
    def __init__(self, seed: int, districts: Sequence[str]) -> None:
        self._rng = random.Random(seed)
        self._districts = districts
        self._pool = "".join(self._rng.choices(_CHARS, k=200_000))

    def _text(self, length: int) -> str:
        start = self._rng.randrange(len(self._pool) - length)
        return self._pool[start : start + length]

    def boss(self, number: int, rank: int) -> dict[str, Any]:
        """WIRE 1.1."""
        rng = self._rng
        low = rng.randrange(6, 40)
        return {
            "encryptJobId": f"{number * 2654435761 % 2**64:016x}1nNz3di4ElpY",
            "securityId": f"{rng.getrandbits(640):x}~~",
            "lid": f"{rng.getrandbits(48):x}.search.{rank}",
            "jobName": f"{self._text(4)}工程师",
            "salaryDesc": f"{low}-{low + rng.randrange(2, 20)}K·{rng.choice((12, 13, 14, 16))}薪",
            "jobExperience": rng.choice(("经验不限", "1-3年", "3-5年", "5-10年")),
            "jobDegree": rng.choice(("大专", "本科", "硕士")),
            "jobLabels": [rng.choice(("1-3年", "3-5年")), "本科", rng.choice(_SKILLS)],
            "skills": rng.sample(_SKILLS, 4),
            "cityName": "长沙",
            "districtName": rng.choice(self._districts),
            "businessName": self._text(2),
            "performance": self._text(230),
            "brandName": f"{self._text(4)}科技",
            "brandLogo": f"https://img.example.invalid/{rng.getrandbits(128):032x}.png",
            "brandScale": rng.choice(("0-20人", "20-99人", "100-499人", "10000人以上")),
            "bossName": "王女士",
            "bossTitle": rng.choice(("HR", "招聘经理", "技术总监")),
            "bossAvatar": f"https://img.example.invalid/{rng.getrandbits(128):032x}.jpg",
            "encryptBrandId": f"{number % 5000:018x}~",
            "brandIndustry": rng.choice(("互联网", "电子商务", "人工智能")),
            "brandStageName": rng.choice(("A轮", "未融资", "已上市", "")),
            "jobValidStatus": 1,
            "proxyJob": 0,
            "jobType": 0,
            "bossOnline": bool(number % 2),
            "welfareList": ["五险一金", "年终奖", "带薪年假"],
        }

    def zhilian(self, number: int, rank: int) -> dict[str, Any]:
        """WIRE 3.2."""
        rng = self._rng
        low = rng.randrange(6, 40) * 1000
        job, company = f"CC{number % 5000:09d}J{number:011d}", f"CZ{number % 5000:09d}"
        posted = f"2026-11-{rng.randrange(1, 21):02d} 10:02:33"
        return {
            "number": job,
            "jobId": f"{number:011d}",
            "name": f"{self._text(4)}工程师",
            "companyName": f"湖南{self._text(4)}科技有限公司",
            "companyNumber": company,
            "companySize": rng.choice(("20人以下", "100-299人", "500-1000人")),
            "companyUrl": f"https://company.zhaopin.com/{company}.htm",
            "propertyName": rng.choice(("民营", "国企")),
            "property": "民营",
            "industryName": "软件/IT服务",
            "workCity": "长沙",
            "cityId": "749",
            "cityDistrict": rng.choice(self._districts),
            "streetName": "",
            "workingExp": rng.choice(("1-3年", "3-5年")),
            "education": "本科",
            "workType": "全职",
            "salary60": f"{low / 10000}-{low / 10000 + 1}万·13薪",
            "salaryReal": f"{low}-{low + 10000}",
            "salaryCount": "13薪",
            "skillLabel": [{"value": skill} for skill in rng.sample(_SKILLS, 3)],
            "jobSkillTags": [{"name": skill} for skill in rng.sample(_SKILLS, 2)],
            "welfareTagList": ["五险一金", "年终奖"],
            "recruitNumber": rng.randrange(1, 9),
            "publishTime": posted,
            "firstPublishTime": posted,
            "positionURL": f"https://www.zhaopin.com/jobdetail/{job}.htm",
            "jobDetailData": {
                "position": {
                    "base": {"positionNumber": job, "positionName": f"{rank}"},
                    "desc": {"description": f"<p>{self._text(180)}</p>", "labels": rng.sample(_SKILLS, 2)},
                    "date": {"positionPublishTime": posted, "positionUpdateTime": posted},
                }
            },
        }


def _body(platform: str, items: list[dict[str, Any]]) -> str:
    page: dict[str, Any] = (
        {"code": 0, "message": "Success", "zpData": {"hasMore": True, "list": items}}
        if platform == "boss"
        else {"code": 200, "apiCode": 200, "data": {"count": 9999, "isEndPage": 0, "isVerification": 0, "list": items}}
    )
    return json.dumps(page, ensure_ascii=False, separators=(",", ":"))


def land_day(
    folder: Path, platform: str, postings: int, days: list[dt.date], *, districts: Sequence[str] = _DISTRICTS
) -> float:
    """Land the same pages on every day, and write their items to ``items.jsonl``; returns bytes per posting."""
    zone = LandingZone.from_url((folder / "landing").as_uri())
    listings = _Listings(seed=7, districts=districts)
    make = listings.boss if platform == "boss" else listings.zhilian
    pages = postings // PER_PAGE
    numbers = list(range(pages * PER_PAGE))
    random.Random(3).shuffle(numbers)  # ids come in no order, as they do in a crawl
    written = 0
    with (folder / "items.jsonl").open("w", encoding="utf-8") as flat:
        for share in range(KEYWORDS):
            keyword = f"关键词{share}"
            bodies = []
            for page in range(share * pages // KEYWORDS, (share + 1) * pages // KEYWORDS):
                items = [make(numbers[page * PER_PAGE + rank], rank + 1) for rank in range(PER_PAGE)]
                for item in items:
                    written += flat.write(json.dumps(item, ensure_ascii=False, separators=(",", ":")) + "\n")
                bodies.append(_body(platform, items))
            for day in days:
                land_pages(zone, platform, day, keyword, "749", _envelopes(platform, day, keyword, bodies))
    return (folder / "items.jsonl").stat().st_size / (pages * PER_PAGE)


def _envelopes(platform: str, day: dt.date, keyword: str, bodies: list[str]) -> Iterator[tuple[Envelope, int]]:
    for number, body in enumerate(bodies):
        yield (
            Envelope(
                platform=platform,
                kind="search",
                keyword=keyword,
                city="749",
                page=number + 1,
                attempt=1,
                date=day.isoformat(),
                fetched_at=f"{day}T09:{number // 60 % 60:02d}:{number % 60:02d}.123+08:00",
                outcome="ok",
                status=200,
                latency_ms=84.2,
                egress="203.0.113.7",
                identity="203.0.113.7/abcd0123",
                node="bench",
                crawler_version="0.1.0",
                request=RequestRecord(method="GET", path="/search", params={"query": keyword, "page": number + 1}),
                detail="",
                body=body,
            ),
            PER_PAGE,
        )
