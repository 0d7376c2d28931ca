"""Which objects the warehouse consists of, generated for every platform from its page shapes.

Stored: the ledger, the schema version, and per relation a base and a delta. Pipes (engine Null, hold nothing) and
materialized views turn landed pages into rows while they are inserted::

    <p>_landing ─┬─► <p>_<kind>_page ─┬─► crawl_page_delta
                 │   (items extracted)└─► <p>_<kind>_posting ─┬─► <p>_job_delta        (kind search)
                 │                        (one row an item)   ├─► job_sighting_delta   (kind search)
                 │                                            └─► <p>_<kind>_delta     (kinds of details)
                 └─► crawl_page_delta      (kinds without a shape: counted, not read)

Beside them stand the tables of the facts (``facts.tables``) and those of the companies (``company_tables``).
"""

# ruff: noqa: S608 - generated SQL: names are quoted by sqltext, values of callers are bound as parameters

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from crawler_core.platforms.columns import MEANINGS, describe
from crawler_core.platforms.fields import PageShape
from crawler_core.platforms.spec import PlatformSpec
from jobdata_resources.warehouse import sqltext
from jobdata_resources.warehouse.company_tables import (
    COMPANY_LEDGER,
    company_ledger,
    company_relation,
    pending_table,
    pending_view,
)
from jobdata_resources.warehouse.extract import PageSql
from jobdata_resources.warehouse.facts.tables import SMALL_TABLES, fact_tables, fact_views
from jobdata_resources.warehouse.pipes import landing_columns, page_pipes, shapeless_pipe
from jobdata_resources.warehouse.tables import LEDGER, SHANGHAI_TIME, Column, Engines, Relation, Table, View

__all__ = ["CRAWL_PAGE", "JOB_SIGHTING", "SCHEMA_VERSION", "Catalog", "build_catalog"]

SCHEMA_VERSION = 1
"""Raise it when a stored table changes otherwise than by a new column, and say in ``migrate`` how to get there."""

_TEXT = "ZSTD(3)"
"""On text ZSTD(6) costs 1.8 times the CPU for 4 %."""

_LOAD = (
    Column(name="load_id", type="UInt64", aggregate="min", hidden=True, doc="the first load that brought this row"),
    Column(
        name="run",
        type="String",
        aggregate="min",
        codec=_TEXT,
        doc="run id of the first load that brought this row",
        read="substring(min(u.`run`), 22)",
    ),
)

CRAWL_PAGE = Relation(
    name="crawl_page",
    columns=(
        Column(name="platform", type="LowCardinality(String)", aggregate="key"),
        Column(name="crawl_date", type="Date", aggregate="key", doc="partition day, Asia/Shanghai"),
        Column(name="keyword", type="LowCardinality(String)", aggregate="key"),
        Column(name="city", type="LowCardinality(String)", aggregate="key", doc="the platform's own code"),
        Column(name="page", type="UInt32", aggregate="key", doc="counted from 1"),
        Column(name="kind", type="LowCardinality(String)", aggregate="key", doc="search, or the kind of a detail"),
        Column(name="attempt", type="UInt16", aggregate="key", doc="counted from 1"),
        Column(name="fetched_at", type=SHANGHAI_TIME, aggregate="key", doc="when the answer had arrived"),
        Column(name="segment", type="LowCardinality(String)", aggregate="key", doc="path in the landing zone"),
        Column(name="body_hash", type="UInt64", aggregate="key", codec="NONE", doc="tells two answers apart"),
        Column(name="outcome", type="String", codec=_TEXT, doc="ok, last, empty, throttled, banned, challenge, …"),
        Column(name="status", type="UInt16", doc="HTTP status, 0 when no answer came"),
        Column(name="identity", type="String", codec=_TEXT, doc="egress and token fingerprint"),
        Column(name="egress", type="String", codec=_TEXT, doc="address or proxy label the request left from"),
        Column(name="node", type="String", codec=_TEXT, doc="machine that fetched it"),
        Column(name="crawler_version", type="String", codec=_TEXT),
        Column(name="latency_ms", type="Float64", doc="wall time of the request, milliseconds"),
        Column(name="body_bytes", type="UInt64", doc="length of the body as landed, bytes"),
        Column(name="records", type="UInt32", aggregate="max", doc="items found in the body"),
        Column(name="refused", type="Map(String, UInt32)", doc="items that became no row, by reason"),
        Column(name="unparsed", type="UInt8", aggregate="max", doc="1: outcome ok or last, but no item was found"),
        Column(name="detail", type="String", codec=_TEXT, doc="short reason from the crawl"),
        *_LOAD,
    ),
    order_by=(
        *("platform", "crawl_date", "keyword", "city", "page", "kind"),
        *("attempt", "fetched_at", "segment", "body_hash"),
    ),
    partition_by="(platform, toYYYYMM(crawl_date))",
    shared=True,
    doc="one row per page fetched, successful or not",
)

