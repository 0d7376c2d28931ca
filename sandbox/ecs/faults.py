"""Faults on demand: which call, which new instance, which command is hit by what.

What belongs here: rules, matching, and the order in which they are used up. What does not: carrying a fault out.
Whether a rule hits depends on the rule and on what matched it before, never on time or chance; a rule with `rate`
draws by the subject's number, so that concurrency does not change how many are hit.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Final

from sandbox.dice import fraction
from sandbox.ecs.wire import ApiError
from sandbox.wire import whole

CALL_KINDS: Final = {
    "error": "answer params.status (default 400), params.code, params.message",
    "throttle": "answer 400 Throttling.User; params.retry_after in ms adds x-acs-retry-after",
    "unavailable": "answer 503 ServiceUnavailable",
    "internal": "answer 500 InternalError",
    "invalid_parameter": "answer 400 InvalidParameter",
    "no_stock": "answer 403 OperationDenied.NoStock",
    "quota": "answer 403 QuotaExceed.ElasticQuota",
    "idempotent_processing": "answer 403 IdempotentProcessing",
    "html": "answer 502 with an HTML page",
    "latency": "answer after params.seconds (default 0.5)",
    "drop": "hang up without an answer; params.how 'after' (default) carries the call out first, 'before' does not",
}
BIRTH_KINDS: Final = {
    "slow_start": "stay Pending for params.seconds (default 5) more; null for ever",
    "late_visible": "DescribeInstances misses it for params.seconds (default 0.5)",
    "stillborn": "the id was returned, but the instance is gone after params.seconds (default 0.2)",
    "no_assistant": "the Cloud Assistant answers params.seconds (default null: never) after Running",
    "reclaim": "reclaimed params.seconds (default 1) after Running; params.notice (default true), "
    "params.notice_seconds (default 300, scaled)",
    "hang": "SIGSTOP params.seconds (default 1) after Running",
}
COMMAND_KINDS: Final = {
    "lose_command": "params.how 'never_runs' (default: Aborted after the delivery limit), 'silent' (never runs, shown "
    "Running for ever), 'result' (runs, shown Running for ever)",
}
KINDS: Final = CALL_KINDS | BIRTH_KINDS | COMMAND_KINDS
_MATCH_KEYS: Final = ("action", "zone", "type", "key", "instance", "number")
_ERRORS: Final = {
    "throttle": (400, "Throttling.User", "Request was denied due to user flow control."),
    "unavailable": (503, "ServiceUnavailable", "The request has failed due to a temporary failure of the server."),
    "internal": (500, "InternalError", "The request processing has failed due to some unknown error."),
    "invalid_parameter": (400, "InvalidParameter", "The specified parameter is not valid."),
    "no_stock": (
        403,
        "OperationDenied.NoStock",
        "The requested resource is sold out in the specified zone; try other types or other regions and zones.",
    ),
    "quota": (403, "QuotaExceed.ElasticQuota", "No additional quota is available for the specified ECS instance type."),
    "idempotent_processing": (
        403,
        "IdempotentProcessing",
        "The previous idempotent request(s) is still processing.",
    ),
}


def error_of(kind: str, params: dict[str, Any] | None = None) -> ApiError:
    """The refusal a kind stands for."""
    given = params or {}
    status, code, message = _ERRORS.get(kind, (400, "InvalidParameter", "The request was refused on demand."))
    if kind == "error":
        status, code = given.get("status", status), given.get("code", code)
        message = given.get("message", message)
    return ApiError(status, code, message, given.get("retry_after"))


@dataclass(frozen=True, slots=True)
class Subject:
    """What a rule is held against: a call, a new instance, or a command for one instance.

    `number` counts the subjects of a level from 1; of instances it is the ordinal the instance keeps.
    """

    level: str
    action: str
    number: int
    zone: str = ""
    type: str = ""
    key: str = ""
    instance: str = ""


@dataclass
class Rule:
    """One fault. `times` hits (None: without end), after `after` matches, on every `every`-th of them."""

    kind: str
    match: dict[str, Any] = field(default_factory=dict)
    times: int | None = 1
    after: int = 0
    every: int = 1
    rate: float | None = None
    params: dict[str, Any] = field(default_factory=dict)
    matched: int = 0
    fired: int = 0

    @property
    def level(self) -> str:
        """call, birth or command."""
        return "birth" if self.kind in BIRTH_KINDS else "command" if self.kind in COMMAND_KINDS else "call"

    def fits(self, subject: Subject) -> bool:
        """True when the subject is one the rule is about."""
        if subject.level != self.level:
            return False
        return all(
            getattr(subject, name) in (wanted if isinstance(wanted, list) else [wanted])
            for name, wanted in self.match.items()
        )


def read_rule(value: object) -> Rule:
    """A rule from JSON; raises ValueError that names what is wrong."""
    if not isinstance(value, dict):
        raise ValueError(f"a fault rule must be an object, got {type(value).__name__}")
    known = {"kind", "match", "times", "after", "every", "rate", "params"}
    if unknown := set(value) - known:
        raise ValueError(f"unknown key {min(unknown)!r} in a fault rule; known: {', '.join(sorted(known))}")
    if value.get("kind") not in KINDS:
        raise ValueError(f"fault kind {value.get('kind')!r} is not one of {', '.join(KINDS)}")
    match, params = value.get("match", {}), value.get("params", {})
    if not isinstance(match, dict) or not isinstance(params, dict):
        raise ValueError("`match` and `params` of a fault rule must be objects")
    if unknown := set(match) - set(_MATCH_KEYS):
        raise ValueError(f"cannot match on {min(unknown)!r}; known: {', '.join(_MATCH_KEYS)}")
    times, after, every, rate = (value.get(name, default) for name, default in _COUNTS)
    if times is not None and whole(times) is None:
        raise ValueError(f"`times` must be a number of at least 0 or null, got {times!r}")
    if whole(after) is None or not whole(every):
        raise ValueError("`after` must be a number of at least 0 and `every` of at least 1")
    if rate is not None and (isinstance(rate, bool) or not isinstance(rate, int | float) or not 0 <= rate <= 1):
        raise ValueError(f"`rate` must be a number from 0 to 1, got {rate!r}")
    _check_params(params)
    return Rule(value["kind"], match, times, after, every, rate, params)


_COUNTS: Final[tuple[tuple[str, Any], ...]] = (("times", 1), ("after", 0), ("every", 1), ("rate", None))


def _check_params(params: dict[str, Any]) -> None:
    for name in ("seconds", "notice_seconds"):
        value = params.get(name)
        if value is not None and (isinstance(value, bool) or not isinstance(value, int | float) or value < 0):
            raise ValueError(f"fault params.{name} must be a number of at least 0 or null, got {value!r}")
    for name in ("status", "retry_after"):
        if name in params and whole(params[name]) is None:
            raise ValueError(f"fault params.{name} must be a number of at least 0, got {params[name]!r}")
    if params.get("how", "after") not in ("before", "after", "never_runs", "silent", "result"):
        raise ValueError(f"fault params.how must be before, after, never_runs, silent or result, got {params['how']!r}")


class Faults:
    """The rules in force, in the order given."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._rules: list[Rule] = []

    def add(self, rules: list[Rule]) -> None:
        """Put rules in force, after those that are."""
        self._rules.extend(rules)

    def clear(self) -> None:
        """Forget every rule."""
        self._rules.clear()

    def take(self, subject: Subject) -> dict[str, dict[str, Any]]:
        """Kind to params of the rules that hit, at most one of a kind; each hit is used up."""
        taken: dict[str, dict[str, Any]] = {}
        for place, rule in enumerate(self._rules):
            if rule.kind not in taken and self._hits(place, rule, subject):
                taken[rule.kind] = rule.params
        return taken

    def listing(self) -> list[dict[str, Any]]:
        """The rules with how often each matched and fired."""
        return [asdict(rule) for rule in self._rules]

    def _hits(self, place: int, rule: Rule, subject: Subject) -> bool:
        if (rule.times is not None and rule.fired >= rule.times) or not rule.fits(subject):
            return False
        rule.matched += 1
        turn = rule.matched - rule.after
        if turn <= 0 or (turn - 1) % rule.every:
            return False
        if rule.rate is not None:
            drawn = fraction(self._seed, "fault", place, subject.level, subject.action, subject.number)
            if drawn >= rule.rate:
                return False
        rule.fired += 1
        return True
