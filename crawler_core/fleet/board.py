"""The board of a fleet: what is to be crawled and who does it, as small JSON objects beside the landed pages.

    fleet/<board>/work/<id>.json          what is to be crawled                      written once
    fleet/<board>/log/<id>/<number>.json  what became of it, see ``work``            created, never replaced
    fleet/<board>/node/<node>.json        the newest sign of life of a node          replaced by that node only
    fleet/<board>/stop.json               nodes drain and end                        written once

Nothing is ever changed by two writers, so it needs of a store only that it refuses to create a name twice: a local
folder, S3 and what speaks S3 do; replacing under a condition they do not all know.
"""

from __future__ import annotations

import datetime as dt
import re
import threading
from collections.abc import Callable, Iterable
from typing import Literal, TypeVar

import msgspec

from crawler_core.crawl.report import CheckpointUpdate, KeywordReport
from crawler_core.errors import BadInput, LandingError
from crawler_core.fleet.work import Event, Standing, Work, claim, finish, next_claim, release, standing
from crawler_core.landing import LandingZone
from crawler_core.values import SHANGHAI

__all__ = ["ROOT", "Beat", "Board", "Claim", "NodeState", "valid_name"]

ROOT = "fleet"
"""Folder of all boards in the landing zone."""

NodeState = Literal["up", "draining", "gone"]

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_TRIES = 64

_T = TypeVar("_T")


class Beat(msgspec.Struct, frozen=True, kw_only=True):
    """A node's sign of life.

    Attributes:
        node: name of the process; a process that starts again is another node.
        instance: the machine it runs on.
        version: of the crawl library with its build; ``artefact``: sha256 of what was delivered.
        addresses: where its requests leave from.
        at: RFC 3339 with zone, the node's clock.
        state: ``gone`` is the last word: its claims are free at once.
        reason: why it drains or is gone: ``done``, ``stop``, ``reclaimed``, ``banned``, ``no_identity``, ``error``.
        closed: platforms it no longer crawls, with the reason.
        refused_tokens: fingerprint and reason of sessions the platform refused.
        progress: newest checkpoint of each keyword it crawls; ``pages``: requests it has landed.
    """

    node: str
    instance: str
    version: str
    artefact: str = ""
    addresses: tuple[str, ...] = ()
    at: str
    state: NodeState = "up"
    reason: str = ""
    detail: str = ""
    closed: dict[str, str] = msgspec.field(default_factory=dict)
    refused_tokens: dict[str, str] = msgspec.field(default_factory=dict)
    progress: tuple[CheckpointUpdate, ...] = ()
    pages: int = 0
    keywords: int = 0
    lease_seconds: float = 60.0

    @property
    def time(self) -> dt.datetime:
        """When it was written."""
        return dt.datetime.fromisoformat(self.at)

    def alive(self, now: dt.datetime) -> bool:
        """Whether its claims hold. Machines that share a board need clocks within a few seconds."""
        return self.state != "gone" and (now - self.time).total_seconds() <= self.lease_seconds


class Claim(msgspec.Struct, frozen=True, kw_only=True):
    """A work this process holds, with its fencing token."""

    work: Work
    token: int


def valid_name(name: str) -> str:
    """The name of a board or node, which is a folder or file name.

    Raises:
        BadInput: it is none.
    """
    if not _NAME.fullmatch(name):
        raise BadInput(f"{name!r} is no name of a board or node: use up to 100 letters, digits, '.', '_' and '-'")
    return name


