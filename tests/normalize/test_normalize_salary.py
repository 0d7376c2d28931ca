"""Salary strings: every shape of docs/wire.md section 8, and strings generated from a grammar with known values."""

from __future__ import annotations

import csv
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler_core.normalize import Reason
from crawler_core.normalize.salary import PayUnit, normalise_salaries, normalise_salary
from sandbox.dice import Dice
from sandbox.salary import make_pay, publish

D = Decimal


@pytest.mark.parametrize(
    ("text", "low", "high", "months", "unit"),
    [
        ("15-25K", 15000, 25000, 12, "month"),
        ("15-25K·14薪", 15000, 25000, 14, "month"),
        ("50-80K・15薪", 50000, 80000, 15, "month"),
        ("12-15K.13薪", 12000, 15000, 13, "month"),
        ("50-70K-16薪", 50000, 70000, 16, "month"),
        ("50-70K16薪", 50000, 70000, 16, "month"),
        ("20K-30K", 20000, 30000, 12, "month"),
        ("8-15k", 8000, 15000, 12, "month"),
        ("10－20K", 10000, 20000, 12, "month"),
        ("30K", 30000, 30000, 12, "month"),
        ("&#xe039;-&#xe032;&#xe034;K", 8000, 13000, 12, "month"),
        ("1-1.5万", 10000, 15000, 12, "month"),
        ("2.5-5万·13薪", 25000, 50000, 13, "month"),
        ("8千-1.2万·13薪", 8000, 12000, 13, "month"),
        ("4.5-5.5千", 4500, 5500, 12, "month"),
        ("1.6万-1.7万", 16000, 17000, 12, "month"),
        ("6000-12000元·13薪", 6000, 12000, 13, "month"),
        ("10000-15000", 10000, 15000, 12, "month"),
        ("10,000-15,000元/月", 10000, 15000, 12, "month"),
        ("10K-15K", 10000, 15000, 12, "month"),
        ("12-14万/年", 10000, D("11666.67"), 12, "year"),
        ("15-20万·年薪", 12500, D("16666.67"), 12, "year"),
        ("年薪20-30万", D("16666.67"), 25000, 12, "year"),
        ("40+ 万/年", D("33333.33"), None, 12, "year"),
        ("100万以上/年", D("83333.33"), None, 12, "year"),
        ("1千以下/年", None, D("83.33"), 12, "year"),
        ("3万及以下/年", None, 2500, 12, "year"),
        ("0.8-1.5万/月", 8000, 15000, 12, "month"),
        ("1.5千以下/月", None, 1500, 12, "month"),
        ("3千及以下·13薪", None, 3000, 13, "month"),
        ("2万以下", None, 20000, 12, "month"),
        ("10万以上/月", 100000, None, 12, "month"),
        ("8000元以上", 8000, None, 12, "month"),
        ("150-200元/天", D("3262.50"), 4350, 12, "day"),
        ("150元/天", D("3262.50"), D("3262.50"), 12, "day"),
        ("1.5千/天", 32625, 32625, 12, "day"),
        ("60-150元/时", 10440, 26100, 12, "hour"),
        ("30-50元/小时", 5220, 8700, 12, "hour"),
        ("2100-3000元/周", 9135, 13050, 12, "week"),
        ("100-200元/次", None, None, 12, "time"),
        ("5-8元/单", None, None, 12, "piece"),
    ],
)
def test_published_shape(
    text: str, low: int | Decimal | None, high: int | Decimal | None, months: int, unit: str
) -> None:
    read = normalise_salary(text)
    assert (read.min_cny_month, read.max_cny_month, read.months, read.unit) == (low, high, months, unit)
    assert read.reason is None


