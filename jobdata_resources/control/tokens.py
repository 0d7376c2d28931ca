"""Boss tokens: storing them, leasing them to one process at a time, and taking refused ones out of use.

State of a token::

    free ──lease──► leased ──release──► free
                      │  └──lease runs out──► free
                      └──invalidate──► invalid ──enable, or import with another wt2──► free

A lease is one ``UPDATE … WHERE`` on one row, so of several processes exactly one gets a token. Leases are compared
with the clock of the machine that asks; machines that share a store need clocks within a few seconds.
"""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from pydantic import SecretStr
from sqlalchemy import ColumnElement, CursorResult, or_, select, update
from sqlalchemy.orm import Session

from crawler_core.errors import BadInput
from crawler_core.values import Token
from jobdata_resources.control.columns import Clock
from jobdata_resources.control.database import Database
from jobdata_resources.control.errors import UnknownEntry
from jobdata_resources.control.keywords import ImportResult
from jobdata_resources.control.models import BossToken

__all__ = ["DEFAULT_LEASE", "StoreTokenSource", "TokenRecord", "add_tokens", "list_tokens", "set_active"]

DEFAULT_LEASE = dt.timedelta(hours=1)
"""How long a token stays with a process that died; one that lives renews."""

_CANDIDATES = 8
_REASON_CHARS = 255


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRecord:
    """A stored token without its secrets. Times are UTC; ``leased_until`` may be past: then it is free."""

    fingerprint: str
    active: bool
    invalid_reason: str
    invalid_at: dt.datetime | None
    leased_until: dt.datetime | None
    uses: int
    has_wt2: bool
    created_at: dt.datetime
    updated_at: dt.datetime


class StoreTokenSource:
    """A ``crawler_core.tokens.TokenSource`` on the control store.

    Each source holds its leases under an id of its own: a process whose lease ran out cannot release a token that
    another process holds by now.
    """

    def __init__(self, database: Database, clock: Clock, lease: dt.timedelta = DEFAULT_LEASE) -> None:
        self._database = database
        self._clock = clock
        self._lease = lease
        self._id = secrets.token_hex(16)

    def lease(self) -> Token | None:
        """The active, free token with the fewest uses; None when none is left.

        Raises:
            ControlStoreError: the database did not answer.
        """
        now = self._clock()
        while candidates := self._database.read(lambda session: _free(session, now)):
            for token_id in candidates:
                token = self._database.write(partial(self._take, token_id=token_id, now=now))
                if token is not None:
                    return token
        return None

    def renew(self) -> None:
        """Extend every lease of this source; call it more often than the lease is long (1 hour by default)."""
        now = self._clock()
        mine = (BossToken.lease_id == self._id, BossToken.active.is_(True))
        values = {"leased_until": now + self._lease, "updated_at": now}
        self._database.write(lambda session: session.execute(update(BossToken).where(*mine).values(**values)))

    def invalidate(self, token: Token, reason: str) -> None:
        """Take a refused token out of use, with reason and time."""
        for secret in (token.mpt.get_secret_value(), token.wt2.get_secret_value()):
            reason = reason.replace(secret, "***") if secret else reason
        now = self._clock()
        self._database.write(lambda session: _retire(session, token.fingerprint, reason, now))

    def release(self, token: Token) -> None:
        """Free a token that this source holds; does nothing when the lease is no longer its own."""
        now = self._clock()
        mine = (BossToken.fingerprint == token.fingerprint, BossToken.lease_id == self._id)
        values = {"leased_until": None, "lease_id": "", "updated_at": now}
        self._database.write(lambda session: session.execute(update(BossToken).where(*mine).values(**values)))

    def _take(self, session: Session, *, token_id: int, now: dt.datetime) -> Token | None:
        taken = session.execute(
            update(BossToken)
            .where(BossToken.id == token_id, *_is_free(now))
            .values(lease_id=self._id, leased_until=now + self._lease, uses=BossToken.uses + 1, updated_at=now)
            .execution_options(synchronize_session=False)
        )
        if not isinstance(taken, CursorResult) or taken.rowcount != 1:
            return None
        row = session.scalars(select(BossToken).where(BossToken.id == token_id)).one()
        return Token(mpt=SecretStr(row.mpt), wt2=SecretStr(row.wt2))


