"""The tables of resolution and linking, and how a new answer becomes visible.

Companies and openings are worked out anew as a whole, so every stored row carries the ``resolution_id`` of its
answer, which is also its partition. An answer is written beside the visible one and becomes visible by one row in
``resolution_run``: readers use the views, which show the newest committed answer of their kind. The answer before
stays until the next commit, so that a reader who has begun on it can end; older ones and what a killed run left
behind are dropped before anything new is written.

Tables are Replacing and are merged and counted before the commit: an insert that a client sent twice leaves nothing.
"""

# ruff: noqa: S608 - generated SQL: names are constants of this module

from __future__ import annotations

from dataclasses import replace
from typing import Final

from jobdata_resources.warehouse.client import Engine
from jobdata_resources.warehouse.tables import SHANGHAI_TIME, Column, Engines, Table, View

__all__ = ["ANSWERS", "OVERRIDES", "RUNS", "VIEWS", "WORK", "prepare"]

RUNS: Final = "resolution_run"
OVERRIDES: Final = "company_override"
_TEXT: Final = "ZSTD(3)"
_REPLACING: Final = "ReplacingMergeTree()"


def _column(name: str, kind: str = "String", doc: str = "") -> Column:
    return Column(name=name, type=kind, aggregate="key", codec=_TEXT if kind == "String" else "", doc=doc)


_ID: Final = _column("resolution_id", "UInt64", "the answer this row belongs to")
_PLATFORM: Final = _column("platform", "LowCardinality(String)")
_NAMES: Final = "Array(String)"

_COMPANY: Final = (
    _column("company_id", doc="stable; see docs/resolution.md"),
    _column("kind", "LowCardinality(String)", "legal, branch, or brand (only short names are known)"),
    _column("name", doc="registered name as published most often; a brand's short name"),
    _column("legal_name", doc="canonical registered name"),
    _column("other_names", _NAMES, "further registered names: former ones, and those recruiters wrote"),
    _column("brands", _NAMES, "short names on the platforms"),
    _column("parent_id", doc="company_id of a branch's parent, when known"),
    _column("family", doc="smallest company_id among companies with a common name core; no statement of ownership"),
    _column("credit_code", doc="unified social credit code"),
    _column("legal_person"),
    _column("registered_capital", doc="as published"),
    _column("founded", doc="YYYY-MM-DD"),
    _column("address", doc="registered address"),
    _column("region", "LowCardinality(String)", "place in the name, short form"),
    _column("cities", _NAMES, "cities of its postings"),
    _column("industries", _NAMES, "as the platforms name them"),
    _column("size_min", "Nullable(UInt32)", "people"),
    _column("size_max", "Nullable(UInt32)", "people; null: unknown or open"),
    _column("platforms", "Array(LowCardinality(String))"),
    _column("accounts", "UInt32", "accounts on platforms"),
    _column("postings", "UInt64", "postings seen so far"),
)
_ALIAS: Final = (
    _PLATFORM,
    _column("platform_company_id", doc="empty for listings without an id"),
    _column("name", doc="part of the key where the id is missing or stands for several legal entities"),
    _column("company_id"),
    _column("names", _NAMES, "names the account was seen with"),
)
_DECISION: Final = (
    _column("rule", "LowCardinality(String)"),
    _column("left", doc="account: platform:id, platform:?name or platform:id?name"),
    _column("right"),
    _column("verdict", "LowCardinality(String)", "merge, review, separate"),
    _column("evidence", "Map(String, String)", "what the rule saw"),
)
_LINK: Final = (
    _PLATFORM,
    _column("job_id"),
    _column("opening_id", doc="equal for postings of one opening; made of the one seen first"),
    _column("company_id", doc="company of the posting, or of its opening where its own is a brand; may be empty"),
    _column("rule", "LowCardinality(String)", "how it was linked: first, single, or the rule"),
    _column("score", "Float32", "0 to 1; of its best link"),
    _column("evidence", "Map(String, String)", "the posting it was linked with, and how alike they are"),
)


def _answer(name: str, columns: tuple[Column, ...], key: tuple[str, ...]) -> Table:
    return Table(
        name=f"{name}_version",
        columns=(_ID, *columns),
        engine=_REPLACING,
        order_by=("resolution_id", *key),
        partition_by="resolution_id",
        doc=f"all answers; read {name} instead",
    )


ANSWERS: Final = {
    "company": (
        _answer("company", _COMPANY, ("company_id",)),
        _answer("company_alias", _ALIAS, ("platform", "platform_company_id", "name")),
        _answer("company_decision", _DECISION, ("rule", "left", "right", "verdict")),
    ),
    "job_link": (_answer("job_link", _LINK, ("platform", "job_id")),),
}
"""Tables by kind of answer."""

_SETTLED: Final = Table(
    name=RUNS,
    columns=(
        _column("kind", "LowCardinality(String)"),
        _column("resolution_id", "UInt64"),
        _column("run_id"),
        _column("counts", "Map(String, UInt64)"),
        _column("committed_at", SHANGHAI_TIME),
    ),
    engine="ReplacingMergeTree(committed_at)",
    order_by=("kind", "resolution_id"),
    doc="the commit ledger of resolution: one row per answer",
)
_OVERRIDE: Final = Table(
    name=OVERRIDES,
    columns=(
        _column("left", doc="account, as in company_decision; left < right"),
        _column("right"),
        _column("verdict", "LowCardinality(String)", "merge, separate, or withdrawn"),
        _column("reason"),
        _column("decided_by"),
        _column("decided_at", SHANGHAI_TIME),
    ),
    engine="ReplacingMergeTree(decided_at)",
    order_by=("left", "right"),
    doc="verdicts of people; they win over every rule",
)

