"""Experience, degree, company size, company type and financing stage (docs/wire.md section 9)."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler_core.normalize import Reason
from crawler_core.normalize.company_size import normalise_company_size
from crawler_core.normalize.company_type import CompanyKind, Stage, normalise_company_type, normalise_financing_stage
from crawler_core.normalize.degree import RANKS, DegreeLevel, normalise_degree
from crawler_core.normalize.experience import ExperienceKind, normalise_experience

FULL_WIDTH = {code: code + 0xFEE0 for code in range(0x21, 0x7F)}
widths = st.sampled_from(("half", "full"))


def widen(text: str, width: str) -> str:
    return text.translate(FULL_WIDTH) if width == "full" else text


@pytest.mark.parametrize(
    ("text", "low", "high", "kind"),
    [
        ("经验不限", 0, None, "any"),
        ("不限", 0, None, "any"),
        ("无需经验", 0, None, "none"),
        ("无工作经验", 0, None, "none"),
        ("在校/应届", 0, 0, "student_or_graduate"),
        ("在校生/应届生", 0, 0, "student_or_graduate"),
        ("在校生", 0, 0, "student"),
        ("应届生", 0, 0, "graduate"),
        ("1年以内", 0, 1, "years"),
        ("1年以下", 0, 1, "years"),
        ("1-3年", 1, 3, "years"),
        ("10年以上", 10, None, "years"),
        ("1年及以上", 1, None, "years"),
        ("10年以上经验", 10, None, "years"),
        ("1年", 1, 1, "years"),
        ("3-4年经验", 3, 4, "years"),
    ],
)
def test_experience(text: str, low: int, high: int | None, kind: str) -> None:
    read = normalise_experience(text)
    assert (read.min_years, read.max_years, read.kind, read.reason) == (low, high, kind, None)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", Reason.EMPTY),
        ("5天/周", Reason.MISPLACED_INTERNSHIP),
        ("5天/周 3个月", Reason.MISPLACED_INTERNSHIP),
        ("本科", Reason.MISPLACED_DEGREE),
        ("15-25K", Reason.MISPLACED_SALARY),
        ("workYear", Reason.NOT_UNDERSTOOD),
        ("工作经验", Reason.NOT_UNDERSTOOD),
        ("5-3年", Reason.OUT_OF_RANGE),
        ("0年", Reason.OUT_OF_RANGE),
        ("3-5年以上", Reason.AMBIGUOUS),
        ("3\ufffd年", Reason.DAMAGED),
    ],
)
def test_experience_refused(text: str, reason: Reason) -> None:
    assert normalise_experience(text).reason is reason


@settings(max_examples=300, deadline=None)
@given(st.data(), widths)
def test_experience_grammar(data: st.DataObject, width: str) -> None:
    low = data.draw(st.integers(1, 49))
    high = data.draw(st.integers(low, 50))
    tail = data.draw(st.sampled_from(("", "经验", "工作经验")))
    dash = data.draw(st.sampled_from("-~–至"))
    text, expected = data.draw(
        st.sampled_from(
            (
                (f"{low}{dash}{high}年", (low, high)),
                (f"{low}年{dash}{high}年", (low, high)),
                (f"{low}年", (low, low)),
                (f"{low}年以上", (low, None)),
                (f"{low}年及以上", (low, None)),
                (f"{high}年以下", (0, high)),
                (f"{high}年以内", (0, high)),
            )
        )
    )
    read = normalise_experience(widen(text + tail, width))
    assert (read.min_years, read.max_years, read.kind) == (*expected, ExperienceKind.YEARS)


@pytest.mark.parametrize(
    ("text", "level", "bound"),
    [
        ("学历不限", "any", ""),
        ("不限", "any", ""),
        ("初中及以下", "junior_high", "at_most"),
        ("中专/中技", "vocational", ""),
        ("中技/中专", "vocational", ""),
        ("中技", "vocational", ""),
        ("高中", "high_school", ""),
        ("大专", "college", ""),
        ("本科", "bachelor", ""),
        ("本科及以上", "bachelor", "at_least"),
        ("硕士", "master", ""),
        ("MBA/EMBA", "mba", ""),
        ("博士", "doctor", ""),
    ],
)
def test_degree(text: str, level: str, bound: str) -> None:
    read = normalise_degree(text)
    assert (read.level, read.bound, read.rank, read.reason) == (level, bound, RANKS[DegreeLevel(level)], None)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (None, Reason.EMPTY),
        ("3个月", Reason.MISPLACED_INTERNSHIP),
        ("12个月", Reason.MISPLACED_INTERNSHIP),
        ("3-5年", Reason.MISPLACED_EXPERIENCE),
        ("研究生", Reason.AMBIGUOUS),
        ("degree", Reason.NOT_UNDERSTOOD),
        ("不限以上", Reason.NOT_UNDERSTOOD),
    ],
)
def test_degree_refused(text: str | None, reason: Reason) -> None:
    assert normalise_degree(text).reason is reason


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(
        (
            ("初中", "junior_high"), ("中专", "vocational"), ("中技/中专", "vocational"), ("高中", "high_school"),
            ("大专", "college"), ("本科", "bachelor"), ("硕士", "master"), ("MBA/EMBA", "mba"), ("博士", "doctor"),
        )
    ),
    st.sampled_from(
        (("", ""), ("及以上", "at_least"), ("以上", "at_least"), ("及以下", "at_most"), ("以下", "at_most"))
    ),
    st.sampled_from(("", " ", "\u3000", "\u200b")),
    widths,
)  # fmt: skip
def test_degree_grammar(word: tuple[str, str], bound: tuple[str, str], blank: str, width: str) -> None:
    read = normalise_degree(blank + widen(word[0] + bound[0], width) + blank)
    assert (read.level, read.bound) == (word[1], bound[1])


@pytest.mark.parametrize(
    ("text", "low", "high", "derivation"),
    [
        ("0-20人", 0, 20, "range"),
        ("20-99", 20, 99, "range+no_unit"),
        ("10000人以上", 10000, None, "at_least"),
        ("10000以上", 10000, None, "at_least+no_unit"),
        ("20人以下", 0, 20, "at_most"),
        ("少于50人", 0, 50, "less_than"),
        ("150-500人", 150, 500, "range"),
        ("1,000-9,999人", 1000, 9999, "range"),
    ],
)
def test_company_size(text: str, low: int, high: int | None, derivation: str) -> None:
    read = normalise_company_size(text)
    assert (read.min_people, read.max_people, read.derivation) == (low, high, derivation)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", Reason.EMPTY),
        ("不限", Reason.UNSTATED),
        ("500", Reason.AMBIGUOUS),
        ("99-20人", Reason.OUT_OF_RANGE),
        ("0人", Reason.OUT_OF_RANGE),
        ("A轮", Reason.MISPLACED_STAGE),
        ("民营", Reason.MISPLACED_TYPE),
        ("companySize", Reason.NOT_UNDERSTOOD),
    ],
)
def test_company_size_refused(text: str, reason: Reason) -> None:
    assert normalise_company_size(text).reason is reason


@settings(max_examples=300, deadline=None)
@given(st.integers(1, 99_999), st.integers(0, 99_999), st.integers(0, 6), st.sampled_from("-~—至"), widths)
def test_company_size_grammar(low: int, more: int, shape: int, dash: str, width: str) -> None:
    high = low + more
    text, expected = (
        (f"{low}{dash}{high}人", (low, high)),
        (f"{low}人{dash}{high}人", (low, high)),
        (f"{low}{dash}{high}", (low, high)),
        (f"{low}人以上", (low, None)),
        (f"{high}人以下", (0, high)),
        (f"少于{high}人", (0, high)),
        (f"{high}人", (high, high)),
    )[shape]
    read = normalise_company_size(widen(text, width))
    assert (read.min_people, read.max_people) == expected


@pytest.mark.parametrize(
    ("text", "kind", "detail"),
    [
        ("民营", CompanyKind.PRIVATE, ""),
        ("民营公司", CompanyKind.PRIVATE, ""),
        ("外资（欧美）", CompanyKind.FOREIGN, "western"),
        ("外资(非欧美)", CompanyKind.FOREIGN, "not_western"),
        ("外商独资", CompanyKind.FOREIGN, "wholly_owned"),
        ("已上市", CompanyKind.LISTED, ""),
        ("上市公司", CompanyKind.LISTED, ""),
        ("其它", CompanyKind.OTHER, ""),
    ],
)
def test_company_type(text: str, kind: CompanyKind, detail: str) -> None:
    read = normalise_company_type(text)
    assert (read.kind, read.detail, read.reason) == (kind, detail, None)


def test_type_and_stage_refused() -> None:
    assert normalise_company_type("不限").reason is Reason.UNSTATED
    assert normalise_company_type("外资（欧\ufffd）").reason is Reason.DAMAGED
    assert normalise_company_type("50-150人").reason is Reason.MISPLACED_SIZE
    assert normalise_company_type("A轮").reason is Reason.MISPLACED_STAGE
    assert normalise_financing_stage("20-99人").reason is Reason.MISPLACED_SIZE
    assert normalise_financing_stage("民营").reason is Reason.MISPLACED_TYPE
    assert normalise_financing_stage("").reason is Reason.EMPTY
    assert normalise_financing_stage("计算机软件").reason is Reason.NOT_UNDERSTOOD


@pytest.mark.parametrize(
    ("text", "stage"),
    [
        ("未融资", Stage.UNFUNDED),
        ("Ａ轮", Stage.ROUND_A),
        ("D轮及以上", Stage.ROUND_D_OR_LATER),
        ("已上市", Stage.LISTED),
    ],
)
def test_financing_stage(text: str, stage: Stage) -> None:
    assert normalise_financing_stage(text).stage is stage
