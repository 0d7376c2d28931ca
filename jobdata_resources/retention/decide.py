"""What is past its retention: decisions as pure functions. Nothing here reads a clock, a store or a file.

All of them are monotonic: what may go today may go tomorrow as well, unless somebody has touched it since. So a
clean-up that was killed is finished by the next one.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass

__all__ = ["Commit", "LandedFolder", "first_kept_day", "month_is_past", "reason_to_keep", "removable_runs"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LandedFolder:
    """A folder of landed pages: a keyword or a company batch of a day.

    Attributes:
        unit: the part of its path that names it.
        updated_at: when its manifest was written last, zone-aware; None when it has none that can be read.
        segments: segments that its manifest names.
        unnamed: files that it does not name: landed by a crawl that died, and not loaded by anybody.
        bytes: of all its files.
    """

    unit: str
    updated_at: dt.datetime | None
    segments: int = 0
    unnamed: int = 0
    bytes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """A committed load of a day, as the warehouse's ledger tells it.

    Attributes:
        at: zone-aware.
        segments: what it read; None where the ledger names ``units`` instead.
        units: the folders it read.
    """

    at: dt.datetime
    segments: int | None = None
    units: frozenset[str] = frozenset()


def first_kept_day(today: dt.date, keep_days: int | None) -> dt.date | None:
    """The first day that is kept: ``keep_days`` whole days before today; None keeps everything."""
    return None if keep_days is None else today - dt.timedelta(days=keep_days)


def month_is_past(month: int, first_kept: dt.date) -> bool:
    """Whether all days of a month (``202611``) lie before the first kept day."""
    year, number = divmod(month, 100)
    after = dt.date(year + number // 12, number % 12 + 1, 1)
    return after <= first_kept


def reason_to_keep(folder: LandedFolder, day: Sequence[LandedFolder], commits: Sequence[Commit]) -> str | None:
    """Why a folder past its retention must stay; None when all that it holds is loaded.

    Landed pages are the only copy until a load of them is committed. A load counts for a folder when it was committed
    after the folder changed last, and read it: the ledger names the batches of companies; of searches it counts the
    segments of the day, so a load that read fewer than there are now proves nothing.

    Args:
        folder: the folder.
        day: all folders of its platform and day, itself included.
        commits: committed loads of that platform and day.
    """
    if folder.updated_at is None:
        return "no readable manifest"
    if folder.unnamed:
        return "files that no manifest names"
    landed = sum(one.segments for one in day)
    for commit in commits:
        if commit.at <= folder.updated_at:
            continue
        if folder.unit in commit.units or (commit.segments is not None and commit.segments >= landed):
            return None
    return "not loaded"


def removable_runs(finished: Collection[str], holders: Collection[str]) -> list[str]:
    """Runs that may go, in the order given.

    Args:
        finished: runs that ended before the retention.
        holders: runs with the newest event of a kind for an asset partition, or the newest result of a check: the
            status that people see is read from them, so they stay until a later run takes their place.
    """
    held = set(holders)
    return [run_id for run_id in finished if run_id not in held]
