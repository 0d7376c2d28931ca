"""The tables of the control database as typed models: what is stored, not what is done with it.

Every text is compared byte by byte (``utf8mb4_bin`` on MariaDB/MySQL, the default of SQLite): with the server's
own collation ``é`` would equal ``e`` and two searches would fight for one row. Case-insensitive identity of a
keyword is the case-folded ``key`` column, not a collation. Instants are UTC (see ``columns.Instant``); the
``date`` columns are calendar days in Asia/Shanghai.

A change here needs a new file in ``migrations/versions``; a test compares the two on both databases.
"""

from __future__ import annotations

import datetime as dt
from typing import Literal

from sqlalchemy import BigInteger, Date, MetaData, String, Text, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from jobdata_resources.control.columns import Cities, Instant

__all__ = [
    "KEYWORD_TABLES",
    "AlertIncident",
    "Base",
    "BossKeyword",
    "BossToken",
    "CompanyCleaningItem",
    "CrawlCheckpoint",
    "CrawlPlan",
    "CrawlState",
    "IpUploadStat",
    "KeywordColumns",
    "ProxyRow",
    "QcwyKeyword",
    "ScheduledTaskRun",
    "StatsTotal",
    "ZhilianKeyword",
]

CrawlState = Literal["pending", "partial", "done", "failed"]
"""State of a keyword or a search on one day; ``paused`` is a flag of the keyword, shown in place of its state."""

_KEYWORD = String(255)
_TABLE = {"mysql_engine": "InnoDB", "mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_bin"}


class Base(DeclarativeBase):
    """Registry of the tables, with constraint names that are the same on every database."""

    metadata = MetaData(
        naming_convention={"uq": "uq_%(table_name)s_%(column_0_N_name)s", "pk": "pk_%(table_name)s"},
    )
    type_annotation_map = {dt.datetime: Instant(), dt.date: Date(), tuple[str, ...]: Cities()}  # noqa: RUF012
    __table_args__: object = _TABLE


class KeywordColumns(Base):
    """What the three keyword tables share.

    ``state``, ``stop_reason``, ``pages`` and ``records`` are those of the last crawled day, ``state_date``. On any
    later day the keyword is pending. The state of every single day is in ``crawl_checkpoint`` under city ``''``.
    """

    __abstract__ = True

    id: Mapped[int] = mapped_column(primary_key=True)
    keyword: Mapped[str] = mapped_column(_KEYWORD)
    key: Mapped[str] = mapped_column(_KEYWORD, unique=True)
    cities: Mapped[tuple[str, ...]]
    priority: Mapped[int] = mapped_column(default=0)
    paused: Mapped[bool] = mapped_column(default=False)
    state: Mapped[str] = mapped_column(String(16), default="pending")
    state_date: Mapped[dt.date | None]
    stop_reason: Mapped[str] = mapped_column(String(255), default="")
    pages: Mapped[int] = mapped_column(default=0)
    records: Mapped[int] = mapped_column(default=0)
    updated_at: Mapped[dt.datetime]


class BossKeyword(KeywordColumns):
    """Keywords searched on Boss Zhipin."""

    __tablename__ = "boss_keyword"


class QcwyKeyword(KeywordColumns):
    """Keywords searched on 51job."""

    __tablename__ = "qcwy_keyword"


class ZhilianKeyword(KeywordColumns):
    """Keywords searched on Zhaopin."""

    __tablename__ = "zhilian_keyword"


KEYWORD_TABLES: dict[str, type[KeywordColumns]] = {
    "boss": BossKeyword,
    "qcwy": QcwyKeyword,
    "zhilian": ZhilianKeyword,
}
"""The keyword table of each platform."""


class BossToken(Base):
    """Boss sessions (WIRE 1.1). ``mpt`` and ``wt2`` are secrets; outside this table a token is its fingerprint.

    ``lease_id`` names the holder while ``leased_until`` is in the future; ``uses`` counts leases.
    """

    __tablename__ = "boss_token"

    id: Mapped[int] = mapped_column(primary_key=True)
    mpt: Mapped[str] = mapped_column(String(512))
    wt2: Mapped[str] = mapped_column(String(2048), default="")
    fingerprint: Mapped[str] = mapped_column(String(16), unique=True)
    active: Mapped[bool] = mapped_column(default=True)
    invalid_reason: Mapped[str] = mapped_column(String(255), default="")
    invalid_at: Mapped[dt.datetime | None]
    lease_id: Mapped[str] = mapped_column(String(32), default="")
    leased_until: Mapped[dt.datetime | None]
    uses: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[dt.datetime]
    updated_at: Mapped[dt.datetime]


