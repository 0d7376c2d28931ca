from __future__ import annotations

from pathlib import Path

import pytest

from jobdata_resources.control import ControlStore, ImportRefused

MPT = "0123456789abcdef0123456789abcdef"
OTHER = "5a5b5c5d5e5f50515253545556575859"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def write(folder: Path, name: str, text: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def everything(store: ControlStore) -> object:
    keywords = [store.keywords(platform) for platform in ("boss", "qcwy", "zhilian")]
    return keywords, store.tokens(), store.proxies()


def refused(store: ControlStore, path: Path) -> list[str]:
    """The problems of a file that must be refused, after checking that nothing changed."""
    before = everything(store)
    load = {"tokens": store.import_token_file, "proxies": store.import_proxy_file}.get(path.stem)
    with pytest.raises(ImportRefused) as caught:
        load(path) if load else store.import_keyword_file(path)
    assert everything(store) == before
    return list(caught.value.problems)


def test_a_csv_file_fills_the_tables_of_its_platforms(store: ControlStore, folder: Path) -> None:
    path = write(
        folder,
        "keywords.csv",
        "Keyword, platforms ,city,priority,paused\n"
        "数据工程师,boss;zhilian,北京;上海,5,\n"
        '"C++, Qt",,,,no\n'
        "\n"
        "C#,qcwy,,-2,yes\n",
    )
    results = store.import_keyword_file(path)
    assert {name: result.added for name, result in results.items()} == {"boss": 2, "zhilian": 2, "qcwy": 2}
    boss, zhilian, qcwy = (store.keywords(name) for name in ("boss", "zhilian", "qcwy"))
    assert [(record.keyword.text, record.cities, record.priority) for record in boss] == [
        ("数据工程师", ("101010100", "101020100"), 5),
        ("C++, Qt", (), 0),
    ]
    assert zhilian[0].cities == ("530", "538")
    assert [(record.keyword.text, record.priority, record.paused) for record in qcwy] == [
        ("C++, Qt", 0, False),
        ("C#", -2, True),
    ]
    again = store.import_keyword_file(path)
    assert {name: result.unchanged for name, result in again.items()} == {"boss": 2, "zhilian": 2, "qcwy": 2}


def test_a_yaml_file_says_the_same(sqlite_store: ControlStore, folder: Path) -> None:
    path = write(
        folder,
        "keywords.yaml",
        "- 数据工程师\n"
        "- keyword: no\n"
        "  platforms: [boss, qcwy]\n"
        "  city: [北京, 上海]\n"
        "  priority: 007\n"
        "  paused: yes\n"
        "- {keyword: C++, platforms: boss, city: ~}\n",
    )
    sqlite_store.import_keyword_file(path, platforms=["zhilian"])
    records = sqlite_store.keywords("boss")
    assert [(record.keyword.text, record.cities, record.priority, record.paused) for record in records] == [
        ("no", ("101010100", "101020100"), 7, True),
        ("C++", (), 0, False),
    ]  # fmt: skip
    assert [record.keyword.text for record in sqlite_store.keywords("zhilian")] == ["数据工程师"]


def test_a_byte_order_mark_of_a_spreadsheet_is_accepted(sqlite_store: ControlStore, folder: Path) -> None:
    sqlite_store.import_keyword_file(write(folder, "keywords.csv", b"\xef\xbb\xbfkeyword\r\n\xe6\x95\xb0\r\n"))
    assert [record.keyword.text for record in sqlite_store.keywords("boss")] == ["数"]


@pytest.mark.parametrize("name", ["keywords.csv", "keywords.yaml"])
@pytest.mark.parametrize("text", [b"", b" \n\n ", b"\xef\xbb\xbf"])
def test_an_empty_file(sqlite_store: ControlStore, folder: Path, name: str, text: bytes) -> None:
    (problem,) = refused(sqlite_store, write(folder, name, text))
    assert problem.startswith(f"{name}: ")
    assert "empty" in problem or "no rows" in problem or "not valid" in problem


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"keyword\n", "keywords.csv: no rows; give at least one with keyword"),
        ("keyword\nJava\n数据\n".encode("gbk"), "keywords.csv line 3: the file is not UTF-8 (GBK?); save it as UTF-8"),
        ("keyword\nJava\n".encode("utf-16"), "keywords.csv: the file is UTF-16; save it as UTF-8"),
        ("keyword\nJava\n".encode("utf-16-le"), "keywords.csv: the file is UTF-16; save it as UTF-8"),
        (b"keyword;city\nJava;530\n", "keywords.csv row 1: columns are separated by ';'; use commas"),
        (b"keyword\tcity\nJava\t530\n", "keywords.csv row 1: columns are separated by tabs; use commas"),
        (
            b"keyword,town\nJava,530\n",
            "keywords.csv row 1: column 'town' is unknown; the first row must name the columns",
        ),
        (b"city,priority\n,1\n", "keywords.csv row 1: column 'keyword' is missing; the first row must name"),
        (b"keyword,city,city\nJava,,\n", "keywords.csv row 1: column 'city' is named twice"),
        (b"keyword\nJava\nC++, Qt\n", "keywords.csv row 3: 2 cells, but the header names 1 columns; quote a cell"),
        (b'keyword\nJava\n"C++\nGo\n', "keywords.csv row 3: a quotation mark is not closed or not doubled"),
        (b'keyword\nJava\n"C"++\nGo\n', "keywords.csv row 3: a quotation mark is not closed or not doubled"),
        (b"keyword,priority\n,3\n", "keywords.csv row 2, column keyword: is empty; fill it in or remove the row"),
        (b"keyword\na|b\n", "keywords.csv row 2, column keyword: 'a|b': '|' separates partition dimensions"),
        (b"keyword\na\x00b\n", "keywords.csv row 2, column keyword: 'a\\x00b': control characters are not allowed"),
        (b"keyword,priority\nJava,high\n", "keywords.csv row 2, column priority: 'high' is not a whole number"),
        (b"keyword,priority\nJava,1e3\n", "keywords.csv row 2, column priority: '1e3' is not a whole number"),
        (b"keyword,priority\nJava,9999999\n", "keywords.csv row 2, column priority: '9999999' is not a whole number"),
        (b"keyword,paused\nJava,perhaps\n", "keywords.csv row 2, column paused: 'perhaps' is neither yes nor no"),
        (b"keyword,platforms\nJava,boss;lagou\n", "keywords.csv row 2, column platforms: 'lagou' is unknown; use boss"),
        (
            "keyword,platforms,city\nJava,boss,火星\n".encode(),
            "keywords.csv row 2, column city: '火星' is not known to boss; use a name (全国、北京、",
        ),
        (
            b"keyword,platforms,city\nJava,zhilian,101010100\n",
            "row 2, column city: '101010100' is not known to zhilian",
        ),
        (
            b"keyword,platforms\nJava,boss\nGo,\nJAVA,boss;qcwy\n",
            "keywords.csv row 4, column keyword: 'JAVA' is the same search on boss as 'Java' in row 2; remove one",
        ),
    ],
)
def test_a_bad_csv_file(sqlite_store: ControlStore, folder: Path, text: bytes, words: str) -> None:
    sqlite_store.add_keyword("boss", "Scala", city="北京", priority=1)
    problems = refused(sqlite_store, write(folder, "keywords.csv", text))
    assert len(problems) == 1
    assert words in problems[0]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("keyword: Java\n", "keywords.yaml: the file must be a list; begin each entry with '- '"),
        ("- [Java]\n", "keywords.yaml line 1: must be a mapping of keyword, platforms, city, priority, paused"),
        ("- Java\n- keyword: Go\n  town: x\n", "keywords.yaml line 3: field 'town' is unknown; known are keyword,"),
        ("- keyword: Go\n  keyword: Go\n", "keywords.yaml line 2: field 'keyword' is given twice; keep one"),
        ("- keyword: {a: b}\n", "keywords.yaml line 1: field 'keyword' must be a text or a list of texts"),
        ("- Java\n- {keyword: Go\n- C\n", "keywords.yaml line 4: not valid YAML (expected ',' or '}'"),
        ("- Java\n---\n- Go\n", "keywords.yaml line 2: not valid YAML"),
        ("- Java\n- ~\n", "keywords.yaml line 2, column keyword: is empty"),
        ("- Java\n- Go\n- jAVA\n", "keywords.yaml line 3, column keyword: 'jAVA' is the same search on boss, qcwy, "),
        ("- keyword: Go\n  city: 火星\n", "keywords.yaml line 1, column city: '火星' is not known to boss"),
        ("[" * 5000, "keywords.yaml"),
    ],
)
def test_a_bad_yaml_file(sqlite_store: ControlStore, folder: Path, text: str, words: str) -> None:
    assert words in "\n".join(refused(sqlite_store, write(folder, "keywords.yaml", text)))


