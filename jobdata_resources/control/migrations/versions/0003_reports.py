"""Incidents, deliveries of the totals, and how platforms took the requests of addresses and tokens.

Columns and tables are added where they are missing, because MariaDB commits after each one and a killed upgrade is run
again.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def _text(name: str, length: int, default: str | None = None) -> sa.Column[str]:
    return sa.Column(name, sa.String(length), nullable=False, server_default=default)


def _instant(name: str, *, nullable: bool = True) -> sa.Column[Any]:
    return sa.Column(name, sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb"), nullable=nullable)


def _count(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=False, server_default="0")


def _added() -> dict[str, list[sa.Column[Any]]]:
    return {
        "stats_total": [_instant("mailed_at")],
        "ip_upload_stats": [
            _text("kind", 16, "egress"), _count("errors"), _count("bans"), _instant("started_at"),
        ],
    }  # fmt: skip


def upgrade() -> None:
    found = sa.inspect(op.get_bind())
    for table, columns in _added().items():
        present = {column["name"] for column in found.get_columns(table)}
        for column in columns:
            if column.name not in present:
                op.add_column(table, column)
    if not found.has_table("alert_incident"):
        op.create_table(
            "alert_incident",
            sa.Column("id", sa.Integer(), primary_key=True, autoincrement=True),
            _text("fingerprint", 32),
            _text("kind", 32),
            _text("subject", 255),
            _instant("opened_at", nullable=False),
            _instant("seen_at", nullable=False),
            _instant("mailed_at"),
            sa.Column("mails", sa.Integer(), nullable=False),
            _instant("healed_at"),
            _instant("closed_at"),
            sa.Column("story", sa.Text(), nullable=False),
            sa.UniqueConstraint("fingerprint", "opened_at", name="uq_alert_incident_fingerprint_opened_at"),
            mysql_engine="InnoDB",
            mysql_charset="utf8mb4",
            mysql_collate="utf8mb4_bin",
        )


def downgrade() -> None:
    op.drop_table("alert_incident")
    for table, columns in _added().items():
        for column in reversed(columns):
            op.drop_column(table, column.name)
