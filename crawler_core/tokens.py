"""Where session tokens come from: a small protocol, and the source of a node that has no control store."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import Protocol

from pydantic import SecretStr

from crawler_core.errors import BadSetting
from crawler_core.values import Token

__all__ = ["ListTokenSource", "TokenSource", "parse_tokens"]


class TokenSource(Protocol):
    """Hands out tokens, one user at a time; called from one thread."""

    def lease(self) -> Token | None:
        """An active token that nobody else uses, None when none is left."""
        ...

    def invalidate(self, token: Token, reason: str) -> None:
        """The platform refused the token: it must not be handed out again."""
        ...

    def release(self, token: Token) -> None:
        """The token is free for others."""
        ...


class ListTokenSource:
    """Tokens from memory, handed out in turn. State ends with the process."""

    def __init__(self, tokens: Iterable[Token]) -> None:
        self._free = deque(tokens)
        self.invalid: list[tuple[str, str]] = []

    @property
    def count(self) -> int:
        """Tokens that nobody uses."""
        return len(self._free)

    def lease(self) -> Token | None:
        """The token that has been free for longest."""
        return self._free.popleft() if self._free else None

    def invalidate(self, token: Token, reason: str) -> None:
        """Remember the refusal by fingerprint; the token is not handed out again."""
        self.invalid.append((token.fingerprint, reason))

    def release(self, token: Token) -> None:
        """Put it at the end of the line."""
        self._free.append(token)


def parse_tokens(value: SecretStr | None) -> ListTokenSource:
    """Read ``BOSS_TOKENS``: ``mpt[:wt2]`` separated by commas.

    Raises:
        BadSetting: an entry without ``mpt``; its position is named, never its text.
    """
    tokens = []
    text = value.get_secret_value() if value else ""
    for position, entry in enumerate((part.strip() for part in text.split(",")), start=1):
        if not entry:
            continue
        mpt, _, wt2 = entry.partition(":")
        if not mpt:
            raise BadSetting(f"BOSS_TOKENS entry {position} has no mpt before ':'; write mpt[:wt2]")
        tokens.append(Token(mpt=SecretStr(mpt), wt2=SecretStr(wt2)))
    return ListTokenSource(tokens)
