"""The pool of Boss mini-program tokens: which exist, how long each lasts, and which have run out.

What belongs here: token values, use counts and expiry by use or by time (WIRE 1.1 `mpt`, `wt2`). What does not:
the error a dead token gets; see `boss`. How long a real `mpt` lasts is not known (WIRE 12).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sandbox.dice import Dice
from sandbox.wire import Clock

_LIVES: Final[tuple[tuple[int | None, float | None], ...]] = (
    # uses, seconds
    (None, None),
    (None, None),
    (None, None),
    (None, 1_800.0),
    (50_000, None),
    (10_000, None),
    (2_000, None),
    (500, 600.0),
)
_ALPHABET: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"


@dataclass(slots=True)
class Token:
    """One session token. `max_uses` and `seconds` None: without end."""

    mpt: str
    wt2: str
    max_uses: int | None
    seconds: float | None
    born: float
    uses: int = 0
    expired: bool = False


class TokenPool:
    """All tokens of a seed. A token lives from the start, or the last `reset`, of the pool."""

    def __init__(self, seed: int, clock: Clock, count: int = len(_LIVES)) -> None:
        self._seed = seed
        self._clock = clock
        self._count = count
        self._tokens: dict[str, Token] = {}
        self.reset()

    def reset(self) -> None:
        """All tokens new again, with the same values."""
        now = self._clock()
        self._tokens.clear()
        for number in range(self._count):
            dice = Dice(self._seed, "token", number)
            uses, seconds = _LIVES[number % len(_LIVES)]
            token = Token(f"{dice.roll():016x}{dice.roll():016x}", f"D{dice.text(_ALPHABET, 42)}~~", uses, seconds, now)
            self._tokens[token.mpt] = token

    def alive(self, mpt: str) -> Token | None:
        """The token when it exists and has not run out."""
        token = self._tokens.get(mpt)
        if token is None or token.expired:
            return None
        if token.max_uses is not None and token.uses >= token.max_uses:
            return None
        if token.seconds is not None and self._clock() >= token.born + token.seconds:
            return None
        return token

    def expire(self, mpt: str) -> bool:
        """End a token's life now; False when there is no such token."""
        token = self._tokens.get(mpt)
        if token is not None:
            token.expired = True
        return token is not None

    def valid(self) -> list[dict[str, str]]:
        """The tokens that can be used now, as a client's token file has them."""
        return [{"mpt": mpt, "wt2": token.wt2} for mpt, token in self._tokens.items() if self.alive(mpt)]
