"""Cities of the market and the code each platform gives them.

What belongs here: names, codes, districts and their weight in the market. Codes are those of WIRE 1.8, 2.1
and 3.4; a city without an evidenced code on a platform is reached there only through the nationwide search.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

NATIONWIDE: Final = "全国"


@dataclass(frozen=True, slots=True)
class City:
    """A city, its codes (empty: the platform cannot be asked for it here) and its place on a map."""

    name: str
    pinyin: str
    province: str
    boss: str
    qcwy: str
    zhilian: str
    weight: float
    longitude: float
    latitude: float
    districts: tuple[tuple[str, str], ...]

    def code(self, platform: str) -> str:
        """The platform's code for this city, or an empty string."""
        return {"boss": self.boss, "qcwy": self.qcwy, "zhilian": self.zhilian}[platform]


def _areas(text: str) -> tuple[tuple[str, str], ...]:
    """Read `district/business district` pairs separated by blanks."""
    return tuple((left, right) for left, _, right in (pair.partition("/") for pair in text.split()))


CITIES: Final[tuple[City, ...]] = (
    City("北京", "beijing", "北京", "101010100", "010000", "530", 20, 116.40, 39.90,
         _areas("海淀区/中关村 海淀区/西二旗 朝阳区/望京 朝阳区/国贸 丰台区/丽泽 大兴区/亦庄 昌平区/回龙观")),
    City("上海", "shanghai", "上海", "101020100", "020000", "538", 19, 121.47, 31.23,
         _areas("浦东新区/张江 浦东新区/陆家嘴 徐汇区/漕河泾 闵行区/莘庄 杨浦区/五角场 长宁区/虹桥 静安区/大宁")),
    City("广州", "guangzhou", "广东省", "101280100", "030200", "763", 11, 113.26, 23.13,
         _areas("天河区/珠江新城 天河区/车陂 海珠区/琶洲 黄埔区/科学城 番禺区/大学城 越秀区/东山口")),
    City("深圳", "shenzhen", "广东省", "101280600", "040000", "765", 16, 114.06, 22.54,
         _areas("南山区/科技园 南山区/西丽 福田区/车公庙 宝安区/西乡 龙岗区/坂田 龙华区/民治")),
    City("杭州", "hangzhou", "浙江省", "101210100", "080200", "653", 11, 120.15, 30.28,
         _areas("余杭区/未来科技城 滨江区/长河 西湖区/文三路 拱墅区/祥符 萧山区/钱江世纪城")),
    City("成都", "chengdu", "四川省", "101270100", "090200", "801", 8, 104.07, 30.57,
         _areas("武侯区/高新南区 高新区/天府三街 锦江区/春熙路 成华区/建设路 双流区/华阳")),
    City("长沙", "changsha", "湖南省", "101250100", "190200", "749", 5, 112.94, 28.23,
         _areas("岳麓区/麓谷 岳麓区/梅溪湖 开福区/四方坪 长沙县/星沙 雨花区/高桥 芙蓉区/五一广场")),
    City("西安", "xian", "陕西省", "", "200200", "854", 4, 108.94, 34.26,
         _areas("雁塔区/高新路 雁塔区/电子城 未央区/经开区 碑林区/小寨")),
    City("东莞", "dongguan", "广东省", "101281600", "030800", "779", 2, 113.75, 23.02,
         _areas("松山湖/大朗 南城/鸿福路 长安/乌沙")),
    City("天津", "tianjin", "天津", "101030100", "", "531", 2, 117.20, 39.13,
         _areas("滨海新区/泰达 南开区/华苑 河西区/小白楼")),
    City("武汉", "wuhan", "湖北省", "", "", "736", 2, 114.31, 30.59,
         _areas("洪山区/光谷 江夏区/藏龙岛 武昌区/徐东")),
)  # fmt: skip

CITY_BY_NAME: Final = {city.name: city for city in CITIES}
MARKET_CITIES: Final = (NATIONWIDE, "北京", "上海", "广州", "深圳", "杭州", "成都", "长沙")
_NATIONWIDE_CODES: Final = {"boss": "100010000", "qcwy": "000000", "zhilian": "489"}
_NAME_BY_CODE: Final = {
    platform: {nationwide: NATIONWIDE} | {city.code(platform): city.name for city in CITIES if city.code(platform)}
    for platform, nationwide in _NATIONWIDE_CODES.items()
}


def city_name(platform: str, code: str) -> str | None:
    """The city behind a platform's code; None when the platform knows no such code."""
    return _NAME_BY_CODE[platform].get(code)


def city_code(platform: str, name: str) -> str | None:
    """A platform's code for a city; None when it has none."""
    if name == NATIONWIDE:
        return _NATIONWIDE_CODES[platform]
    city = CITY_BY_NAME.get(name)
    return city.code(platform) or None if city else None
