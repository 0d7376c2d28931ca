"""What each address and token of a crawl met, kept in the control store while the crawl runs: alerts read it there."""

from __future__ import annotations

import datetime as dt
import time
from collections import Counter
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from crawler_core.outcome import Outcome
from crawler_core.values import SHANGHAI
from jobdata_resources.control import ControlStore, IdentityRun

if TYPE_CHECKING:  # importing the crawl brings the HTTP client along
    from crawler_core.crawl.report import KeywordReport

__all__ = ["IdentityLog", "count_identities"]

_STORE_SECONDS = 60.0
_ERRORS = frozenset({Outcome.THROTTLED, Outcome.CHALLENGE, Outcome.SCHEMA_CHANGED, Outcome.TRANSPORT})


class IdentityLog:
    """Counts of one run and day; stored at most once a minute, and by ``close``.

    Args:
        now: zone-aware clock.
        monotonic: seconds, never going back.
    """

    def __init__(
        self,
        store: ControlStore,
        *,
        run_id: str,
        platform: str,
        date: dt.date,
        node: str,
        now: Callable[[], dt.datetime] = lambda: dt.datetime.now(SHANGHAI),
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store, self._run_id, self._platform, self._date, self._node = store, run_id, platform, date, node
        self._now, self._monotonic = now, monotonic
        self._started = now()
        self._stored = monotonic()
        self._outcomes: dict[str, Counter[str]] = {}

    def keyword(self, report: KeywordReport) -> None:
        """A keyword ended."""
        for identity, outcomes in report.identities.items():
            self._outcomes.setdefault(identity, Counter()).update(outcomes)
        if self._monotonic() - self._stored >= _STORE_SECONDS:
            self.close()

    def close(self) -> None:
        """Store what is counted."""
        self._stored = self._monotonic()
        if self._outcomes:
            now = self._now()
            runs = [
                IdentityRun(
                    run_id=self._run_id,
                    platform=self._platform,
                    kind=kind,
                    name=name,
                    pages=pages,
                    errors=errors,
                    bans=bans,
                    started_at=self._started,
                    updated_at=now,
                )
                for (kind, name), (pages, errors, bans) in count_identities(self._outcomes).items()
            ]
            self._store.record_identities(self._date, runs, node=self._node)


def count_identities(outcomes: Mapping[str, Mapping[str, int]]) -> dict[tuple[str, str], tuple[int, int, int]]:
    """Requests, errors and bans by address, and by token where there are some.

    Args:
        outcomes: requests by identity (an address, or ``address#fingerprint``) and outcome.
    """
    counted: dict[tuple[str, str], Counter[str]] = {}
    for identity, by_outcome in outcomes.items():
        address, _, token = identity.rpartition("#") if "#" in identity else (identity, "", "")
        counted.setdefault(("egress", address), Counter()).update(by_outcome)
        if token:
            counted.setdefault(("token", token), Counter()).update(by_outcome)
    return {
        who: (
            by_outcome.total(),
            sum(count for outcome, count in by_outcome.items() if outcome in _ERRORS),
            by_outcome[Outcome.BANNED],
        )
        for who, by_outcome in counted.items()
    }
