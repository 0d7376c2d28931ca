"""Which runs of an asset are under way: what a schedule and a sensor ask before they start another."""

from __future__ import annotations

from collections.abc import Collection

import dagster as dg

__all__ = ["asset_runs_under_way", "job_runs_under_way", "runs_under_way"]

_UNFINISHED = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]


def runs_under_way(instance: dg.DagsterInstance, job_name: str, asset: dg.AssetKey) -> list[str]:
    """Ids of queued and running runs of a job, or of the asset when it was launched from its page or a backfill."""
    runs = instance.get_runs(filters=dg.RunsFilter(statuses=_UNFINISHED))
    return [run.run_id for run in runs if run.job_name == job_name or asset in (run.asset_selection or ())]


def asset_runs_under_way(instance: dg.DagsterInstance, asset: dg.AssetKey, jobs: Collection[str]) -> list[str]:
    """Ids of queued and running runs that make the asset: it is selected, or the run is of all of one of the jobs."""
    return [
        run.run_id
        for run in instance.get_runs(filters=dg.RunsFilter(statuses=_UNFINISHED))
        if asset in (run.asset_selection or ()) or (not run.asset_selection and run.job_name in jobs)
    ]


def job_runs_under_way(instance: dg.DagsterInstance, job_name: str) -> list[str]:
    """Ids of queued and running runs of a job."""
    runs = instance.get_runs(filters=dg.RunsFilter(job_name=job_name, statuses=_UNFINISHED))
    return [run.run_id for run in runs]