@pytest.mark.parametrize(
    ("text", "derivation"),
    [
        ("15-25K", "range_k+inherited_unit+month_by_default"),
        ("8千-1.2万", "range_mixed+month_by_default"),
        ("1.6万-1.7万", "range_wan+month_by_default"),
        ("10000-15000", "range_bare+month_by_default"),
        ("5000-8000元/月", "range_yuan+inherited_unit"),
        ("12-14万/年", "range_wan+inherited_unit+year/12"),
        ("150-200元/天", "range_yuan+inherited_unit+day*21.75"),
        ("30元/小时", "single_yuan+hour*8*21.75"),
        ("2100-3000元/周", "range_yuan+inherited_unit+week*4.35"),
        ("5-8元/单", "range_yuan+inherited_unit+no_monthly_value"),
        ("10万以上/月", "at_least_wan"),
        ("1.5千以下/月", "at_most_qian"),
    ],
)
def test_derivation_names_the_rules(text: str, derivation: str) -> None:
    assert normalise_salary(text).derivation == derivation


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (None, Reason.EMPTY),
        (" \u3000 ", Reason.EMPTY),
        ("null", Reason.EMPTY),
        ("面议", Reason.NEGOTIABLE),
        ("薪资面议", Reason.NEGOTIABLE),
        ("不限", Reason.UNSTATED),
        ("salary", Reason.NOT_UNDERSTOOD),
        ("薪资", Reason.NOT_UNDERSTOOD),
        ("9\ufffd-1.5万·13薪", Reason.DAMAGED),
        ("\ue0f1-\ue0f2K", Reason.PRIVATE_FONT),
        ("10-15", Reason.AMBIGUOUS),
        ("8", Reason.AMBIGUOUS),
        ("10K-15", Reason.AMBIGUOUS),
        ("年薪20-30万/月", Reason.AMBIGUOUS),
        ("10-15K以上", Reason.AMBIGUOUS),
        ("20-10K", Reason.OUT_OF_RANGE),
        ("8-1.2万", Reason.OUT_OF_RANGE),
        ("0K", Reason.OUT_OF_RANGE),
        ("15-25K·99薪", Reason.OUT_OF_RANGE),
        ("15-25K·3薪", Reason.NOT_UNDERSTOOD),
        ("10000-1500013薪", Reason.NOT_UNDERSTOOD),
        ("5²K", Reason.NOT_UNDERSTOOD),
        ("①5K", Reason.NOT_UNDERSTOOD),
        ("15-25K/朵", Reason.NOT_UNDERSTOOD),
        ("15-25USD", Reason.NOT_UNDERSTOOD),
        ("3-5年", Reason.MISPLACED_EXPERIENCE),
        ("本科", Reason.MISPLACED_DEGREE),
        ("100-499人", Reason.MISPLACED_SIZE),
        ("5天/周", Reason.MISPLACED_INTERNSHIP),
    ],
)
def test_refused_for_a_reason(text: str | None, reason: Reason) -> None:
    read = normalise_salary(text)
    assert read.reason is reason
    assert (read.min_cny_month, read.max_cny_month, read.unit, read.derivation) == (None, None, None, "")


def test_published_figures_are_kept() -> None:
    read = normalise_salary("12-14万/年")
    assert (read.low, read.high) == (120_000, 140_000)


