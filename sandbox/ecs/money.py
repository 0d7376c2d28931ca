"""Prices that move, and the bill: the truth about what instances cost.

What belongs here: the price of a type in a zone at any time, and cost over a span. What does not: who runs when.
A price is constant within a step of `price_step_seconds`; what the control listener sets holds from then on.
"""

from __future__ import annotations

import math
from bisect import bisect_right, insort
from dataclasses import dataclass

from sandbox.dice import fraction
from sandbox.ecs.config import EcsConfig, Offer


@dataclass(slots=True)
class Span:
    """A time in which an instance is paid for. `end` is None while it lasts. Seconds since the epoch."""

    start: float
    end: float | None = None


class Prices:
    """Spot prices in CNY an hour, by zone, type and time."""

    def __init__(self, config: EcsConfig) -> None:
        self._seed = config.seed
        self._step = config.price_step_seconds
        self._offers = {(offer.zone, offer.type): offer for offer in config.offers}
        self._set: dict[tuple[str, str], list[tuple[float, float]]] = {}

    def offer(self, zone: str, kind: str) -> Offer | None:
        """What a zone sells of a type, if anything."""
        return self._offers.get((zone, kind))

    def set(self, zone: str, kind: str, price: float, now: float) -> None:
        """Fix a price from now on; raises ValueError for what is not sold."""
        if (zone, kind) not in self._offers:
            raise ValueError(f"zone {zone!r} sells no type {kind!r}")
        insort(self._set.setdefault((zone, kind), []), (now, price))

    def spot(self, zone: str, kind: str, at: float) -> float:
        """The market price at a time."""
        fixed = self._set.get((zone, kind), [])
        place = bisect_right(fixed, (at, math.inf))
        if place:
            return fixed[place - 1][1]
        offer = self._offers[zone, kind]
        swing = 0.7 + 0.6 * fraction(self._seed, "price", zone, kind, int(at // self._step))
        return round(min(offer.price, offer.price * offer.spot * swing), 4)

    def list_price(self, zone: str, kind: str) -> float:
        """The price without a spot market."""
        return self._offers[zone, kind].price

    def cost(self, zone: str, kind: str, start: float, end: float, *, spot: bool) -> float:
        """CNY for a span, by the second."""
        if not spot:
            return (end - start) / 3600.0 * self.list_price(zone, kind)
        total, at = 0.0, start
        while at < end:
            until = min(end, self._next_change(zone, kind, at))
            total += (until - at) / 3600.0 * self.spot(zone, kind, at)
            at = until
        return total

    def changes(self, zone: str, kind: str, start: float, end: float) -> list[tuple[float, float]]:
        """(time, price) from `start` to `end`, both ends' prices included, newest first."""
        found, at = [(start, self.spot(zone, kind, start))], start
        while (at := self._next_change(zone, kind, at)) <= end:
            found.append((at, self.spot(zone, kind, at)))
        return found[::-1]

    def _next_change(self, zone: str, kind: str, at: float) -> float:
        fixed = self._set.get((zone, kind), [])
        place = bisect_right(fixed, (at, math.inf))
        next_set = fixed[place][0] if place < len(fixed) else math.inf
        next_step = math.inf if place else (at // self._step + 1) * self._step
        return min(next_set, next_step)
