"""What the quality checks decide, case by case, without a warehouse."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from crawler_core.normalize import NORMALISERS
from crawler_core.platforms import PLATFORMS
from jobdata_assets import code_version as versions
from jobdata_assets.code_version import code_version, parse_version
from jobdata_assets.daily.drift import columns_of, find_drifts
from jobdata_assets.daily.quality import (
    QualityFacts,
    Repeats,
    level_of_rows,
    level_of_share,
    quality_specs,
    quality_verdicts,
)
from jobdata_resources.warehouse.facts.fields import fact_rules
from jobdata_resources.warehouse.facts.questions import DayProfile, FieldDay, SeenMember, UnparsedString

DAY = dt.date(2026, 11, 21)
BOSS = PLATFORMS["boss"]


@pytest.mark.parametrize(
    ("unparsed", "jobs", "before", "drifts"),
    [
        (0, 1000, [0.0] * 7, False),
        (20, 1000, [0.0] * 7, False),  # two points above the median are within the tolerance
        (21, 1000, [0.0] * 7, True),
        (290, 1000, [0.2] * 7, False),  # half the median is
        (310, 1000, [0.2] * 7, True),
        (310, 1000, [0.0, 0.0, 0.2, 0.3, 0.3, 0.3, 0.3], False),  # of a median of 0.3
        (900, 1000, [0.1, 0.1], False),  # two days are no history
        (900, 1000, [], False),
        (4, 8, [0.0] * 7, False),  # four strings are no trend
        (5, 8, [0.0] * 7, True),
        (0, 1000, [0.5] * 7, False),  # better than usual is no drift
    ],
)
def test_share_of_unparsed_values(unparsed: int, jobs: int, before: list[float], drifts: bool) -> None:
    day = FieldDay("salary", DAY, jobs, {"not_understood": unparsed} if unparsed else {})
    assert level_of_share(day, before).drifts is drifts


@pytest.mark.parametrize(
    ("jobs", "before", "drifts"),
    [
        (100, [100] * 7, False),
        (50, [100] * 7, False),
        (49, [100] * 7, True),
        (200, [100] * 7, False),
        (201, [100] * 7, True),
        (0, [100, 100], False),
        (100, [10, 100, 100], False),
    ],
)
def test_row_count(jobs: int, before: list[int], drifts: bool) -> None:
    assert level_of_rows(jobs, before).drifts is drifts


def profile(day: int, sampled: int = 100, **members: Any) -> DayProfile:
    """A day with 100 items; members by path (``__`` for a dot) as type, or as type and number of items."""
    date = DAY + dt.timedelta(days=day)
    found = {}
    for name, value in members.items():
        for kind in value if isinstance(value, list) else [value]:
            text, items = kind if isinstance(kind, tuple) else (kind, sampled)
            path = name.replace("__", ".").replace("_E", "[]")
            found[path, text] = SeenMember(items, f"{text} of day {day}", "数据", day + 1, f"segment-{day}")
    return DayProfile(date, sampled, found)


ALWAYS: dict[str, Any] = {"id": "string"}
DRIFTS: list[tuple[str, list[dict[str, Any]], set[tuple[str, str, str, int]]]] = [
    ("the same every day", [{}, {}, {}], set()),
    ("a new member", [{}, {}, {"bonus": "string"}], {("new", "bonus", "string", 2)}),
    (
        "a member that came two days ago",
        [{}, {"bonus": "string"}, {"bonus": "string"}, {"bonus": "string"}],
        {("new", "bonus", "string", 1)},
    ),
    ("a rare member met by chance", [{}, {}, {"bonus": ("string", 2)}], set()),
    ("a missing member", [{"pay": "string"}, {"pay": "string"}, {}], {("missing", "pay", "string", 2)}),
    ("a member missing since yesterday", [{"pay": "string"}, {}, {}], {("missing", "pay", "string", 1)}),
    ("a rare member not met by chance", [{"pay": ("string", 4)}, {"pay": ("string", 4)}, {}], set()),
    (
        "a rare member missing for so long that it is no chance",
        [{"pay": ("string", 3)}, {"pay": ("string", 3)}, {}, {}],
        {("missing", "pay", "string", 2)},
    ),
    (
        "a re-typed member",
        [{"pay": "string"}, {"pay": "string"}, {"pay": "number"}],
        {("retyped", "pay", "string → number", 2)},
    ),
    (
        "partly re-typed",
        [{"pay": "string"}, {"pay": [("string", 80), ("object", 20)]}],
        {("retyped", "pay", "string → object", 1)},
    ),
    ("two types as always", [{"pay": ["string", "number"]}, {"pay": ["string", "number"]}], set()),
    (
        "members below a new one are not told",
        [{}, {"detail": "object", "detail__a": "string", "detail__b": "string"}],
        {("new", "detail", "object", 1)},
    ),
    (
        "nor the elements of a lost array",
        [{"tags": "array", "tags_E": "string"}, {}],
        {("missing", "tags", "array", 1)},
    ),
    (
        "nor what a text has become",
        [{"exp": "string"}, {"exp": "object", "exp__name": "string"}],
        {("retyped", "exp", "string → object", 1)},
    ),
    ("one day alone", [{"pay": "string"}], set()),
]


@pytest.mark.parametrize(("days", "expected"), [case[1:] for case in DRIFTS], ids=[case[0] for case in DRIFTS])
def test_drifts(days: list[Mapping[str, Any]], expected: set[tuple[str, str, str, int]]) -> None:
    found = find_drifts([profile(number, **{**ALWAYS, **members}) for number, members in enumerate(days)])
    assert {(one.kind, one.path, one.types, (one.since - DAY).days) for one in found} == expected


def test_a_drift_names_an_example_and_the_page_that_shows_it() -> None:
    days = [
        profile(0, id="string", pay="string"),
        profile(1, id="string", pay="string"),
        profile(2, id="string", fee="number"),
    ]
    missing, new = sorted(find_drifts(days), key=lambda one: one.kind)
    # What is lost is shown as it was, with a page of today that lacks it.
    assert (missing.path, missing.example, missing.segment, missing.page) == ("pay", "string of day 1", "segment-2", 3)
    assert (new.path, new.example, new.segment, new.page, new.share) == ("fee", "number of day 2", "segment-2", 3, 1.0)


def test_the_columns_a_member_fills() -> None:
    assert columns_of(BOSS.search, "salaryDesc") == ["salary_text"]
    assert columns_of(BOSS.search, "gps") == ["longitude", "latitude"]
    assert columns_of(PLATFORMS["zhilian"].search, "skillLabel") == ["skills"]
    assert columns_of(BOSS.search, "bossAvatar") == []


GOOD = QualityFacts(
    date=DAY,
    fields=[FieldDay("salary", DAY - dt.timedelta(days=day), 1000, {"negotiable": 10}) for day in range(7, -1, -1)],
    worst=[],
    profiles=[profile(day, id="string") for day in range(-7, 1)],
    jobs=1000,
    jobs_before={DAY - dt.timedelta(days=day): 1000 for day in range(1, 8)},
    sightings=1500,
    repeats=[],
    twice=0,
    unseen=0,
    unseen_jobs=[],
    unstored=0,
    unstored_jobs=[],
)


@pytest.mark.parametrize(
    ("changed", "failed"),
    [
        ({}, set()),
        ({"fields": [*GOOD.fields[:-1], FieldDay("salary", DAY, 1000, {"not_understood": 400})]}, {"unparsed_values"}),
        ({"profiles": [*GOOD.profiles[:-1], profile(0, id="number")]}, {"schema_drift"}),
        ({"profiles": []}, set()),
        ({"profiles": GOOD.profiles[:-1]}, set()),  # no sample of the day: nothing to judge
        ({"jobs": 400}, {"row_count_drift"}),
        ({"twice": 1}, {"duplicate_ids"}),
        ({"repeats": [Repeats("java", "100", 500, 301)]}, {"duplicate_ids"}),
        ({"repeats": [Repeats("java", "100", 500, 300)]}, set()),
        ({"unseen": 1}, {"orphans"}),
        ({"unstored": 1}, {"orphans"}),
        ({"jobs_before": {}, "fields": GOOD.fields[-1:], "profiles": GOOD.profiles[-1:]}, set()),
    ],
)
def test_verdicts(changed: dict[str, Any], failed: set[str]) -> None:
    results = list(quality_verdicts(BOSS, replace(GOOD, **changed)))
    assert {str(result.check_name) for result in results if not result.passed} == failed
    assert [str(result.check_name) for result in results] == [one.name for one in quality_specs(BOSS)]
    assert not any(one.blocking for one in quality_specs(BOSS))


def test_a_person_can_act_on_what_is_told() -> None:
    facts = replace(
        GOOD,
        fields=[*GOOD.fields[:-1], FieldDay("salary", DAY, 1000, {"negotiable": 10, "not_understood": 390})],
        worst=[UnparsedString("salary", "15-25千/30天", "not_understood", 390)],
        profiles=[profile(-1, salaryDesc="string"), profile(0, salaryDesc="object")],
    )
    unparsed, schema, *_ = quality_verdicts(BOSS, facts)
    assert unparsed.description == "salary 40.0% unparsed, usually 1.0%"
    assert unparsed.metadata["salary_unparsed_share"].value == 0.4
    assert unparsed.metadata["salary_median_share"].value == 0.01
    assert "15-25千/30天" in str(unparsed.metadata["strings"].value)
    assert "390" in str(unparsed.metadata["strings"].value)
    assert schema.description == (
        "salaryDesc (column salary_text) retyped since 2026-11-21: string → object, see segment-0 page 1"
    )
    assert schema.metadata["pages"].value == ["segment-0 page 1 (数据)"]


def test_a_code_version_moves_with_what_is_read_and_by_which_rules(monkeypatch: pytest.MonkeyPatch) -> None:
    version = code_version(BOSS, "2")
    assert version.startswith("2/parse-")
    assert version.endswith("/company_size-1.1,degree-1.1,experience-1.1,financing_stage-1.1,place-1.1,salary-1.1")
    shape = BOSS.search
    comments = replace(shape, fields=tuple(replace(field, doc="other words") for field in shape.fields))
    assert parse_version(comments) == parse_version(shape)
    moved = replace(shape, fields=(*shape.fields[:-1], replace(shape.fields[-1], paths=("elsewhere",))))
    assert parse_version(moved) != parse_version(shape)
    newer = {**NORMALISERS, "salary": replace(NORMALISERS["salary"], rules="2")}
    monkeypatch.setattr(versions, "fact_rules", lambda: fact_rules(newer))
    assert code_version(BOSS, "2") == version.replace("salary-1.1", "salary-2.1")
