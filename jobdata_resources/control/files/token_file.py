"""A file of Boss sessions: ``mpt`` and, optionally, ``wt2`` (WIRE 1.1). The file is a secret.

No message shows a value: a row is known by its place, a token by its fingerprint.
"""

from __future__ import annotations

import re
from pathlib import Path

from pydantic import SecretStr

from crawler_core.values import Token
from jobdata_resources.control.files.table import Columns, read_table

__all__ = ["read_token_file"]

_COLUMNS = Columns(required=("mpt",), optional=("wt2",), secret=True)
_MPT = re.compile(r"[A-Za-z0-9_~.+/=-]{8,512}")
_WT2 = re.compile(r"[!-~]{0,2048}")


def read_token_file(path: Path) -> list[Token]:
    """Read a CSV or YAML file of tokens.

    ``mpt`` is 32 hex digits today; anything of 8 to 512 letters, digits and ``_~.+/=-`` is taken, because the format
    is the platform's to change. Spaces, quotes and commas are copying mistakes.

    Raises:
        ImportRefused: with every problem of the file, no value among them.
    """
    table = read_table(path, _COLUMNS)
    tokens: list[Token] = []
    first: dict[str, str] = {}
    for row in table.rows:
        mpt, wt2 = row["mpt"], row["wt2"]
        if mpt and not _MPT.fullmatch(mpt):
            table.problem(row, "mpt", "is not a session token (32 hex digits; value not shown); copy it again")
        if not _WT2.fullmatch(wt2):
            table.problem(row, "wt2", "is not a login ticket (value not shown); copy it again or leave it empty")
        token = Token(mpt=SecretStr(mpt), wt2=SecretStr(wt2))
        twin = first.setdefault(token.fingerprint, row.place)
        if mpt and twin != row.place:
            table.problem(row, "mpt", f"the same token as in {twin} (fingerprint {token.fingerprint}); remove one")
        tokens.append(token)
    table.refuse_problems()
    return tokens