class ProxyRow(Base):
    """Proxy tunnels. ``url`` may hold a password; outside this table a proxy is its label."""

    __tablename__ = "proxy"

    id: Mapped[int] = mapped_column(primary_key=True)
    label: Mapped[str] = mapped_column(String(64), unique=True)
    url: Mapped[str] = mapped_column(String(1024))
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[dt.datetime]
    updated_at: Mapped[dt.datetime]


class CrawlCheckpoint(Base):
    """How far a search of a day has come: one row per city, and one with city ``''`` for the keyword as a whole.

    A mirror for people and sensors: the manifest in the landing zone decides where a crawl resumes. ``pages`` and
    ``records`` are totals of the day, ``next_page`` the first page not landed yet (0 in the row of the keyword).
    """

    __tablename__ = "crawl_checkpoint"
    __table_args__ = (UniqueConstraint("platform", "date", "keyword", "city"), _TABLE)

    id: Mapped[int] = mapped_column(primary_key=True)
    platform: Mapped[str] = mapped_column(String(16))
    date: Mapped[dt.date]
    keyword: Mapped[str] = mapped_column(_KEYWORD)
    city: Mapped[str] = mapped_column(String(16), default="")
    next_page: Mapped[int] = mapped_column(default=0)
    state: Mapped[str] = mapped_column(String(16))
    stop_reason: Mapped[str] = mapped_column(String(255), default="")
    pages: Mapped[int] = mapped_column(default=0)
    records: Mapped[int] = mapped_column(default=0)
    updated_at: Mapped[dt.datetime]


class CrawlPlan(Base):
    """Pages a keyword may cost on a day, and what they brought: one row per keyword key; ``plans`` has the meaning.

    ``fetched``, ``fresh`` and ``complete`` are null until the keyword has ended.
    """

    __tablename__ = "crawl_plan"
    __table_args__ = (UniqueConstraint("platform", "date", "keyword"), _TABLE)

    id: Mapped[int] = mapped_column(primary_key=True)
    platform: Mapped[str] = mapped_column(String(16))
    date: Mapped[dt.date]
    keyword: Mapped[str] = mapped_column(_KEYWORD)
    pages: Mapped[int]
    sweep: Mapped[bool]
    reason: Mapped[str] = mapped_column(String(255), default="")
    fetched: Mapped[int | None]
    fresh: Mapped[int | None]
    complete: Mapped[bool | None]
    updated_at: Mapped[dt.datetime]


class CompanyCleaningItem(Base):
    """Companies whose details are wanted, and how asking for them ended; ``companies`` has the states.

    ``company_id`` is the platform's id, or ``?`` and the name where listings have no id. ``hints`` is a JSON object of
    what the calls need besides; ``attempts`` counts claims since it became pending, at ``queued_at``.
    """

    __tablename__ = "company_cleaning_queue"
    __table_args__ = (UniqueConstraint("platform", "company_id"), _TABLE)

    id: Mapped[int] = mapped_column(primary_key=True)
    platform: Mapped[str] = mapped_column(String(16))
    company_id: Mapped[str] = mapped_column(String(128))
    company_name: Mapped[str] = mapped_column(String(255), default="")
    state: Mapped[str] = mapped_column(String(16), default="pending")
    attempts: Mapped[int] = mapped_column(default=0)
    last_error: Mapped[str] = mapped_column(String(255), default="")
    demand: Mapped[int] = mapped_column(default=0, server_default="0")
    reason: Mapped[str] = mapped_column(String(16), default="", server_default="")
    hints: Mapped[str] = mapped_column(String(2000), default="{}", server_default="")
    batch_id: Mapped[str] = mapped_column(String(64), default="", server_default="")
    newest_seen: Mapped[dt.datetime | None]
    leased_until: Mapped[dt.datetime | None]
    not_before: Mapped[dt.datetime | None]
    finished_at: Mapped[dt.datetime | None]
    queued_at: Mapped[dt.datetime | None]
    created_at: Mapped[dt.datetime]
    updated_at: Mapped[dt.datetime]