def test_ground_truth(shared_data: Path) -> None:
    with (shared_data / "strings" / "GROUND_TRUTH_salary.csv").open(encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    read = normalise_salaries(row["value"] for row in rows)
    wrong = [
        (row["value"], one)
        for row, one in zip(rows, read, strict=True)
        if (one.min_cny_month, one.max_cny_month) != (D(row["low"]) * 1000, D(row["high"]) * 1000)
    ]
    assert (len(rows), wrong) == (101, [])


def test_the_sandbox_agrees() -> None:
    """The sandbox prints pay in every shape of every platform and knows what it meant."""
    dice = Dice(7, "salary-test")
    wrong = []
    for number in range(9000):
        pay = make_pay(dice, number % 7, 1.0, intern=number % 20 == 0)
        for platform in ("boss", "qcwy", "zhilian"):
            truth = publish(platform, pay, dice)
            read = normalise_salary(truth.text)
            if truth.unit == "none":
                agrees = read.reason in (Reason.NEGOTIABLE, Reason.EMPTY)
            else:
                low, high = (None if end is None else D(str(round(end, 4))) for end in (truth.low, truth.high))
                agrees = (read.low, read.high, read.unit, read.months) == (low, high, truth.unit, truth.months)
            if not agrees:
                wrong.append((truth, read))
    assert wrong == []


class Case(NamedTuple):
    """A generated string with its true reading in CNY a month, from exact fractions."""

    text: str
    low: Decimal | None
    high: Decimal | None
    months: int
    unit: PayUnit


SCALES = {"K": 1000, "k": 1000, "千": 1000, "万": 10_000, "元": 1}
PERIODS = {
    "": PayUnit.MONTH, "/月": PayUnit.MONTH, "/年": PayUnit.YEAR, "/周": PayUnit.WEEK, "/天": PayUnit.DAY,
    "/日": PayUnit.DAY, "/时": PayUnit.HOUR, "/小时": PayUnit.HOUR, "/次": PayUnit.TIME, "/单": PayUnit.PIECE,
}  # fmt: skip
PER_MONTH = {
    PayUnit.MONTH: Fraction(1), PayUnit.YEAR: Fraction(1, 12), PayUnit.WEEK: Fraction(87, 20),
    PayUnit.DAY: Fraction(87, 4), PayUnit.HOUR: Fraction(174),
}  # fmt: skip
FULL_WIDTH = {code: code + 0xFEE0 for code in range(0x21, 0x7F)}


def monthly(amount: Fraction, unit: PayUnit) -> Decimal | None:
    if unit not in PER_MONTH:
        return None
    cents = amount * PER_MONTH[unit] * 100 + Fraction(1, 2)
    return Decimal(cents.numerator // cents.denominator) / 100


@st.composite
def salaries(draw: st.DrawFn) -> Case:
    shape = draw(st.sampled_from(("range", "range", "range", "single", "at_least", "at_most", "plus")))
    high_scale = draw(st.sampled_from(tuple(SCALES)))
    low_scale = draw(st.sampled_from(("inherited", "same", *SCALES))) if shape == "range" else "same"
    tenths = draw(st.integers(1, 9999))
    high = Fraction(tenths, 10) * SCALES[high_scale]
    scale = SCALES[high_scale if low_scale in ("inherited", "same") else low_scale]
    most = int(high * 10 / scale)
    if most < 1:  # this pair of scales has no lower figure with one decimal
        low_scale, scale, most = "same", SCALES[high_scale], tenths
    low_tenths = draw(st.integers(1, min(most, 99_999)))
    low = Fraction(low_tenths, 10) * scale
    period = draw(st.sampled_from(tuple(PERIODS)))
    unit = PERIODS[period]
    months = draw(st.integers(12, 30))
    suffix = f"{draw(st.sampled_from(('·', '・', '.', '-', '')))}{months}薪" if months > 12 else ""
    dash = draw(st.sampled_from(("-", "－", "~", "～", "–", "—", "至")))
    lower_unit = {"inherited": "", "same": high_scale}.get(low_scale, low_scale)
    figure = f"{tenths / 10:g}"
    text = {
        "range": f"{low_tenths / 10:g}{lower_unit}{dash}{figure}{high_scale}{period}",
        "single": f"{figure}{high_scale}{period}",
        "at_least": f"{figure}{high_scale}{draw(st.sampled_from(('以上', '及以上', '起')))}{period}",
        "at_most": f"{figure}{high_scale}{draw(st.sampled_from(('以下', '及以下')))}{period}",
        "plus": f"{figure}+ {high_scale}{period}",
    }[shape]
    if period == "/年" and draw(st.booleans()):
        text = draw(st.sampled_from((f"年薪{text[:-2]}", f"{text[:-2]}·年薪")))
    text += suffix
    width = draw(st.sampled_from(("half", "full", "mixed")))
    if width == "full":
        text = text.translate(FULL_WIDTH)
    elif width == "mixed":
        text = "".join(sign.translate(FULL_WIDTH) if draw(st.booleans()) else sign for sign in text)
    if draw(st.booleans()):
        text = f" {text}\u3000"
    return Case(
        text,
        None if shape == "at_most" else monthly(low if shape == "range" else high, unit),
        None if shape in ("at_least", "plus") else monthly(high, unit),
        months,
        unit,
    )


@settings(max_examples=1500, deadline=None)
@given(salaries())
def test_generated_strings_agree_exactly(case: Case) -> None:
    read = normalise_salary(case.text)
    assert (read.reason, read.min_cny_month, read.max_cny_month, read.months, read.unit) == (None, *case[1:])


@settings(max_examples=300, deadline=None)
@given(st.integers(1000, 99_999), st.integers(0, 50_000), st.sampled_from(("", "·13薪", "-13薪", "/月")))
def test_figures_without_a_unit_are_yuan(low: int, more: int, suffix: str) -> None:
    read = normalise_salary(f"{low}-{low + more}{suffix}")
    assert (read.min_cny_month, read.max_cny_month) == (low, low + more)
    assert "range_bare" in read.derivation


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet="0123456789.-~·薪K千万元/天时周月年次单以上下及+ \ue031\ue03a", max_size=16))
def test_no_text_is_read_against_its_period(text: str) -> None:
    """Whatever is accepted says its unit, and a monthly reading never comes from a text that names another period."""
    read = normalise_salary(text)
    assert (read.reason is None) == (read.unit is not None) == bool(read.derivation)
    if read.unit is PayUnit.MONTH:
        assert not {"天", "时", "周", "年", "次", "单"} & set(text)
    if read.low is not None and read.high is not None:
        assert 0 <= read.low <= read.high
