"""The list of platforms, and what every description of one must hold."""

from __future__ import annotations

import re

import pytest

from crawler_core.errors import BadInput, UnknownCity
from crawler_core.platforms import PLATFORMS, platform
from crawler_core.platforms.boss.codes import ANSWERS
from crawler_core.platforms.fields import PageShape, split_path
from crawler_core.platforms.spec import PlatformSpec
from crawler_core.settings import CrawlSettings

SHAPES = [
    pytest.param(shape, id=f"{spec.name}-{kind}")
    for spec in PLATFORMS.values()
    for kind, shape in {"search": spec.search, **spec.details}.items()
]
SPECS = [pytest.param(spec, id=spec.name) for spec in PLATFORMS.values()]


def test_platforms_are_known_by_their_short_names() -> None:
    assert list(PLATFORMS) == ["boss", "qcwy", "zhilian"]
    assert platform("qcwy").title == "前程无忧"


def test_unknown_platform_names_the_known_ones() -> None:
    with pytest.raises(BadInput, match="'lagou' is not known; use one of boss, qcwy, zhilian"):
        platform("lagou")


@pytest.mark.parametrize("spec", SPECS)
def test_description_agrees_with_settings_and_itself(spec: PlatformSpec) -> None:
    assert spec.base_url == CrawlSettings().base_url(spec.name)
    assert spec.cities["全国"] == spec.nationwide
    assert 1 <= spec.page_size <= spec.max_page_size
    assert len(set(spec.cities.values())) == len(spec.cities)
    assert all(code.isdigit() and len(code) == len(spec.nationwide) for code in spec.cities.values())


def test_cities_by_name_and_by_code() -> None:
    assert [spec.city_code("长沙") for spec in PLATFORMS.values()] == ["101250100", "190200", "749"]
    assert platform("zhilian").city_code(" 999 ") == "999"
    with pytest.raises(UnknownCity, match="亚特兰蒂斯"):
        platform("boss").city_code("亚特兰蒂斯")


@pytest.mark.parametrize("shape", SHAPES)
def test_field_table_is_well_formed(shape: PageShape) -> None:
    columns = [field.column for field in shape.fields]
    assert len(set(columns)) == len(columns)
    assert all(re.fullmatch(r"[a-z][a-z0-9_]*", column) for column in columns)
    assert shape.id_field.column == "job_id"
    assert [field.column for field in shape.fields if field.required] == ["job_id", "title"]
    for path in shape.items:
        assert split_path(path)
    for field in shape.fields:
        assert field.paths
        for path in field.paths:
            array, _, member = path.partition("[]")
            assert split_path(array)
            assert ("[]" in path) <= (field.kind == "texts")
            assert not member or re.fullmatch(r"\.[A-Za-z]+", member)


@pytest.mark.parametrize("shape", SHAPES)
def test_volatile_and_personal_values_are_not_content(shape: PageShape) -> None:
    content = {field.column for field in shape.fields if field.content}
    assert not content & {"published_text", "updated_text", "first_published_text", "url", "company_url", "job_status"}
    personal = ("securityId", "lid", "bossName", "hrName", "staffName", "activeTime", "bossBaseInfoVO.name", "Avatar")
    assert not [path for field in shape.fields for path in field.paths if path.endswith(personal)]


def test_same_meaning_has_the_same_name_everywhere() -> None:
    shared = set.intersection(*({field.column for field in spec.search.fields} for spec in PLATFORMS.values()))
    assert shared >= {
        "job_id", "title", "salary_text", "city", "district", "business_area", "experience_text", "degree_text",
        "labels", "welfare", "company_id", "company_name", "company_size_text", "industry", "description",
        "longitude", "latitude", "recruiter_title", "job_type",
    }  # fmt: skip
    kinds: dict[str, set[str]] = {}
    for spec in PLATFORMS.values():
        for shape in (spec.search, *spec.details.values()):
            for field in shape.fields:
                kinds.setdefault(field.column, set()).add(field.kind)
    assert {column: kind for column, kind in kinds.items() if len(kind) > 1} == {}


@pytest.mark.parametrize(
    ("path", "members"),
    [
        ("a", ("a",)),
        ("a.b.c", ("a", "b", "c")),
        ('zpData."/wapi/job/detail.json".zpData', ("zpData", "/wapi/job/detail.json", "zpData")),
        ('"a.b"', ("a.b",)),
        ("a[]", ("a[]",)),
    ],
)
def test_paths_split_at_dots_outside_quotes(path: str, members: tuple[str, ...]) -> None:
    assert split_path(path) == members


@pytest.mark.parametrize("path", ["", ".", "a.", ".a", "a..b", 'a."b', 'a"b"', '"a"b'])
def test_malformed_path_is_refused(path: str) -> None:
    with pytest.raises(ValueError, match="malformed"):
        split_path(path)


def test_boss_codes_of_the_wire_page_are_all_known() -> None:
    assert set(ANSWERS) >= {1, 2, 3, 4, 5, 6, 7, 9, 17, 19, 22, 24, 31, 35, 36, 37, 100, 121}