class ScheduledTaskRun(Base):
    """One row per run of a task: what Dagster's own storage forgets after its retention."""

    __tablename__ = "scheduled_task_run"
    __table_args__ = (UniqueConstraint("run_id", "task"), _TABLE)

    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[str] = mapped_column(String(64))
    task: Mapped[str] = mapped_column(String(128))
    platform: Mapped[str] = mapped_column(String(16), default="")
    date: Mapped[dt.date | None]
    state: Mapped[str] = mapped_column(String(16))
    started_at: Mapped[dt.datetime]
    ended_at: Mapped[dt.datetime | None]
    pages: Mapped[int] = mapped_column(default=0)
    records: Mapped[int] = mapped_column(default=0)
    detail: Mapped[str] = mapped_column(String(1000), default="")


class StatsTotal(Base):
    """Totals of a platform at an instant, as sent to the report receiver."""

    __tablename__ = "stats_total"
    __table_args__ = (UniqueConstraint("taken_at", "platform"), _TABLE)

    id: Mapped[int] = mapped_column(primary_key=True)
    taken_at: Mapped[dt.datetime]
    platform: Mapped[str] = mapped_column(String(16))
    rows_total: Mapped[int] = mapped_column(BigInteger, default=0)
    jobs: Mapped[int] = mapped_column(BigInteger, default=0)
    companies: Mapped[int] = mapped_column(BigInteger, default=0)
    new_jobs_24h: Mapped[int] = mapped_column(BigInteger, default=0)
    report_key: Mapped[str] = mapped_column(String(64), default="")
    reported_at: Mapped[dt.datetime | None]
    mailed_at: Mapped[dt.datetime | None]


class IpUploadStat(Base):
    """What each address and each token did, per run: pages, and how the platform took them.

    ``kind`` is ``egress``, or ``token``: then ``egress`` holds the fingerprint of a token. ``pages`` are requests in
    all, ``errors`` those without a usable answer, ``bans`` those refused for being who they are. Counts are totals of
    the run; ``started_at`` to ``updated_at`` is the time they were made in.
    """

    __tablename__ = "ip_upload_stats"
    __table_args__ = (UniqueConstraint("run_id", "platform", "date", "egress"), _TABLE)

    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[str] = mapped_column(String(64))
    platform: Mapped[str] = mapped_column(String(16))
    date: Mapped[dt.date]
    egress: Mapped[str] = mapped_column(String(128))
    node: Mapped[str] = mapped_column(String(128), default="")
    pages: Mapped[int] = mapped_column(default=0)
    kind: Mapped[str] = mapped_column(String(16), default="egress", server_default="egress")
    errors: Mapped[int] = mapped_column(default=0, server_default="0")
    bans: Mapped[int] = mapped_column(default=0, server_default="0")
    started_at: Mapped[dt.datetime | None]
    updated_at: Mapped[dt.datetime]


class AlertIncident(Base):
    """One row per incident: something was wrong from ``opened_at`` on; ``jobdata_resources.alerts`` has the states.

    ``fingerprint`` stands for kind and subject, of which at most one incident is open. ``seen_at`` is the time of the
    newest evidence either way, and older evidence is not news. ``mailed_at`` is when the mail server last accepted a
    mail about it, ``closed_at`` when it accepted the all-clear: mails that are due can be told from the row alone.
    ``story`` is a JSON object with what the mails say.
    """

    __tablename__ = "alert_incident"
    __table_args__ = (UniqueConstraint("fingerprint", "opened_at"), _TABLE)

    id: Mapped[int] = mapped_column(primary_key=True)
    fingerprint: Mapped[str] = mapped_column(String(32))
    kind: Mapped[str] = mapped_column(String(32))
    subject: Mapped[str] = mapped_column(String(255))
    opened_at: Mapped[dt.datetime]
    seen_at: Mapped[dt.datetime]
    mailed_at: Mapped[dt.datetime | None]
    mails: Mapped[int] = mapped_column(default=0)
    healed_at: Mapped[dt.datetime | None]
    closed_at: Mapped[dt.datetime | None]
    story: Mapped[str] = mapped_column(Text, default="")