_WORK_ID: Final = _column("work", "UInt64", "the run this row was made for")
WORK: Final = (
    Table(
        name="link_account",
        columns=(
            *(_WORK_ID, _PLATFORM, _column("platform_company_id"), _column("name"), _column("ref")),
            *(_column("company_id"), _column("root_id"), _column("family"), _column("kind", "LowCardinality(String)")),
        ),
        engine=_REPLACING,
        order_by=("work", "platform", "platform_company_id", "name"),
        partition_by="work",
        doc="accounts while postings are compared; dropped after the run",
    ),
    Table(
        name="link_value",
        columns=(
            *(_WORK_ID, _column("field", "LowCardinality(String)"), _column("text"), _column("city")),
            *(_column("low", "Nullable(Float64)"), _column("high", "Nullable(Float64)")),
        ),
        engine=_REPLACING,
        order_by=("work", "field", "text"),
        partition_by="work",
        doc="distinct strings, read; dropped after the run",
    ),
    Table(
        name="link_feature",
        columns=(
            *(_WORK_ID, _column("shard", "UInt16"), _column("n", "UInt64"), _PLATFORM, _column("job_id")),
            *(_column("ref"), _column("company_id"), _column("root_id"), _column("kind", "LowCardinality(String)")),
            *(_column("place", "UInt64"), _column("title"), _column("title_core"), _column("body")),
            *(_column("simhash", "UInt32"), _column("low", "Nullable(Float64)"), _column("high", "Nullable(Float64)")),
            _column("first_seen", SHANGHAI_TIME),
        ),
        engine=_REPLACING,
        order_by=("work", "shard", "n"),
        partition_by="work",
        doc="what postings are compared by; dropped after the run",
    ),
    Table(
        name="link_edge",
        columns=(
            *(_WORK_ID, _column("shard", "UInt16"), _column("a", "UInt64"), _column("b", "UInt64")),
            *(_column("rule", "LowCardinality(String)"), _column("title", "Float32"), _column("body", "Float32")),
            *(_column("pay", "Float32"), _column("score", "Float32")),
        ),
        engine=_REPLACING,
        order_by=("work", "shard", "a", "b"),
        partition_by="work",
        doc="pairs of postings of one opening; dropped after the run",
    ),
    Table(
        name="link_member",
        columns=(
            *(_WORK_ID, _column("shard", "UInt16"), _column("n", "UInt64")),
            _column("component", "UInt64", "smallest connected posting"),
        ),
        engine=_REPLACING,
        order_by=("work", "shard", "n"),
        partition_by="work",
        doc="connected postings; dropped after the run",
    ),
)
"""Tables of a run, empty between runs."""


def _newest(kind: str, table: Table, doc: str) -> View:
    names = ", ".join(f"`{column.name}`" for column in table.columns)
    return View(
        name=table.name.removesuffix("_version"),
        query=f"SELECT {names} FROM {table.name}"
        f" WHERE resolution_id = (SELECT max(resolution_id) FROM {RUNS} WHERE kind = '{kind}')",
        columns=table.columns,
        doc=doc,
    )


_DOCS: Final = {
    "company": "one row per real company across platforms",
    "company_alias": "which account of a platform is which company",
    "company_decision": "every merge, doubt and refusal with its rule and evidence",
    "job_link": "which postings are the same opening; one row per posting, none is left out",
}
_REVIEW_QUERY: Final = """SELECT d.rule AS rule, d.left AS left, d.right AS right, l.names AS left_names,
    r.names AS right_names, l.company_id AS left_company, r.company_id AS right_company, d.evidence AS evidence
FROM company_decision AS d
LEFT JOIN (SELECT concat(platform, ':', platform_company_id, if(name = '', '', concat('?', name))) AS ref, names,
    company_id FROM company_alias) AS l ON l.ref = d.left
LEFT JOIN (SELECT concat(platform, ':', platform_company_id, if(name = '', '', concat('?', name))) AS ref, names,
    company_id FROM company_alias) AS r ON r.ref = d.right
WHERE d.verdict = 'review' AND l.company_id != r.company_id"""
VIEWS: Final = (
    *(
        _newest(kind, table, _DOCS[table.name.removesuffix("_version")])
        for kind, tables in ANSWERS.items()
        for table in tables
    ),
    View(
        name="company_review",
        query=_REVIEW_QUERY,
        columns=(
            *(_column("rule", "LowCardinality(String)"), _column("left"), _column("right")),
            *(_column("left_names", _NAMES), _column("right_names", _NAMES)),
            *(_column("left_company"), _column("right_company"), _column("evidence", "Map(String, String)")),
        ),
        doc="pairs a person must decide, by writing company_override",
    ),
)


def prepare(engine: Engine, engines: Engines) -> None:
    """Create what is missing; replace the views. Idempotent."""
    stored = (_SETTLED, _OVERRIDE, *(table for tables in ANSWERS.values() for table in tables), *WORK)
    kind = "Replicated" if engines.cluster else ""
    placed = [replace(table, engine=kind + table.engine, settings=engines.settings) for table in stored]
    items: tuple[Table | View, ...] = (*placed, *VIEWS)
    for item in items:
        engine.command(item.create(engines), doing=f"create {item.name}")
    engine.hold_merges()
