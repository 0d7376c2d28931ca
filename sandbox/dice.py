"""Deterministic draws: the only source of randomness in the sandbox.

What belongs here: hashing of a seed with named parts, and a small generator started from such a hash.
What does not: any knowledge of what is drawn.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from typing import Final, TypeVar

T = TypeVar("T")

_MASK: Final = (1 << 64) - 1
_GOLDEN: Final = 0x9E3779B97F4A7C15


def draw(seed: int, *parts: str | int) -> int:
    """A 64-bit number that depends on the seed and on every part, and on nothing else."""
    text = "\x1f".join([str(seed), *map(str, parts)])
    return int.from_bytes(blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big")


def fraction(seed: int, *parts: str | int) -> float:
    """A number in [0, 1) that depends on the seed and on every part."""
    return draw(seed, *parts) / 2.0**64


class Dice:
    """A SplitMix64 sequence: two dice made from equal parts roll equal numbers for ever."""

    __slots__ = ("_state",)

    def __init__(self, seed: int, *parts: str | int) -> None:
        self._state = draw(seed, *parts)

    def roll(self) -> int:
        """The next 64-bit number."""
        self._state = (self._state + _GOLDEN) & _MASK
        mixed = self._state
        mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & _MASK
        return mixed ^ (mixed >> 31)

    def below(self, limit: int) -> int:
        """A number in [0, limit)."""
        return self.roll() % limit

    def between(self, low: int, high: int) -> int:
        """A number in [low, high], both ends included."""
        return low + self.roll() % (high - low + 1)

    def unit(self) -> float:
        """A number in [0, 1)."""
        return self.roll() / 2.0**64

    def chance(self, probability: float) -> bool:
        """True with the given probability."""
        return self.unit() < probability

    def pick(self, choices: Sequence[T]) -> T:
        """One of the choices, all equally likely."""
        return choices[self.roll() % len(choices)]

    def sample(self, choices: Sequence[T], count: int) -> list[T]:
        """Up to `count` different positions of `choices`, in the order drawn."""
        left = list(choices)
        return [left.pop(self.roll() % len(left)) for _ in range(min(count, len(left)))]

    def weighted(self, table: Sequence[tuple[T, float]]) -> T:
        """One of the table's first members, as likely as its weight says."""
        mark = self.unit() * sum(weight for _, weight in table)
        for value, weight in table:
            mark -= weight
            if mark < 0:
                return value
        return table[-1][0]

    def digits(self, count: int) -> str:
        """`count` decimal digits."""
        return str(self.roll() % 10**count).zfill(count)

    def text(self, alphabet: str, count: int) -> str:
        """`count` characters of the alphabet."""
        size = len(alphabet)
        return "".join(alphabet[self.roll() % size] for _ in range(count))
