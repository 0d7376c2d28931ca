"""The market: deterministic, moving by the day, of the promised size."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.company import _USCC_ALPHABET, _USCC_WEIGHTS
from sandbox.dice import Dice
from sandbox.market import PLATFORMS, Market
from sandbox.places import MARKET_CITIES, NATIONWIDE, city_code, city_name
from sandbox.roles import KNOWN_KEYWORDS
from sandbox.salary import make_pay, publish

DAY = date(2026, 1, 13)


@pytest.fixture(scope="module")
def market() -> Market:
    return Market(7)


def test_equal_seeds_make_equal_markets(market: Market) -> None:
    other = Market(7)
    for platform in PLATFORMS:
        for keyword in ("Python", "鲜花插花师"):
            left = [market.truth(p, DAY) for p in market.search(platform, keyword, NATIONWIDE, DAY)]
            right = [other.truth(p, DAY) for p in other.search(platform, keyword, NATIONWIDE, DAY)]
            assert left == right


def test_another_seed_makes_another_market(market: Market) -> None:
    ids = {p.job_id for p in market.search("boss", "Python", NATIONWIDE, DAY)}
    assert not ids & {p.job_id for p in Market(8).search("boss", "Python", NATIONWIDE, DAY)}


@pytest.mark.parametrize("seed", [7, 11])
def test_well_known_keywords_have_between_60_and_200_postings_on_every_day(seed: int) -> None:
    made = Market(seed)
    for day in (DAY + timedelta(days=71 * step) for step in range(4)):
        sizes = [len(made.search(p, k, NATIONWIDE, day)) for p in PLATFORMS for k in KNOWN_KEYWORDS]
        assert min(sizes) >= 60
        assert max(sizes) <= 200


def test_other_keywords_have_few_postings_and_some_have_none(market: Market) -> None:
    sizes = [len(market.search("qcwy", f"职业{number}", NATIONWIDE, DAY)) for number in range(150)]
    assert max(sizes) <= 40
    assert 5 <= sizes.count(0) <= 60


def test_a_keyword_is_the_same_whatever_its_case_and_width(market: Market) -> None:
    expected = market.search("boss", "Python", NATIONWIDE, DAY)
    assert expected == market.search("boss", " ｐｙｔｈｏｎ ", NATIONWIDE, DAY)


def test_cities_share_out_the_nationwide_list(market: Market) -> None:
    everywhere = {p.job_id for p in market.search("zhilian", "Java", NATIONWIDE, DAY)}
    for city in MARKET_CITIES[1:]:
        here = market.search("zhilian", "Java", city, DAY)
        assert {p.job_id for p in here} <= everywhere
        assert all(p.opening.city.name == city for p in here)


def test_jobs_open_and_close_and_most_stay_from_one_day_to_the_next(market: Market) -> None:
    today = {p.job_id for p in market.snapshot(DAY)["boss"]}
    tomorrow = {p.job_id for p in market.snapshot(DAY + timedelta(days=1))["boss"]}
    later = {p.job_id for p in market.snapshot(DAY + timedelta(days=100))["boss"]}
    assert today - tomorrow
    assert tomorrow - today
    assert len(today & tomorrow) > 0.9 * len(today)
    assert not today & later


def test_salaries_are_edited_while_a_job_is_open(market: Market) -> None:
    week = DAY + timedelta(days=7)
    now = {p.job_id: p for p in market.snapshot(DAY)["qcwy"]}
    then = {p.job_id: p for p in market.snapshot(week)["qcwy"]}
    kept = now.keys() & then.keys()
    changed = [j for j in kept if market.truth(now[j], DAY).low != market.truth(then[j], week).low]
    assert 0 < len(changed) < len(kept) / 2


def test_one_opening_is_on_several_platforms_and_under_several_keywords(market: Market) -> None:
    snapshot = market.snapshot(DAY)
    openings = {p: {posting.opening.opening_id for posting in snapshot[p]} for p in PLATFORMS}
    assert len(openings["boss"] & openings["qcwy"] & openings["zhilian"]) > 200
    listed = sum(len(market.search("boss", k, NATIONWIDE, DAY)) for k in KNOWN_KEYWORDS)
    assert listed > 1.1 * len(snapshot["boss"])


def test_ids_are_unique_per_platform_and_found_again(market: Market) -> None:
    for platform, postings in market.snapshot(DAY).items():
        assert len({p.job_id for p in postings}) == len(postings)
        fresh = Market(7)
        assert fresh.truth(fresh.posting(platform, postings[0].job_id, DAY), DAY) == market.truth(postings[0], DAY)
        assert fresh.posting(platform, "nowhere", DAY) is None


def test_companies_carry_a_correct_credit_code_and_differing_names(market: Market) -> None:
    book = [market.companies[number] for number in range(0, 3000, 7)]
    for company in book:
        total = sum(_USCC_ALPHABET.index(s) * w for s, w in zip(company.uscc, _USCC_WEIGHTS, strict=False))
        assert len(company.uscc) == 18
        assert (total + _USCC_ALPHABET.index(company.uscc[17])) % 31 == 0
    assert any(c.listed["qcwy"][1] != c.legal_name for c in book)
    assert len({c.brand for c in book}) < len(book) == len({c.company_id for c in book})


def test_city_codes_are_those_of_the_platforms() -> None:
    assert [city_code(p, "长沙") for p in PLATFORMS] == ["101250100", "190200", "749"]
    assert [city_code(p, NATIONWIDE) for p in PLATFORMS] == ["100010000", "000000", "489"]
    assert city_name("boss", "749") is None
    for platform in PLATFORMS:
        for city in MARKET_CITIES:
            assert city_name(platform, city_code(platform, city) or "") == city


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 2**40), st.integers(0, 6), st.sampled_from(PLATFORMS), st.booleans())
def test_the_true_reading_of_a_salary_is_ordered_and_positive(
    number: int, experience: int, platform: str, intern: bool
) -> None:
    dice = Dice(number, "pay")
    paid = publish(platform, make_pay(dice, experience, 1.0, intern), dice)
    if paid.low is not None and paid.high is not None:
        assert 0 < paid.low <= paid.high
    assert (paid.unit == "none") == (paid.low is None and paid.high is None)
    assert 12 <= paid.months <= 16


def test_every_shape_of_salary_occurs(market: Market) -> None:
    texts = {p: {market.truth(x, DAY).salary_text for x in postings} for p, postings in market.snapshot(DAY).items()}
    for platform, marks in {
        "boss": ("K·14薪", "元/天", "面议", "k", "元/月"),
        "qcwy": ("千-", "万/年", "万/月", "以上", "以下", "·13薪", "元/天"),
        "zhilian": ("元·13薪", "万", "元/天", "万-"),
    }.items():
        for mark in marks:
            assert any(text and mark in text for text in texts[platform]), (platform, mark)
    assert {"", None} & texts["qcwy"]
