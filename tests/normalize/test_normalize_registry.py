"""The registry: totality of every normaliser, frozen answers, and versions that move with the rules."""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler_core.normalize import NORMALISERS, Reason, rules_version, tally
from crawler_core.normalize.salary import Salary
from crawler_core.values import SHANGHAI

NOW = dt.datetime(2026, 1, 15, 9, 30, tzinfo=SHANGHAI)

CORPUS = """
15-25K|15-25K·14薪|8千-1.2万·13薪|10000-15000|150-200元/天|30元/小时|年薪20-30万|3万及以下/年|40+ 万/年
5-8元/单|面议|10-15|20-10K
经验不限|无需经验|在校/应届|1-3年|10年以上|1年以内|3-4年经验|5天/周|3个月|不限|学历不限|初中及以下
中专/中技|大专|本科及以上|硕士|MBA/EMBA|博士|研究生
0-20人|20-99|10000人以上|少于50人|20人以下|500|民营|民营公司|国企|外资（欧美）|外商独资|合资|事业单位
上市公司|已上市|其它|未融资|A轮|D轮及以上|不需要融资
长沙·岳麓区|上海-虹口区|浙江省宁波|长沙 岳麓|异地招聘|全国|北京北京海淀区中关村|昆山|吉林|青岛市北区
苏州苏州工业园区|高新区|北京/上海
湖南示例科技有限公司|示例科技（上海）有限责任公司|示例科技成都有限公司|神州租车深圳分公司
江苏智奥维大数据...|示例研究院|Example Co., Ltd.|阿里云
2026-06-16 15:04:00|2026-09-01|04-13发布|发布于昨天|刚刚|3天前|1778641411978|发布于09:11|02-29|salary
薪资|刚刚活跃||\ufffd|\ue0f1|&#xe032;K
"""
VALUES = [value for line in CORPUS.strip().splitlines() for value in line.split("|")]

ANSWERS = {
    "capital-1.1": "92eeadfe3a5089d9",
    "company_name-2.1": "d32e1aa6cb6077b5",
    "company_size-1.1": "27af9aeda5b8c20e",
    "company_type-1.1": "df9a594089080f54",
    "degree-1.1": "bd1de0b008cbbf82",
    "experience-1.1": "89b177acd72d57e8",
    "founding_day-1.1": "c63adda51526a400",
    "financing_stage-1.1": "776a9923ddb318a1",
    "place-1.1": "a14734433de16913",
    "publish_date-1.1": "2ac317b36ecc9ecc",
    "salary-1.1": "1cabe742453b603a",
}


def answers(field: str) -> str:
    read = NORMALISERS[field].apply(VALUES, fetched_at=NOW)
    return hashlib.sha256("\n".join(map(repr, read)).encode()).hexdigest()[:16]


@pytest.mark.parametrize("field", NORMALISERS)
def test_a_rule_change_is_a_new_version(field: str) -> None:
    """Answers over a fixed corpus: when they change, change the field's VERSION and then this line."""
    assert {NORMALISERS[field].version: answers(field)} == {
        version: digest for version, digest in ANSWERS.items() if version.rsplit("-", 1)[0] == field
    }


def test_versions_of_some_fields_or_all() -> None:
    assert rules_version("salary", "degree") == "degree-1.1,salary-1.1"
    assert rules_version().count(",") == len(NORMALISERS) - 1
    with pytest.raises(KeyError):
        rules_version("colour")


@pytest.mark.parametrize("field", NORMALISERS)
def test_answers_are_frozen_and_in_order(field: str) -> None:
    normaliser = NORMALISERS[field]
    together = normaliser.apply(VALUES, fetched_at=NOW)
    assert list(together) == [normaliser.apply([value], fetched_at=NOW)[0] for value in VALUES]
    assert {type(one) for one in together} == {normaliser.result}
    with pytest.raises(dataclasses.FrozenInstanceError):
        together[0].reason = None  # type: ignore[misc]
    assert not hasattr(together[0], "__dict__")


ALPHABET = sorted({*"".join(VALUES), *"０９Ｋ－／（）%&;#x\u200b\u3000\n\t\x00", "\ud800"})
texts = st.one_of(
    st.none(),
    st.text(max_size=40),
    st.text(alphabet=ALPHABET, max_size=24),
    st.lists(st.sampled_from(VALUES), max_size=3).map("".join),
)


@settings(max_examples=1500, deadline=None)
@given(texts)
def test_no_text_raises_and_every_answer_says_why(text: str | None) -> None:
    for field, normaliser in NORMALISERS.items():
        one = normaliser.apply([text], fetched_at=NOW)[0]
        assert (one.reason is None) == bool(one.derivation), (field, one)
        if one.reason is not None:
            assert isinstance(one.reason, Reason)
            assert one == normaliser.result(reason=one.reason)  # type: ignore[call-arg]


@pytest.mark.parametrize("field", NORMALISERS)
@pytest.mark.parametrize(
    "text", ["1" * 50_000, "(" * 20_000, "年" * 20_000, "a." * 20_000, "-" * 20_000, "市区县" * 9_000]
)
def test_long_text_costs_no_more_than_its_length(field: str, text: str) -> None:
    NORMALISERS[field].apply([text], fetched_at=NOW)  # the suite's time limit is the assertion


def test_a_fetch_time_is_asked_for() -> None:
    with pytest.raises(ValueError, match="fetched_at"):
        NORMALISERS["publish_date"].apply(["今天"])


def test_tally_weighs_distinct_strings() -> None:
    results = [Salary(derivation="range_k"), Salary(reason=Reason.EMPTY)]
    assert tally(results, [3, 5]) == {"empty": 5, "parsed": 3}
    assert tally(results) == {"parsed": 1, "empty": 1}
    with pytest.raises(ValueError, match="shorter"):
        tally(results, [1])
