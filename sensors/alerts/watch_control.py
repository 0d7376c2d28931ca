"""What the control store tells the alert sensors: coverage, identities, tokens, loaded days."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from crawler_core.platforms.spec import PlatformSpec
from jobdata_assets import names
from sensors.alerts.coverage import judge_coverage, judged_day
from sensors.alerts.identities import HISTORY, judge_identities
from sensors.alerts.shell import Gather, Seen, Watch
from sensors.alerts.supplies import judge_stats, judge_tables, judge_tokens

__all__ = ["coverage", "identities", "tables", "tokens"]

_STATS_DAYS = 30


def coverage(platforms: Sequence[PlatformSpec], *, target: float, deadline_hour: int) -> Gather:
    """Keyword coverage of every platform on the last day whose deadline has passed."""

    def gather(watch: Watch) -> Seen:
        date = judged_day(watch.now, deadline_hour)
        found = [
            judge_coverage(
                spec.name,
                states=watch.store.keyword_states(spec.name, date),
                begun=bool(watch.store.runs(names.raw_pages(spec.name).to_user_string(), limit=1)),
                target=target,
                deadline_hour=deadline_hour,
                now=watch.now,
            )
            for spec in platforms
        ]
        evidence = [one for one in found if one is not None]
        return Seen(evidence=evidence, complete=False, looked_at=f"{len(evidence)} platforms judged on {date}")

    return gather


def identities(watch: Watch) -> Seen:
    """Every address and token that a crawl has used."""
    runs = watch.store.identity_runs(watch.now - HISTORY)
    looked_at = f"{len({(run.platform, run.kind, run.name) for run in runs})} addresses and tokens"
    return Seen(evidence=judge_identities(runs, now=watch.now), complete=True, looked_at=looked_at)


def tokens(watch: Watch) -> Seen:
    """The pool of Boss tokens."""
    known = watch.store.tokens()
    needed = bool(watch.store.keywords("boss", include_paused=False))
    evidence = judge_tokens(known, needed=needed, minimum=watch.settings.alert_tokens_min, now=watch.now)
    looked_at = f"{sum(token.active for token in known)} of {len(known)} Boss tokens are active"
    return Seen(evidence=evidence, complete=True, looked_at=looked_at)


def tables(platforms: Sequence[PlatformSpec], *, deadline_hour: int) -> Gather:
    """The newest loaded day of each platform that has active keywords, and the newest totals."""

    def gather(watch: Watch) -> Seen:
        used = [spec.name for spec in platforms if watch.store.keywords(spec.name, include_paused=False)]
        newest = {
            table: watch.store.newest_day(table) for table in (names.job_table(name).to_user_string() for name in used)
        }
        taken = [one.taken_at for one in watch.store.totals(watch.now - dt.timedelta(days=_STATS_DAYS))]
        evidence = [
            *judge_tables(
                newest, deadline_hour=deadline_hour, stale_hours=watch.settings.alert_stale_hours, now=watch.now
            ),
            *judge_stats(max(taken, default=None), now=watch.now),
        ]
        return Seen(evidence=evidence, complete=True, looked_at=f"{len(newest)} daily tables and stats_total")

    return gather