JOB_SIGHTING = Relation(
    name="job_sighting",
    columns=(
        Column(name="platform", type="LowCardinality(String)", aggregate="key"),
        Column(name="crawl_date", type="Date", aggregate="key", doc="partition day, Asia/Shanghai"),
        Column(name="keyword", type="LowCardinality(String)", aggregate="key"),
        Column(name="city", type="LowCardinality(String)", aggregate="key", doc="city of the search, platform's code"),
        Column(name="page", type="UInt32", aggregate="key", doc="counted from 1"),
        Column(name="rank", type="UInt16", aggregate="key", doc="place on the page, counted from 1"),
        Column(name="job_id", type="String", aggregate="key", codec=_TEXT),
        Column(name="content_hash", type="UInt64", aggregate="key", codec="NONE", doc="the content it was seen with"),
        Column(name="fetched_at", type=SHANGHAI_TIME, aggregate="key", doc="when it was seen"),
        *_LOAD,
    ),
    order_by=("platform", "crawl_date", "keyword", "city", "page", "rank", "job_id", "content_hash", "fetched_at"),
    partition_by="(platform, toYYYYMM(crawl_date))",
    indices=("by_job job_id TYPE bloom_filter(0.01) GRANULARITY 1",),
    shared=True,
    doc="one slim row per time a job was seen",
)

_LEDGER_COLUMNS = (
    Column(name="platform", type="LowCardinality(String)", aggregate="key"),
    Column(name="crawl_date", type="Date", aggregate="key", doc="the loaded day"),
    Column(name="load_id", type="UInt64", aggregate="key", doc="grows with time"),
    Column(name="run_id", type="String", aggregate="key", doc="the run that loaded"),
    Column(name="committed_at", type=SHANGHAI_TIME, aggregate="key"),
    Column(name="segments", type="UInt32", aggregate="key"),
    Column(name="pages", type="UInt32", aggregate="key", doc="pages of any outcome"),
    Column(name="records", type="UInt64", aggregate="key", doc="items found on them"),
    Column(name="refused", type="Map(String, UInt64)", aggregate="key", doc="items that became no row, by reason"),
    Column(name="unparsed_pages", type="UInt32", aggregate="key", doc="pages ok or last without an item"),
    Column(name="sightings", type="UInt64", aggregate="key"),
    Column(name="jobs", type="UInt64", aggregate="key", doc="distinct jobs of the load"),
    Column(name="contents", type="UInt64", aggregate="key", doc="distinct contents of the load"),
)


@dataclass(frozen=True, slots=True)
class Catalog:
    """Every object, in the order of creation.

    Attributes:
        tables: stored tables and pipes.
        relations: what a load of a day fills; ``companies``: what a load of company details fills.
        views: plain views, replaced atomically.
        pipes: materialized views, made anew when anything changed.
    """

    engines: Engines
    tables: tuple[Table, ...]
    relations: tuple[Relation, ...]
    views: tuple[View, ...]
    pipes: tuple[View, ...]
    companies: tuple[Relation, ...] = ()

    def of_platform(self, platform: str) -> tuple[Relation, ...]:
        """The relations a load of the platform writes to."""
        return tuple(relation for relation in self.relations if relation.shared or platform in relation.platforms)

    @property
    def jobs(self) -> dict[str, Relation]:
        """``<p>_job`` by platform."""
        return {
            platform: relation
            for relation in self.relations
            for platform in relation.platforms
            if relation.name == f"{platform}_job"
        }

    def relation(self, name: str) -> Relation:
        """A relation by name.

        Raises:
            KeyError: there is none of that name.
        """
        return {relation.name: relation for relation in (*self.relations, *self.companies)}[name]

    @property
    def small_tables(self) -> tuple[str, ...]:
        """Stored tables outside the relations: every load adds a part to each."""
        return (LEDGER, COMPANY_LEDGER, *SMALL_TABLES)

    @property
    def fingerprint(self) -> str:
        """Changes whenever any statement changes."""
        items: tuple[Table | View, ...] = (*self.tables, *self.views, *self.pipes)
        text = "\n".join(item.create(self.engines) for item in items)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


