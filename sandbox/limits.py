"""Limits per address and per token, and the bans that follow from passing them.

What belongs here: sliding windows, pages a day, bans that heal. What does not: how a refusal looks on the wire;
each platform words it (`refuse_ban`, `refuse_token`). Time comes from an injected clock, in seconds.

Two lines are drawn for an address. Above the soft one a request is turned away with 429 and `Retry-After`, and
costs nothing. Above the hard one, which counts the turned-away requests too, the address is banned for a time.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, fields
from enum import Enum
from typing import Any

from sandbox.wire import Call, Clock


@dataclass(frozen=True, slots=True)
class LimitSettings:
    """The lines; None is no line. Counts are per platform and address, or per platform and token."""

    pages_per_minute: int | None = 6_000
    ban_above_per_minute: int | None = 12_000
    pages_per_day: int | None = None
    ban_seconds: float = 60.0
    token_pages_per_minute: int | None = None
    token_pages_per_day: int | None = None

    def changed(self, values: dict[str, Any]) -> LimitSettings:
        """A copy with some fields replaced; raises ValueError for an unknown name or a wrong value."""
        known = {item.name: getattr(self, item.name) for item in fields(self)}
        for name, value in values.items():
            if name not in known:
                raise ValueError(f"unknown limit {name!r}; known: {', '.join(known)}")
            if value is None and name != "ban_seconds":
                known[name] = None
            elif isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
                raise ValueError(f"limit {name!r} must be a number of at least 0, got {value!r}")
            else:
                known[name] = value if name == "ban_seconds" else int(value)
        return LimitSettings(**known)


class Refusal(Enum):
    """Why a request is turned away."""

    BANNED = "banned"
    THROTTLED = "throttled"
    LOGIN_THROTTLED = "login_throttled"
    LOGIN_FLAGGED = "login_flagged"


@dataclass(frozen=True, slots=True)
class Verdict:
    """Admitted when `refusal` is None; otherwise how long until the same request would pass, if that is known."""

    refusal: Refusal | None = None
    retry_after: float = 0.0


class _Window:
    """The moments of the last minute."""

    __slots__ = ("_moments",)

    def __init__(self) -> None:
        self._moments: deque[float] = deque()

    def count(self, now: float) -> int:
        while self._moments and self._moments[0] <= now - 60.0:
            self._moments.popleft()
        return len(self._moments)

    def add(self, now: float) -> None:
        self._moments.append(now)

    def wait(self, now: float, limit: int) -> float:
        """Seconds until fewer than `limit` moments are left, if none is added."""
        if limit <= 0:
            return 60.0
        return max(0.0, self._moments[len(self._moments) - limit] + 60.0 - now)

    def clear(self) -> None:
        self._moments.clear()


class Limits:
    """Counts requests and decides on them. The day is the market's, so moving the market opens a new day."""

    def __init__(self, settings: LimitSettings, clock: Clock) -> None:
        self.settings = settings
        self._clock = clock
        self._asked: dict[tuple[str, str], _Window] = {}
        self._passed: dict[tuple[str, str], _Window] = {}
        self._daily: dict[tuple[str, str, str], int] = {}
        self._day = ""
        self._banned_until: dict[tuple[str, str], float] = {}
        self.bans = 0

    def reset(self) -> None:
        """Forget every count and every ban."""
        self._asked.clear()
        self._passed.clear()
        self._daily.clear()
        self._banned_until.clear()

    def new_day(self, day: str) -> None:
        """Start the counts of a day, if it is another one."""
        if day != self._day:
            self._day = day
            self._daily.clear()

    def ban(self, platform: str, egress: str, seconds: float | None = None) -> None:
        """Ban an address on one platform, for the configured time unless told otherwise."""
        length = self.settings.ban_seconds if seconds is None else seconds
        self._banned_until[platform, egress] = self._clock() + length
        self.bans += 1

    def banned(self) -> list[dict[str, Any]]:
        """The bans in force."""
        now = self._clock()
        return [
            {"platform": platform, "egress": egress, "seconds_left": round(until - now, 3)}
            for (platform, egress), until in sorted(self._banned_until.items())
            if until > now
        ]

    def admit(self, call: Call) -> Verdict:
        """Count a request and decide on it."""
        now, key = self._clock(), (call.platform, call.egress)
        until = self._banned_until.get(key)
        if until is not None:
            if now < until:
                return Verdict(Refusal.BANNED, until - now)
            del self._banned_until[key]
            self._window(self._asked, key).clear()
        verdict = self._check_address(key, now)
        if verdict is None and call.token:
            verdict = self._check_token((call.platform, f"token {call.token}"), now)
        return verdict or Verdict()

    def _check_address(self, key: tuple[str, str], now: float) -> Verdict | None:
        rule = self.settings
        if rule.ban_above_per_minute is not None:
            asked = self._window(self._asked, key)
            asked.add(now)
            if asked.count(now) > rule.ban_above_per_minute:
                return self._ban_now(key)
        if rule.pages_per_day is not None and self._daily.get((*key, "day"), 0) >= rule.pages_per_day:
            return self._ban_now(key)
        if rule.pages_per_minute is not None:
            passed = self._window(self._passed, key)
            if passed.count(now) >= rule.pages_per_minute:
                return Verdict(Refusal.THROTTLED, passed.wait(now, rule.pages_per_minute))
            passed.add(now)
        self._daily[*key, "day"] = self._daily.get((*key, "day"), 0) + 1
        return None

    def _check_token(self, key: tuple[str, str], now: float) -> Verdict | None:
        rule = self.settings
        if rule.token_pages_per_day is not None and self._daily.get((*key, "day"), 0) >= rule.token_pages_per_day:
            return Verdict(Refusal.LOGIN_FLAGGED)
        if rule.token_pages_per_minute is not None:
            passed = self._window(self._passed, key)
            if passed.count(now) >= rule.token_pages_per_minute:
                return Verdict(Refusal.LOGIN_THROTTLED, passed.wait(now, rule.token_pages_per_minute))
            passed.add(now)
        self._daily[*key, "day"] = self._daily.get((*key, "day"), 0) + 1
        return None

    def _ban_now(self, key: tuple[str, str]) -> Verdict:
        self.ban(*key)
        return Verdict(Refusal.BANNED, self.settings.ban_seconds)

    @staticmethod
    def _window(table: dict[tuple[str, str], _Window], key: tuple[str, str]) -> _Window:
        window = table.get(key)
        if window is None:
            window = table[key] = _Window()
        return window
