"""Whether what crawls and reports need is running out or late: ``alert_tokens_low`` and ``alert_stale_table``."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

from crawler_core.values import SHANGHAI
from jobdata_resources.alerts import Evidence, Story
from jobdata_resources.control import TokenRecord

__all__ = ["judge_stats", "judge_tables", "judge_tokens"]

_STATS_SECONDS = 13 * 60 * 60
"""The totals are made every six hours; one that is missing may be a restart, two are not."""


def judge_tokens(tokens: Sequence[TokenRecord], *, needed: bool, minimum: int, now: dt.datetime) -> list[Evidence]:
    """The pool of Boss tokens, when it is low; nothing when it is well.

    Args:
        needed: Boss has active keywords.
        minimum: active tokens below which the pool is low.
    """
    active = [token for token in tokens if token.active]
    if not needed or len(active) >= minimum:
        return []
    refused = sorted(
        ((token.invalid_at, token) for token in tokens if token.invalid_at is not None), key=lambda pair: pair[0]
    )
    story = Story(
        headline=f"{len(active)} Boss tokens are left, {minimum} are the least that should be there",
        since=refused[-1][0] if refused else now,
        detail="\n".join(
            f"{token.fingerprint}: out of use since {at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}: {token.invalid_reason}"
            for at, token in reversed(refused[-10:])
        ),
        facts=(("Active", str(len(active))), ("Out of use", str(len(tokens) - len(active)))),
    )
    return [Evidence(kind="tokens_low", subject="boss", bad=True, at=now, story=story)]


def judge_tables(
    newest: Mapping[str, dt.date | None], *, deadline_hour: int, stale_hours: float, now: dt.datetime
) -> list[Evidence]:
    """The daily tables whose next day should be loaded by now.

    Args:
        newest: the newest loaded day by table, of platforms in use; None: never loaded, which is no news.
        deadline_hour: hour (Asia/Shanghai) at which a day is loaded at the latest; ``stale_hours`` after it the table
            is stale.
    """
    found = []
    for table, date in newest.items():
        if date is None:
            continue
        missing = date + dt.timedelta(days=1)
        since = dt.datetime.combine(missing, dt.time(deadline_hour), SHANGHAI) + dt.timedelta(hours=stale_hours)
        if now >= since:
            story = Story(
                headline=f"{table} has no day after {date}; {missing} should have been loaded by {since:%m-%d %H:%M}",
                since=since,
                facts=(("Newest day", date.isoformat()), ("Days missing", str((now - since).days + 1))),
            )
            found.append(Evidence(kind="stale_table", subject=table, bad=True, at=now, story=story))
    return found


def judge_stats(taken_at: dt.datetime | None, *, now: dt.datetime) -> list[Evidence]:
    """The six-hourly totals, when two in a row are missing; ``taken_at``: the newest, None: never."""
    if taken_at is None or (now - taken_at).total_seconds() < _STATS_SECONDS:
        return []
    story = Story(
        headline=f"stats_total is {(now - taken_at).total_seconds() / 3600:.0f} hours old; it is made every 6 hours",
        since=taken_at + dt.timedelta(seconds=_STATS_SECONDS),
    )
    return [Evidence(kind="stale_table", subject="stats_total", bad=True, at=now, story=story)]
