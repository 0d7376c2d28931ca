"""A landing zone that lands only for a claim that stands: a node that lost its lease writes nothing more.

The claim is asked for before each segment and each manifest. Between the question and the write a claim can still be
lost; then the create-only name of the segment decides, as between any two crawls of a keyword, so no page is ever
landed twice. What such a late writer can do is to replace a manifest with an older one; ``mend`` puts that right once
no node is left.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from obstore.store import LocalStore, S3Store

from crawler_core.errors import LandingConflict
from crawler_core.landing import LandingZone, Manifest

__all__ = ["FencedZone", "LeaseLost"]


class LeaseLost(LandingConflict):
    """The claim on this keyword does not stand any more: another node lands it."""


class FencedZone(LandingZone):
    """``zone`` for as long as ``holds`` says so."""

    def __init__(self, zone: LandingZone, holds: Callable[[], bool]) -> None:
        store: LocalStore | S3Store = zone._store  # noqa: SLF001 - the same zone, with a guard before its writes
        root: Path | None = zone.local_root
        super().__init__(store, zone.url, root, zone.tree)
        self._holds = holds

    def put_segment(self, path: str, data: bytes) -> None:
        """See ``LandingZone``; LeaseLost when the claim does not stand."""
        self._check(path)
        super().put_segment(path, data)

    def put_manifest(self, manifest: Manifest) -> None:
        """See ``LandingZone``; LeaseLost when the claim does not stand."""
        self._check(f"the manifest of {manifest.keyword}")
        super().put_manifest(manifest)

    def _check(self, what: str) -> None:
        if not self._holds():
            raise LeaseLost(f"{what} is not written: this node's lease ran out and another has the keyword")
