"""Work places as province, city, district and area, named alike on all platforms.

Reads ``长沙·岳麓区``, ``上海-虹口区``, ``长沙 岳麓区``, ``浙江省宁波``, ``湖北省武汉洪山区光谷软件园``,
``北京北京海淀区``, ``苏州昆山市`` and ``昆山``. A platform that gives the parts in fields of their own joins them with
``join_place`` first.

A place needs a city or province of the gazetteer; everything after the city is kept as published, since districts
and business areas are too many to list and change every year.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from crawler_core.normalize.misplaced import misplaced_reason
from crawler_core.normalize.place_names import CITIES, COUNTY_CITIES, MUNICIPALITIES, PROVINCE_SUFFIXES, PROVINCES
from crawler_core.normalize.result import Reason
from crawler_core.normalize.text import clean

__all__ = [
    "VERSION",
    "Place",
    "district_key",
    "join_place",
    "leading_city",
    "leading_province",
    "normalise_place",
    "normalise_places",
]

VERSION: Final = "1"


@dataclass(frozen=True, slots=True)
class Place:
    """A place string, read.

    Attributes:
        province: short name (``湖南``, ``内蒙古``); empty for the whole country.
        city: short name (``长沙``); the municipality itself for ``北京``; empty when only a province is named.
        district: as published, without a remark in brackets (``岳麓区``, ``昆山市``, ``高新区``).
        district_key: the district in the form to compare within a city: ``岳麓`` for ``岳麓区`` and ``岳麓``.
        area: business area, town or landmark, as published (``麓谷``).
        scope: ``city``, ``province``, ``nationwide`` or ``abroad``; empty when unparsed.
        derivation: ``separated`` or ``prefix`` (split by the gazetteer), then ``county_city`` when a county-level
            city was moved under its city; ``word`` for the whole country and abroad.
        reason: why it is unparsed, else None.
    """

    province: str = ""
    city: str = ""
    district: str = ""
    district_key: str = ""
    area: str = ""
    scope: str = ""
    derivation: str = ""
    reason: Reason | None = None


_WORDS: Final = {
    "全国": Place(scope="nationwide", derivation="word"),
    "国外": Place(scope="abroad", derivation="word"),
    "海外": Place(scope="abroad", derivation="word"),
}
_NOT_A_PLACE: Final = frozenset({"异地招聘", "异地", "远程", "远程办公", "居家办公", "在家办公"})
_PARTS: Final = re.compile(r"[·・•‧\-\s>]+")
_SEVERAL: Final = re.compile(r"[,;、|/+]")
_REMARK: Final = re.compile(r"\([^()]*\)")
# Ending of a city's or prefecture's long name; 市 of 青岛市北区 belongs to the district.
_CITY_ENDING: Final = re.compile(r"(?:[一-鿿]{0,8}?族)?自治州|地区|州$|市(?![场政民值])")
_ENDING_STARTS: Final = frozenset("自地州市")
"""What such an ending begins with when it names no people; most names have none, which spares a search."""
_LEAGUES: Final = frozenset({"锡林郭勒", "阿拉善"})
_DISTRICT: Final = re.compile(
    r"[一-鿿]+?(?:自治县|自治旗|[左右中前后]旗|新区|(?<!地)区(?!域|间|块)|县|市(?![区县市场]))|[一-鿿]{2,3}林区"
)
_TOWN: Final = re.compile(r"[一-鿿]{1,3}(?:镇|街道)")
_CITIES_OF_TOWNS: Final = frozenset({"东莞", "中山", "儋州", "嘉峪关"})
"""Cities without districts: their towns are the level below."""
_CITY_WORD_DISTRICTS: Final = {
    "青岛": ("市北区", "市南区"), "济南": ("市中区",), "枣庄": ("市中区",), "济宁": ("市中区",), "乐山": ("市中区",),
    "内江": ("市中区",),
}  # fmt: skip
_NAMES_BY_START: Final[dict[str, list[tuple[str, str]]]] = {}
"""Cities and county-level cities with their province by their first two characters, the longest name first."""
for _name in sorted({*CITIES, *COUNTY_CITIES}, key=len, reverse=True):
    _NAMES_BY_START.setdefault(_name[:2], []).append((_name, CITIES[COUNTY_CITIES.get(_name, _name)]))
_PROVINCE_BY_START: Final = {name[:2]: name for name in PROVINCES}
_PROVINCE_ENDINGS: Final = {
    name: re.compile(rf"{PROVINCE_SUFFIXES.get(name, '省')}(?![场政民值])|省|自治区") for name in PROVINCES
}
_HIGH_TECH: Final = re.compile(r"(?:国家)?高新(?:技术)?(?:产业)?(?:开发)?(?:园)?区")
_ECONOMIC: Final = re.compile(r"经济?(?:技术)?(?:产业)?开发?区")

_PEOPLE: Final = re.compile(
    r"(?<=[一-鿿]{2})(?:(?:土家|苗|回|满|壮|侗|瑶|藏|彝|畲|白|黎|傣|羌|蒙古|朝鲜|达斡尔|哈萨克)族)+(?:自治(?=县))?"
)
"""``管城回族区`` and ``管城区`` are one district."""


def join_place(city: str, district: str = "", area: str = "") -> str:
    """One place string from the fields of a platform that splits them; empty fields are left out."""
    return "·".join(part.strip() for part in (city, district, area) if part and part.strip())


def normalise_places(values: Iterable[str | None]) -> list[Place]:
    """Read distinct place strings, in order."""
    return [normalise_place(value) for value in values]


def normalise_place(raw: str | None) -> Place:
    """Read one place string; never raises."""
    text, refused = clean(raw)
    if refused:
        return Place(reason=refused)
    text = _REMARK.sub("", text).strip()
    if text in _WORDS:
        return _WORDS[text]
    if text in _NOT_A_PLACE:
        return Place(reason=Reason.NOT_A_PLACE)
    if text == "不限":
        return Place(reason=Reason.UNSTATED)
    if _SEVERAL.search(text) and sum(bool(_head(part)) for part in _SEVERAL.split(text)) > 1:
        return Place(reason=Reason.AMBIGUOUS)
    parts = [part for part in _PARTS.split(text) if part]
    return _read(parts) if parts else Place(reason=Reason.NOT_UNDERSTOOD)


def _head(text: str) -> str:
    rest = leading_province(text.strip())[1]
    return leading_city(rest)[0] or leading_province(text.strip())[0]


def _read(parts: list[str]) -> Place:
    province, rest = leading_province(parts[0])
    if not rest and len(parts) > 1 and province not in MUNICIPALITIES:
        parts = parts[1:]
        rest = parts[0]
    if province and province not in CITIES:  # 湖北省湖北省
        rest = rest.removeprefix(province + PROVINCE_SUFFIXES.get(province, "省"))
    city, rest = leading_city(rest, province)
    if not city and province in MUNICIPALITIES:
        city = province
    if city in MUNICIPALITIES or city == "深圳":  # 上海上海浦东新区, 深圳深圳
        rest = rest.removeprefix(city + "市") if rest.startswith(city + "市") else rest.removeprefix(city)
    if not city and (rest or not province):
        whole = "".join(parts)
        if not province and parts[0] == "吉林":
            return Place(reason=Reason.AMBIGUOUS)
        return Place(reason=misplaced_reason(whole))
    steps = ["separated" if len(parts) > 1 else "prefix"]
    below = ([rest] if rest else []) + parts[1:]
    named = city
    if city in COUNTY_CITIES:
        steps.append("county_city")
        # A second name is the city's own district field (昆山·昆山市) or an area of the county.
        below = [city, *(part for part in below if district_key(part) != city)]
        city = COUNTY_CITIES[city]
    district, area = _below(city, below, whole_first=not rest or city != named)
    return Place(
        province=province or CITIES.get(city, ""),
        city=city,
        district=district,
        district_key=district_key(district, city),
        area=area,
        scope="city" if city else "province",
        derivation="+".join(steps),
    )


def leading_province(text: str, *, bare: bool = False) -> tuple[str, str]:
    """The province that a text begins with, and the rest.

    A short name counts when the rest is empty or begins with one of its cities (``广东深圳``); ``吉林`` alone may be
    the city and is not taken.

    Args:
        text: cleaned text.
        bare: take a short name whatever follows, as in a company's name (``湖北示例科技``).
    """
    name = _PROVINCE_BY_START.get(text[:2], "")
    if not name or not text.startswith(name):
        return "", text
    rest = text[len(name) :]
    if ending := _PROVINCE_ENDINGS[name].match(rest):
        return name, rest[ending.end() :]
    if bare and rest:
        return name, rest
    if name in MUNICIPALITIES or not rest:
        return ("", text) if name == "吉林" else (name, rest)
    city = leading_city(rest)[0]
    return (name, rest) if city and CITIES.get(COUNTY_CITIES.get(city, city)) == name else ("", text)


def leading_city(text: str, province: str = "") -> tuple[str, str]:
    """The city, or county-level city, that a text begins with, and the rest; the longest name wins.

    Args:
        text: cleaned text.
        province: when given, only its cities count.
    """
    for name, home in _NAMES_BY_START.get(text[:2], ()):
        if not text.startswith(name) or (province and home != province):
            continue
        rest = text[len(name) :]
        if name == "吉林" and not province and not rest.startswith("市"):
            continue
        if name in COUNTY_CITIES and rest and not rest.startswith("市") and not province:
            continue
        if rest.startswith("县"):  # 长沙县 is a county of 长沙
            return name, text
        if rest.startswith(_CITY_WORD_DISTRICTS.get(name, ())):
            return name, rest
        if name in _LEAGUES and rest.startswith("盟"):
            return name, rest[1:]
        ending = _CITY_ENDING.match(rest) if rest[:1] in _ENDING_STARTS or "族" in rest else None
        return name, rest[ending.end() :] if ending else rest
    return "", text


def _below(city: str, parts: list[str], *, whole_first: bool) -> tuple[str, str]:
    """District and area from what follows the city; a part of its own is a district whatever its ending."""
    if not parts:
        return "", ""
    first, *others = parts
    pattern = _TOWN if city in _CITIES_OF_TOWNS and _TOWN.match(first) else _DISTRICT
    match = pattern.match(first)
    if match:
        return match[0], " ".join(part for part in (first[match.end() :], *others) if part)
    if whole_first:
        return first, " ".join(others)
    return "", " ".join(parts)


def district_key(district: str, city: str = "") -> str:
    """A district's name without its ending, to compare within one city.

    ``岳麓区`` and ``岳麓`` are alike, and so are ``高新区`` and ``高新技术产业开发区``. An ending stays when the rest
    would be one character (``东区``) or the city's own name (``长沙县``, ``苏州新区``).
    """
    name = district.removeprefix(city) if len(district) > len(city) + 2 else district
    if _HIGH_TECH.fullmatch(name):
        return "高新"
    if _ECONOMIC.fullmatch(name):
        return "经开"
    name = _PEOPLE.sub("", name)
    for ending in ("新区", "区", "县", "市"):
        stem = name.removesuffix(ending)
        if stem != name and len(stem) > 1 and stem != city:
            return stem
    return name
