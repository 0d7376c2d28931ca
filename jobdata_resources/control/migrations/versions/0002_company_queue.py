"""The company queue gets demand, claims with a lease, and back-off.

Columns are added where they are missing, because MariaDB commits after each one and a killed upgrade is run again.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_TABLE = "company_cleaning_queue"


def _text(name: str, length: int) -> sa.Column[str]:
    return sa.Column(name, sa.String(length), nullable=False, server_default="")


def _instant(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb"), nullable=True)


def _columns() -> list[sa.Column[Any]]:
    return [
        sa.Column("demand", sa.Integer(), nullable=False, server_default="0"),
        _text("reason", 16),
        _text("hints", 2000),
        _text("batch_id", 64),
        _instant("newest_seen"),
        _instant("leased_until"),
        _instant("not_before"),
        _instant("finished_at"),
        _instant("queued_at"),
    ]


def upgrade() -> None:
    present = {column["name"] for column in sa.inspect(op.get_bind()).get_columns(_TABLE)}
    for column in _columns():
        if column.name not in present:
            op.add_column(_TABLE, column)


def downgrade() -> None:
    for column in reversed(_columns()):
        op.drop_column(_TABLE, column.name)
