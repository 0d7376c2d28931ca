"""The stored objects of company details: per platform ``<p>_company``, its ledger, and ``pending_company``.

``<p>_company`` is a relation like ``<p>_job`` with a ledger of its own, ``company_run``: companies and jobs are loaded
at the same time and independently. ``pending_company`` is a list that is replaced as a whole: its view shows the rows
of the newest list of a day that the ledger names.
"""

# ruff: noqa: S608 - generated SQL: names are constants of this package

from __future__ import annotations

from crawler_core.platforms.company import COLUMNS
from crawler_core.platforms.spec import PlatformSpec
from jobdata_resources.warehouse.company_facts import TYPED_COLUMNS
from jobdata_resources.warehouse.tables import SHANGHAI_TIME, Column, Engines, Relation, Table, View

__all__ = [
    "COMPANY_LEDGER",
    "PENDING",
    "PENDING_COLUMNS",
    "PENDING_LISTS",
    "company_ledger",
    "company_relation",
    "pending_table",
    "pending_view",
]

COMPANY_LEDGER = "company_run"
PENDING = "pending_company"
PENDING_LISTS = "pending_company_list"

_TEXT = "ZSTD(3)"

_LEDGER_COLUMNS = (
    Column(name="platform", type="LowCardinality(String)", aggregate="key", doc="empty for a list of all platforms"),
    Column(name="crawl_date", type="Date", aggregate="key", doc="the day the pages are landed under"),
    Column(name="load_id", type="UInt64", aggregate="key", doc="grows with time"),
    Column(name="run_id", type="String", aggregate="key"),
    Column(name="committed_at", type=SHANGHAI_TIME, aggregate="key"),
    Column(name="batches", type="Array(String)", aggregate="key", doc="batches that were read"),
    Column(name="companies", type="UInt64", aggregate="key", doc="companies of the load"),
    Column(name="contents", type="UInt64", aggregate="key", doc="their distinct contents"),
)

PENDING_COLUMNS = (
    Column(name="crawl_date", type="Date", aggregate="key", doc="the day of the list, Asia/Shanghai"),
    Column(name="platform", type="LowCardinality(String)", aggregate="key"),
    Column(name="company_id", type="String", aggregate="key", doc="empty where listings have no id"),
    Column(name="name", type="String", aggregate="key", doc="as listed"),
    Column(name="demand", type="UInt32", aggregate="key", doc="times its jobs were seen in the last days"),
    Column(name="newest_seen", type=SHANGHAI_TIME, aggregate="key", doc="the last of them"),
    Column(
        name="last_fetched", type=f"Nullable({SHANGHAI_TIME})", aggregate="key", doc="its details; NULL when missing"
    ),
    Column(name="reason", type="LowCardinality(String)", aggregate="key", doc="missing or stale"),
)


def company_relation(spec: PlatformSpec) -> Relation:
    """``<platform>_company``: one row per distinct content of a company."""
    columns = [
        Column(
            name=name,
            type="Array(String)" if name == "welfare" else "String",
            aggregate="key" if name == "company_id" else "any",
            codec=_TEXT,
            doc=doc,
        )
        for name, doc in COLUMNS.items()
    ]
    columns += [
        Column(name="content_hash", type="UInt64", aggregate="key", codec="NONE", doc="64-bit hash of the content"),
        Column(name="first_seen", type=SHANGHAI_TIME, aggregate="min", doc="first fetch with this content"),
        Column(name="last_seen", type=SHANGHAI_TIME, aggregate="max", doc="last fetch with this content"),
        *TYPED_COLUMNS,
        Column(name="sources", type="String", aggregate="max", codec=_TEXT, doc="JSON: the call each column came from"),
        Column(
            name="landed", type="String", aggregate="max", codec=_TEXT, doc="folder in the landing zone that shows it"
        ),
        Column(name="load_id", type="UInt64", aggregate="min", hidden=True, doc="the first load that brought this row"),
        Column(
            name="run",
            type="String",
            aggregate="min",
            codec=_TEXT,
            doc="run id of the first load that brought this row",
            read="substring(min(u.`run`), 22)",
        ),
    ]
    return Relation(
        name=f"{spec.name}_company",
        columns=tuple(columns),
        order_by=("company_id", "content_hash"),
        platforms=(spec.name,),
        ledger=COMPANY_LEDGER,
        doc=(
            f"{spec.title}: one row per distinct content of a company, with first and last seen; company_id is '?' and"
            " the name where the platform gave no id"
        ),
    )


def company_ledger(engines: Engines) -> Table:
    """The commit ledger of companies."""
    return Table(
        name=COMPANY_LEDGER,
        columns=_LEDGER_COLUMNS,
        engine=engines.merge_tree("Replacing", "committed_at"),
        order_by=("platform", "crawl_date", "load_id"),
        settings=engines.settings,
        doc="the commit ledger of companies: one row per load or list that is visible",
    )


def pending_table(engines: Engines) -> Table:
    """The lists behind ``pending_company``, one partition each, so that an old one can be dropped in one step."""
    load_id = Column(name="load_id", type="UInt64", aggregate="key", doc="the list")
    return Table(
        name=PENDING_LISTS,
        columns=(load_id, *PENDING_COLUMNS),
        engine=engines.merge_tree(""),
        order_by=("platform", "company_id", "name"),
        partition_by="(crawl_date, load_id)",
        settings=engines.settings,
        doc=f"part of {PENDING}; read {PENDING} instead",
    )


def pending_view() -> View:
    """``pending_company`` as readers see it."""
    columns = ", ".join(f"p.{column.name} AS {column.name}" for column in PENDING_COLUMNS)
    query = f"""SELECT {columns}
FROM
(
    SELECT crawl_date, max(load_id) AS load_id FROM {COMPANY_LEDGER} WHERE platform = '' GROUP BY crawl_date
) AS c INNER JOIN {PENDING_LISTS} AS p ON p.crawl_date = c.crawl_date AND p.load_id = c.load_id"""
    return View(
        name=PENDING,
        query=query,
        columns=PENDING_COLUMNS,
        doc="companies of current jobs without details, or with old ones, as last collected on each day",
    )
