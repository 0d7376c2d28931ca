"""What a clean-up removed, or would remove: counts and bytes by kind. No I/O."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

__all__ = ["CleanupReport", "Removal"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Removal:
    """One kind of thing.

    Attributes:
        kind: its name, the same in every report.
        count: how many were removed, or would be.
        bytes: what they took, as far as the store tells; None where it does not.
        kept: how many are past their retention and stay all the same; ``note`` says why.
    """

    kind: str
    count: int = 0
    bytes: int | None = None
    kept: int = 0
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CleanupReport:
    """All kinds of one clean-up, in the order in which they were looked at."""

    dry_run: bool
    removals: tuple[Removal, ...]

    @property
    def count(self) -> int:
        """Things of all kinds."""
        return sum(one.count for one in self.removals)

    @property
    def bytes(self) -> int:
        """Bytes of all kinds, as far as they are known."""
        return sum(one.bytes or 0 for one in self.removals)

    def of(self, kind: str) -> Removal:
        """The entry of a kind.

        Raises:
            KeyError: it was not looked at.
        """
        return {one.kind: one for one in self.removals}[kind]

    def rows(self) -> Iterable[dict[str, object]]:
        """A dictionary per kind, for tables and JSON."""
        for one in self.removals:
            yield {"kind": one.kind, "count": one.count, "bytes": one.bytes, "kept": one.kept, "note": one.note}
