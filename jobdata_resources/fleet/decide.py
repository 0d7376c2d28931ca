"""What a supervisor does next: a pure function of what it sees. Nothing here is remembered from the last look.

So a supervisor that starts again decides as the one before it would have, and what is decided is tested in a table.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

__all__ = ["Decision", "Limits", "Member", "decide"]

_STARTS = 2
"""How often the node program is sent to an instance before the instance is replaced: a command can be lost."""

_ENDING = ("Stopping", "Stopped")


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Times in seconds.

    Attributes:
        boot: an instance, and after that its node, has this long to appear.
        silent: a node without a sign of life for this long hangs.
        price: CNY an hour above which an instance is given up.
    """

    boot: float
    silent: float
    price: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """An instance as a supervisor sees it; ages in seconds.

    Attributes:
        status: the cloud's word: Pending, Starting, Running, Stopping, Stopped.
        recycling: the cloud has given notice.
        ready: it takes commands.
        starts: how often the node program was sent; ``start_age``: how long ago last.
        node: state of its newest node, empty when none was heard of; ``reason`` why that is gone.
        beat_age: since its last sign of life.
        price: what it costs now, CNY an hour.
    """

    id: str
    status: str
    age: float
    recycling: bool = False
    ready: bool = False
    starts: int = 0
    start_age: float = 0.0
    node: str = ""
    reason: str = ""
    beat_age: float = 0.0
    price: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What to do: instances to start a node on, to delete with the reason, and how many more to create."""

    start: tuple[str, ...] = ()
    delete: dict[str, str] = field(default_factory=dict)
    launch: int = 0


def decide(members: Sequence[Member], *, wanted: int, limits: Limits) -> Decision:
    """Decide about one look.

    An instance under notice still counts as long as its node drains, but its place is filled at once: the new one
    takes a minute to come. With nothing left to do (``wanted`` 0) everything is deleted.
    """
    if not wanted:
        return Decision(delete={member.id: _why_at_the_end(member) for member in members})
    start, delete, staying = [], {}, 0
    for member in members:
        reason = _why_delete(member, limits)
        if reason:
            delete[member.id] = reason
            continue
        if _needs_start(member, limits):
            start.append(member.id)
        staying += not member.recycling and member.node != "draining"
    return Decision(start=tuple(start), delete=delete, launch=max(0, wanted - staying))


def _why_delete(member: Member, limits: Limits) -> str:
    if member.node == "gone":
        return member.reason or "ended"
    if member.status in _ENDING:
        return "reclaimed" if member.recycling else "stopped"
    if member.node:
        if member.beat_age > limits.silent:
            return "reclaimed" if member.recycling else "hung"
    elif not member.starts:
        if member.age > limits.boot:
            return "did not start"
    elif member.starts >= _STARTS and member.start_age > limits.boot:
        return "silent since its start"
    if member.recycling and not member.node:
        return "reclaimed"
    return f"price {member.price:g} above the limit" if member.price > limits.price else ""


def _needs_start(member: Member, limits: Limits) -> bool:
    if member.node or member.status != "Running" or not member.ready:
        return False
    return not member.starts or (member.starts < _STARTS and member.start_age > limits.boot)


def _why_at_the_end(member: Member) -> str:
    if member.node == "gone":
        return member.reason or "ended"
    return "reclaimed" if member.recycling else "done"
