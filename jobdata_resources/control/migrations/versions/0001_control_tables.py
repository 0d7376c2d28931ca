"""The tables of the control store.

Written out instead of built from the models: a revision never changes, the models do. Tables are created where they
are missing, because MariaDB commits after each one and a killed upgrade is run again from the start.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_TABLES = (
    "boss_keyword", "qcwy_keyword", "zhilian_keyword", "boss_token", "proxy", "crawl_checkpoint",
    "company_cleaning_queue", "scheduled_task_run", "stats_total", "ip_upload_stats",
)  # fmt: skip


def _create(name: str, *columns: sa.Column[Any], unique: tuple[str, ...]) -> None:
    op.create_table(
        name,
        sa.Column("id", sa.Integer(), nullable=False),
        *columns,
        sa.PrimaryKeyConstraint("id", name=f"pk_{name}"),
        sa.UniqueConstraint(*unique, name=f"uq_{name}_{'_'.join(unique)}"),
        if_not_exists=True,
        mysql_engine="InnoDB",
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
    )


def _text(name: str, length: int) -> sa.Column[str]:
    return sa.Column(name, sa.String(length), nullable=False)


def _count(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=False)


def _big(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=False)


def _flag(name: str) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean(), nullable=False)


def _day(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.Date(), nullable=nullable)


def _instant(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb"), nullable=nullable)


def upgrade() -> None:
    for platform in ("boss", "qcwy", "zhilian"):
        _create(
            f"{platform}_keyword",
            _text("keyword", 255),
            _text("key", 255),
            _text("cities", 1000),
            _count("priority"),
            _flag("paused"),
            _text("state", 16),
            _day("state_date", nullable=True),
            _text("stop_reason", 255),
            _count("pages"),
            _count("records"),
            _instant("updated_at"),
            unique=("key",),
        )
    _create(
        "boss_token",
        _text("mpt", 512),
        _text("wt2", 2048),
        _text("fingerprint", 16),
        _flag("active"),
        _text("invalid_reason", 255),
        _instant("invalid_at", nullable=True),
        _text("lease_id", 32),
        _instant("leased_until", nullable=True),
        _count("uses"),
        _instant("created_at"),
        _instant("updated_at"),
        unique=("fingerprint",),
    )
    _create(
        "proxy",
        _text("label", 64),
        _text("url", 1024),
        _flag("active"),
        _instant("created_at"),
        _instant("updated_at"),
        unique=("label",),
    )
    _create(
        "crawl_checkpoint",
        _text("platform", 16),
        _day("date"),
        _text("keyword", 255),
        _text("city", 16),
        _count("next_page"),
        _text("state", 16),
        _text("stop_reason", 255),
        _count("pages"),
        _count("records"),
        _instant("updated_at"),
        unique=("platform", "date", "keyword", "city"),
    )
    _create(
        "company_cleaning_queue",
        _text("platform", 16),
        _text("company_id", 128),
        _text("company_name", 255),
        _text("state", 16),
        _count("attempts"),
        _text("last_error", 255),
        _instant("created_at"),
        _instant("updated_at"),
        unique=("platform", "company_id"),
    )
    _create(
        "scheduled_task_run",
        _text("run_id", 64),
        _text("task", 128),
        _text("platform", 16),
        _day("date", nullable=True),
        _text("state", 16),
        _instant("started_at"),
        _instant("ended_at", nullable=True),
        _count("pages"),
        _count("records"),
        _text("detail", 1000),
        unique=("run_id", "task"),
    )
    _create(
        "stats_total",
        _instant("taken_at"),
        _text("platform", 16),
        _big("rows_total"),
        _big("jobs"),
        _big("companies"),
        _big("new_jobs_24h"),
        _text("report_key", 64),
        _instant("reported_at", nullable=True),
        unique=("taken_at", "platform"),
    )
    _create(
        "ip_upload_stats",
        _text("run_id", 64),
        _text("platform", 16),
        _day("date"),
        _text("egress", 128),
        _text("node", 128),
        _count("pages"),
        _instant("updated_at"),
        unique=("run_id", "platform", "date", "egress"),
    )


def downgrade() -> None:
    for name in reversed(_TABLES):
        op.drop_table(name)
