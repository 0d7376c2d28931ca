"""What a tick of the company schedule starts: its decision as a pure function."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

__all__ = ["CompanyDecision", "decide_companies"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CompanyDecision:
    """Whether to collect, the platforms to fetch a batch of, and one sentence for the tick."""

    collect: bool
    platforms: tuple[str, ...]
    message: str

    @property
    def nothing(self) -> bool:
        """Nothing is to be started."""
        return not self.collect and not self.platforms


def decide_companies(*, due: Mapping[str, int], collecting: bool, busy: Collection[str]) -> CompanyDecision:
    """Decide about one tick.

    Args:
        due: companies of each platform's queue that may be fetched now.
        collecting: a run that collects is queued or running.
        busy: platforms with a run of companies that is queued or running.
    """
    platforms = tuple(name for name, count in due.items() if count and name not in busy)
    parts = ["the last collection is still under way" if collecting else "collects"]
    parts += [f"{name}: {due[name]} due" for name in platforms]
    parts += [f"{name} is still under way" for name in due if name in busy]
    return CompanyDecision(collect=not collecting, platforms=platforms, message="; ".join(parts))
