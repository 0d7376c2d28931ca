"""Whether a scheduled job is started: not while it is under way. A pure function."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["decide_once"]


def decide_once(what: str, under_way: Sequence[str]) -> str | None:
    """Why it is not started, naming the runs that are under way; None to start it."""
    if not under_way:
        return None
    return f"{what} is still under way: {', '.join(run[:8] for run in under_way)}"
