"""Counters of what was asked and answered, for tests that look at a client from the other side.

What belongs here: counts by platform, address, token, call and outcome, and the shortest gap between two
requests of one address. What does not: decisions.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from sandbox.wire import Call, Clock


@dataclass(slots=True)
class _Identity:
    requests: int = 0
    last: float | None = None
    min_gap: float | None = None
    in_flight: int = 0
    max_in_flight: int = 0


@dataclass(slots=True)
class _PlatformCount:
    requests: int = 0
    calls: Counter[str] = field(default_factory=Counter)
    outcomes: Counter[str] = field(default_factory=Counter)
    identities: dict[str, _Identity] = field(default_factory=dict)
    tokens: Counter[str] = field(default_factory=Counter)
    signature_failures: int = 0
    postings: int = 0
    bytes_sent: int = 0


class Stats:
    """What came in and what went out since the start or the last `reset`."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._platforms: dict[str, _PlatformCount] = {}
        self.faults: Counter[str] = Counter()

    def reset(self) -> None:
        """Start all counts again."""
        self._platforms.clear()
        self.faults.clear()

    def _count(self, platform: str) -> _PlatformCount:
        count = self._platforms.get(platform)
        if count is None:
            count = self._platforms[platform] = _PlatformCount()
        return count

    def arrived(self, call: Call) -> None:
        """A request came in."""
        count, now = self._count(call.platform), self._clock()
        count.requests += 1
        count.calls[call.kind] += 1
        if call.token:
            count.tokens[call.token] += 1
        identity = count.identities.setdefault(call.egress, _Identity())
        identity.requests += 1
        identity.in_flight += 1
        identity.max_in_flight = max(identity.max_in_flight, identity.in_flight)
        if identity.last is not None:
            gap = now - identity.last
            identity.min_gap = gap if identity.min_gap is None else min(gap, identity.min_gap)
        identity.last = now

    def answered(self, call: Call, outcome: str, size: int) -> None:
        """An answer was made, with this outcome and this many bytes."""
        count = self._count(call.platform)
        count.outcomes[outcome] += 1
        count.bytes_sent += size
        if outcome == "bad_signature":
            count.signature_failures += 1
        identity = count.identities.get(call.egress)
        if identity is not None and identity.in_flight:
            identity.in_flight -= 1

    def listed(self, platform: str, postings: int) -> None:
        """Postings went out on a page."""
        self._count(platform).postings += postings

    def report(self) -> dict[str, Any]:
        """The counts as JSON."""
        return {
            "requests": sum(count.requests for count in self._platforms.values()),
            "faults_fired": dict(self.faults),
            "platforms": {
                name: {
                    "requests": count.requests,
                    "postings": count.postings,
                    "bytes_sent": count.bytes_sent,
                    "signature_failures": count.signature_failures,
                    "calls": dict(count.calls),
                    "outcomes": dict(count.outcomes),
                    "tokens": dict(count.tokens),
                    "identities": {
                        egress: {
                            "requests": one.requests,
                            "min_gap_seconds": one.min_gap,
                            "max_in_flight": one.max_in_flight,
                        }
                        for egress, one in sorted(count.identities.items())
                    },
                }
                for name, count in sorted(self._platforms.items())
            },
        }
