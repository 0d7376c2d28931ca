"""Errors of the control store, as one tree.

    ControlStoreError            the database did not do what was asked: exit code 2, nothing was changed
    ├── StoreUnavailable         not reachable, refused the login, or busy for too long
    └── StoreNotMigrated         the tables are missing, or of another version of this program

    crawler_core.errors.BadInput
    ├── ImportRefused            a file of keywords, tokens or proxies has problems: all are listed, none is applied
    └── UnknownEntry             a keyword or token the store does not know

Messages name the server and database, never user, password or a stored secret.
"""

from __future__ import annotations

from collections.abc import Sequence

from crawler_core.errors import BadInput

__all__ = ["ControlStoreError", "ImportRefused", "StoreNotMigrated", "StoreUnavailable", "UnknownEntry"]

_SHOWN = 50


class ControlStoreError(Exception):
    """The control store did not do what was asked; its content is as before."""


class StoreUnavailable(ControlStoreError):
    """The database is not reachable, refuses the login, or stayed locked."""


class StoreNotMigrated(ControlStoreError):
    """The tables are missing or belong to another version of this program."""


class ImportRefused(BadInput):
    """A file was refused as a whole.

    Attributes:
        problems: one line per problem, each naming file, row and column.
    """

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        lines = list(self.problems[:_SHOWN])
        if len(self.problems) > _SHOWN:
            lines.append(f"… and {len(self.problems) - _SHOWN} more problems")
        if len(lines) > 1:
            lines.append("nothing was imported")
        super().__init__("\n".join(lines))


class UnknownEntry(BadInput):
    """The store holds no such keyword, token or open incident."""
