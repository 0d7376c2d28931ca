"""What is remembered of each instance of a board, beside the board: who it was, what it was told, what it cost.

fleet/<board>/roster/<instance>.json     seen for the first time             written once
fleet/<board>/command/<instance>.json    how often its node was started      replaced by the supervisor
fleet/<board>/spent/<instance>.json      when and why it ended               written once
fleet/<board>/supervisor/<number>.json   who supervises                      created, the highest rules
fleet/<board>/closed.json                nothing is left of it               written once
"""

from __future__ import annotations

import datetime as dt
from typing import Any, TypeVar

import msgspec

from crawler_core.fleet.board import ROOT
from crawler_core.landing import LandingZone

__all__ = ["Closing", "Command", "Ended", "Roster", "Seen", "boards", "open_boards"]

T = TypeVar("T")


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """An instance when it was first seen; ``price`` in CNY an hour, ``booking`` in the ledger."""

    instance: str
    zone: str
    type: str
    price: float
    booking: str
    started: dt.datetime


class Command(msgspec.Struct, frozen=True, kw_only=True):
    """The node program was sent ``times`` times, last ``at``; ``tokens``: fingerprints it was given."""

    times: int
    at: dt.datetime
    invocation: str = ""
    tokens: tuple[str, ...] = ()


class Ended(msgspec.Struct, frozen=True, kw_only=True):
    """The end of an instance; ``price`` is the highest seen in its life."""

    at: dt.datetime
    reason: str
    price: float
    addresses: tuple[str, ...] = ()


class Closing(msgspec.Struct, frozen=True, kw_only=True):
    """The sum of a board when it was closed."""

    at: dt.datetime
    reason: str
    instances: int
    hours: float
    cost: float
    pages: int
    keywords: int


class Roster:
    """The records of one board. What is written once is read once: looking at many instances takes few requests."""

    def __init__(self, zone: LandingZone, board: str) -> None:
        self._zone = zone
        self._folder = f"{ROOT}/{board}"
        self._known: dict[str, dict[str, Any]] = {"roster": {}, "command": {}, "spent": {}}

    def see(self, seen: Seen) -> bool:
        """Write an instance down; False when it is known."""
        return self._zone.create(f"{self._folder}/roster/{seen.instance}.json", msgspec.json.encode(seen))

    def seen(self) -> dict[str, Seen]:
        """Every instance there was."""
        return self._all("roster", Seen)

    def command(self, instance: str, command: Command) -> None:
        """Remember that the node program is being sent; before it is, so that a crash repeats rather than forgets."""
        self._zone.replace(f"{self._folder}/command/{instance}.json", msgspec.json.encode(command))
        self._known["command"][instance] = command  # nobody else replaces it while this supervisor rules

    def commands(self) -> dict[str, Command]:
        """What was sent to each instance."""
        return self._all("command", Command)

    def end(self, instance: str, ended: Ended) -> bool:
        """Write down that an instance ended; the first word stands."""
        return self._zone.create(f"{self._folder}/spent/{instance}.json", msgspec.json.encode(ended))

    def ended(self) -> dict[str, Ended]:
        """Every instance that ended."""
        return self._all("spent", Ended)

    def supervise(self, who: str) -> int:
        """Become the supervisor; the number to compare with ``supervisor``."""
        number = self.supervisor() + 1
        while not self._zone.create(f"{self._folder}/supervisor/{number:05d}.json", msgspec.json.encode({"who": who})):
            number += 1
        return number

    def supervisor(self) -> int:
        """The number of the youngest supervisor, 0 when there was none."""
        paths = self._zone.paths(f"{self._folder}/supervisor")
        return max((int(path.rsplit("/", 1)[1].removesuffix(".json")) for path in paths), default=0)

    def watch(self, at: dt.datetime) -> None:
        """The supervisor's sign of life."""
        self._zone.replace(f"{self._folder}/watched.json", msgspec.json.encode({"at": at}))

    def watched(self) -> dt.datetime | None:
        """When a supervisor last looked, None when none ever did."""
        data = self._zone.get(f"{self._folder}/watched.json")
        return None if data is None else msgspec.json.decode(data, type=dict[str, dt.datetime])["at"]

    def close(self, closing: Closing) -> None:
        """Say that nothing is left of the board; the first word stands."""
        self._zone.create(f"{self._folder}/closed.json", msgspec.json.encode(closing))

    def closed(self) -> Closing | None:
        """The sum, when it is closed."""
        data = self._zone.get(f"{self._folder}/closed.json")
        return None if data is None else msgspec.json.decode(data, type=Closing)

    def put_secret(self, instance: str, text: str) -> str:
        """Store the environment of a node for it to fetch; the path."""
        path = f"{self._folder}/env/{instance}"
        self._zone.replace(path, text.encode())
        return path

    def forget_secret(self, instance: str) -> None:
        """Remove it."""
        path = f"{self._folder}/env/{instance}"
        if self._zone.get(path) is not None:
            self._zone.delete(path)

    def _all(self, kind: str, shape: type[T]) -> dict[str, T]:
        known = self._known[kind]
        for path in self._zone.paths(f"{self._folder}/{kind}"):
            name = path.rsplit("/", 1)[1].removesuffix(".json")
            if name not in known and (data := self._zone.get(path)) is not None:
                known[name] = msgspec.json.decode(data, type=shape)
        return dict(known)


def boards(zone: LandingZone) -> list[str]:
    """Names of all boards."""
    return [folder.rsplit("/", 1)[1] for folder in zone.folders(ROOT)]


def open_boards(zone: LandingZone, prefix: str = "") -> list[str]:
    """Boards that begin so and are not closed: what a supervisor that starts again goes on with."""
    return [name for name in boards(zone) if name.startswith(prefix) and Roster(zone, name).closed() is None]
