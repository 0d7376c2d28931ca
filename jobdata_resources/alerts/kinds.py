"""The kinds of alert, as data: what each is called, what it affects, and what to do first.

Each has a section of its own in ``docs/runbook.md``, under its name; a test holds the two together.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

__all__ = ["KINDS", "AlertKind"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertKind:
    """One kind of alert.

    Attributes:
        name: stands in the control store and as anchor in the runbook.
        title: begins the subject of its mails.
        affects: what suffers as long as it lasts.
        remedy: what to do first; the runbook has the rest.
        reminder: time between two mails about an open incident; None: as the setting says.
    """

    name: str
    title: str
    affects: str
    remedy: str
    reminder: dt.timedelta | None = None


KINDS: dict[str, AlertKind] = {
    kind.name: kind
    for kind in (
        AlertKind(
            name="failed_run",
            title="Run failed",
            affects="What the job makes is as old as its last successful run. Landed pages are kept.",
            remedy="Open the run and read the error; start the same partition again when its cause is mended.",
        ),
        AlertKind(
            name="failed_check",
            title="Blocking check failed",
            affects="The day's rows are stored but wrong or incomplete, and nothing downstream was computed from them.",
            remedy="Open the check in the UI and read its description; load the day again when its cause is mended.",
        ),
        AlertKind(
            name="coverage_low",
            title="Keywords not crawled",
            affects="The day's tables lack the postings of the missing keywords.",
            remedy="Look at why the keywords stopped (bans, tokens, budget) and crawl on: landed pages are kept.",
        ),
        AlertKind(
            name="identity_anomaly",
            title="Platform treats an identity differently",
            affects="Its pages are lost or slow, and a platform that has noticed one address may ban the others.",
            remedy="Let the identity rest. Compare it with its peers; raise the delays or take it out of use.",
        ),
        AlertKind(
            name="tokens_low",
            title="Boss tokens running low",
            affects="When none is left, Boss cannot be crawled at all.",
            remedy="Get new sessions and import them: jobdata token import FILE.",
        ),
        AlertKind(
            name="stale_table",
            title="Table is stale",
            affects="Reports and queries over it show an old market.",
            remedy="Check that daemon, schedules and sensors are on, then load the missing day from its landed pages.",
        ),
        AlertKind(
            name="schema_drift",
            title="Platform changed its answers",
            affects="A renamed or retyped member is no longer read into its column until the field table follows.",
            remedy="Open the landed page that the check names, and add the new member to the platform's field table.",
        ),
        AlertKind(
            name="failed_tick",
            title="Schedule or sensor fails",
            affects="What it starts is not started, and what it watches is not watched.",
            remedy="Open its ticks under Automation and read the error; it goes on by itself when the cause is gone.",
        ),
        AlertKind(
            name="failed_partitions",
            title="Partitions still failed",
            affects="The listed days are missing or incomplete until they are run again.",
            remedy="Run them again: tables are built from landed pages; a past day is crawled only on purpose (late).",
            reminder=dt.timedelta(hours=23.5),
        ),
    )
}