def test_every_problem_of_a_file_is_named_at_once(sqlite_store: ControlStore, folder: Path) -> None:
    path = write(folder, "keywords.csv", "keyword,city,priority,paused\na|b,,x,maybe\nGo,,,\ngo,火星,,\n")
    problems = refused(sqlite_store, path)
    assert [problem.split(":")[0] for problem in problems] == [
        "keywords.csv row 2, column keyword",
        "keywords.csv row 2, column priority",
        "keywords.csv row 2, column paused",
        *["keywords.csv row 4, column city"] * 3,
        "keywords.csv row 4, column keyword",
    ]


def test_a_file_with_thousands_of_problems_stays_readable(sqlite_store: ControlStore, folder: Path) -> None:
    path = write(folder, "keywords.csv", "keyword\n" + "a|b\n" * 3000)
    with pytest.raises(ImportRefused) as caught:
        sqlite_store.import_keyword_file(path)
    assert len(caught.value.problems) == 3000
    assert str(caught.value).endswith("… and 2950 more problems\nnothing was imported")


@pytest.mark.parametrize("name", ["missing.csv", "."])
def test_a_file_that_cannot_be_read(sqlite_store: ControlStore, folder: Path, name: str) -> None:
    (problem,) = refused(sqlite_store, folder / name)
    assert "give a CSV or YAML file" in problem


