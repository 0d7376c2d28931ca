"""Promises of the resolver for any set of mentions: order does not matter, twice is once, nothing splits in silence."""

from __future__ import annotations

import random
from typing import Literal

from hypothesis import given, settings
from hypothesis import strategies as st

from jobdata_resources.resolution import (
    CompanyMention,
    MentionKey,
    Override,
    Registry,
    Resolution,
    SharedPostings,
    resolve,
)

_NAMES = (
    "示例", "示例科技", "示例（北京）", "星河数智", "星河数智科技", "北京示例科技有限公司", "上海示例科技有限公司",
    "示例科技（上海）有限公司", "北京星河数智科技有限公司", "示例科技有限公司", "示例科技有限公司长沙分公司",
    "旧名软件有限公司", "星河数...", "", "公司名称",
)  # fmt: skip
_REGISTERED = ("", "北京示例科技有限公司", "示例科技有限公司", "北京星河数智科技有限公司", "示例科技有限公司长沙分公司")
_CODES = ("", "91440300MA5EXAMPL7", "91440300MA5EXAMPL8")


@st.composite
def mentions(draw: st.DrawFn) -> list[CompanyMention]:
    keys = draw(
        st.lists(
            st.tuples(st.sampled_from(("boss", "qcwy", "zhilian")), st.sampled_from(("", "1", "2", "3"))),
            min_size=1,
            max_size=9,
            unique=True,
        )
    )
    return [draw(one_mention(platform, number)) for platform, number in keys]


@st.composite
def one_mention(draw: st.DrawFn, platform: str, number: str) -> CompanyMention:
    name = "" if number else draw(st.sampled_from(("示例", "星河数智")))
    return CompanyMention(
        platform=platform,
        platform_company_id=number,
        name=name,
        names=tuple(draw(st.lists(st.sampled_from(_NAMES), max_size=2))),
        registry=Registry(
            full_name=draw(st.sampled_from(_REGISTERED)),
            credit_code=draw(st.sampled_from(_CODES)),
            legal_person=draw(st.sampled_from(("", "王伟"))),
            founded=draw(st.sampled_from(("", "2015-08-12", "2016-01-01"))),
            capital=draw(st.sampled_from(("", "100万人民币"))),
        ),
        cities=tuple(draw(st.lists(st.sampled_from(("北京", "长沙")), max_size=2))),
        sizes=tuple(draw(st.lists(st.sampled_from(("100-499人", "500-999人")), max_size=2))),
        several=draw(st.booleans()) and draw(st.booleans()),
    )


@st.composite
def problems(draw: st.DrawFn) -> tuple[list[CompanyMention], list[SharedPostings], list[Override]]:
    found = draw(mentions())
    refs = [mention.key.ref for mention in found]
    pairs = st.tuples(st.sampled_from(refs), st.sampled_from(refs)).filter(lambda pair: pair[0] < pair[1])
    if len(refs) < 2:
        return found, [], []
    shared = [SharedPostings(*pair, 1) for pair in draw(st.lists(pairs, max_size=4))]
    verdicts: st.SearchStrategy[Literal["merge", "separate"]] = st.sampled_from(("merge", "separate"))
    overrides = [Override(*pair, draw(verdicts), "because") for pair in draw(st.lists(pairs, max_size=2, unique=True))]
    return found, shared, overrides


def partition(found: Resolution) -> dict[MentionKey, str]:
    return dict(found.company_of)


@given(problems(), st.randoms(use_true_random=False))
@settings(max_examples=300, deadline=None)
def test_the_order_of_mentions_does_not_matter(
    problem: tuple[list[CompanyMention], list[SharedPostings], list[Override]], dice: random.Random
) -> None:
    found, shared, overrides = problem
    first = resolve(found, shared=shared, overrides=overrides)
    mixed = [dice.sample(list(items), len(items)) for items in (found, shared, overrides)]
    second = resolve(mixed[0], shared=mixed[1], overrides=mixed[2])  # type: ignore[arg-type]
    assert (partition(first), first.decisions, first.companies) == (
        partition(second),
        second.decisions,
        second.companies,
    )


@given(problems())
@settings(max_examples=200, deadline=None)
def test_resolving_again_changes_nothing(
    problem: tuple[list[CompanyMention], list[SharedPostings], list[Override]],
) -> None:
    found, shared, overrides = problem
    first = resolve(found, shared=shared, overrides=overrides)
    again = resolve(found, shared=shared, overrides=overrides, earlier=first.company_of)
    doubled = resolve([*found, *found], shared=shared, overrides=overrides)
    assert partition(again) == partition(first) == partition(doubled)
    assert set(partition(first)) == {mention.key for mention in found}
    assert len({company.company_id for company in first.companies}) == len(first.companies)


@given(problems())
@settings(max_examples=300, deadline=None)
def test_another_mention_splits_nothing_without_a_decision_that_says_so(
    problem: tuple[list[CompanyMention], list[SharedPostings], list[Override]],
) -> None:
    found, shared, overrides = problem
    *old, new = found
    before = resolve(old, shared=shared, overrides=overrides)
    after = resolve(found, shared=shared, overrides=overrides, earlier=before.company_of)
    for left in old:
        for right in old:
            same = before.company_of[left.key] == before.company_of[right.key]
            if same and after.company_of[left.key] != after.company_of[right.key]:
                assert after.explain(left.key, right.key), (left.key, right.key, new)


@given(problems())
@settings(max_examples=200, deadline=None)
def test_no_company_has_two_credit_codes_or_an_override_against_it(
    problem: tuple[list[CompanyMention], list[SharedPostings], list[Override]],
) -> None:
    found, shared, overrides = problem
    result = resolve(found, shared=shared, overrides=overrides)
    by_ref = {key.ref: company for key, company in result.company_of.items()}
    for one in overrides:
        if one.verdict == "separate":
            assert by_ref[one.left] != by_ref[one.right]
    if any(one.verdict == "merge" for one in overrides):
        return
    codes: dict[str, set[str]] = {}
    for mention in found:
        if mention.registry.credit_code:
            codes.setdefault(result.company_of[mention.key], set()).add(mention.registry.credit_code)
    assert all(len(seen) == 1 for seen in codes.values())
