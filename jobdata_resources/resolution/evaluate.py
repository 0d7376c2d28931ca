"""How good a partition is, by pairs: of the pairs put together, how many belong together, and the reverse."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from math import comb
from typing import TypeVar

__all__ = ["Score", "evaluate"]

K = TypeVar("K", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Score:
    """Pairwise figures. ``precision`` and ``recall`` are 1 when there is no pair to be wrong about."""

    together: int
    """Pairs that both partitions put together."""
    predicted: int
    """Pairs that the prediction puts together."""
    true: int
    """Pairs that belong together."""

    @property
    def precision(self) -> float:
        """Share of predicted pairs that are true."""
        return self.together / self.predicted if self.predicted else 1.0

    @property
    def recall(self) -> float:
        """Share of true pairs that were predicted."""
        return self.together / self.true if self.true else 1.0


def evaluate(predicted: Mapping[K, Hashable], truth: Mapping[K, Hashable]) -> Score:
    """Compare two partitions, given as item to group, over the items of the truth.

    Counting by groups is linear in the items; pairs are never listed. An item that the prediction lacks is a group
    of its own.
    """
    groups = {item: predicted.get(item, ("alone", item)) for item in truth}
    return Score(
        together=_pairs(Counter((groups[item], truth[item]) for item in truth)),
        predicted=_pairs(Counter(groups.values())),
        true=_pairs(Counter(truth.values())),
    )


def _pairs(sizes: Counter[Hashable] | Counter[tuple[Hashable, Hashable]]) -> int:
    return sum(comb(size, 2) for size in sizes.values())
