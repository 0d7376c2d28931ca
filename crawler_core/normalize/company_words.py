"""Words that company names are built from: legal forms, branches, industry words.

What belongs here: the word lists of ``company_name``. A longer list of industry words makes more cores comparable;
a wrong word in it makes different companies look alike, so words that brands like to use are left out.
"""

from __future__ import annotations

import re
from typing import Final

__all__ = [
    "BRANCH",
    "BRAND_LIKE",
    "FORMS",
    "HEADERS",
    "INDUSTRY_WORDS",
    "LATIN_FORM",
    "ORGANISATIONS",
    "ORGANISATION_LAST",
]

FORMS: Final[tuple[tuple[str, str], ...]] = (
    ("股份有限责任公司", "股份有限公司"),
    ("股份有限公司", "股份有限公司"),
    ("有限责任公司", "有限公司"),
    ("责任有限公司", "有限公司"),
    ("有限公司", "有限公司"),
    ("股份公司", "股份有限公司"),
    ("集团公司", "集团公司"),
    ("总公司", "总公司"),
)
"""Legal form as published, and the form it is. 有限责任公司 and 有限公司 are one form (Company Law, article 7)."""

ORGANISATIONS: Final = re.compile(
    r"(?:\((?:特殊)?(?:普通|有限)合伙\)|事务所(?:\((?:特殊)?(?:普通|有限)合伙\))?|合伙企业(?:\((?:普通|有限)合伙\))?"
    r"|研究院|研究所|设计院|学院|大学|学校|中学|小学|幼儿园|医院|门诊部|诊所|协会|学会|联盟|基金会|委员会|商会"
    r"|交易所|出版社|工作室|经营部|商行|服务部|服务中心|培训中心|研究中心|管理中心|数据中心|创新中心)$"
)
"""Endings of organisations that are no companies; the ending is their legal form."""

ORGANISATION_LAST: Final = frozenset(")所业院学校园部诊会盟金社室行心")
"""The last characters that such an ending can have."""

LATIN_FORM: Final = re.compile(
    r"[\s,]+(co\.?,? ?ltd\.?|company limited|limited|ltd\.?|inc\.?|corp\.?|corporation|gmbh|llc|plc|pte\.? ltd\.?)$"
)

BRANCH: Final = re.compile(
    r"(?:第[一二三四五六七八九十0-9]{1,3})?(?:分公司|支公司|分行|支行|分所|分店|分部|分院|分校|分厂|办事处|代表处|营业部)"
)

_INDUSTRY: Final = """
科技 技术 信息 网络 软件 电子 商务 数据 大数据 智能 通信 通讯 计算机 电脑 系统 集成 系统集成 互联网 物联网
云计算 区块链 数码 数字 人工智能 机器人 半导体 集成电路 微电子 光电 仪器 仪表 仪器仪表 自动化 电气 电力 电器
电源 能源 新能源 环保 环境 节能 新材料 材料 化工 化学 生物 医药 医疗 器械 医疗器械 制药 药业 健康 食品 餐饮 农业
农牧 生态 机械 设备 制造 装备 精密 模具 五金 塑胶 塑料 包装 印刷 纺织 服装 服饰 家居 家具 装饰 装修 建筑 建设
工程 设计 园林 房地产 地产 置业 物业 物流 供应链 运输 货运 代理 国际货运代理 航空 汽车 零部件 销售 贸易 商贸
进出口 国际贸易 实业 工业 产业 投资 资本 资产 金融 财务 保险 经纪 证券 期货 基金 租赁 融资租赁 担保 支付 管理
企业管理 咨询 顾问 服务 人力资源 人才 劳务 派遣 外包 教育 培训 文化 传媒 传播 广告 影视 娱乐 游戏 动漫 体育 旅游
旅行社 酒店 会展 展览 营销 策划 电子商务 电商 百货 超市 零售 日用品 化妆品 珠宝 研发 开发 发展 检测 认证 测试
安全 信息安全 安防 消防 测绘 地理 空间信息 股权投资 创业投资 私募 基金管理 知识产权 翻译 法律 会计 税务 审计
招标 电信 广电 水务 燃气 矿业 钢铁 有色 冶金 石油 航天 船舶 轨道 交通 控股 企业 商业 机电
照明 元件 芯片 光伏 车辆 酒业 纸业 评估 检验 研究院 研究所 设计院 事务所 会计师
"""
INDUSTRY_WORDS: Final = frozenset(_INDUSTRY.split())
"""What a company says it does; taken off the end of a name one by one, the longest first."""

BRAND_LIKE: Final = frozenset(
    (
        "阿里",
        "东方",
        "白银",
        "双河",
        "海东",
        "海北",
        "海西",
        "黄南",
        "山南",
        "新北",
        "安康",
        "大同",
        "朝阳",
        "永康",
        "临海",
        "兴化",
        "天门",
        "玉树",
        "白沙",
        "三河",
        "红河",
        "三明",
        "昆玉",
        "北屯",
        "平湖",
        "瑞安",
        "海安",
    )
)
"""Cities whose names brands use as words (阿里巴巴, 东方财富): a region only with 市 or their province before them."""

HEADERS: Final = frozenset(
    ("company", "companyname", "company_name", "公司", "公司名", "公司名称", "企业名称", "公司全称", "公司简称")
)
"""Column titles that come along as repeated header rows."""
