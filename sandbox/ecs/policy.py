"""What a key may do: RAM policy documents.

What belongs here: reading a document and deciding. What does not: who calls (`sign`), or what is asked (`actions`).
Known of a document: Effect, Action, Resource (both with `*` and `?`, one or a list), and Condition with StringEquals,
StringNotEquals, StringLike, StringNotLike, StringEqualsIgnoreCase over `acs:ResourceTag/…` and `acs:RequestTag/…`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any, Final

_OPERATORS: Final[dict[str, Callable[[str, str], bool]]] = {
    "StringEquals": lambda have, want: have == want,
    "StringNotEquals": lambda have, want: have != want,
    "StringEqualsIgnoreCase": lambda have, want: have.lower() == want.lower(),
    "StringLike": fnmatchcase,
    "StringNotLike": lambda have, want: not fnmatchcase(have, want),
}
_EVERY: Final = ("StringNotEquals", "StringNotLike")


@dataclass(frozen=True)
class Deed:
    """One thing a call does: action, the resource's name, and the facts conditions may ask for."""

    action: str
    resource: str
    facts: Mapping[str, str] = field(default_factory=dict)


def read_policy(document: object) -> Mapping[str, Any]:
    """The document if it can be understood; raises ValueError naming what cannot."""
    if not isinstance(document, dict) or not isinstance(document.get("Statement"), list):
        raise ValueError("a policy must be an object with a list `Statement`")
    for statement in document["Statement"]:
        if not isinstance(statement, dict) or statement.get("Effect") not in ("Allow", "Deny"):
            raise ValueError(f"a policy statement needs Effect Allow or Deny, got {statement!r}")
        if not _texts(statement.get("Action")) or not _texts(statement.get("Resource")):
            raise ValueError("a policy statement needs Action and Resource")
        for operator, tests in (statement.get("Condition") or {}).items():
            if operator not in _OPERATORS or not isinstance(tests, dict):
                raise ValueError(f"policy condition {operator!r} is not one of {', '.join(_OPERATORS)}")
    return document


def refusal(policy: Mapping[str, Any], deed: Deed) -> str:
    """Empty when allowed, else ImplicitDeny or ExplicitDeny."""
    verdict = "ImplicitDeny"
    for statement in policy["Statement"]:
        if not _applies(statement, deed):
            continue
        if statement["Effect"] == "Deny":
            return "ExplicitDeny"
        verdict = ""
    return verdict


def _texts(value: object) -> list[str]:
    return [value] if isinstance(value, str) else [one for one in value if one] if isinstance(value, list) else []


def _applies(statement: Mapping[str, Any], deed: Deed) -> bool:
    if not any(fnmatchcase(deed.action.lower(), one.lower()) for one in _texts(statement["Action"])):
        return False
    if not any(fnmatchcase(deed.resource, one) for one in _texts(statement["Resource"])):
        return False
    conditions = statement.get("Condition") or {}
    return all(
        _holds(operator, deed.facts.get(name, ""), _texts(wanted))
        for operator, tests in conditions.items()
        for name, wanted in tests.items()
    )


def _holds(operator: str, have: str, wanted: list[str]) -> bool:
    test = _OPERATORS[operator]
    hits = (test(have, one) for one in wanted)
    return all(hits) if operator in _EVERY else any(hits)
