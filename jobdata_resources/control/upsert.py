"""Insert-or-update in one statement, in the dialect of the database: no gap between looking and writing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.dialects import mysql, sqlite
from sqlalchemy.orm import Session

from jobdata_resources.control.models import Base

__all__ = ["upsert"]


def upsert(
    session: Session,
    model: type[Base],
    values: Mapping[str, Any],
    *,
    unique: Sequence[str],
    update: Sequence[str] | None = None,
) -> None:
    """Insert ``values``, or update the row that has the same ``unique`` columns.

    Args:
        update: columns to overwrite in an existing row; all that are not ``unique`` by default.
    """
    changed = [name for name in values if name not in unique] if update is None else update
    if session.get_bind().dialect.name == "sqlite":
        insert = sqlite.insert(model).values(**values)
        session.execute(
            insert.on_conflict_do_update(index_elements=list(unique), set_={n: insert.excluded[n] for n in changed})
        )
    else:
        statement = mysql.insert(model).values(**values)
        session.execute(statement.on_duplicate_key_update({n: statement.inserted[n] for n in changed}))