class Board:
    """One board; every method reads or writes the store and blocks on it.

    Events are read once and remembered. Threads may share a board; their claims wait for one another.
    """

    def __init__(
        self,
        zone: LandingZone,
        name: str,
        *,
        now: Callable[[], dt.datetime] = lambda: dt.datetime.now(SHANGHAI),
    ) -> None:
        self.zone = zone
        self.name = valid_name(name)
        self.folder = f"{ROOT}/{name}"
        self._now = now
        self._works: dict[str, Work] = {}
        self._events: dict[str, list[Event]] = {}
        self._lock = threading.RLock()  # the remembered events of a work are in order and without a gap

    # ---- what is to be done

    def add(self, works: Iterable[Work]) -> int:
        """Put works on the board; those that are there stay as they are. Returns how many are new."""
        return sum(self.zone.create(f"{self.folder}/work/{work.id}.json", _encode(work)) for work in works)

    def read(self) -> dict[str, tuple[Work, Standing]]:
        """Every work with its standing, by id."""
        with self._lock:
            for path in self.zone.paths(f"{self.folder}/work"):
                name = path.rsplit("/", 1)[1].removesuffix(".json")
                if name not in self._works:
                    self._works[name] = self._get(path, Work)
            for path in self.zone.paths(f"{self.folder}/log"):
                _, name, number = path.removesuffix(".json").rsplit("/", 2)
                self._learn(name, int(number))
            return {name: (work, standing(self._events.get(name, []))) for name, work in sorted(self._works.items())}

    # ---- claims

    def take(self, node: str, platform: str | None = None) -> Claim | None:
        """Claim the next work of a platform, or of all; None when there is nothing to take now."""
        with self._lock:
            now, asked = self._now(), dict[str, bool]()

            def alive(holder: str) -> bool:
                """Asked only where nothing is open: as long as there is, no claim of others is looked at."""
                if holder not in asked:
                    asked[holder] = self.alive(holder)
                return asked[holder]

            board = {name: pair for name, pair in self.read().items() if platform in (None, pair[0].platform)}
            for _ in range(_TRIES):
                found = next_claim(board.values(), node, _text(now), alive=alive)
                if found is None:
                    return None
                work, before, event = found
                if self._append(work.id, before, event):
                    return Claim(work=work, token=before.seq + 1)
                board[work.id] = (work, self.refresh(work.id))
            return None

    def take_one(self, work: str, node: str) -> Claim | None:
        """Claim a certain work; None when it is not to be had."""
        with self._lock:
            before = self.refresh(work)
            event = claim(before, node, _text(self._now()), alive=self.alive)
            if event is None or not self._append(work, before, event):
                return None
            return Claim(work=self._works[work], token=before.seq + 1)

    def holds(self, claim: Claim) -> bool:
        """Whether the claim still stands: nobody has written the number after it. One request."""
        path = self._event_path(claim.work.id, claim.token + 1)
        return self.zone.get(path) is None

    def release(self, claim: Claim, reason: str) -> bool:
        """Give a work back; False when the claim does not stand any more."""
        with self._lock:
            before = self.refresh(claim.work.id)
            event = release(before, claim.token, _text(self._now()), reason)
            return event is not None and self._append(claim.work.id, before, event)

    def finish(self, claim: Claim, report: KeywordReport) -> bool:
        """End a work with its report; False when the claim does not stand any more."""
        with self._lock:
            before = self.refresh(claim.work.id)
            event = finish(before, claim.token, _text(self._now()), report)
            return event is not None and self._append(claim.work.id, before, event)

    def revoke(self, node: str, reason: str) -> list[Work]:
        """Take back all a node holds: its machine is gone or about to be. Returns the works."""
        freed = []
        for work, now in self.read().values():
            if now.holder == node and self.release(Claim(work=work, token=now.seq), reason):
                freed.append(work)
        return freed

    def refresh(self, work: str) -> Standing:
        """Read what was added to a work's log."""
        with self._lock:
            events = self._events.setdefault(work, [])
            while (data := self.zone.get(self._event_path(work, len(events) + 1))) is not None:
                events.append(msgspec.json.decode(data, type=Event))
            return standing(events)

    # ---- nodes

    def beat(self, beat: Beat) -> None:
        """Write a sign of life."""
        self.zone.replace(f"{self.folder}/node/{valid_name(beat.node)}.json", _encode(beat))

    def beats(self) -> list[Beat]:
        """The newest sign of life of every node, ordered by node."""
        return [self._get(path, Beat) for path in self.zone.paths(f"{self.folder}/node")]

    def alive(self, node: str) -> bool:
        """Whether a node's claims hold."""
        data = self.zone.get(f"{self.folder}/node/{node}.json")
        return data is not None and msgspec.json.decode(data, type=Beat).alive(self._now())

    def stop(self, reason: str) -> None:
        """Ask all nodes to drain and end."""
        self.zone.create(f"{self.folder}/stop.json", msgspec.json.encode({"reason": reason, "at": _text(self._now())}))

    @property
    def stopped(self) -> str:
        """Why the nodes are to end; empty while they are not."""
        data = self.zone.get(f"{self.folder}/stop.json")
        return str(msgspec.json.decode(data)["reason"]) if data is not None else ""

    # ---- the store

    def _append(self, work: str, before: Standing, event: Event) -> bool:
        if not self.zone.create(self._event_path(work, before.seq + 1), _encode(event)):
            return False
        self._events.setdefault(work, []).append(event)
        return True

    def _learn(self, work: str, number: int) -> None:
        events = self._events.setdefault(work, [])
        while len(events) < number:
            events.append(self._get(self._event_path(work, len(events) + 1), Event))

    def _event_path(self, work: str, number: int) -> str:
        return f"{self.folder}/log/{work}/{number:05d}.json"

    def _get(self, path: str, kind: type[_T]) -> _T:
        data = self.zone.get(path)
        if data is None:
            raise LandingError(f"{path} is gone under {self.zone.url}: somebody removed part of a board in use")
        try:
            return msgspec.json.decode(data, type=kind)
        except msgspec.MsgspecError as error:
            raise LandingError(f"{path} cannot be read: {error}; remove the folder {self.folder}") from error


def _text(now: dt.datetime) -> str:
    return now.isoformat(timespec="milliseconds")


def _encode(value: object) -> bytes:
    return msgspec.json.encode(value) + b"\n"
