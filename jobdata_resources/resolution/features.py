"""What postings are compared by, worked out in the engine: ``link_feature`` from the postings of all platforms.

Titles and texts are normalised and hashed by the engine; cities and salaries are strings that repeat, so each
distinct one is read once in Python by ``crawler_core.normalize`` and joined.
"""

# ruff: noqa: S608 - generated SQL: names are constants; values are bound as parameters

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from crawler_core.normalize.place import normalise_place
from crawler_core.normalize.salary import normalise_salary
from jobdata_resources.resolution.postings import PostingSource, slices
from jobdata_resources.resolution.store import Answer
from jobdata_resources.warehouse import Warehouse

__all__ = ["BODY", "HEAD", "SHARD", "write_features", "write_values"]

BODY: Final = 600
"""Characters of the text that are kept to be compared, after normalising."""

HEAD: Final = 130
"""Characters that the simhash is made of, so that a cut text has the hash of the whole one: list answers of Boss give
about 200 raw characters."""

SHARD: Final = 40_000
"""Postings of one shard: pairs are made and judged shard by shard, so memory does not grow with the market."""

_WORDS: Final = "[^0-9a-z\\\\x{4e00}-\\\\x{9fff}+#]"
_PLAIN: Final = "lowerUTF8(normalizeUTF8NFKC({0}))"
_BODY_SQL: Final = (
    "substringUTF8(replaceRegexpAll("
    + _PLAIN.format("decodeHTMLComponent(replaceRegexpAll(s.description, '<[^>]*>', ' '))")
    + f", '{_WORDS}', ''), 1, {BODY})"
)
_TITLE_SQL: Final = "replaceRegexpAll(" + _PLAIN.format("s.title") + ", '\\\\s+', '')"
_REMARKS: Final = "\\\\([^()]*\\\\)|【[^【】]*】|[-/_|·].*$"
_TITLE_CORE_SQL: Final = (
    f"if(replaceRegexpAll(title, '{_REMARKS}', '') = '', title, replaceRegexpAll(title, '{_REMARKS}', ''))"
)


def write_values(warehouse: Warehouse, answer: Answer, sources: Iterable[PostingSource]) -> None:
    """Read every distinct city and salary string once."""
    cities: set[str] = set()
    salaries: set[str] = set()
    for source in sources:
        for city, salary in warehouse.query(source.values):
            cities.add(str(city))
            salaries.add(str(salary))
    answer.insert("link_value", _values(cities, salaries))


def _values(cities: Iterable[str], salaries: Iterable[str]) -> Iterator[Sequence[Any]]:
    for text in sorted(cities):
        place = normalise_place(text)
        yield "city", text, place.city or place.province, None, None
    for text in sorted(salaries):
        pay = normalise_salary(text)
        low = None if pay.min_cny_month is None else float(pay.min_cny_month)
        high = None if pay.max_cny_month is None else float(pay.max_cny_month)
        yield "salary", text, "", low, high


def write_features(
    warehouse: Warehouse, answer: Answer, sources: Sequence[PostingSource], *, only_known: bool = False
) -> tuple[int, int]:
    """Fill ``link_feature`` slice by slice. Returns (postings, shards).

    Args:
        only_known: leave out postings of accounts that are not in ``link_account``.
    """
    total = sum(int(warehouse.query(f"SELECT count() FROM `{source.ids}`")[0][0]) for source in sources)
    shards = max(1, -(-total // SHARD))
    for source in sources:
        for bounds in slices(warehouse, source):
            parameters = {"work": answer.id, "platform": source.platform, "shards": shards, **bounds}
            answer.engine.command(_insert(source, only_known), parameters, doing="prepare postings")
        answer.lock.renew()
    # Every slice has postings of every shard: unmerged, each shard would be read from all slices.
    return answer.settle("link_feature"), shards


def _account(alias: str, condition: str) -> str:
    """Accounts of one way of being known, to be joined."""
    return (
        "(SELECT platform_company_id, name, ref, company_id, root_id, family, kind FROM link_account"
        f" WHERE work = {{work:UInt64}} AND platform = {{platform:String}} AND {condition}) AS {alias}"
    )


def _insert(source: PostingSource, only_known: bool) -> str:
    """The account of a posting: its legal entity, else its id, else its name where it has no id."""

    def account(column: str) -> str:
        return f"multiIf(e.ref != '', e.{column}, i.ref != '', i.{column}, s.company_id = '', b.{column}, '')"

    value = "(SELECT text, city, low, high FROM link_value WHERE work = {work:UInt64} AND field ="
    return f"""INSERT INTO link_feature
        (work, shard, n, platform, job_id, ref, company_id, root_id, kind, place, title, title_core, body, simhash,
        low, high, first_seen)
    SELECT {{work:UInt64}}, place % {{shards:UInt16}}, cityHash64({{platform:String}}, s.job_id), {{platform:String}},
        s.job_id, s.account_ref, s.account_company, s.account_root, s.account_kind,
        cityHash64(if(s.account_family = '', concat('?', s.company_id, s.company_name), s.account_family), s.place_city)
            AS place,
        {_TITLE_SQL} AS title, {_TITLE_CORE_SQL}, {_BODY_SQL} AS body,
        ngramSimHashUTF8(substringUTF8(body, 1, {HEAD}), 3), s.low, s.high,
        s.first_seen
    FROM (
        SELECT s.job_id AS job_id, s.title AS title, s.description AS description, s.first_seen AS first_seen,
            s.company_id AS company_id, s.company_name AS company_name,
            {account("ref")} AS account_ref, {account("company_id")} AS account_company,
            {account("root_id")} AS account_root, {account("kind")} AS account_kind,
            {account("family")} AS account_family,
            c.city AS place_city, p.low AS low, p.high AS high
        FROM ({source.query}) AS s
        LEFT ANY JOIN {_account("e", "platform_company_id != '' AND name != ''")}
            ON e.platform_company_id = s.company_id AND e.name = s.full_name
        LEFT ANY JOIN {_account("i", "name = ''")} ON i.platform_company_id = s.company_id
        LEFT ANY JOIN {_account("b", "platform_company_id = ''")} ON b.name = s.company_name
        LEFT ANY JOIN {value} 'city') AS c ON c.text = s.city
        LEFT ANY JOIN {value} 'salary') AS p ON p.text = s.salary_text
    ) AS s
    WHERE {"s.account_family != ''" if only_known else "1"}"""
