"""Landed pages past their retention: only folders whose pages are loaded, files first, manifest last.

A manifest that names a missing file says that something is gone; a file without manifest would look like the work of
a crawl that died. So a removal that was killed leaves the manifest, and the next clean-up goes on.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from urllib.parse import unquote

from crawler_core.errors import CorruptSegment
from crawler_core.landing import LandingZone, Manifest
from crawler_core.landing.zone import MANIFEST
from jobdata_resources.retention.decide import Commit, LandedFolder, reason_to_keep
from jobdata_resources.retention.report import Removal

__all__ = ["STAGED_HOURS", "Commits", "clean_landed", "clean_staged"]

Commits = Callable[[str, dt.date], Sequence[Commit]]
"""The committed loads of a platform and day."""

STAGED_HOURS = 24
"""A half written local file is nobody's after this long: a put takes seconds."""


def clean_landed(
    zone: LandingZone, kind: str, first_kept: dt.date | None, commits: Commits, *, dry_run: bool
) -> Removal:
    """Remove the folders of one tree of the zone whose day lies before ``first_kept``, and which are loaded."""
    if first_kept is None:
        return Removal(kind=kind, bytes=0, note="kept for ever; set RETAIN_PAGES_DAYS to change that")
    count = size = 0
    kept: Counter[str] = Counter()
    for platform in zone.platforms():
        for day in zone.dates(platform):
            if day >= first_kept:
                continue
            folders = dict(_folders(zone, platform, day))
            loads = commits(platform, day) if folders else ()
            for path, folder in folders.items():
                reason = reason_to_keep(folder, list(folders.values()), loads)
                if reason is not None:
                    kept[reason] += 1
                    continue
                count, size = count + 1, size + folder.bytes
                if not dry_run:
                    _remove(zone, path)
    note = ", ".join(f"{number} kept: {reason}" for reason, number in sorted(kept.items()))
    return Removal(kind=kind, count=count, bytes=size, kept=sum(kept.values()), note=note)


def clean_staged(zone: LandingZone, now: dt.datetime, *, dry_run: bool) -> Removal:
    """Remove what processes killed in the middle of a local write left beside its name; ``now`` is zone-aware."""
    if zone.local_root is None:
        return Removal(kind="staged_files", note="a bucket has none")
    count = size = 0
    for path in zone.local_root.rglob("*#*"):
        # the store stages `name` as `name#1`; names of ours are percent-encoded and hold no such mark
        stem, _, number = path.name.rpartition("#")
        if not stem or not number.isdigit() or not path.is_file():
            continue
        about = path.stat()
        if now.timestamp() - about.st_mtime < STAGED_HOURS * 3600:
            continue
        count, size = count + 1, size + about.st_size
        if not dry_run:
            path.unlink(missing_ok=True)
    return Removal(kind="staged_files", count=count, bytes=size)


def _folders(zone: LandingZone, platform: str, day: dt.date) -> Iterator[tuple[str, LandedFolder]]:
    for path in zone.keyword_folders(platform, day):
        files = zone.names(path)
        if not files:
            if zone.local_root is not None:
                _drop_empty(zone.local_root / path, zone.local_root)
            continue
        yield path, _folder(zone, path, files)


def _folder(zone: LandingZone, path: str, files: Mapping[str, int]) -> LandedFolder:
    unit, size = unquote(path.rsplit("=", 1)[1]), sum(files.values())
    data = zone.get(f"{path}/{MANIFEST}")
    try:
        manifest = Manifest.decode(data, path) if data is not None else None
        updated = dt.datetime.fromisoformat(manifest.updated_at) if manifest is not None else None
    except (CorruptSegment, ValueError):
        manifest = updated = None
    if manifest is None or updated is None or updated.tzinfo is None:
        return LandedFolder(unit=unit, updated_at=None, bytes=size)
    named = {entry.name for entry in manifest.segments}
    return LandedFolder(
        unit=unit,
        updated_at=updated,
        segments=len(named),
        unnamed=len(set(files) - named - {MANIFEST}),
        bytes=size,
    )


def _remove(zone: LandingZone, path: str) -> None:
    for name in sorted(zone.names(path), key=lambda name: name == MANIFEST):
        zone.delete(f"{path}/{name}")
    if zone.local_root is not None:
        _drop_empty(zone.local_root / path, zone.local_root)


def _drop_empty(folder: Path, root: Path) -> None:
    """Remove an empty folder and those above it that it leaves empty; a bucket has no folders."""
    while folder != root and folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()
        folder = folder.parent
