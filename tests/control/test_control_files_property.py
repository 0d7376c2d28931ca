"""Whatever is written into a keyword file: it arrives unchanged, or nothing arrives and the row is named."""

from __future__ import annotations

import csv
import io
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler_core.errors import BadKeyword
from crawler_core.keyword import Keyword
from jobdata_resources.control import ControlStore, ImportRefused

LIMITS = settings(max_examples=60, deadline=None)
CITIES = {
    "": (),
    "全国": (),
    "北京": ("101010100",),
    "上海;北京": ("101020100", "101010100"),
    "101280100": ("101280100",),
}


def _is_keyword(text: str) -> bool:
    try:
        Keyword.parse(text)
    except BadKeyword:
        return False
    return True


keywords = st.text(min_size=1, max_size=12).filter(_is_keyword)
rows = st.tuples(
    keywords, st.sampled_from(sorted(CITIES)), st.integers(-1_000_000, 1_000_000), st.sampled_from(["yes", "no", ""])
)
tables = st.lists(rows, min_size=1, max_size=8, unique_by=lambda row: Keyword.parse(row[0]).key)
bad_cells = st.sampled_from(
    [("a|b", "", 0, ""), ("x...y", "", 0, ""), ("", "北京", 1, ""), ("Go", "火星", 0, ""), ("Go", "", "many", ""),
     ("Go", "", 0, "perhaps"), ("\x07", "", 0, "")]
)  # fmt: skip


def _csv(table: list[tuple[object, ...]]) -> str:
    text = io.StringIO(newline="")
    csv.writer(text).writerows([("keyword", "city", "priority", "paused"), *table])
    return text.getvalue()


@contextmanager
def _store(template: Path) -> Iterator[tuple[ControlStore, Path]]:
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(template, Path(folder) / "control.db")
        with ControlStore(f"sqlite:///{folder}/control.db") as store:
            yield store, Path(folder) / "keywords.csv"


@LIMITS
@given(table=tables)
def test_what_is_written_is_what_is_stored(sqlite_template: Path, table: list[tuple[str, str, int, str]]) -> None:
    with _store(sqlite_template) as (store, path):
        path.write_text(_csv(list(table)), encoding="utf-8", newline="")
        store.import_keyword_file(path, platforms=["boss"])
        stored = {record.keyword: (record.cities, record.priority, record.paused) for record in store.keywords("boss")}
        assert stored == {
            Keyword.parse(text): (CITIES[city], priority, paused == "yes") for text, city, priority, paused in table
        }
        assert store.import_keyword_file(path, platforms=["boss"])["boss"].unchanged == len(table)


@LIMITS
@given(table=tables, bad=bad_cells, data=st.data())
def test_one_bad_row_keeps_all_out_and_is_named(
    sqlite_template: Path, table: list[tuple[str, str, int, str]], bad: tuple[object, ...], data: st.DataObject
) -> None:
    position = data.draw(st.integers(0, len(table)))
    with _store(sqlite_template) as (store, path):
        store.add_keyword("boss", "Scala", priority=3)
        before = store.keywords("boss")
        cells: list[tuple[object, ...]] = [*table[:position], bad, *table[position:]]
        path.write_text(_csv(cells), encoding="utf-8", newline="")
        with pytest.raises(ImportRefused) as caught:
            store.import_keyword_file(path, platforms=["boss"])
        place = f"keywords.csv row {position + 2}, column "
        assert any(problem.startswith(place) for problem in caught.value.problems)
        assert store.keywords("boss") == before


@LIMITS
@given(data=st.binary(max_size=200) | st.text(max_size=200).map(str.encode), suffix=st.sampled_from([".csv", ".yaml"]))
def test_any_bytes_are_stored_or_refused_and_never_crash(sqlite_template: Path, data: bytes, suffix: str) -> None:
    with _store(sqlite_template) as (store, path):
        file = path.with_suffix(suffix)
        file.write_bytes(data)
        try:
            added = store.import_keyword_file(file)["boss"].added
        except ImportRefused:
            added = 0
        else:
            assert added > 0
        assert len(store.keywords("boss")) == added
