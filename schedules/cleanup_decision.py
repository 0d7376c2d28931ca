"""Whether a tick of the clean-up starts a run: its decision as a pure function."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["decide_cleanup"]


def decide_cleanup(running: Sequence[str]) -> str | None:
    """Why this tick starts nothing, None to start.

    Args:
        running: runs of the clean-up that are queued or running, a dry run included: two at once would count the
            same things.
    """
    return f"a clean-up is still under way (run {running[0]})" if running else None
