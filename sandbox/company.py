"""Companies of the market: registry facts, and the names under which each platform lists them.

What belongs here: `Company` (the truth), `CompanyBook` (all of them, found by each platform's id) and the
spelling variants - bracketed, abbreviated, branch office, former name - that make matching them across
platforms a task.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Final

from sandbox import names
from sandbox.dice import Dice, draw
from sandbox.places import CITIES, City

_USCC_ALPHABET: Final = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_USCC_WEIGHTS: Final = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)
_STAGES: Final = (
    ("未融资", 34.0), ("天使轮", 10.0), ("A轮", 12.0), ("B轮", 8.0), ("C轮", 5.0),
    ("D轮及以上", 4.0), ("已上市", 9.0), ("不需要融资", 18.0),
)  # fmt: skip
_CAPITALS: Final = (10, 50, 100, 200, 500, 1000, 2000, 5000, 10_000)
_CURRENCIES: Final = (("人民币", 92.0), ("元", 4.0), ("美元", 4.0))
_TYPES: Final = (
    # truth, 51job, Zhaopin, weight
    (("民营", "民营", "民营"), 74.0),
    (("国企", "国企", "国企"), 7.0),
    (("外资", "外资（欧美）", "外商独资"), 7.0),
    (("合资", "合资", "合资"), 4.0),
    (("上市公司", "上市公司", "上市公司"), 6.0),
    (("事业单位", "事业单位", "事业单位"), 2.0),
)


@dataclass(frozen=True, slots=True, eq=False)
class Company:
    """One legal entity. `listed` holds its short and long name per platform."""

    number: int
    company_id: str
    legal_name: str
    former_name: str
    brand: str
    city: City
    industry: tuple[str, str, str, str]
    types: tuple[str, str, str]
    headcount: int
    stage: str
    legal_person: str
    capital: str
    founded: date
    uscc: str
    address: str
    scope: str
    status: str
    introduction: str
    welfare: tuple[str, ...]
    boss_id: str
    qcwy_id: str
    qcwy_enc_id: str
    zhilian_number: str
    listed: dict[str, tuple[str, str]]


_WELFARE: Final = (
    "五险一金", "补充医疗保险", "年终奖", "带薪年假", "定期体检", "餐补", "交通补助", "股票期权",
    "弹性工作", "节日福利", "员工旅游", "零食下午茶", "免费班车", "住房补贴", "绩效奖金", "专业培训",
)  # fmt: skip


def _credit_code(dice: Dice) -> str:
    """A unified social credit code with a correct check character (GB 32100-2015)."""
    head = "9144" + dice.digits(4) + "MA" + dice.text(_USCC_ALPHABET, 7)
    total = sum(_USCC_ALPHABET.index(sign) * weight for sign, weight in zip(head, _USCC_WEIGHTS, strict=True))
    return head + _USCC_ALPHABET[(31 - total % 31) % 31]


def _listed_names(
    dice: Dice, legal: str, former: str, brand: str, suffix: str, city: str
) -> dict[str, tuple[str, str]]:
    """(short, long) name per platform; most are the plain ones, some are not."""
    bracketed = legal.replace("（", "(").replace("）", ")")
    boss_short = dice.weighted(((brand, 84), (brand + suffix, 10), (f"{brand}（{city}）", 6)))
    qcwy_long = dice.weighted(
        ((legal, 78), (bracketed, 9), (former or legal, 6), (f"{legal}{city}分公司", 4), (f"{legal} ", 3))
    )
    qcwy_short = dice.weighted(((brand + suffix, 70), (brand, 30)))
    zhilian = dice.weighted(((legal, 80), (bracketed, 9), (brand + suffix, 6), (former or legal, 5)))
    return {"boss": (boss_short, legal), "qcwy": (qcwy_short, qcwy_long), "zhilian": (zhilian, legal)}


def make_company(seed: int, number: int) -> Company:
    """The company with this number; equal seeds give equal companies."""
    dice = Dice(seed, "company", number)
    city = dice.weighted([(one, one.weight) for one in CITIES])
    industry = dice.pick(names.INDUSTRIES)
    brand = names.brand(dice)
    suffix, form = industry[0], dice.weighted(names.FORMS)
    if dice.chance(0.25):
        legal = f"{brand}{suffix}（{city.name}）{form}"
    else:
        prefix = dice.weighted(((city.name, 80), (city.province.removesuffix("省"), 15), ("", 5)))
        legal = f"{prefix}{brand}{suffix}{form}"
    former = f"{city.name}{names.brand(dice)}{suffix}有限公司" if dice.chance(0.15) else ""
    headcount = int(8 * 10 ** (dice.unit() * 3.6))
    founded = date(1996, 1, 1) + timedelta(days=dice.below(10_200))
    district, area = dice.pick(city.districts)
    street = dice.pick("科创文新") + dice.pick("兴汇华盛")
    address = f"{city.name}市{district}{area}{street}路{dice.between(1, 999)}号{dice.between(1, 30)}层"
    kinds = dice.weighted(_TYPES)
    stage = "已上市" if kinds[0] == "上市公司" else dice.weighted(_STAGES)
    motto = dice.pick(("让数据说话", "技术改变行业", "客户成就", "长期主义"))
    customers = dice.pick(("制造", "零售", "金融", "政务", "医疗"))
    introduction = (
        f"{legal}成立于{founded.year}年，总部位于{city.name}，专注于{industry[1]}领域，现有员工{headcount}余人。"
        f"公司以“{motto}”为理念，为{customers}等行业的客户提供产品与服务，研发人员占比超过{dice.between(30, 80)}%。"
    )
    raw = draw(seed, "company-ids", number).to_bytes(8, "big")
    token = base64.urlsafe_b64encode(raw + number.to_bytes(3, "big")).decode().rstrip("=")
    return Company(
        number=number,
        company_id=f"C{number:05d}",
        legal_name=legal,
        former_name=former,
        brand=brand,
        city=city,
        industry=industry,
        types=kinds,
        headcount=headcount,
        stage=stage,
        legal_person=names.person(dice),
        capital=f"{dice.pick(_CAPITALS)}万{dice.weighted(_CURRENCIES)}",
        founded=founded,
        uscc=_credit_code(dice),
        address=address,
        scope=f"技术开发、技术咨询、技术服务；{industry[1]}；计算机系统集成；销售电子产品。（依法须经批准的项目除外）",
        status=dice.weighted((("存续", 60), ("在业", 36), ("迁出", 2), ("注销", 2))),
        introduction=introduction,
        welfare=tuple(dice.sample(_WELFARE, dice.between(2, 6))),
        boss_id=f"{raw.hex()}{number:05x}{dice.text('0123456789XYZ', 3)}~" + ("~" if number % 3 == 0 else ""),
        qcwy_id=str(5_000_000 + number),
        qcwy_enc_id=token,
        zhilian_number=f"CZ{100_000_000 + number * 7919 % 800_000_000:09d}",
        listed=_listed_names(dice, legal, former, brand, suffix, city.name),
    )


class CompanyBook:
    """All companies of a market. Made one by one on first use; the look-ups by id make the rest."""

    def __init__(self, seed: int, count: int) -> None:
        self._seed = seed
        self.count = count
        self._made: dict[int, Company] = {}

    def __getitem__(self, number: int) -> Company:
        company = self._made.get(number)
        if company is None:
            company = self._made[number] = make_company(self._seed, number)
        return company

    def __iter__(self) -> Iterator[Company]:
        return map(self.__getitem__, range(self.count))

    def __len__(self) -> int:
        return self.count

    @cached_property
    def _by_platform_id(self) -> dict[str, Company]:
        table: dict[str, Company] = {}
        for number in range(self.count):
            company = self[number]
            for key in (company.boss_id, company.qcwy_enc_id, company.qcwy_id, company.zhilian_number):
                table[key] = company
        return table

    def find(self, platform_id: str) -> Company | None:
        """The company a platform means by its id; None when there is none."""
        return self._by_platform_id.get(platform_id)
