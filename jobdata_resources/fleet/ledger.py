"""The fleet's money: every start of instances is booked at its highest cost before it happens, and settled after.

    fleet-ledger/<day>/<number>.json            what may be spent        created in order, the number after the last
    fleet-ledger/<day>/<number>.settled.json    what was spent           written once

The bookings of a day have consecutive numbers, and a number can be created once: of two runs that read the same sum,
one books first and the other reads again. So the caps hold over all runs, and after a crash the booking stands.
Days are of Asia/Shanghai, the day of the booking.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

import msgspec

from crawler_core.landing import LandingZone
from crawler_core.values import SHANGHAI
from jobdata_resources.fleet.errors import CapReached
from jobdata_resources.fleet.plan import Offer
from jobdata_resources.fleet.settings import FleetSettings

__all__ = ["Booking", "Caps", "Ledger", "Spent", "day_total", "room"]

_ROOT = "fleet-ledger"
_TRIES = 100


class Booking(msgspec.Struct, frozen=True, kw_only=True):
    """Instances that may be started, at most this many, this long, at this price.

    Attributes:
        number: within its day, from 1.
        at: RFC 3339 with zone; what ``RunInstances`` is told derives from it, so a repeat is the same request.
        price: CNY an hour, an upper bound.
    """

    day: str
    number: int
    board: str
    at: str
    instances: int
    hours: float
    price: float
    zone: str = ""
    vswitch: str = ""
    type: str = ""

    @property
    def time(self) -> dt.datetime:
        """When it was made."""
        return dt.datetime.fromisoformat(self.at)

    @property
    def id(self) -> str:
        """Day and number: the instances carry it as a tag."""
        return f"{self.day}.{self.number}"


class Spent(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a booking, or of a day: instances, their hours together, CNY."""

    instances: int = 0
    hours: float = 0.0
    cost: float = 0.0

    def plus(self, other: Spent) -> Spent:
        """Both together."""
        return Spent(
            instances=self.instances + other.instances, hours=self.hours + other.hours, cost=self.cost + other.cost
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Caps:
    """What a day may hold."""

    instances: int
    hours: float
    cost: float

    @classmethod
    def of(cls, settings: FleetSettings) -> Caps:
        """From the settings."""
        return cls(
            instances=settings.fleet_instances_per_day,
            hours=settings.fleet_hours_per_day,
            cost=settings.fleet_cost_per_day,
        )


def day_total(entries: Iterable[tuple[Booking, Spent | None]]) -> Spent:
    """What a day holds: what was settled, and of the rest what was booked."""
    total = Spent()
    for booking, spent in entries:
        hours = booking.instances * booking.hours
        booked = Spent(instances=booking.instances, hours=hours, cost=hours * booking.price)
        total = total.plus(spent or booked)
    return total


def room(total: Spent, caps: Caps, *, hours: float, price: float) -> int:
    """How many more instances of a life and price a day has room for."""
    by_count = caps.instances - total.instances
    by_hours = (caps.hours - total.hours) / hours
    by_cost = (caps.cost - total.cost) / (hours * price)
    return max(0, int(min(by_count, by_hours + 1e-9, by_cost + 1e-9)))


class Ledger:
    """The ledger of a landing zone."""

    def __init__(self, zone: LandingZone, caps: Caps) -> None:
        self._zone = zone
        self._caps = caps

    def book(
        self, now: dt.datetime, *, board: str, instances: int, hours: float, price: float, offer: Offer
    ) -> Booking:
        """Book up to ``instances``; fewer when the day has room for fewer.

        Raises:
            CapReached: it has room for none; names the cap and its setting.
        """
        day = now.astimezone(SHANGHAI).date().isoformat()
        for _ in range(_TRIES):
            entries = self.entries(day)
            total = day_total(entries)
            amount = min(instances, room(total, self._caps, hours=hours, price=price))
            if amount < 1:
                raise CapReached(self._why(day, total, hours, price))
            booking = Booking(
                day=day,
                number=len(entries) + 1,
                board=board,
                at=now.isoformat(timespec="milliseconds"),
                instances=amount,
                hours=hours,
                price=price,
                zone=offer.zone,
                vswitch=offer.vswitch,
                type=offer.type,
            )
            if self._zone.create(f"{_ROOT}/{day}/{booking.number:05d}.json", msgspec.json.encode(booking)):
                return booking
        raise CapReached(f"the ledger of {day} is booked by others faster than it can be read; try again later")

    def settle(self, booking: Booking, spent: Spent) -> None:
        """Put what was spent in the place of what was booked; the first word stands."""
        self._zone.create(f"{_ROOT}/{booking.day}/{booking.number:05d}.settled.json", msgspec.json.encode(spent))

    def entries(self, day: str) -> list[tuple[Booking, Spent | None]]:
        """A day's bookings in order, each with what came of it if that is known."""
        bookings: dict[str, Booking] = {}
        spent: dict[str, Spent] = {}
        for path in self._zone.paths(f"{_ROOT}/{day}"):
            number, _, kind = path.rsplit("/", 1)[1].partition(".")
            data = self._zone.get(path) or b"{}"
            if kind == "json":
                bookings[number] = msgspec.json.decode(data, type=Booking)
            else:
                spent[number] = msgspec.json.decode(data, type=Spent)
        return [(booking, spent.get(number)) for number, booking in sorted(bookings.items())]

    def total(self, day: dt.date) -> Spent:
        """What a day holds."""
        return day_total(self.entries(day.isoformat()))

    def open_bookings(self, board: str, today: dt.date) -> list[Booking]:
        """Bookings of a board that are not settled, of today and the day before."""
        days = [(today - dt.timedelta(days=1)).isoformat(), today.isoformat()]
        entries = [entry for day in days for entry in self.entries(day)]
        return [booking for booking, spent in entries if booking.board == board and spent is None]

    def _why(self, day: str, total: Spent, hours: float, price: float) -> str:
        caps = self._caps
        if total.instances >= caps.instances:
            return (
                f"{total.instances} instances are booked on {day}: FLEET_INSTANCES_PER_DAY={caps.instances} is reached"
            )
        if total.hours + hours > caps.hours:
            return (
                f"{total.hours:.1f} instance hours are booked on {day}, {hours:g} more would pass"
                f" FLEET_HOURS_PER_DAY={caps.hours:g}"
            )
        return (
            f"CNY {total.cost:.2f} are booked on {day}, {hours * price:.2f} more would pass"
            f" FLEET_COST_PER_DAY={caps.cost:g}"
        )
