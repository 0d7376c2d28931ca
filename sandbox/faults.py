"""Faults on demand and from a plan: which request is hit by what.

What belongs here: rules, matching, and the order in which they are used up. What does not: carrying a fault out;
see `front`. Whether a rule hits depends on the rule and on the requests that matched it before, never on time or
chance, and a rule with `rate` draws per (keyword, city, page, attempt), so concurrency does not change it.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Final

from sandbox.dice import fraction
from sandbox.roles import normal
from sandbox.wire import Call, whole

KINDS: Final = {
    "latency": "answer after params.seconds (default 0.5)",
    "status": "answer params.status (default 503) with a short HTML body",
    "throttle": "answer 429 with Retry-After params.retry_after (default 1)",
    "truncate": "cut the body to params.fraction (default 0.5); params.how 'close' hangs up midway",
    "drop": "hang up without an answer (an aiohttp client asks once more on a kept connection)",
    "duplicate_page": "serve the previous page's postings again",
    "schema_change": "rename fields by params.rename (default: the platform's main fields), delete params.remove",
    "ban_ip": "ban the caller's address for params.seconds (default: the configured time)",
    "expire_token": "expire the caller's token, then answer",
    "challenge": "demand a human check, in the platform's own form",
    "soft_block": "total above zero, but no postings",
    "code": "answer with the platform's error code params.code",
    "inner_code": "Boss batch: outer code 0, inner code params.code (default 37)",
    "html": "answer an HTML page with status 200",
}
_MATCH_KEYS: Final = ("keyword", "page", "egress", "token", "city", "call")


@dataclass
class Rule:
    """One fault. `times` hits (None: without end), after `after` matching requests, on every `every`-th of them."""

    kind: str
    platform: str = "*"
    match: dict[str, Any] = field(default_factory=dict)
    times: int | None = 1
    after: int = 0
    every: int = 1
    rate: float | None = None
    params: dict[str, Any] = field(default_factory=dict)
    matched: int = 0
    fired: int = 0

    def fits(self, call: Call) -> bool:
        """True when the request is one the rule is about."""
        if self.platform not in ("*", call.platform):
            return False
        facts: dict[str, str | int] = {
            "keyword": normal(call.keyword),
            "page": call.page,
            "egress": call.egress,
            "token": call.token,
            "city": call.city,
            "call": call.kind,
        }
        return all(_meets(facts[name], wanted) for name, wanted in self.match.items())


def _meets(fact: str | int, wanted: object) -> bool:
    options = wanted if isinstance(wanted, list) else [wanted]
    return any(fact == (normal(one) if isinstance(one, str) else one) or fact == one for one in options)


def read_rule(value: object) -> Rule:
    """A rule from JSON; raises ValueError that names what is wrong."""
    if not isinstance(value, dict):
        raise ValueError(f"a fault rule must be an object, got {type(value).__name__}")
    known = {"kind", "platform", "match", "times", "after", "every", "rate", "params"}
    if unknown := set(value) - known:
        raise ValueError(f"unknown key {min(unknown)!r} in a fault rule; known: {', '.join(sorted(known))}")
    if value.get("kind") not in KINDS:
        raise ValueError(f"fault kind {value.get('kind')!r} is not one of {', '.join(KINDS)}")
    match, params = value.get("match", {}), value.get("params", {})
    if not isinstance(match, dict) or not isinstance(params, dict):
        raise ValueError("`match` and `params` of a fault rule must be objects")
    if unknown := set(match) - set(_MATCH_KEYS):
        raise ValueError(f"cannot match on {min(unknown)!r}; known: {', '.join(_MATCH_KEYS)}")
    _check_params(params)
    times = value.get("times", 1)
    if times is not None and whole(times) is None:
        raise ValueError(f"`times` must be a number of at least 0 or null, got {times!r}")
    after, every, rate = value.get("after", 0), value.get("every", 1), value.get("rate")
    if whole(after) is None or not whole(every):
        raise ValueError("`after` must be a number of at least 0 and `every` of at least 1")
    if rate is not None and (isinstance(rate, bool) or not isinstance(rate, int | float) or not 0 <= rate <= 1):
        raise ValueError(f"`rate` must be a number from 0 to 1, got {rate!r}")
    return Rule(value["kind"], str(value.get("platform") or "*"), match, times, after, every, rate, params)


def _check_params(params: dict[str, Any]) -> None:
    """Refuse what would fail only when the rule fires."""
    for name in ("seconds", "fraction", "retry_after"):
        value = params.get(name, 0)
        if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
            raise ValueError(f"fault params.{name} must be a number of at least 0, got {value!r}")
    for name in ("status", "code"):
        if name in params and whole(params[name]) is None:
            raise ValueError(f"fault params.{name} must be a number of at least 0, got {params[name]!r}")
    if params.get("how", "length") not in ("length", "close"):
        raise ValueError(f"fault params.how must be 'length' or 'close', got {params['how']!r}")
    rename, remove = params.get("rename", {}), params.get("remove", [])
    if not isinstance(rename, dict) or not all(isinstance(name, str) for name in rename.values()):
        raise ValueError("fault params.rename must map names to names")
    if not isinstance(remove, list) or not all(isinstance(name, str) for name in remove):
        raise ValueError("fault params.remove must be a list of names")


class Faults:
    """The rules in force, in the order given."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._rules: list[Rule] = []
        self._attempts: dict[tuple[int, Call], int] = {}

    def add(self, rules: list[Rule]) -> None:
        """Put rules in force, after those that are."""
        self._rules.extend(rules)

    def clear(self) -> None:
        """Forget every rule."""
        self._rules.clear()
        self._attempts.clear()

    def take(self, call: Call) -> list[Rule]:
        """The rules that hit this request, at most one of a kind; each hit is used up.

        So two rules of one kind with `times` 1 hit two requests, one after the other.
        """
        taken: dict[str, Rule] = {}
        for number, rule in enumerate(self._rules):
            if rule.kind not in taken and self._hits(number, rule, call):
                taken[rule.kind] = rule
        return list(taken.values())

    def listing(self) -> list[dict[str, Any]]:
        """The rules with how often each matched and fired."""
        return [asdict(rule) for rule in self._rules]

    def _hits(self, number: int, rule: Rule, call: Call) -> bool:
        if (rule.times is not None and rule.fired >= rule.times) or not rule.fits(call):
            return False
        rule.matched += 1
        turn = rule.matched - rule.after
        if turn <= 0 or (turn - 1) % rule.every:
            return False
        if rule.rate is not None and not self._drawn(number, rule.rate, call):
            return False
        rule.fired += 1
        return True

    def _drawn(self, number: int, rate: float, call: Call) -> bool:
        what = Call(call.platform, call.kind, "", "", call.keyword, call.city, call.page)
        attempt = self._attempts.get((number, what), 0)
        self._attempts[number, what] = attempt + 1
        parts = (number, call.platform, call.kind, call.keyword, call.city, call.page, attempt)
        return fraction(self._seed, "fault", *parts) < rate
