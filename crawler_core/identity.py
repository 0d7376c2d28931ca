"""Who asks: an address or proxy, with a token where the platform needs one, its pace and its connection.

    usable ──retire──► retired (challenge, no token left, budget spent)

One request at a time per identity. ``IdentityPool`` hands out the identity that may send first and takes it back.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Iterable
from random import Random

from crawler_core.clock import Clock
from crawler_core.errors import BudgetSpent, NoIdentity, NoToken
from crawler_core.pacer import Pacer
from crawler_core.proxy import Proxy
from crawler_core.tokens import TokenSource
from crawler_core.transport import Transport
from crawler_core.values import Token

__all__ = ["Identity", "IdentityPool"]

_PATIENCE_SECONDS = 30.0
"""Rests up to this long are waited for although other identities are in use: ordinary delays are shorter."""


class Identity:
    """One identity of one platform.

    Attributes:
        egress: the address or proxy label its requests leave from.
        rotates: each new connection leaves from another address.
        client_id: stable UUID sent where a platform expects a browser id.
        retired: why it is not used any more, empty while it is.
    """

    def __init__(
        self,
        egress: str,
        transport: Transport,
        pacer: Pacer,
        rng: Random,
        *,
        tokens: TokenSource | None,
        proxy: Proxy | None,
    ) -> None:
        self.egress = egress
        self.transport = transport
        self.pacer = pacer
        self.rotates = proxy is not None and proxy.rotates
        self.client_id = str(uuid.UUID(int=rng.getrandbits(128), version=4))
        self.token: Token | None = None
        self.retired = ""
        self._tokens = tokens

    def __str__(self) -> str:
        return f"{self.egress}#{self.token.fingerprint}" if self.token else self.egress

    @property
    def secrets(self) -> tuple[str, ...]:
        """The secret values its requests carry."""
        if self.token is None:
            return ()
        values = (self.token.mpt.get_secret_value(), self.token.wt2.get_secret_value())
        return tuple(value for value in values if value)

    def ensure_token(self) -> None:
        """Lease a token if the platform needs one and none is held; without any left the identity retires."""
        if self._tokens is not None and self.token is None:
            self.token = self._tokens.lease()
            if self.token is None:
                self.retired = "no token"

    def next_token(self, reason: str) -> None:
        """The platform refused the token: mark it and take the next one."""
        if self._tokens is not None and self.token is not None:
            self._tokens.invalidate(self.token, reason)
            self.token = None
            self.ensure_token()

    async def close(self) -> None:
        """Give the token back and close the connection."""
        if self._tokens is not None and self.token is not None:
            self._tokens.release(self.token)
            self.token = None
        await self.transport.close()


class IdentityPool:
    """The identities of one crawl."""

    def __init__(self, identities: Iterable[Identity], clock: Clock, *, max_wait_seconds: float) -> None:
        self.identities = list(identities)
        self._free = set(self.identities)
        self._clock = clock
        self._max_wait = max_wait_seconds
        self._changed = asyncio.Condition()

    async def acquire(self, preferred: Identity | None = None) -> Identity:
        """Take an identity and wait until it may send.

        The preferred one is kept unless another could send clearly earlier, so a search normally stays with one
        identity.

        Raises:
            NoToken, BudgetSpent, NoIdentity: none can send within ``max_wait_seconds``; says why.
        """
        if (
            preferred is not None
            and preferred in self._free
            and self._able(preferred)
            and not preferred.pacer.ready_in()
        ):
            # The ordinary case without the choice among all: searches stay with their identity.
            self._free.discard(preferred)
            return preferred
        async with self._changed:
            while True:
                for identity in self._free:
                    self._able(identity)
                usable = [identity for identity in self.identities if not identity.retired]
                if not usable:
                    raise self._none_left()
                waits = sorted(identity.pacer.ready_in() for identity in usable)
                if waits[0] > self._max_wait:
                    raise NoIdentity(
                        f"every identity rests for at least {waits[0]:.0f} s (blocked or throttled);"
                        " run again later: landed pages are kept"
                    )
                free = [identity for identity in usable if identity in self._free]
                chosen = self._choose(free, preferred)
                if chosen is not None:
                    self._free.discard(chosen)
                    break
                await self._changed.wait()
        try:
            while (seconds := chosen.pacer.ready_in()) > 0:
                await self._clock.sleep(seconds)
        except BaseException:
            await self.release(chosen)
            raise
        return chosen

    def _choose(self, free: list[Identity], preferred: Identity | None) -> Identity | None:
        if not free:
            return None
        first = min(free, key=lambda identity: identity.pacer.ready_in())
        in_use = any(not identity.retired for identity in self.identities if identity not in self._free)
        if in_use and first.pacer.ready_in() > _PATIENCE_SECONDS:
            # This one rests from a block; one that is in use comes back sooner.
            return None
        if preferred in free and preferred.pacer.ready_in() <= 2 * max(first.pacer.ready_in(), 1.0):
            return preferred
        return first

    async def release(self, identity: Identity) -> None:
        """Give an identity back after its request."""
        async with self._changed:
            self._free.add(identity)
            self._changed.notify_all()

    async def close(self) -> None:
        """Close every identity."""
        for identity in self.identities:
            await identity.close()

    @staticmethod
    def _able(identity: Identity) -> bool:
        """Whether it may send at all; retires it when it holds no token and gets none, or has spent its budget."""
        if not identity.retired:
            identity.ensure_token()
        if not identity.retired and identity.pacer.budget_left == 0:
            identity.retired = "budget spent"
        return not identity.retired

    def _none_left(self) -> NoIdentity:
        reasons = sorted({identity.retired for identity in self.identities})
        if reasons == ["no token"]:
            return NoToken("no active Boss token is left; add some with `jobdata token import FILE` or BOSS_TOKENS")
        if reasons == ["budget spent"]:
            return BudgetSpent(
                "every identity has spent IDENTITY_PAGES_PER_DAY; run again tomorrow, or add addresses or proxies"
            )
        return NoIdentity(f"no identity is left to crawl with ({', '.join(reasons) or 'none configured'})")
