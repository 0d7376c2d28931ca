"""Which keywords become partitions: the decision of the keyword sensor as a pure function."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["BATCH", "KeywordPlan", "plan_keyword_changes"]

BATCH = 500
"""Keywords added per platform and tick: a change of the set makes Dagster rebuild its caches, so few big ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeywordPlan:
    """What to add.

    Attributes:
        add: new partition keys, in the order of the source.
        waiting: how many more the next ticks will add.
        message: one sentence for the tick.
    """

    add: tuple[str, ...]
    waiting: int
    message: str


def plan_keyword_changes(
    platform: str, source: Sequence[str] | None, existing: Sequence[str], *, batch: int = BATCH
) -> KeywordPlan:
    """Compare the control store with the partitions.

    Nothing is ever removed: a removed key would hide its history and move to the end when it comes back, which
    changes what a partition range means. So an unreadable source (None) and an empty one both change nothing, and
    differ in what they tell the reader.

    Args:
        platform: named in the message.
        source: active keywords of the control store; None when there is no control store to read yet.
        existing: partition keys.
        batch: most keys added at once.
    """
    if source is None:
        return KeywordPlan(add=(), waiting=0, message=f"{platform}: there is no control store yet")
    seen = {key.casefold() for key in existing}
    new: list[str] = []
    for keyword in source:
        if keyword.casefold() not in seen:  # Java and JAVA are one search
            seen.add(keyword.casefold())
            new.append(keyword)
    if new:
        add, waiting = tuple(new[:batch]), max(0, len(new) - batch)
        more = f", {waiting} more at the next tick" if waiting else ""
        return KeywordPlan(add=add, waiting=waiting, message=f"{platform}: {len(add)} new keyword(s){more}")
    if not source:
        return KeywordPlan(
            add=(),
            waiting=0,
            message=f"{platform}: no active keywords; import some with `jobdata keyword import --platform {platform}`",
        )
    return KeywordPlan(add=(), waiting=0, message=f"{platform}: {len(source)} keyword(s), all present")