def build_catalog(platforms: Mapping[str, PlatformSpec], engines: Engines | None = None) -> Catalog:
    """The objects for these platforms.

    Raises:
        ValueError: a field table uses a reserved or malformed column name.
    """
    engines = engines or Engines()
    relations: list[Relation] = [CRAWL_PAGE, JOB_SIGHTING]
    pipe_tables: list[Table] = []
    pipes: list[View] = []
    current: list[View] = []
    for spec in platforms.values():
        kinds: dict[str, PageShape] = {"search": spec.search, **spec.details}
        pipe_tables.append(
            Table(name=f"{spec.name}_landing", columns=landing_columns(), engine="Null", stored=False, doc="pipe")
        )
        for kind, shape in kinds.items():
            relation = _content_relation(spec, kind, shape)
            relations.append(relation)
            current.append(_current_view(relation))
            made = page_pipes(spec.name, kind, shape, relation)
            pipe_tables += made.tables
            pipes += made.views
        pipes.append(shapeless_pipe(spec.name, tuple(kinds)))
    ledger = Table(
        name=LEDGER,
        columns=_LEDGER_COLUMNS,
        engine=engines.merge_tree("Replacing", "committed_at"),
        order_by=("platform", "crawl_date", "load_id"),
        settings=engines.settings,
        doc="the commit ledger: one row per load that is visible",
    )
    companies = tuple(company_relation(spec) for spec in platforms.values() if spec.company is not None)
    loaded = (*relations, *companies)
    stored = [
        *(ledger, company_ledger(engines), pending_table(engines)),
        *(table for relation in loaded for table in relation.tables(engines)),
    ]
    return Catalog(
        engines=engines,
        tables=(*stored, *fact_tables(engines), *pipe_tables),
        relations=tuple(relations),
        views=(
            *(relation.view() for relation in loaded),
            *current,
            *map(_current_view, companies),
            pending_view(),
            *fact_views(),
        ),
        pipes=tuple(pipes),
        companies=companies,
    )


def _content_relation(spec: PlatformSpec, kind: str, shape: PageShape) -> Relation:
    """The rows of one record table: one per distinct content, with first and last seen."""
    page = PageSql(shape)
    reserved = {"content_hash", "first_seen", "last_seen", "load_id", "run"}
    columns: list[Column] = []
    for item in shape.fields:
        if item.column in reserved or not sqltext.is_plain(item.column):
            raise ValueError(f"{spec.name} {kind}: column {item.column!r} is reserved or not snake_case; rename it")
        kind_of = page.column_type(item)
        # What is not part of the content may differ within a key: the largest value is kept, so that the row does
        # not depend on the order of merges and loads.
        aggregate = "any" if item.content or kind_of.startswith("Array") else "max"
        is_id = item is shape.id_field
        codec = _TEXT if "String" in kind_of else ""
        # A field table of somebody's own may have columns without an entry: its own words and paths must do.
        doc = describe(item) if item.column in MEANINGS else item.doc or ", ".join(item.paths)
        columns.append(
            Column(
                name=item.column,
                type=kind_of,
                aggregate="key" if is_id else aggregate,  # type: ignore[arg-type]
                codec=codec,
                doc=doc,
            )
        )
    columns += [
        Column(name="content_hash", type="UInt64", aggregate="key", codec="NONE", doc="64-bit hash of the content"),
        Column(name="first_seen", type=SHANGHAI_TIME, aggregate="min", doc="first fetch with this content"),
        Column(name="last_seen", type=SHANGHAI_TIME, aggregate="max", doc="last fetch with this content"),
        _LOAD[0],
    ]
    return Relation(
        name=f"{spec.name}_job" if kind == "search" else f"{spec.name}_{kind}",
        columns=tuple(columns),
        order_by=(shape.id_field.column, "content_hash"),
        platforms=(spec.name,),
        doc=f"{spec.title}: one row per distinct content of a job ({kind}), with first and last seen",
    )


def _current_view(relation: Relation) -> View:
    """The newest content of every job or company; a predicate on the id reaches the primary key through it."""
    key = relation.order_by[0]
    own = [column for column in relation.visible if column.name not in (key, "content_hash", "first_seen", "last_seen")]
    content = sqltext.columns(("content_hash", *(column.name for column in own)), table="r")
    newest = f"argMax(tuple({content}), (r.last_seen, r.content_hash))"
    picked = ",\n    ".join(
        f"tupleElement(newest, {place}) AS {sqltext.name(column.name)}" for place, column in enumerate(own, start=2)
    )
    query = f"""SELECT
    {sqltext.name(key)},
    {picked},
    tupleElement(newest, 1) AS content_hash,
    seen_first AS first_seen,
    seen_last AS last_seen,
    versions
FROM
(
    SELECT r.{sqltext.name(key)} AS {sqltext.name(key)}, {newest} AS newest,
        min(r.first_seen) AS seen_first, max(r.last_seen) AS seen_last, count() AS versions
    FROM {sqltext.name(relation.name)} AS r
    GROUP BY r.{sqltext.name(key)}
)"""
    by_name = {column.name: column for column in relation.columns}
    return View(
        name=f"{relation.name}_current",
        query=query,
        columns=(
            by_name[key],
            *own,
            by_name["content_hash"],
            by_name["first_seen"],
            by_name["last_seen"],
            Column(name="versions", type="UInt64", doc="distinct contents seen so far"),
        ),
        doc=f"newest content of every id of {relation.name}, with first and last seen over all contents",
    )
