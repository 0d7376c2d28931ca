"""What is merged, what is left to a person, and what is kept apart: one case per rule and veto."""

from __future__ import annotations

import pytest

from crawler_core.errors import BadInput
from jobdata_resources.resolution import (
    CompanyMention,
    Decision,
    Detail,
    MentionKey,
    Override,
    Registry,
    Resolution,
    SharedPostings,
    join_registries,
    resolve,
)

CODE = "91440300MA5EXAMPL7"
OTHER_CODE = "91440300MA5EXAMPL8"
FACTS = Registry(legal_person="王伟", capital="100万人民币", founded="2015-08-12", address="深圳市南山区示例路1号")


def boss(*names: str, number: str = "b1", **values: object) -> CompanyMention:
    return mention("boss", number, *names, **values)


def qcwy(*names: str, number: str = "q1", **values: object) -> CompanyMention:
    return mention("qcwy", number, *names, **values)


def zhilian(*names: str, number: str = "z1", **values: object) -> CompanyMention:
    return mention("zhilian", number, *names, **values)


def mention(platform: str, number: str, *names: str, **values: object) -> CompanyMention:
    facts = values.pop("registry", Registry())
    assert isinstance(facts, Registry)
    return CompanyMention(platform=platform, platform_company_id=number, names=names, registry=facts, **values)  # type: ignore[arg-type]


def registry(name: str = "", base: Registry = Registry(), **values: str) -> Registry:  # noqa: B008 - frozen
    known = {field: getattr(base, field) for field in base.__slots__}
    return Registry(**{**known, "full_name": name, **values})


def only(found: Resolution, verdict: str) -> list[Decision]:
    return [decision for decision in found.decisions if decision.verdict == verdict]


def together(found: Resolution, *mentions: CompanyMention) -> bool:
    return len({found.company_of[one.key] for one in mentions}) == 1


@pytest.mark.parametrize(
    ("left", "right", "rule"),
    [
        (qcwy("湖南示例科技有限公司"), zhilian("湖南示例科技有限责任公司 "), "same_registered_name"),
        (qcwy("示例科技（上海）有限公司"), zhilian("示例科技(上海)有限公司"), "same_registered_name"),
        (
            qcwy("旧名科技有限公司", registry=registry("湖南示例科技有限公司")),
            boss("示例", registry=registry("湖南示例科技有限公司")),
            "same_registered_name",
        ),
        (
            qcwy("甲科技", registry=registry("湖南甲乙科技有限公司", credit_code=CODE)),
            zhilian("丙丁", registry=registry("湖南丙丁科技有限公司", credit_code=CODE.lower())),
            "same_credit_code",
        ),
        (
            qcwy("示例", registry=registry("深圳示例科技有限公司", FACTS)),
            zhilian("示例", registry=registry("深圳示例智能有限公司", FACTS)),
            "same_registry_facts",
        ),
    ],
)
def test_merged_with_evidence(left: CompanyMention, right: CompanyMention, rule: str) -> None:
    found = resolve([left, right])
    assert together(found, left, right)
    [decision] = only(found, "merge")
    assert decision.rule == rule
    assert decision.evidence
    assert {decision.left, decision.right} == {left.key.ref, right.key.ref}
    assert found.explain(left.key, right.key) == [decision]


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (qcwy("北京示例科技有限公司"), zhilian("上海示例科技有限公司")),
        (qcwy("上海示例科技有限公司"), zhilian("示例科技（上海）有限公司")),
        (qcwy("示例科技有限公司"), zhilian("示例科技股份有限公司")),
        (qcwy("示例集团有限公司"), zhilian("示例科技有限公司")),
    ],
)
def test_a_common_core_of_registered_names_merges_nothing(left: CompanyMention, right: CompanyMention) -> None:
    found = resolve([left, right], shared=[SharedPostings(left.key.ref, right.key.ref, 5)])
    assert not together(found, left, right)
    assert [decision.rule for decision in only(found, "separate")] == ["same_core_other_entity"]
    assert len({company.family for company in found.companies}) == 1