def test_a_token_file(store: ControlStore, folder: Path) -> None:
    path = write(folder, "tokens.csv", f"mpt,wt2\n{MPT},ticket~~\n{OTHER},\n")
    assert store.import_token_file(path).added == 2
    assert [record.has_wt2 for record in store.tokens()] == [True, False]
    assert store.import_token_file(write(folder, "tokens.yaml", f"- {MPT[::-1]}\n")).added == 1


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (f"{MPT},ticket~~\n", "tokens.csv row 1: column 1 is unknown; the first row must name the columns: mpt, wt2"),
        (f"{MPT};ticket~~\n", "tokens.csv row 1: columns are separated by ';'; use commas"),
        (
            f"mpt\n{MPT} {OTHER}\n",
            "tokens.csv row 2, column mpt: is not a session token (32 hex digits; value not shown)",
        ),
        (f"mpt,wt2\n{MPT},{OTHER} x\n", "tokens.csv row 2, column wt2: is not a login ticket (value not shown)"),
        (f"mpt\n{OTHER}\n{MPT}\n{OTHER}\n", "tokens.csv row 4, column mpt: the same token as in row 2 (fingerprint "),
        (f"mpt,wt2\n,{MPT}\n", "tokens.csv row 2, column mpt: is empty"),
        (f'mpt\n{MPT}\n"{OTHER}\n', "tokens.csv row 3: a quotation mark is not closed"),
        (f"mpt\n{MPT},{OTHER}\n", "tokens.csv row 2: 2 cells, but the header names 1 columns"),
    ],
)
def test_a_bad_token_file_shows_no_token(sqlite_store: ControlStore, folder: Path, text: str, words: str) -> None:
    message = "\n".join(refused(sqlite_store, write(folder, "tokens.csv", text)))
    assert words in message
    assert MPT[:8] not in message
    assert OTHER[:8] not in message
    assert "ticket" not in message.replace("login ticket", "")


@pytest.mark.parametrize(
    "text", [f"- mpt: {MPT}: {OTHER}\n", f"- {MPT}: x\n", f"- mpt: *{MPT}\n", f"- mpt: [{MPT}\n", f"mpt: {MPT}\n"]
)
def test_a_bad_token_yaml_shows_no_token(sqlite_store: ControlStore, folder: Path, text: str) -> None:
    message = "\n".join(refused(sqlite_store, write(folder, "tokens.yaml", text)))
    assert MPT[:8] not in message
    assert OTHER[:8] not in message


def test_a_proxy_file(store: ControlStore, folder: Path) -> None:
    path = write(folder, "proxies.csv", "label,url\none,http://user:p%40ss@10.0.0.1:8080\n")
    assert store.import_proxy_file(path).added == 1
    assert store.proxies()[0].url.get_secret_value() == "http://user:p%40ss@10.0.0.1:8080"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "label,url\none,10.0.0.1:8080\n",
            "proxies.csv row 2, column url: must look like http://user:password@host:port",
        ),
        ("label,url\none,http://user:secret@host\n", "row 2, column url: must look like"),
        ("label,url\none,http://user:secret@host:99999\n", "row 2, column url: must look like"),
        ("label,url\none,ftp://user:secret@host:1\n", "row 2, column url: must look like"),
        ("label,url\nuser:secret@x,http://h:1\n", "row 2, column label: must be up to 64 letters"),
        ("label,url\none,http://h:1\none,http://user:secret@h:2\n", "row 3, column label: the same label as in row 2"),
        ("label\none\n", "proxies.csv row 1: column 'url' is missing"),
        ("http://user:secret@host:1\n", "proxies.csv row 1: column 1 is unknown"),
    ],
)
def test_a_bad_proxy_file_shows_no_password(sqlite_store: ControlStore, folder: Path, text: str, words: str) -> None:
    message = "\n".join(refused(sqlite_store, write(folder, "proxies.csv", text)))
    assert words in message
    assert "secret" not in message
