"""The keyword as a validated value: one spelling, one identity, one folder name.

A keyword is a Dagster partition key, a row of the control store, a request parameter and a folder of the
landing zone. Dagster accepts ``a|b`` as a dynamic key and then silently hides it; case twins such as
``Java``/``JAVA`` would be two partitions of one search. Both are stopped here, once.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from urllib.parse import quote

from crawler_core.errors import BadKeyword

__all__ = ["MAX_PATH_BYTES", "Keyword"]

MAX_PATH_BYTES = 240
"""Longest percent-encoded keyword: a folder name may have 255 bytes and ``keyword=`` takes eight."""

_SPACES = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Keyword:
    """A search keyword.

    Attributes:
        text: the spelling sent to the platform and used as partition key: NFKC, trimmed, single spaces.
        key: its identity, case-insensitive; two keywords are the same search when their keys are equal.
    """

    text: str
    key: str

    @classmethod
    def parse(cls, raw: str) -> Keyword:
        """Validate and normalise a keyword.

        Raises:
            BadKeyword: empty, too long, or holding ``|``, ``...`` or a control character.
        """
        if any(unicodedata.category(char) in ("Cc", "Cs", "Co", "Cn") for char in raw.strip()):
            raise BadKeyword(f"keyword {raw!r}: control characters are not allowed; remove them")
        text = _SPACES.sub(" ", unicodedata.normalize("NFKC", raw)).strip()
        if not text:
            raise BadKeyword(f"keyword {raw!r} is empty; give at least one visible character")
        if "|" in text:
            raise BadKeyword(f"keyword {raw!r}: '|' separates partition dimensions in Dagster; use another character")
        if "..." in text:
            raise BadKeyword(f"keyword {raw!r}: '...' marks a partition range in Dagster; write it out")
        if text in (".", ".."):
            raise BadKeyword(f"keyword {raw!r} is not a folder name; give at least one letter or digit")
        keyword = cls(text=text, key=text.casefold())
        if len(keyword.path) > MAX_PATH_BYTES:
            raise BadKeyword(
                f"keyword {raw!r} takes {len(keyword.path)} bytes as a folder name, at most {MAX_PATH_BYTES};"
                " shorten it (a Chinese character takes nine)"
            )
        return keyword

    @property
    def path(self) -> str:
        """The percent-encoded form used as a folder name; injective, and decoded by ``from_path``."""
        return quote(self.text, safe="")

    def __str__(self) -> str:
        return self.text
