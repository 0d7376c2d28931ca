"""Registered capital and founding day: figures of a company register."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler_core.normalize import Reason, tally
from crawler_core.normalize.capital import normalise_capital, normalise_capitals
from crawler_core.normalize.founding_day import normalise_founding_day, normalise_founding_days


@pytest.mark.parametrize(
    ("text", "amount", "currency", "derivation"),
    [
        ("1000万人民币", "10000000.00", "CNY", "named"),
        ("１０００万元人民币", "10000000.00", "CNY", "named"),
        ("人民币500万元", "5000000.00", "CNY", "named"),
        ("500万元", "5000000.00", "CNY", "yuan"),
        ("500万元整", "5000000.00", "CNY", "yuan"),
        ("69121.32612万美元", "691213261.20", "USD", "named"),
        ("1,000(万)美元", "10000000.00", "USD", "named"),
        ("1.5亿港元", "150000000.00", "HKD", "named"),
        ("4064113.182万人民币", "40641131820.00", "CNY", "named"),
    ],
)
def test_capital(text: str, amount: str, currency: str, derivation: str) -> None:
    found = normalise_capital(text)
    assert (found.amount, found.currency, found.derivation) == (Decimal(amount), currency, derivation)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (None, Reason.EMPTY),
        ("-", Reason.UNSTATED),
        ("1000万", Reason.AMBIGUOUS),
        ("人民币100万美元", Reason.AMBIGUOUS),
        ("0万人民币", Reason.OUT_OF_RANGE),
        ("民营", Reason.MISPLACED_TYPE),
        ("约一千万", Reason.NOT_UNDERSTOOD),
    ],
)
def test_capital_refused(text: str | None, reason: Reason) -> None:
    assert normalise_capital(text).reason == reason


@settings(max_examples=200, deadline=None)
@given(
    st.decimals(min_value=Decimal("0.01"), max_value=10**7, places=4).filter(lambda one: one > 0),
    st.sampled_from(("", "万", "亿")),
    st.sampled_from((("人民币", "CNY"), ("美元", "USD"), ("欧元", "EUR"), ("日元", "JPY"))),
    st.booleans(),
)
def test_capital_grammar(figure: Decimal, scale: str, currency: tuple[str, str], before: bool) -> None:
    text = f"{currency[0]}{figure}{scale}" if before else f"{figure}{scale}{currency[0]}"
    expected = (figure * {"": 1, "万": 10**4, "亿": 10**8}[scale]).quantize(Decimal("0.01"), "ROUND_HALF_UP")
    assert (normalise_capital(text).amount, normalise_capital(text).currency) == (expected, currency[1])


@pytest.mark.parametrize(
    ("text", "day", "derivation"),
    [
        ("1987-09-15", dt.date(1987, 9, 15), "date"),
        ("2004年2月29日", dt.date(2004, 2, 29), "date"),
        ("1999/9/9", dt.date(1999, 9, 9), "date"),
        ("2012-03-09 00:00:00", dt.date(2012, 3, 9), "date_time"),
    ],
)
def test_founding_day(text: str, day: dt.date, derivation: str) -> None:
    found = normalise_founding_day(text)
    assert (found.date, found.derivation) == (day, derivation)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", Reason.EMPTY), ("-", Reason.UNSTATED), ("2005", Reason.NOT_UNDERSTOOD),
        ("2005-13-01", Reason.OUT_OF_RANGE),
        ("2005-02-29", Reason.OUT_OF_RANGE),
        ("1005-02-20", Reason.OUT_OF_RANGE), ("100-499人", Reason.MISPLACED_SIZE),
    ],
)  # fmt: skip
def test_founding_day_refused(text: str, reason: Reason) -> None:
    assert normalise_founding_day(text).reason == reason


def test_real_details(shared_data: Path) -> None:
    """Captured details: one capital, ``10万``, names no currency."""
    capitals, days = [], []
    for line in (shared_data / "boss_detail_2023.responses.jsonl").read_text(encoding="utf-8").splitlines():
        company = (json.loads(line).get("zpData") or {}).get("brandComInfoVO") or {}
        capitals.append(company.get("regCapital") or "")
        days.append(company.get("startDate") or "")
    assert tally(normalise_capitals(capitals)) == {"parsed": 204, "unstated": 5, "ambiguous": 1}
    assert tally(normalise_founding_days(days)) == {"parsed": 209, "empty": 1}
