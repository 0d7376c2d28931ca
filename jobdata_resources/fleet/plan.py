"""Where to start how many instances, and what that costs at most: pure functions of prices and settings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from jobdata_resources.fleet.ecs import Price

__all__ = ["Offer", "Plan", "make_plan", "spread", "wanted_instances"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A place where instances may be started: CNY an hour."""

    zone: str
    vswitch: str
    type: str
    price: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a fleet would be.

    Attributes:
        offers: places to try, in order; those above the price limit are in ``too_dear``.
        instances: how many are wanted.
        hours: life of an instance at most.
    """

    offers: tuple[Offer, ...]
    too_dear: tuple[Offer, ...]
    instances: int
    hours: float

    @property
    def cost(self) -> float:
        """CNY if all ran to the end of their life at the price of the first offer; 0 without an offer."""
        return round(self.instances * self.hours * self.offers[0].price, 2) if self.offers else 0.0


def make_plan(
    prices: Iterable[Price], *, vswitches: Mapping[str, str], price_limit: float, instances: int, hours: float
) -> Plan:
    """Order the places by price; equal prices by zone and type, so that a plan is the same when made again."""
    offers = [
        Offer(zone=price.zone, vswitch=vswitches[price.zone], type=price.type, price=price.price)
        for price in sorted(prices)
        if price.zone in vswitches
    ]
    return Plan(
        offers=tuple(offer for offer in offers if offer.price <= price_limit),
        too_dear=tuple(offer for offer in offers if offer.price > price_limit),
        instances=instances,
        hours=hours,
    )


def wanted_instances(open_works: Mapping[str, int], *, most: int, tokens: Mapping[str, int | None]) -> int:
    """How many instances the open works can keep busy.

    A node crawls one keyword of each platform at a time, so the platform with the most open works decides.

    Args:
        open_works: works that are not ended, by platform.
        most: instances at most.
        tokens: sessions of each platform that needs one; None where none is needed.
    """

    def busy(platform: str, count: int) -> int:
        have = tokens.get(platform)
        return count if have is None else min(count, have)

    return min(most, max((busy(platform, count) for platform, count in open_works.items()), default=0))


def spread(offers: Sequence[Offer], tried: Mapping[tuple[str, str], float], now: float, rest: float) -> list[Offer]:
    """The offers to try now: those that had no stock rest for a while. ``tried``: when they were, by zone and type."""
    return [offer for offer in offers if now - tried.get((offer.zone, offer.type), -rest) >= rest]