def add_tokens(session: Session, tokens: Sequence[Token], now: dt.datetime) -> ImportResult:
    """Store tokens. A known one with another ``wt2`` is updated and active again; otherwise it stays as it is.

    Raises:
        BadInput: a token is given twice.
    """
    seen: dict[str, int] = {}
    for number, token in enumerate(tokens, 1):
        first = seen.setdefault(token.fingerprint, number)
        if first != number:
            raise BadInput(f"token {token.fingerprint} is given twice: entries {first} and {number}")
    known = {row.fingerprint: row for row in session.scalars(select(BossToken).with_for_update())}
    added = updated = 0
    notes = []
    for token in tokens:
        mpt, wt2 = token.mpt.get_secret_value(), token.wt2.get_secret_value()
        row = known.get(token.fingerprint)
        if row is None:
            session.add(
                BossToken(mpt=mpt, wt2=wt2, fingerprint=token.fingerprint, active=True, created_at=now, updated_at=now)
            )
            added += 1
        elif row.mpt != mpt:  # eight hex digits: one in four billion
            raise BadInput(f"token {token.fingerprint}: another stored token has this fingerprint; get a new session")
        elif row.wt2 != wt2:
            row.wt2 = wt2
            _activate(row, now)
            updated += 1
        elif not row.active:
            notes.append(f"token {row.fingerprint} stays off: {row.invalid_reason}; see `jobdata token enable`")
    session.flush()
    return ImportResult(added=added, updated=updated, unchanged=len(tokens) - added - updated, notes=tuple(notes))


def set_active(session: Session, fingerprint: str, *, active: bool, reason: str, now: dt.datetime) -> None:
    """Take a token out of use by hand, or back into use.

    Raises:
        UnknownEntry: no token has this fingerprint.
    """
    row = session.scalars(select(BossToken).where(BossToken.fingerprint == fingerprint)).one_or_none()
    if row is None:
        raise UnknownEntry("no token has this fingerprint (value not shown); see `jobdata token list`")
    if active and not row.active:
        _activate(row, now)
    elif not active and row.active:
        _retire(session, fingerprint, reason, now)


def list_tokens(session: Session) -> list[TokenRecord]:
    """All tokens, in the order they were added."""
    return [
        TokenRecord(
            fingerprint=row.fingerprint,
            active=row.active,
            invalid_reason=row.invalid_reason,
            invalid_at=row.invalid_at,
            leased_until=row.leased_until,
            uses=row.uses,
            has_wt2=bool(row.wt2),
            created_at=row.created_at,
            updated_at=row.updated_at,
        )
        for row in session.scalars(select(BossToken).order_by(BossToken.id))
    ]


def _is_free(now: dt.datetime) -> tuple[ColumnElement[bool], ...]:
    return BossToken.active.is_(True), or_(BossToken.leased_until.is_(None), BossToken.leased_until <= now)


def _free(session: Session, now: dt.datetime) -> list[int]:
    query = select(BossToken.id).where(*_is_free(now)).order_by(BossToken.uses, BossToken.id)
    return list(session.scalars(query.limit(_CANDIDATES)))


def _activate(row: BossToken, now: dt.datetime) -> None:
    row.active, row.invalid_reason, row.invalid_at = True, "", None
    row.lease_id, row.leased_until, row.updated_at = "", None, now


def _retire(session: Session, fingerprint: str, reason: str, now: dt.datetime) -> None:
    session.execute(
        update(BossToken)
        .where(BossToken.fingerprint == fingerprint, BossToken.active.is_(True))
        .values(
            active=False,
            invalid_reason=reason[:_REASON_CHARS],
            invalid_at=now,
            lease_id="",
            leased_until=None,
            updated_at=now,
        )
        .execution_options(synchronize_session=False)
    )
