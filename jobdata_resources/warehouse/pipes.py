"""How landed pages become rows while they are inserted: Null tables and the materialized views between them.

Nothing is stored here. Only pages with outcome ok or last are read for items (a block that shows an empty list must
not become rows); every page becomes a row of ``crawl_page``.
"""

# ruff: noqa: S608 - generated SQL: names are quoted by sqltext, values of callers are bound as parameters

from __future__ import annotations

from dataclasses import dataclass

from crawler_core.platforms.fields import PageShape
from jobdata_resources.warehouse import sqltext
from jobdata_resources.warehouse.extract import ITEM, PageSql
from jobdata_resources.warehouse.tables import SHANGHAI_TIME, Column, Relation, Table, View

__all__ = ["LANDING_COLUMNS", "LANDING_STRUCTURE", "Pipes", "landing_columns", "page_pipes", "shapeless_pipe"]

_ENVELOPE: dict[str, str] = {
    "platform": "LowCardinality(String)",
    "kind": "LowCardinality(String)",
    "keyword": "LowCardinality(String)",
    "city": "LowCardinality(String)",
    "page": "UInt32",
    "attempt": "UInt16",
    "date": "Date",
    "fetched_at": SHANGHAI_TIME,
    "outcome": "LowCardinality(String)",
    "status": "Nullable(UInt16)",
    "latency_ms": "Float64",
    "egress": "String",
    "identity": "String",
    "node": "String",
    "crawler_version": "String",
    "detail": "String",
    "body": "String",
    "body_encoding": "LowCardinality(String)",
}
"""The members of an envelope line that are read; ``request`` stays in the landing zone."""

LANDING_COLUMNS = tuple(_ENVELOPE)
"""The names of those members."""

LANDING_STRUCTURE = ", ".join(f"{name} {kind}" for name, kind in _ENVELOPE.items())
"""The structure for ``file(…, JSONEachRow, structure)``."""

_STAMP = {"segment": "LowCardinality(String)", "load_id": "UInt64", "run": "String"}

_META = ("platform", "date", "keyword", "city", "page", "fetched_at", "load_id", "run")
"""What a posting keeps of its page, prefixed ``page_`` because platforms have columns such as ``city``."""

_PAGE_ROW = """platform, date AS crawl_date, keyword, city, page, kind, attempt, fetched_at, segment,
    cityHash64(body) AS body_hash, outcome, ifNull(status, 0) AS status, identity, egress, node, crawler_version,
    latency_ms, length(body) AS body_bytes, detail, load_id, run"""

_TEXT_OF_BODY = "if(body_encoding = 'base64', tryBase64Decode(body), body)"


@dataclass(frozen=True, slots=True)
class Pipes:
    """The objects for one kind of page."""

    tables: list[Table]
    views: list[View]


def landing_columns() -> tuple[Column, ...]:
    """The columns of ``<p>_landing``: an envelope and the stamp of the load."""
    return tuple(Column(name=name, type=kind, aggregate="key") for name, kind in {**_ENVELOPE, **_STAMP}.items())


def page_pipes(platform: str, kind: str, shape: PageShape, relation: Relation) -> Pipes:
    """From ``<p>_landing`` to the deltas, for a kind of page with a shape."""
    page = PageSql(shape)
    page_table, posting_table = f"{platform}_{kind}_page", f"{platform}_{kind}_posting"
    carried = [*_META, "kind", "attempt", "segment", "outcome", "status", "identity", "egress", "node"]
    carried += ["crawler_version", "latency_ms", "detail"]
    types = {**_ENVELOPE, **_STAMP}
    tables = [
        Table(
            name=page_table,
            columns=(
                *(Column(name=name, type=types[name], aggregate="key") for name in carried),
                Column(name="body_hash", type="UInt64", aggregate="key"),
                Column(name="body_bytes", type="UInt64", aggregate="key"),
                Column(name="items", type=f"Array({page.item_type})", aggregate="key"),
            ),
            engine="Null",
            stored=False,
            doc="pipe",
        ),
        Table(
            name=posting_table,
            columns=(
                *(Column(name=f"page_{name}", type=types[name], aggregate="key") for name in _META),
                Column(name="page_rank", type="UInt16", aggregate="key"),
                *(Column(name=item.column, type=page.column_type(item), aggregate="key") for item in shape.fields),
                Column(name="content_hash", type="UInt64", aggregate="key"),
            ),
            engine="Null",
            stored=False,
            doc="pipe",
        ),
    ]
    readable = "outcome IN ('ok', 'last')"
    found = page.items(f"if({readable}, {_TEXT_OF_BODY}, '')")
    values = ",\n        ".join(f"{page.value(item)} AS {sqltext.name(item.column)}" for item in shape.fields)
    names = sqltext.columns(item.column for item in shape.fields)
    views = [
        View(
            name=f"{page_table}_mv",
            target=page_table,
            query=f"""SELECT {sqltext.columns(carried)}, cityHash64(body) AS body_hash, length(body) AS body_bytes,
    {found} AS items
FROM {platform}_landing
WHERE kind = {sqltext.literal(kind)}""",
        ),
        View(
            name=f"{page_table}_crawl_mv",
            target="crawl_page_delta",
            query=f"""SELECT platform, date AS crawl_date, keyword, city, page, kind, attempt, fetched_at, segment,
    body_hash, outcome, ifNull(status, 0) AS status, identity, egress, node, crawler_version, latency_ms, body_bytes,
    detail, load_id, run, toUInt32(length(items)) AS records, toUInt8({readable} AND empty(items)) AS unparsed,
    {page.refused("items")} AS refused
FROM {page_table}""",
        ),
        View(
            name=f"{posting_table}_mv",
            target=posting_table,
            query=f"""SELECT {", ".join(f"page_{name}" for name in _META)}, page_rank,
    {names},
    {page.content_hash()} AS content_hash
FROM
(
    SELECT {", ".join(f"p.{name} AS page_{name}" for name in _META)}, toUInt16(place) AS page_rank,
        {values}
    FROM {page_table} AS p
    ARRAY JOIN p.items AS {ITEM}, arrayEnumerate(p.items) AS place
    WHERE {page.accepted()}
)""",
        ),
        View(
            name=f"{relation.name}_mv",
            target=relation.delta,
            query=f"""SELECT {names}, content_hash, page_fetched_at AS first_seen, page_fetched_at AS last_seen,
    page_load_id AS load_id
FROM {posting_table}""",
        ),
    ]
    if kind == "search":
        views.append(
            View(
                name=f"{platform}_sighting_mv",
                target="job_sighting_delta",
                query=f"""SELECT page_platform AS platform, page_date AS crawl_date, page_keyword AS keyword,
    page_city AS city, page_page AS page, page_rank AS rank, {sqltext.name(shape.id_field.column)} AS job_id,
    content_hash, page_fetched_at AS fetched_at, page_load_id AS load_id, page_run AS run
FROM {posting_table}""",
            )
        )
    return Pipes(tables, views)


def shapeless_pipe(platform: str, kinds: tuple[str, ...]) -> View:
    """Pages of kinds nobody reads yet are counted all the same."""
    return View(
        name=f"{platform}_other_page_mv",
        target="crawl_page_delta",
        query=f"""SELECT {_PAGE_ROW}
FROM {platform}_landing
WHERE kind NOT IN ({sqltext.literals(kinds)})""",
    )
