"""What a mail about an incident tells, as a value that can be stored; and how secrets and length are kept out of it."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

from pydantic import SecretStr

__all__ = ["Story", "excerpt", "redactor"]

# Together these stay well below the 64 KB that a text column of MySQL holds, in Chinese too.
_HEAD_CHARS, _TAIL_CHARS = 3_000, 2_000
_HEADLINE_CHARS = 300
_FACTS = 20
_FACT_CHARS = 300
_SHORTEST_SECRET = 4

_PATTERNS = (
    # user:password@ in a URL
    (re.compile(r"(?P<keep>\b[a-z][a-z0-9+.-]*://[^\s:/@]*:)[^\s@/]+(?=@)", re.IGNORECASE), r"\g<keep>***"),
    (
        re.compile(r"(?P<keep>\b(?:authorization|cookie|set-cookie)\b[\"']?\s*[:=]\s*)[^\r\n]+", re.IGNORECASE),
        r"\g<keep>***",
    ),
    (
        re.compile(
            r"(?P<keep>\b[\w-]*(?:password|passwd|secret|api[_-]?key|access[_-]?key|token|mpt|wt2)[\"']?\s*[:=]\s*[\"']?)"
            r"[^\s\"',;&)}]+",
            re.IGNORECASE,
        ),
        r"\g<keep>***",
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """One incident in words.

    Attributes:
        headline: what happened, in one line.
        since: since when, zone-aware.
        affects: what it affects, more closely than its kind says; empty for that.
        detail: error text, or a list line by line.
        facts: further values, by name.
        run_id: the run that shows it; empty for none.
        times: how many runs have shown it.
        healed: in one line what showed that it is over.
    """

    headline: str
    since: dt.datetime
    affects: str = ""
    detail: str = ""
    facts: tuple[tuple[str, str], ...] = ()
    run_id: str = ""
    times: int = 1
    healed: str = ""

    def clean(self, redact: Callable[[str], str]) -> Story:
        """Without secrets, and short enough for a mail: head and tail of a long detail are kept."""
        return replace(
            self,
            headline=excerpt(" ".join(redact(self.headline).split()), _HEADLINE_CHARS, 0),
            affects=excerpt(redact(self.affects), _HEADLINE_CHARS, 0),
            detail=excerpt(redact(self.detail), _HEAD_CHARS, _TAIL_CHARS),
            facts=tuple((name, excerpt(redact(value), _FACT_CHARS, 0)) for name, value in self.facts[:_FACTS]),
            healed=excerpt(redact(self.healed), _HEADLINE_CHARS, 0),
        )

    def dump(self) -> str:
        """As JSON."""
        values: dict[str, Any] = {name: getattr(self, name) for name in self.__slots__}
        return json.dumps(values | {"since": self.since.isoformat()}, ensure_ascii=False)

    @classmethod
    def parse(cls, text: str) -> Story:
        """From JSON.

        Raises:
            ValueError, KeyError, TypeError: it was not written by ``dump``.
        """
        values = json.loads(text)
        values["since"] = dt.datetime.fromisoformat(values["since"])
        values["facts"] = tuple((str(name), str(value)) for name, value in values["facts"])
        return cls(**values)


def excerpt(text: str, head: int, tail: int) -> str:
    """The first and last characters of a long text, and how many are left out in between."""
    left_out = len(text) - head - tail
    if left_out <= 0:
        return text
    if not tail:
        return f"{text[: head - 1]}…"
    return f"{text[:head]}\n… {left_out:,} characters left out …\n{text[-tail:]}"


def redactor(secrets: Iterable[SecretStr | None]) -> Callable[[str], str]:
    """A function that takes these values, and what looks like a secret, out of a text."""
    given = {secret.get_secret_value() for secret in secrets if secret is not None}
    # The longest first: one may be part of another.
    values = sorted((value for value in given if len(value) >= _SHORTEST_SECRET), key=len, reverse=True)

    def redact(text: str) -> str:
        for value in values:
            text = text.replace(value, "***")
        for pattern, put in _PATTERNS:
            text = pattern.sub(put, text)
        return text

    return redact
