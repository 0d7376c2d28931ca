"""The pace of one identity: random delay, daily budget, cool-down, ``Retry-After``.

    ready ──begin──► busy ──finish──► waiting (random delay) ──► ready
      ▲                └─blocked──► resting (back-off or Retry-After, the longer) ──┐
      └─────────────────────────────────────────────────────────────────────────────┘

Every request passes here, retries included, so nothing can be sent around the delay. A burst counts once: answers to
requests that had begun before the last block are the same event and neither lengthen the rest nor the strike count.
State is in memory; the budget's past is given at the start (it is counted from landed pages).
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from crawler_core.clock import Clock

__all__ = ["Pace", "Pacer", "Permit"]

_MAX_DOUBLINGS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """The limits of an identity; times in seconds."""

    delay_min: float
    delay_max: float
    pages_per_day: int


@dataclass(frozen=True, slots=True)
class Permit:
    """The right to send one request, begun at a moment of the clock."""

    begun: float


class Pacer:
    """Paces one identity; see the module for the states."""

    def __init__(self, pace: Pace, clock: Clock, rng: Random, *, spent: int = 0) -> None:
        self._pace = pace
        self._clock = clock
        self._rng = rng
        self.spent = spent
        self.strikes = 0
        # A process that starts does not know when its predecessor last sent: it waits like after a request.
        self._ready_at = clock.monotonic() + rng.uniform(0, pace.delay_min)
        self._blocked_at = float("-inf")

    @property
    def budget_left(self) -> int:
        """Requests that may still be sent today."""
        return max(0, self._pace.pages_per_day - self.spent)

    def ready_in(self) -> float:
        """Seconds until the next request may begin, 0 when it may now."""
        return max(0.0, self._ready_at - self._clock.monotonic())

    def begin(self) -> Permit:
        """Take a permit: counts against the budget. The caller has waited for ``ready_in``."""
        self.spent += 1
        now = self._clock.monotonic()
        self._ready_at = max(self._ready_at, now + self._pace.delay_min)
        return Permit(now)

    def finish(self) -> None:
        """An answer came: the next request waits a random delay from now."""
        delay = self._rng.uniform(self._pace.delay_min, self._pace.delay_max)
        self._ready_at = max(self._ready_at, self._clock.monotonic() + delay)

    def succeeded(self) -> None:
        """A page counted: the next block starts from the shortest rest again."""
        self.strikes = 0

    def blocked(self, permit: Permit, base_seconds: float, retry_after: float | None = None) -> bool:
        """Rest after a throttle, a ban or a failed connection.

        The rest is ``base × 2^(strikes in a row)`` with up to a quarter of jitter, or ``retry_after`` if that is
        longer: ``Retry-After: 0`` cannot cancel the back-off.

        Returns:
            True when this was a new event, False when it belongs to a burst that was counted already.
        """
        if permit.begun <= self._blocked_at:
            return False
        now = self._clock.monotonic()
        self._blocked_at = now
        rest = base_seconds * 2 ** min(self.strikes, _MAX_DOUBLINGS) * self._rng.uniform(1.0, 1.25)
        self.strikes += 1
        self._ready_at = max(self._ready_at, now + max(rest, retry_after or 0.0))
        return True