@pytest.mark.parametrize(
    ("left", "right", "rule", "verdict"),
    [
        (registry(credit_code=CODE), registry(credit_code=OTHER_CODE), "different_credit_code", "separate"),
        (registry(founded="2015-08-12"), registry(founded="2016年8月12日"), "different_founding_day", "review"),
    ],
)
def test_registry_facts_win_over_an_equal_name(left: Registry, right: Registry, rule: str, verdict: str) -> None:
    name = "示例科技有限公司"
    sides = [qcwy(name, registry=registry(name, left)), qcwy(name, number="q2", registry=registry(name, right))]
    found = resolve([*sides, zhilian(name)])
    assert not together(found, *sides)
    assert (rule, verdict) in {(decision.rule, decision.verdict) for decision in found.decisions}
    reviewed = [decision for decision in found.review if "zhilian:z1" in (decision.left, decision.right)]
    assert {decision.evidence["candidates"] for decision in reviewed} == {"2"}
    assert len({company.company_id for company in found.companies}) == 3


def test_one_spelling_of_a_day_and_hidden_facts_are_no_conflict() -> None:
    name = "示例科技有限公司"
    left = qcwy(name, registry=registry(name, founded="2015-08-12", legal_person="REDACTED"))
    right = zhilian(name, registry=registry(name, founded="2015年08月12日", legal_person="王*"))
    found = resolve([left, right])
    assert together(found, left, right)
    [company] = found.companies
    assert (company.founded, company.legal_person) == ("2015-08-12", "")


def test_sister_companies_with_equal_facts_are_left_to_a_person() -> None:
    left = qcwy("甲乙", registry=registry("深圳甲乙科技有限公司", FACTS))
    right = zhilian("丙丁", registry=registry("深圳丙丁科技有限公司", FACTS))
    found = resolve([left, right])
    assert not together(found, left, right)
    assert [decision.rule for decision in found.review] == ["same_registry_facts"]


def test_a_branch_names_its_parent_and_stays_itself() -> None:
    parent, branch = qcwy("湖南示例科技有限公司"), zhilian("湖南示例科技有限公司长沙分公司")
    found = resolve([parent, branch])
    assert not together(found, parent, branch)
    rows = {company.company_id: company for company in found.companies}
    row = rows[found.company_of[branch.key]]
    assert (row.kind, row.parent_id) == ("branch", found.company_of[parent.key])
    assert rows[row.parent_id].kind == "legal"
    assert [decision.rule for decision in found.explain(parent.key, branch.key)] == ["branch_of"]


def test_an_account_under_a_branch_name_whose_registry_is_the_parent_is_the_parents() -> None:
    name = "湖南示例科技有限公司"
    account = qcwy(f"{name}长沙分公司", registry=registry(name))
    found = resolve([account, zhilian(name)])
    assert [company.kind for company in found.companies] == ["legal"]


def test_a_brand_follows_a_posting_it_shares_with_one_company_of_its_core() -> None:
    brand, right = boss("云河"), qcwy("北京云河科技有限公司")
    wrong = qcwy("上海云河软件有限公司", number="q2")
    assert not together(resolve([brand, right, wrong]), brand, right)
    found = resolve([brand, right, wrong], shared=[SharedPostings(brand.key.ref, right.key.ref, 1)])
    assert together(found, brand, right)
    both = [SharedPostings(brand.key.ref, one.key.ref, 1) for one in (right, wrong)]
    torn = resolve([brand, right, wrong], shared=both)
    assert not together(torn, brand, right)
    assert {decision.verdict for decision in torn.explain(brand.key, right.key)} == {"review"}


