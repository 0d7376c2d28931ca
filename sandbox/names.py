"""Made-up names: companies, people, teams.

What belongs here: word lists and the grammar that joins them. Every name is invented; a likeness to a real
company is chance. The lists are short on purpose, so that two different companies may share a brand.
"""

from __future__ import annotations

from typing import Final

from sandbox.dice import Dice

_FIRST: Final = "星云海明远博华创智天恒瑞安信达锐新科微光极青蓝禾木启元知行鼎铭"
_SECOND: Final = "河图帆睿景诚宇泽川岚辰拓联维途程域桥格策数链想象港湖峰谷源"
_THIRD: Final = ("", "", "", "智联", "云服", "互动", "数智", "易购", "出行", "优品", "汇")
INDUSTRIES: Final[tuple[tuple[str, str, str, str], ...]] = (
    # legal suffix, Boss, 51job, Zhaopin
    ("科技", "计算机软件", "计算机软件", "软件/IT服务"),
    ("信息技术", "互联网", "互联网/电子商务", "互联网"),
    ("网络科技", "移动互联网", "互联网/电子商务", "互联网"),
    ("数据科技", "大数据", "计算机软件", "云计算/大数据"),
    ("智能科技", "人工智能", "计算机软件", "人工智能"),
    ("电子科技", "电子/半导体/集成电路", "电子技术/半导体/集成电路", "电子设备制造"),
    ("软件", "企业服务", "计算机服务(系统、数据服务、维修)", "软件/IT服务"),
    ("金融信息服务", "互联网金融", "金融/投资/证券", "基金/证券/期货"),
    ("教育科技", "在线教育", "教育/培训/院校", "教育培训"),
    ("医疗科技", "医疗健康", "医疗设备/器械", "医疗器械"),
    ("汽车技术", "智能硬件", "汽车", "汽车研发/制造"),
    ("物流科技", "物流/仓储", "交通/运输/物流", "物流/仓储"),
)
FORMS: Final = (("有限公司", 86.0), ("股份有限公司", 11.0), ("有限责任公司", 3.0))
_SURNAMES: Final = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩冯邓曹彭曾肖田董潘袁蔡蒋余"
_GIVEN: Final = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超霞平刚桂英华慧建文辉玲宁宇佳欣雨晨浩然子涵思远"
TITLES: Final = ("HR", "招聘专员", "HRBP", "人事经理", "招聘经理", "技术总监", "人力资源主管", "创始人")


def brand(dice: Dice) -> str:
    """A short company brand such as 星图智联."""
    return dice.pick(_FIRST) + dice.pick(_SECOND) + dice.pick(_THIRD)


def person(dice: Dice) -> str:
    """A full name."""
    return dice.pick(_SURNAMES) + "".join(dice.pick(_GIVEN) for _ in range(dice.between(1, 2)))


def recruiter(dice: Dice) -> str:
    """A recruiter as the platforms show one: surname and form of address."""
    return dice.pick(_SURNAMES) + dice.pick(("先生", "女士"))
