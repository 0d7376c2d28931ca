"""Which partitions are still failed: the decision of ``alert_failed_partitions``, once a day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping

from crawler_core.values import SHANGHAI
from jobdata_resources.alerts import Evidence, Story

__all__ = ["DAYS", "digest_due", "judge_partitions"]

DAYS = 7
"""Past days that are looked at: an older day can hardly be mended, and a reminder that never ends is not read."""

_NAMED = 60


def digest_due(last: str | None, *, now: dt.datetime, hour: int) -> str | None:
    """The day whose digest is to be made now; None when it is not time, or was made.

    Args:
        last: what this function returned for the last digest.
        hour: of the day, Asia/Shanghai.
    """
    local = now.astimezone(SHANGHAI)
    return local.date().isoformat() if local.hour >= hour and local.date().isoformat() != last else None


def judge_partitions(failed: Mapping[str, Iterable[str]], *, now: dt.datetime) -> list[Evidence]:
    """One digest of all failed partitions of the last days; nothing when there are none.

    Args:
        failed: partition keys by asset; a key begins with the day.
    """
    today = now.astimezone(SHANGHAI).date()
    first, last = (today - dt.timedelta(days=DAYS)).isoformat(), (today - dt.timedelta(days=1)).isoformat()
    kept = {
        asset: sorted((key for key in keys if first <= key[:10] <= last), reverse=True)
        for asset, keys in failed.items()
    }
    kept = {asset: keys for asset, keys in kept.items() if keys}
    if not kept:
        return []
    lines = [f"{asset} {key}" for asset, keys in sorted(kept.items()) for key in keys]
    more = [f"and {len(lines) - _NAMED} more"] if len(lines) > _NAMED else []
    oldest = min(key[:10] for keys in kept.values() for key in keys)
    story = Story(
        headline=f"{len(lines)} partitions of the last {DAYS} days are failed, the oldest of {oldest}",
        since=dt.datetime.combine(dt.date.fromisoformat(oldest), dt.time(), SHANGHAI),
        detail="\n".join(lines[:_NAMED] + more),
        facts=tuple((asset, str(len(keys))) for asset, keys in sorted(kept.items())),
    )
    return [Evidence(kind="failed_partitions", subject="daily digest", bad=True, at=now, story=story)]