@pytest.mark.parametrize(
    ("brand", "merged"),
    [
        (boss("星河数智", cities=("长沙",), sizes=("100-499人",)), True),
        (boss("星河数智", cities=("北京",), sizes=("100-499人",)), False),
        (boss("星河数智", cities=("长沙",), sizes=("10000人以上",)), False),
        (boss("星河数智", cities=("长沙",)), False),
        (boss("星河数智...", cities=("长沙",), sizes=("100-499人",)), False),
    ],
)
def test_the_only_bearer_of_a_core_needs_a_place_and_a_size(brand: CompanyMention, merged: bool) -> None:
    company = qcwy("湖南星河数智科技有限公司", cities=("长沙",), sizes=("150-500人",))
    found = resolve([brand, company])
    assert together(found, brand, company) is merged
    second = qcwy("深圳星河数智软件有限公司", number="q2")
    assert not together(resolve([brand, company, second]), brand, company)


def test_two_characters_are_never_enough_for_the_only_bearer() -> None:
    brand = boss("星河", cities=("长沙",), sizes=("100-499人",))
    company = qcwy("湖南星河科技有限公司", cities=("长沙",), sizes=("150-500人",))
    found = resolve([brand, company])
    assert not together(found, brand, company)
    assert found.review[0].evidence["missing"] == "a core of three characters"


def test_a_brand_of_several_entities_is_none_of_them() -> None:
    """One Boss brand id with several registered names: each is a company of its own."""
    names = ("北京抖音信息服务有限公司", "抖音视界有限公司")
    found = resolve(
        join_registries(
            [boss("北京字节跳动", number="x~")],
            [Detail("boss", "x~", "北京字节跳动", Registry(full_name=name)) for name in names],
        )
    )
    kinds = {company.kind: company for company in found.companies}
    assert len(found.companies) == 3
    assert kinds["brand"].members == (MentionKey("boss", "x~"),)
    entities = {found.company_of[MentionKey("boss", "x~", name)] for name in names}
    assert len(entities) == 2


def test_an_override_wins_both_ways_and_can_be_taken_back() -> None:
    left, right = qcwy("湖南示例科技有限公司"), zhilian("湖南示例科技有限公司")
    apart = Override(left.key.ref, right.key.ref, "separate", "two registrations of one name")
    found = resolve([left, right], overrides=[apart])
    assert not together(found, left, right)
    assert found.explain(left.key, right.key)[0].evidence["reason"] == "two registrations of one name"
    assert together(resolve([left, right]), left, right)

    other = boss("无关", registry=registry("上海无关软件有限公司", credit_code=CODE))
    joined = Override(left.key.ref, other.key.ref, "merge", "bought in 2024")
    assert together(resolve([left, right, other], overrides=[joined]), left, right, other)


def test_contradicting_overrides_merge_nothing() -> None:
    a, b, c = qcwy("甲乙"), zhilian("丙丁"), boss("戊己")
    found = resolve(
        [a, b, c],
        overrides=[
            Override(a.key.ref, b.key.ref, "separate", "x"),
            Override(a.key.ref, c.key.ref, "merge", "y"),
            Override(b.key.ref, c.key.ref, "merge", "z"),
        ],
    )
    assert not together(found, a, b)
    assert [decision.rule for decision in found.review] == ["override_conflict"]


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (("a", "b", "join", "x"), "use merge or separate"),
        (("a", "a", "merge", "x"), "name two mentions"),
        (("a", "b", "merge", " "), "say why"),
    ],
)
def test_a_wrong_override_names_its_remedy(values: tuple[str, str, str, str], said: str) -> None:
    with pytest.raises(BadInput, match=said):
        Override(*values)  # type: ignore[arg-type]


def test_ids_stay_when_more_becomes_known() -> None:
    brand = boss("星河数智", cities=("长沙",), sizes=("100-499人",))
    before = resolve([brand])
    company = qcwy("湖南星河数智科技有限公司", cities=("长沙",), sizes=("150-500人",))
    after = resolve([brand, company], earlier=before.company_of)
    assert after.company_of[company.key] == before.company_of[brand.key]
    split = resolve(
        [brand, company],
        earlier=after.company_of,
        overrides=[Override(brand.key.ref, company.key.ref, "separate", "another company")],
    )
    assert len(set(split.company_of.values())) == 2
    assert before.company_of[brand.key] in split.company_of.values()
