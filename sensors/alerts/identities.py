"""Whether a platform treats an address or a token otherwise than before: the decision of ``alert_identity_anomaly``.

Each is compared with its own earlier runs and with its peers in the same run, so what befalls all of them at once (the
platform is down, the keyword list was cut) is nobody's anomaly: failed runs and coverage tell that.

* **bans**: its latest run was refused for being who it is.
* **error share**: more than 20 points above both its own median and its peers'.
* **page rate**: its rate against its own median, divided by the same of its peers, is below a third or above three.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from statistics import median

from jobdata_resources.alerts import Evidence, Story
from jobdata_resources.control import IdentityRun

__all__ = ["HISTORY", "judge_identities"]

HISTORY = dt.timedelta(days=14)
"""How far back runs are compared."""

_CURRENT = dt.timedelta(hours=36)
"""A last run that is older says nothing about now: the identity is out of use."""
_MIN_PAGES = 20
_MIN_RUNS = 3
_MIN_SPAN = dt.timedelta(minutes=5)
_ERROR_MARGIN = 0.2
_RATE_FACTOR = 3.0
_Identity = tuple[str, str, str]


def judge_identities(runs: Sequence[IdentityRun], *, now: dt.datetime) -> list[Evidence]:
    """The identities that are treated otherwise now; those that are not named are well.

    Args:
        runs: of the last ``HISTORY``, oldest first.
    """
    history = _History(runs)
    found = {}
    for who, past in history.by_identity.items():
        run = past[-1]
        if now - run.updated_at > _CURRENT:
            continue
        reasons = history.reasons(run)
        if reasons and run.kind == "token":
            # A token is not blamed for what befell the address that it was used through, then or since.
            for address in history.of_run(run, "egress"):
                told = history.reasons(address)
                reasons = {name: text for name, text in reasons.items() if name not in told}
        if reasons:
            found[who] = run, reasons
    # Addresses first.
    ordered = sorted(found, key=lambda who: (who[1] != "egress", who))
    return [_evidence(who, *found[who], now) for who in ordered]


class _History:
    """Runs by identity, oldest first, and by run."""

    def __init__(self, runs: Sequence[IdentityRun]) -> None:
        self.by_identity: defaultdict[_Identity, list[IdentityRun]] = defaultdict(list)
        self._by_run: defaultdict[tuple[str, str, str], list[IdentityRun]] = defaultdict(list)
        self._position: dict[tuple[_Identity, str], int] = {}
        for run in runs:
            who = (run.platform, run.kind, run.name)
            self._position[who, run.run_id] = len(self.by_identity[who])
            self.by_identity[who].append(run)
            self._by_run[run.platform, run.kind, run.run_id].append(run)

    def of_run(self, run: IdentityRun, kind: str) -> list[IdentityRun]:
        """What the identities of a kind did in the same run."""
        return self._by_run[run.platform, kind, run.run_id]

    def reasons(self, run: IdentityRun) -> dict[str, str]:
        """What was unusual about an identity in a run, against its runs before and its peers in it."""
        before = self._before(run)
        peers = [peer for peer in self.of_run(run, run.kind) if peer.name != run.name]
        reasons = {}
        if run.bans:
            reasons["bans"] = f"{run.bans} of {run.pages} requests were refused as banned"
        if run.pages >= _MIN_PAGES:
            share = _share(run)
            own = median(map(_share, before)) if before else 0.0
            others = median(map(_share, peers)) if peers else 0.0
            if share > max(own, others) + _ERROR_MARGIN:
                reasons["errors"] = f"{share:.0%} of its requests failed; usually {own:.0%}, its peers {others:.0%}"
        change = _change(run, before)
        if change is not None:
            changes = [one for peer in peers if (one := _change(peer, self._before(peer))) is not None]
            usual = median(changes) if changes else 1.0
            if not usual / _RATE_FACTOR <= change <= usual * _RATE_FACTOR:
                reasons["rate"] = (
                    f"{_rate(run):.0f} pages an hour, {change:.2f} times its median; its peers {usual:.2f}"
                )
        return reasons

    def _before(self, run: IdentityRun) -> list[IdentityRun]:
        who = (run.platform, run.kind, run.name)
        return self.by_identity[who][: self._position[who, run.run_id]]


def _share(run: IdentityRun) -> float:
    return run.errors / run.pages if run.pages else 0.0


def _rate(run: IdentityRun) -> float:
    """Pages an hour."""
    return run.pages / ((run.updated_at - run.started_at) / dt.timedelta(hours=1))


def _change(run: IdentityRun, before: Sequence[IdentityRun]) -> float | None:
    """Rate against the median of earlier runs; None where it says nothing."""
    rates = [_rate(one) for one in before if _measurable(one)]
    return _rate(run) / median(rates) if _measurable(run) and len(rates) >= _MIN_RUNS else None


def _measurable(run: IdentityRun) -> bool:
    return run.pages >= _MIN_PAGES and run.updated_at - run.started_at >= _MIN_SPAN


def _evidence(who: _Identity, run: IdentityRun, reasons: dict[str, str], now: dt.datetime) -> Evidence:
    platform, kind, name = who
    noun = "address" if kind == "egress" else "token"
    story = Story(
        headline=f"{platform}, {noun} {name}: {'; '.join(reasons.values())}",
        since=run.started_at,
        facts=(
            ("Requests in its last run", str(run.pages)),
            ("Failed", f"{run.errors} ({_share(run):.0%})"),
            ("Refused as banned", str(run.bans)),
        ),
        run_id=run.run_id.split("/")[0],
    )
    return Evidence(kind="identity_anomaly", subject=f"{platform} {noun} {name}", bad=True, at=now, story=story)
