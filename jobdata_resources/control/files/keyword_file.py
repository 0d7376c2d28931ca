"""A keyword file: ``keyword``, ``platforms``, ``city``, ``priority``, ``paused``.

Only ``keyword`` is required. An empty cell says nothing: a known keyword keeps what it has, a new one gets all
platforms of the import, the whole country, priority 0, not paused. Several platforms or cities are separated by
``;`` (also ``、`` or a quoted comma). The name of the whole country (``全国``) clears a keyword's cities.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from pathlib import Path

from crawler_core.errors import BadKeyword, UnknownCity
from crawler_core.keyword import Keyword
from crawler_core.platforms.spec import PlatformSpec
from jobdata_resources.control.columns import CITIES_CHARS
from jobdata_resources.control.files.table import Columns, Row, Table, read_table
from jobdata_resources.control.keywords import MAX_PRIORITY, KeywordRow
from jobdata_resources.control.models import KEYWORD_TABLES

__all__ = ["city_codes", "read_keyword_file"]

_COLUMNS = Columns(
    required=("keyword",),
    optional=("platforms", "city", "priority", "paused"),
    aliases={"platform": "platforms", "cities": "city"},
)
_SEPARATOR = re.compile(r"[;；、,，]")
_INTEGER = re.compile(r"[+-]?[0-9]{1,9}")
_FLAGS = {"yes": True, "true": True, "1": True, "是": True, "no": False, "false": False, "0": False, "否": False}


def read_keyword_file(
    path: Path, platforms: Sequence[str], spec_of: Callable[[str], PlatformSpec]
) -> dict[str, list[KeywordRow]]:
    """Read a CSV or YAML file into the rows of each platform.

    Args:
        platforms: platforms of the rows that name none.
        spec_of: the description of a platform, for its cities.

    Raises:
        ImportRefused: with every problem of the file.
    """
    table = read_table(path, _COLUMNS)
    found: dict[str, list[KeywordRow]] = {}
    first: dict[tuple[str, str], Row] = {}  # by platform and identity
    for row in table.rows:
        names = _platforms(row, table) or tuple(platforms)
        keyword = _keyword(row, table)
        priority, paused = _priority(row, table), _flag(row, table)
        for name in names:
            try:
                cities = city_codes(row["city"], spec_of(name))
            except UnknownCity as error:
                table.problem(row, "city", str(error).removeprefix("city "))
                cities = None
            if keyword is not None:
                entry = KeywordRow(keyword=keyword, cities=cities, priority=priority, paused=paused)
                found.setdefault(name, []).append(entry)
        if keyword is not None:
            _check_twins(row, keyword, names, first, table)
    table.refuse_problems()
    return found


def city_codes(text: str, spec: PlatformSpec) -> tuple[str, ...] | None:
    """The codes of a list of city names or codes: None for an empty text, no codes for the whole country.

    Raises:
        UnknownCity: one of them is not known to the platform, or there are too many.
    """
    parts = [part.strip() for part in _SEPARATOR.split(text) if part.strip()]
    if not parts:
        return None
    codes = tuple(dict.fromkeys(spec.city_code(part) for part in parts))
    if spec.nationwide in codes:
        return ()
    if len(",".join(codes)) > CITIES_CHARS:
        raise UnknownCity(f"city: {len(codes)} cities are too many; use the whole country instead")
    return codes


def _keyword(row: Row, table: Table) -> Keyword | None:
    if not row["keyword"]:
        return None  # reported by the table
    try:
        return Keyword.parse(row["keyword"])
    except BadKeyword as error:
        table.problem(row, "keyword", str(error).removeprefix("keyword "))
        return None


def _check_twins(
    row: Row, keyword: Keyword, platforms: Sequence[str], first: dict[tuple[str, str], Row], table: Table
) -> None:
    """Note each earlier row that is the same search, with the platforms it shares."""
    shared: dict[str, tuple[Row, list[str]]] = {}
    for name in platforms:
        twin = first.setdefault((name, keyword.key), row)
        if twin is not row:
            shared.setdefault(twin.place, (twin, []))[1].append(name)
    for twin, names in shared.values():
        table.problem(
            row,
            "keyword",
            f"{keyword.text!r} is the same search on {', '.join(names)} as {twin['keyword']!r} in {twin.place};"
            " remove one",
        )


def _platforms(row: Row, table: Table) -> tuple[str, ...]:
    names = [part.strip().casefold() for part in _SEPARATOR.split(row["platforms"]) if part.strip()]
    for name in names:
        if name not in KEYWORD_TABLES:
            table.problem(row, "platforms", f"{name!r} is unknown; use {', '.join(KEYWORD_TABLES)}, separated by ';'")
    return tuple(dict.fromkeys(name for name in names if name in KEYWORD_TABLES))


def _priority(row: Row, table: Table) -> int | None:
    text = unicodedata.normalize("NFKC", row["priority"])
    if not text:
        return None
    if not _INTEGER.fullmatch(text) or abs(int(text)) > MAX_PRIORITY:
        table.problem(row, "priority", f"{row['priority']!r} is not a whole number up to ±{MAX_PRIORITY}; 0 is normal")
        return None
    return int(text)


def _flag(row: Row, table: Table) -> bool | None:
    text = row["paused"].casefold()
    if text and text not in _FLAGS:
        table.problem(row, "paused", f"{row['paused']!r} is neither yes nor no; use one of them or leave it empty")
    return _FLAGS.get(text)
