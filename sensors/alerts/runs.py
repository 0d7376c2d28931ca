"""Which runs are evidence of what: the decision of ``alert_failed_run`` as a pure function.

A run speaks for what it makes: a failed crawl of Boss is over when a later crawl of Boss has succeeded, however either
was started. Days do not matter here: a day that stays missing is told by the digest of failed partitions.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from jobdata_resources.alerts import Evidence, Story

__all__ = ["FinishedRun", "judge_runs"]

_HEADLINE = 200
"""An error of one line that is not longer is told by the headline."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishedRun:
    """A run that has succeeded or failed.

    Attributes:
        subject: what it makes.
        retry: it is an automatic retry of another run; ``will_retry``: one of it follows.
        check_failed: it failed because of a blocking check, which has an alert of its own.
        error: why it failed.
        started_by: schedule, sensor, backfill or person.
    """

    run_id: str
    subject: str
    job: str
    succeeded: bool
    started_at: dt.datetime
    ended_at: dt.datetime
    partition: str = ""
    retry: bool = False
    will_retry: bool = False
    check_failed: bool = False
    error: str = ""
    started_by: str = ""


def judge_runs(runs: Iterable[FinishedRun], *, only_last: bool = False) -> list[Evidence]:
    """Evidence in the order in which the runs ended.

    Args:
        only_last: keep the newest of each subject: at the first look nobody is told of what is long over.
    """
    found: list[Evidence] = []
    for run in sorted(runs, key=lambda run: run.ended_at):
        if run.succeeded:
            healed = f"Run {run.run_id[:8]} of {run.job} succeeded."
            story = Story(headline="", since=run.ended_at, healed=healed, run_id=run.run_id)
            found.append(_evidence(run, story, bad=False))
        elif not run.retry and not run.check_failed:
            found.append(_evidence(run, _story(run), bad=True))
    return list({one.subject: one for one in found}.values()) if only_last else found


def _evidence(run: FinishedRun, story: Story, *, bad: bool) -> Evidence:
    return Evidence(kind="failed_run", subject=run.subject, bad=bad, at=run.ended_at, story=story)


def _story(run: FinishedRun) -> Story:
    first = next((line.strip() for line in run.error.splitlines() if line.strip()), "no error was recorded")
    facts = [("Job", run.job), ("Run", run.run_id)]
    facts += [("Partition", run.partition)] if run.partition else []
    facts += [("Started by", run.started_by)] if run.started_by else []
    facts += [("Automatic retry", "follows; an all-clear tells when it has succeeded")] if run.will_retry else []
    return Story(
        headline=f"{run.job} failed: {first}",
        since=run.ended_at,
        detail=run.error if run.error.strip() != first or len(first) > _HEADLINE else "",
        facts=tuple(facts),
        run_id=run.run_id,
    )
