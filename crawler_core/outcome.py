"""What became of a page, and what to do about it: policy as data.

Every fetched page has exactly one ``Outcome``. ``POLICY`` maps it to an ``Action``; the crawl loop reads
nothing else, so a rule is changed and tested in this table without a network.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["POLICY", "Action", "IdentityEffect", "Outcome", "Stop"]


class Outcome(StrEnum):
    """The one word that decides everything about a page."""

    OK = "ok"
    """A page of records, and more may follow."""
    LAST = "last"
    """A page of records that the platform says is the last, or that completes its own count."""
    EMPTY = "empty"
    """An honest answer without records: nothing found, or past the end."""
    THROTTLED = "throttled"
    """Too fast: wait, then ask again. Not a ban."""
    BANNED = "banned"
    """This address or account is refused for a while."""
    CHALLENGE = "challenge"
    """A human check is demanded. It is never solved or bypassed: the crawl of the keyword stops."""
    TOKEN_EXPIRED = "token_expired"  # noqa: S105 - the name of an outcome
    """The token is no longer valid; another one may be."""
    SCHEMA_CHANGED = "schema_changed"
    """A well-formed answer that does not have the expected shape."""
    TRANSPORT = "transport"
    """No usable answer: refused, reset, timed out, 5xx, or a body that was cut off."""


class IdentityEffect(StrEnum):
    """What an outcome does to the identity that met it."""

    NONE = "none"
    COOL_DOWN = "cool_down"
    BAN = "ban"
    RETIRE = "retire"
    NEXT_TOKEN = "next_token"  # noqa: S105 - the name of an effect
    NEXT_PROXY = "next_proxy"


class Stop(StrEnum):
    """How an outcome ends the crawl of a keyword, if it does."""

    NO = "no"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Action:
    """What the crawl loop does after a page.

    Attributes:
        advances: the page counts: the checkpoint may move past it.
        attempts: how often the page may be fetched in all before the keyword fails with this outcome.
        identity: the effect on the identity that fetched it.
        stop: whether the keyword ends here.
        alert: whether somebody should know.
    """

    advances: bool
    attempts: int
    identity: IdentityEffect
    stop: Stop
    alert: bool


POLICY: dict[Outcome, Action] = {
    Outcome.OK: Action(True, 1, IdentityEffect.NONE, Stop.NO, alert=False),
    Outcome.LAST: Action(True, 1, IdentityEffect.NONE, Stop.DONE, alert=False),
    Outcome.EMPTY: Action(True, 1, IdentityEffect.NONE, Stop.DONE, alert=False),
    Outcome.THROTTLED: Action(False, 6, IdentityEffect.COOL_DOWN, Stop.NO, alert=False),
    Outcome.BANNED: Action(False, 4, IdentityEffect.BAN, Stop.NO, alert=True),
    Outcome.CHALLENGE: Action(False, 1, IdentityEffect.RETIRE, Stop.FAILED, alert=True),
    Outcome.TOKEN_EXPIRED: Action(False, 4, IdentityEffect.NEXT_TOKEN, Stop.NO, alert=False),
    Outcome.SCHEMA_CHANGED: Action(False, 1, IdentityEffect.NONE, Stop.FAILED, alert=True),
    Outcome.TRANSPORT: Action(False, 5, IdentityEffect.NEXT_PROXY, Stop.NO, alert=False),
}
