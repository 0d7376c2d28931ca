"""What a field table means: paths, kinds, first present wins; and that reading never fails."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler_core.platforms import PLATFORMS
from crawler_core.platforms.columns import MEANINGS
from crawler_core.platforms.fields import Field, FieldKind, PageShape
from crawler_core.platforms.items import read_items, text_of


def one(item: object, *paths: str, kind: FieldKind = "text") -> object:
    shape = PageShape(items=("list",), fields=(Field(column="value", paths=paths, kind=kind),))
    (row,) = read_items(shape, json.dumps({"list": [item]}).encode())
    return row["value"]


@pytest.mark.parametrize(
    ("number", "text"),
    [
        ("12", "12"), ("-5", "-5"), ("0", "0"), ("1.50", "1.5"), ("1.0", "1"), ("120.171877", "120.171877"),
        ("1e5", "100000"), ("1e20", "100000000000000000000"), ("1e21", "1e21"), ("1.25e22", "1.25e22"),
        ("0.0001", "0.0001"), ("0.000001", "0.000001"), ("1e-7", "1e-7"), ("1.5e-8", "1.5e-8"), ("0.0", "0"),
        ("12345678901234567890", "12345678901234567890"), ("123456789012345678.5", "123456789012345680"),
    ],
)  # fmt: skip
def test_text_of_a_number_is_its_shortest_json(number: str, text: str) -> None:
    assert text_of(json.loads(number)) == text


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_text_of_a_float_reads_back(value: float) -> None:
    assert float(text_of(value)) == value


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("x", "x"), (None, ""), (True, "true"), (False, "false"), ([], "[]"), ({}, "{}"),
        ([1, "中", None, 2.0], '[1,"中",null,2]'), ({"a": {"b": "c\n"}}, '{"a":{"b":"c\\n"}}'),
    ],
)  # fmt: skip
@pytest.mark.parametrize("kind", ["text", "json"])
def test_text_of_other_values(value: object, text: str, kind: FieldKind) -> None:
    assert one({"a": value}, "a", kind=kind) == text


@pytest.mark.parametrize(
    ("kind", "cases"),
    [
        ("int", [("7", 7), (7, 7), (-7, -7), ("1.5", 0), (1.0, 1), (True, 0), ("x", 0), (2**63, 0), (None, 0)]),
        ("float", [("7", 7.0), (1.5, 1.5), ("1e3", 1000.0), ("inf", 0.0), ("1e999", 0.0), (True, 0.0), ("", 0.0)]),
        (
            "bool",
            [(True, True), (1, True), ("1", True), ("true", True), (0, False), ("0", False), (2, False), ([], False)],
        ),
    ],
)
def test_kinds(kind: FieldKind, cases: list[tuple[object, object]]) -> None:
    for value, expected in cases:
        assert one({"a": value}, "a", kind=kind) == expected, value


def test_first_path_that_is_not_empty_wins() -> None:
    assert one({"a": "", "b": None, "c": "x", "d": "y"}, "a", "b", "missing", "c", "d") == "x"
    assert one({"a": 0, "b": 5}, "a", "b", kind="int") == 0  # zero is a value
    assert one({"a": [], "b": [None, ""], "c": ["x"]}, "a", "b", "c", kind="texts") == ["x"]


def test_paths_lead_through_objects_only() -> None:
    item = {"workingExp": {"name": "1-3年"}, "text": '{"name":"x"}', "list": ["x"]}
    assert one(item, "workingExp.name", "workingExp") == "1-3年"
    assert one({"workingExp": "3-5年"}, "workingExp.name", "workingExp") == "3-5年"
    assert one(item, "text.name") == ""
    assert one(item, "list.name") == ""
    assert one({"a.b": {"c": "x"}}, '"a.b".c') == "x"


def test_texts_take_elements_or_a_member_of_each() -> None:
    assert one({"a": ["x", 1, 2.50, None, "", True, {"b": 1}]}, "a", kind="texts") == [
        "x",
        "1",
        "2.5",
        "true",
        '{"b":1}',
    ]
    assert one({"a": [{"b": "x"}, {"b": 1}, {"c": "y"}, "z", None, {"b": ""}]}, "a[].b", kind="texts") == ["x", "1"]
    assert one({"a": {"b": [{"c": "x"}]}}, "a.b[].c", kind="texts") == ["x"]
    assert one({"a": ["x"]}, "a[]", kind="texts") == ["x"]
    for scalar in ("x", 1, {"b": "x"}, None):
        assert one({"a": scalar}, "a", "a[].b", kind="texts") == []


def test_every_element_is_a_row() -> None:
    shape = PageShape(items=("old", "new.list"), fields=(Field(column="job_id", paths=("id",)),))
    body = b'{"old":[],"new":{"list":[{"id":1},null,"x",{"id":"2"},[]]}}'
    assert [row["job_id"] for row in read_items(shape, body)] == ["1", "", "", "2", ""]
    assert read_items(shape, b'{"old":{"id":1}}') == []


def test_a_single_item_is_an_object() -> None:
    shape = PageShape(items=('data."a.b".x', "data"), fields=(Field(column="job_id", paths=("id",)),), single=True)
    assert read_items(shape, b'{"data":{"a.b":{"x":{"id":1}}}}') == [{"job_id": "1"}]
    assert read_items(shape, b'{"data":{"id":2}}') == [{"job_id": "2"}]
    assert read_items(shape, b'{"data":[{"id":2}]}') == []
    assert read_items(shape, b'{"data":{}}') == []


@pytest.mark.parametrize("body", [b"", b"{", b"<html>", b"[1,2]", b"null", b'{"zpData":{"list":[{"encryptJobId":"a"'])
def test_what_is_no_answer_holds_no_items(body: bytes) -> None:
    assert [read_items(spec.search, body) for spec in PLATFORMS.values()] == [[], [], []]


def test_values_nested_without_end_do_not_stop_the_page() -> None:
    deep = b'{"zpData":{"list":[{"encryptJobId":"a","jobName":' + b"[" * 600 + b"]" * 600 + b'},{"encryptJobId":"b"}]}}'
    rows = read_items(PLATFORMS["boss"].search, deep)
    assert [row["job_id"] for row in rows] in (["a", "b"], [])


PATHS = sorted(
    {
        path.partition("[]")[0].split(".")[0]
        for spec in PLATFORMS.values()
        for field in spec.search.fields
        for path in field.paths
    }
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["name", "display", "size", "position", "base", "value"]), inner, max_size=3)
    ),
    max_leaves=8,
)
ITEMS = st.lists(st.dictionaries(st.sampled_from(PATHS), VALUES, max_size=8) | VALUES, max_size=4)
KINDS: dict[str, type] = {"text": str, "json": str, "int": int, "float": float, "bool": bool, "texts": list}


@given(items=ITEMS)
def test_rows_have_every_column_in_its_kind(items: list[Any]) -> None:
    bodies = {
        "boss": {"zpData": {"list": items}},
        "qcwy": {"resultbody": {"job": {"items": items}}},
        "zhilian": {"data": {"list": items}},
    }
    for name, body in bodies.items():
        shape = PLATFORMS[name].search
        rows = read_items(shape, json.dumps(body).encode())
        assert len(rows) == len(items)
        for row in rows:
            assert list(row) == [field.column for field in shape.fields]
            assert all(type(row[field.column]) is KINDS[field.kind] for field in shape.fields)
            json.dumps(row, ensure_ascii=False).encode()  # no lone surrogates


@given(body=st.binary(max_size=80))
def test_reading_never_fails(body: bytes) -> None:
    for spec in PLATFORMS.values():
        for shape in (spec.search, *spec.details.values()):
            assert isinstance(read_items(shape, body), list)


def test_every_column_is_described_and_no_description_is_left_over() -> None:
    columns = {
        field.column
        for spec in PLATFORMS.values()
        for shape in (spec.search, *spec.details.values())
        for field in shape.fields
    }
    assert columns == set(MEANINGS)
