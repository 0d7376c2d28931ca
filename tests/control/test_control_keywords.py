from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from crawler_core.errors import BadInput, BadKeyword, UnknownCity
from crawler_core.keyword import Keyword
from jobdata_resources.control import ControlStore, ImportResult, KeywordRow, UnknownEntry


def row(text: str, **values: Any) -> KeywordRow:
    return KeywordRow(keyword=Keyword.parse(text), **values)


def texts(store: ControlStore, platform: str = "boss") -> list[str]:
    return [record.keyword.text for record in store.keywords(platform)]


def test_an_import_adds_updates_and_leaves_alone(store: ControlStore) -> None:
    assert store.import_keywords("boss", [row("Java"), row("C++", priority=2)]) == ImportResult(added=2)
    again = store.import_keywords("boss", [row("Java", cities=("101010100",)), row("C++", priority=2), row("Go")])
    assert again == ImportResult(added=1, updated=1, unchanged=1)
    records = {record.keyword.text: record for record in store.keywords("boss")}
    assert records["Java"].cities == ("101010100",)
    assert records["C++"].priority == 2


def test_what_an_import_does_not_say_stays_as_it_is(store: ControlStore) -> None:
    store.import_keywords("boss", [row("Java", cities=("1", "2"), priority=7, paused=True)])
    assert store.import_keywords("boss", [row("Java")]) == ImportResult(unchanged=1)
    (record,) = store.keywords("boss")
    assert (record.cities, record.priority, record.paused) == (("1", "2"), 7, True)
    store.import_keywords("boss", [row("Java", cities=(), priority=0, paused=False)])
    (record,) = store.keywords("boss")
    assert (record.cities, record.priority, record.paused) == ((), 0, False)


def test_case_twins_are_one_keyword_and_the_first_spelling_stays(store: ControlStore) -> None:
    store.add_keyword("boss", "Java")
    result = store.add_keyword("boss", "ＪＡＶＡ", priority=1)
    assert result.updated == 1
    assert result.notes == ("boss: 'JAVA' is the known keyword 'Java' and keeps its spelling",)
    assert texts(store) == ["Java"]


def test_twins_in_one_import_change_nothing(store: ControlStore) -> None:
    with pytest.raises(BadInput, match=r"'JAVA' .* entries 2 and 3"):
        store.import_keywords("boss", [row("Go"), row("Java"), row("JAVA")])
    assert texts(store) == []


def test_platforms_do_not_share_keywords(store: ControlStore) -> None:
    store.add_keyword("boss", "Java", city="北京")
    store.add_keyword("zhilian", "Java", city="530")
    assert store.keywords("boss")[0].cities == ("101010100",)
    assert store.keywords("zhilian")[0].cities == ("530",)
    assert store.keywords("qcwy") == []


@pytest.mark.parametrize(
    ("platform", "keyword", "city", "error", "words"),
    [
        ("lagou", "Java", "", BadInput, "'lagou' is unknown; use one of boss, qcwy, zhilian"),
        ("boss", "a|b", "", BadKeyword, r"'\|' separates"),
        ("boss", "Java", "火星", UnknownCity, "'火星' is not known to boss; use"),
        ("boss", "Java", "北京;530", UnknownCity, "'530' is not known to boss"),
    ],
)
def test_bad_input_names_value_and_remedy(
    sqlite_store: ControlStore, platform: str, keyword: str, city: str, error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        sqlite_store.add_keyword(platform, keyword, city=city)
    assert texts(sqlite_store) == []


def test_the_whole_country_clears_the_cities(sqlite_store: ControlStore) -> None:
    sqlite_store.add_keyword("boss", "Java", city="北京;上海")
    sqlite_store.add_keyword("boss", "Java", priority=3)
    assert sqlite_store.keywords("boss")[0].cities == ("101010100", "101020100")
    sqlite_store.add_keyword("boss", "Java", city="全国")
    (record,) = sqlite_store.keywords("boss")
    assert record.cities == ()
    assert [query.city for query in record.queries("100010000")] == ["100010000"]


def test_a_keyword_is_searched_once_per_city(sqlite_store: ControlStore) -> None:
    sqlite_store.add_keyword("boss", "C++", city="北京、上海")
    (record,) = sqlite_store.keywords("boss")
    assert [(query.platform, query.keyword.text, query.city) for query in record.queries("100010000")] == [
        ("boss", "C++", "101010100"),
        ("boss", "C++", "101020100"),
    ]


def test_a_paused_keyword_is_shown_but_not_crawled(store: ControlStore) -> None:
    store.import_keywords("boss", [row("Java"), row("Go")])
    store.pause_keyword("boss", "jAVA")
    assert {record.keyword.text: record.state for record in store.keywords("boss")} == {
        "Java": "paused",
        "Go": "pending",
    }
    assert [record.keyword.text for record in store.keywords("boss", include_paused=False)] == ["Go"]
    assert [record.keyword.text for record in store.open_keywords("boss", store.today())] == ["Go"]
    assert store.keyword_states("boss", store.today()) == {"Go": "pending"}
    store.pause_keyword("boss", "Java", paused=False)
    assert store.keyword_states("boss", store.today()) == {"Java": "pending", "Go": "pending"}


def test_pausing_an_unknown_keyword_is_an_error(sqlite_store: ControlStore) -> None:
    with pytest.raises(UnknownEntry, match="'Rust' is not in boss_keyword"):
        sqlite_store.pause_keyword("boss", "Rust")


def test_today_is_the_day_in_shanghai(sqlite_store: ControlStore, clock: Any) -> None:
    assert sqlite_store.today() == dt.date(2026, 11, 21)
    clock.advance(hours=12)  # 16:00 UTC
    assert sqlite_store.today() == dt.date(2026, 11, 22)


def test_times_come_back_in_utc(store: ControlStore, clock: Any) -> None:
    clock.now = dt.datetime(2026, 11, 21, 20, 0, 0, 123456, tzinfo=dt.timezone(dt.timedelta(hours=8)))
    store.add_keyword("boss", "Java")
    (record,) = store.keywords("boss")
    assert record.updated_at == clock.now
    assert record.updated_at.isoformat() == "2026-11-21T12:00:00.123456+00:00"


def test_a_clock_without_zone_is_refused(sqlite_store: ControlStore, clock: Any) -> None:
    clock.now = dt.datetime(2026, 11, 21, 20, 0)  # noqa: DTZ001
    with pytest.raises(TypeError, match="has no zone; give an aware datetime"):
        sqlite_store.add_keyword("boss", "Java")
    assert sqlite_store.runs() == []


def test_the_longest_keywords_fit(store: ControlStore) -> None:
    words = ["x" * 240, "ß" * 40, "ΐ" * 40, "数" * 26]
    store.import_keywords("boss", [row(word) for word in words])
    assert texts(store) == [Keyword.parse(word).text for word in words]


def test_threads_that_import_the_same_keywords_store_each_once(store: ControlStore) -> None:
    words = [f"word {number}" for number in range(30)]

    def work(offset: int) -> None:
        store.import_keywords("boss", [row(word, priority=offset) for word in words[offset:] + words[:offset]])

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(0, 24, 3)))
    assert sorted(texts(store)) == sorted(words)
