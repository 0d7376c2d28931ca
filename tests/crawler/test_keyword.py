from __future__ import annotations

from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler_core.errors import BadKeyword
from crawler_core.keyword import MAX_PATH_BYTES, Keyword


@pytest.mark.parametrize(
    ("raw", "text", "key"),
    [
        ("  数据  工程师 ", "数据 工程师", "数据 工程师"),
        ("C++", "C++", "c++"),
        ("Ｃ＃", "C#", "c#"),
        ("Java", "Java", "java"),
        ("前端/移动,开发", "前端/移动,开发", "前端/移动,开发"),
    ],
)
def test_keywords_are_normalised(raw: str, text: str, key: str) -> None:
    assert (Keyword.parse(raw).text, Keyword.parse(raw).key) == (text, key)


@pytest.mark.parametrize("raw", ["", "   ", "a|b", "a｜b", "a...b", "a\nb", "a\x00b", "..", "数" * 27, "\u200b\x7f"])
def test_bad_keywords_are_refused_with_the_value(raw: str) -> None:
    with pytest.raises(BadKeyword, match="keyword '"):
        Keyword.parse(raw)


@given(st.text(max_size=40))
def test_a_keyword_is_a_fixed_point_and_its_path_is_one_folder_name(raw: str) -> None:
    try:
        keyword = Keyword.parse(raw)
    except BadKeyword:
        return
    assert Keyword.parse(keyword.text) == keyword
    assert unquote(keyword.path) == keyword.text
    assert "/" not in keyword.path
    assert len(keyword.path) <= MAX_PATH_BYTES
