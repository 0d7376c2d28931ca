"""What jobs are about: the well-known keywords, their titles, skills and sentences.

What belongs here: the families behind the well-known keywords, the overlap between them, and the family that
is made up for any other keyword. What does not: how many openings there are, and when; see `market`.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import Final

from sandbox.dice import Dice


@dataclass(frozen=True, slots=True)
class Role:
    """A family of openings. `also` tells under which other well-known keywords how many of them are found."""

    key: str
    titles: tuple[str, ...]
    skills: tuple[str, ...]
    duties: tuple[str, ...]
    factor: float = 1.0
    also: tuple[tuple[str, float], ...] = ()


def normal(keyword: str) -> str:
    """The identity of a keyword: width, case and blanks do not matter."""
    return " ".join(unicodedata.normalize("NFKC", keyword).casefold().split())


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split("|"))


_KNOWN: Final = (
    Role("数据工程师", _words("数据工程师|高级数据工程师|数据开发工程师|数据仓库工程师|数据平台工程师"),
         _words("Python|SQL|Hive|Spark|Flink|ClickHouse|数据仓库|ETL|Kafka|Airflow"),
         _words("负责离线与实时数据仓库的建模、开发与维护|搭建数据采集、清洗与调度链路，保证数据按时产出|建设数据质量与血缘体系，定位并解决数据问题"),
         1.05, (("大数据开发", 0.25), ("python", 0.15), ("数据分析", 0.08))),
    Role("python", _words("Python开发工程师|Python后端工程师|Python爬虫工程师|高级Python工程师"),
         _words("Python|Django|FastAPI|MySQL|Redis|Linux|Docker|asyncio|Celery"),
         _words("使用Python完成后端服务的设计、编码与单元测试|负责接口性能优化与线上问题排查|维护自动化脚本与内部工具"),
         0.98, (("数据工程师", 0.06),)),
    Role("java", _words("Java开发工程师|高级Java工程师|Java后端工程师|Java架构师"),
         _words("Java|Spring Boot|MyBatis|MySQL|Redis|Kafka|微服务|分布式|Dubbo"),
         _words("负责核心业务系统的设计与开发|参与微服务拆分与中间件建设|编写高质量代码并参与代码评审"),
         1.0, (("大数据开发", 0.06),)),
    Role("前端开发", _words("前端开发工程师|高级前端工程师|Web前端工程师|前端开发（小程序方向）"),
         _words("JavaScript|TypeScript|Vue|React|CSS|Webpack|小程序|Node.js"),
         _words("负责Web与移动端页面的开发和体验优化|与产品、设计协作完成组件库建设|解决浏览器兼容与首屏性能问题"),
         0.92),
    Role("算法工程师", _words("算法工程师|机器学习算法工程师|推荐算法工程师|NLP算法工程师|视觉算法工程师"),
         _words("Python|PyTorch|机器学习|深度学习|C++|推荐系统|大模型|NLP|计算机视觉"),
         _words("负责模型的训练、评测与上线|跟踪前沿论文并在业务中落地|优化推理性能与资源成本"),
         1.45, (("python", 0.18), ("c++", 0.06))),
    Role("产品经理", _words("产品经理|高级产品经理|数据产品经理|B端产品经理|AI产品经理"),
         _words("Axure|需求分析|原型设计|数据分析|项目管理|用户研究|SQL"),
         _words("负责产品规划、需求分析与原型设计|推动研发、测试、运营协作并按期交付|通过数据评估功能效果并持续迭代"),
         1.05, (("数据分析", 0.08),)),
    Role("测试工程师", _words("测试工程师|软件测试工程师|自动化测试工程师|测试开发工程师"),
         _words("Python|Selenium|Pytest|JMeter|接口测试|自动化测试|Linux|性能测试"),
         _words("编写测试计划与测试用例并执行|搭建接口与界面自动化测试|跟踪缺陷，推动质量改进"),
         0.82, (("python", 0.12),)),
    Role("运维工程师", _words("运维工程师|高级运维工程师|SRE工程师|DevOps工程师|云平台运维"),
         _words("Linux|Kubernetes|Docker|Prometheus|Ansible|Shell|Python|MySQL"),
         _words("负责线上系统的部署、监控与应急响应|建设持续集成与发布平台|优化资源成本与系统可用性"),
         0.86, (("python", 0.08),)),
    Role("c++", _words("C++开发工程师|高级C++工程师|C++后台开发|C++客户端开发工程师"),
         _words("C++|Linux|多线程|网络编程|STL|Qt|CMake|性能优化"),
         _words("负责服务端或客户端核心模块的开发|进行性能分析与内存优化|维护跨平台构建与自动化测试"),
         1.15, (("嵌入式", 0.12),)),
    Role("数据分析", _words("数据分析师|高级数据分析师|商业数据分析|数据分析专员"),
         _words("SQL|Python|Excel|Tableau|统计学|A/B测试|Power BI|指标体系"),
         _words("搭建业务指标体系与看板|开展专题分析，输出结论与建议|评估实验效果，支持业务决策"),
         0.88, (("python", 0.06), ("数据工程师", 0.05))),
    Role("大数据开发", _words("大数据开发工程师|高级大数据开发|大数据平台开发工程师|实时计算工程师"),
         _words("Hadoop|Spark|Flink|Hive|Kafka|Java|Scala|HBase|数据湖"),
         _words("负责大数据平台组件的开发与调优|开发实时计算任务并保障稳定性|支持多业务线的数据接入与治理"),
         1.12, (("数据工程师", 0.25), ("java", 0.05))),
    Role("嵌入式", _words("嵌入式软件工程师|嵌入式开发工程师|嵌入式Linux工程师|嵌入式硬件工程师"),
         _words("C|C++|STM32|RTOS|Linux驱动|单片机|ARM|CAN总线"),
         _words("负责嵌入式软件与驱动的开发、调试|参与硬件选型与联调|编写设计文档与测试记录"),
         0.93, (("c++", 0.12),)),
)  # fmt: skip

KNOWN_ROLES: Final = {role.key: role for role in _KNOWN}
KNOWN_KEYWORDS: Final = (
    "数据工程师", "Python", "Java", "前端开发", "算法工程师", "产品经理",
    "测试工程师", "运维工程师", "C++", "数据分析", "大数据开发", "嵌入式",
)  # fmt: skip
_COMMON_SKILLS: Final = _words("沟通能力|团队协作|文档撰写|项目经验|责任心|学习能力|Office|抗压能力")
_COMMON_DUTIES: Final = _words(
    "负责本岗位的日常工作与改进|与上下游部门协作，按计划完成目标|整理工作成果，沉淀流程与文档"
)
_CLOSING: Final = _words(
    "有大型项目经验者优先|有开源贡献或技术博客者优先|能接受短期出差者优先|有同行业经验者优先|英语读写流利者优先"
)
_ATTITUDES: Final = _words(
    "逻辑清晰，善于沟通，有较强的责任心|学习能力强，乐于分享，能独立解决问题|注重细节，对结果负责，有团队精神"
)


def role_of(key: str) -> Role:
    """The family behind a normalised keyword; a plain one is made for a keyword that is not well known."""
    known = KNOWN_ROLES.get(key)
    if known is not None:
        return known
    stem = key[:24]
    return Role(key, (stem, f"高级{stem}", f"{stem}专员", f"{stem}负责人"), _COMMON_SKILLS, _COMMON_DUTIES, 0.85)


def job_text(dice: Dice, role: Role, skills: list[str], experience: str, degree: str, edited: bool) -> str:
    """A job description of the usual length and layout, with newlines."""
    duties = dice.sample(role.duties + _COMMON_DUTIES, 3)
    lines = ["岗位职责：", *(f"{rank}. {duty}；" for rank, duty in enumerate(duties, 1))]
    years = f"{experience}相关工作经验" if experience[:1].isdigit() else "经验不限，欢迎有潜力的同学"
    school = "专业与学历不限" if degree == "学历不限" else f"{degree}及以上学历，计算机、数学或相关专业"
    wants = (
        f"{years}，{school}",
        f"熟悉{'、'.join(skills[:2])}，了解{'、'.join(skills[2:])}",
        dice.pick(_ATTITUDES),
        dice.pick(_CLOSING),
    )
    lines += ["任职要求：", *(f"{rank}. {want}；" for rank, want in enumerate(wants, 1))]
    if edited:
        lines.append(f"【急招】到岗时间：{dice.pick(('随时', '一周内', '两周内', '一个月内'))}，面试流程两轮。")
    return "\n".join(lines)
