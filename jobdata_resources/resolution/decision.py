"""What the resolver decides, and what a person decided before it.

Every merge, every doubt and every refused merge is one ``Decision``. An ``Override`` wins over every rule, so a
decision is reversed by writing one and resolving again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

from crawler_core.errors import BadInput

__all__ = ["VERDICTS", "Decision", "Override", "SharedPostings", "Verdict"]

Verdict = Literal["merge", "review", "separate"]
"""``merge``: one company. ``review``: a person must say; not merged. ``separate``: not one company."""

VERDICTS: tuple[str, ...] = get_args(Verdict)


@dataclass(frozen=True, slots=True, order=True)
class Decision:
    """One decision about two mentions, each standing for the cluster it was in.

    Attributes:
        rule: name of the rule, see ``rules.RULES`` and ``rules.VETOES``.
        left: ``MentionKey.ref`` of the smaller side; ``right``: of the other.
        evidence: the facts the rule saw, as text by name.
    """

    rule: str
    left: str
    right: str
    verdict: Verdict
    evidence: Mapping[str, str] = field(default_factory=dict, compare=False)


@dataclass(frozen=True, slots=True)
class Override:
    """A person's verdict on two mentions, given as refs (``boss:1a2b~``).

    Raises:
        BadInput: an unknown verdict, or a side against itself.
    """

    left: str
    right: str
    verdict: Literal["merge", "separate"]
    reason: str

    def __post_init__(self) -> None:
        if self.verdict not in ("merge", "separate"):
            raise BadInput(f"override verdict {self.verdict!r} is not known; use merge or separate")
        if self.left == self.right:
            raise BadInput(f"override of {self.left!r} against itself; name two mentions")
        if not self.reason.strip():
            raise BadInput(f"override of {self.left!r} and {self.right!r} has no reason; say why")


@dataclass(frozen=True, slots=True)
class SharedPostings:
    """Two mentions published so many postings alike: near-equal title and text, same city, compatible pay."""

    left: str
    right: str
    count: int
