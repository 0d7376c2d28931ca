"""What the Dagster instance tells the alert sensors: runs, checks, ticks, partitions. Read, never changed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import dagster as dg
from dagster._core.storage.tags import RETRY_NUMBER_TAG, WILL_RETRY_TAG

from jobdata_resources.mail import errors as mail_errors
from sensors.alerts.checks import CheckOutcome, judge_blocking, judge_drift
from sensors.alerts.partitions import digest_due, judge_partitions
from sensors.alerts.runs import FinishedRun, judge_runs
from sensors.alerts.shell import Gather, Seen, Watch
from sensors.alerts.ticks import Instigator, Tick, judge_ticks

if TYPE_CHECKING:
    from dagster._core.scheduler.instigation import InstigatorTick
    from dagster._core.storage.dagster_run import RunRecord
    from dagster_shared.error import SerializableErrorInfo

__all__ = ["blocking_checks", "drift_checks", "failed_partitions", "failed_ticks", "finished_runs"]

_FIRST_LOOK = dt.timedelta(days=1)
_OVERLAP_SECONDS = 2.0
"""Runs that end in one moment may be stored a little out of order; evidence that is told twice changes nothing."""
_RUNS = 200
_CHECK_FAILED = "DagsterAssetCheckFailedError"
_MAIL_ERRORS = frozenset(mail_errors.__all__)
_ASSET_JOB = "__ASSET_JOB"
_FACTS = 12
_EVALUATION = dg.DagsterEventType.ASSET_CHECK_EVALUATION


# ---- runs


def finished_runs(made_by: Mapping[str, str]) -> Gather:
    """Runs that have ended since the last look.

    Args:
        made_by: the asset that a job makes, by job: a run of the asset from its page speaks for the same thing.
    """

    def gather(watch: Watch) -> Seen:
        first = watch.cursor is None
        since = watch.now - _FIRST_LOOK if watch.cursor is None else dt.datetime.fromisoformat(watch.cursor)
        records = watch.instance.get_run_records(
            dg.RunsFilter(
                statuses=[dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE],
                updated_after=since - dt.timedelta(seconds=_OVERLAP_SECONDS),
            ),
            limit=_RUNS,
            order_by="update_timestamp",
            ascending=True,
        )
        runs = [_finished(watch.instance, record, made_by) for record in records]
        newest = max((record.update_timestamp for record in records), default=since)
        return Seen(
            evidence=judge_runs(runs, only_last=first),
            complete=False,
            looked_at=f"{len(runs)} runs ended",
            cursor=max(newest, since).isoformat(),
        )

    return gather


def _finished(instance: dg.DagsterInstance, record: RunRecord, made_by: Mapping[str, str]) -> FinishedRun:
    run = record.dagster_run
    assets = sorted(key.to_user_string() for key in run.asset_selection or ())
    adhoc = run.job_name.startswith(_ASSET_JOB)
    subject = ", ".join(assets) if assets else made_by.get(run.job_name, run.job_name)
    ended = dt.datetime.fromtimestamp(record.end_time, dt.UTC) if record.end_time else record.update_timestamp
    succeeded = run.status is dg.DagsterRunStatus.SUCCESS
    error, check_failed = ("", False) if succeeded else _error(instance, run.run_id)
    return FinishedRun(
        run_id=run.run_id,
        subject=subject,
        job=subject if adhoc else run.job_name,
        succeeded=succeeded,
        started_at=dt.datetime.fromtimestamp(record.start_time, dt.UTC) if record.start_time else ended,
        ended_at=ended,
        partition=run.tags.get("dagster/partition") or run.tags.get("dagster/asset_partition_range_start", ""),
        retry=RETRY_NUMBER_TAG in run.tags,
        will_retry=run.tags.get(WILL_RETRY_TAG) == "true",
        check_failed=check_failed,
        error=error,
        started_by=_started_by(run.tags),
    )


def _started_by(tags: Mapping[str, str]) -> str:
    for tag, word in (
        ("dagster/backfill", "backfill"), ("dagster/schedule_name", "schedule"), ("dagster/sensor_name", "sensor"),
    ):  # fmt: skip
        if tag in tags:
            return f"{word} {tags[tag]}"
    return "a person or a program"


def _error(instance: dg.DagsterInstance, run_id: str) -> tuple[str, bool]:
    """The errors of a run, and whether all of them are blocking checks that failed."""
    wanted = {dg.DagsterEventType.STEP_FAILURE, dg.DagsterEventType.RUN_FAILURE}
    steps, rest, checks = [], [], 0
    for entry in instance.all_logs(run_id, of_type=wanted):
        event = entry.dagster_event
        if event is None:
            continue
        if event.is_step_failure:
            data = event.step_failure_data
            checks += data.error is not None and data.error.cls_name == _CHECK_FAILED
            told = data.user_failure_data.description if data.user_failure_data else None
            steps.append(f"{event.step_key}: {told or (_text(data.error) if data.error else event.message or '')}")
        elif event.message:
            rest.append(event.message)
    return "\n\n".join(steps or rest), bool(steps) and checks == len(steps)


def _text(error: SerializableErrorInfo) -> str:
    """The error and what caused it, the cause first: it is what people look for."""
    root = error
    while root.cause is not None:
        root = root.cause
    return root.to_string() if root is error else f"{root.message}\n{error.to_string()}"


# ---- checks


def blocking_checks(checks: Mapping[dg.AssetCheckKey, bool]) -> Gather:
    """The newest results of all checks; ``checks`` says of each whether it blocks."""

    def gather(watch: Watch) -> Seen:
        outcomes = _outcomes(watch.instance, checks)
        return Seen(evidence=judge_blocking(outcomes), complete=False, looked_at=f"{len(outcomes)} check results")

    return gather


def drift_checks(checks: Mapping[dg.AssetCheckKey, bool]) -> Gather:
    """The newest results of the checks that tell a drift."""

    def gather(watch: Watch) -> Seen:
        outcomes = _outcomes(watch.instance, checks)
        return Seen(evidence=judge_drift(outcomes), complete=False, looked_at=f"{len(outcomes)} check results")

    return gather


def _outcomes(instance: dg.DagsterInstance, checks: Mapping[dg.AssetCheckKey, bool]) -> list[CheckOutcome]:
    records = instance.event_log_storage.get_latest_asset_check_execution_by_key(list(checks))
    found = []
    for key, record in records.items():
        event = record.event
        if event is None or event.dagster_event is None or event.dagster_event.event_type is not _EVALUATION:
            continue  # planned, or its run ended before it: nothing is known
        result = event.dagster_event.asset_check_evaluation_data
        found.append(
            CheckOutcome(
                asset=key.asset_key.to_user_string(),
                check=key.name,
                passed=result.passed,
                blocking=checks[key],
                warning=result.severity is dg.AssetCheckSeverity.WARN,
                at=dt.datetime.fromtimestamp(event.timestamp, dt.UTC),
                run_id=record.run_id,
                partition=result.partition or _partition(instance, record.run_id),
                description=result.description or "",
                facts=tuple(
                    (name, str(value.value))
                    for name, value in list(result.metadata.items())[:_FACTS]
                    if isinstance(value.value, int | float | str) and not isinstance(value, dg.MarkdownMetadataValue)
                ),
            )
        )
    return found


def _partition(instance: dg.DagsterInstance, run_id: str) -> str:
    run = instance.get_run_by_id(run_id)
    return run.tags.get("dagster/partition", "") if run is not None else ""


# ---- ticks


def failed_ticks(watch: Watch) -> Seen:
    """The last ticks of every schedule and sensor that is switched on."""
    from dagster._core.definitions.run_request import InstigatorType
    from dagster._core.scheduler.instigation import InstigatorStatus, TickStatus

    words = {InstigatorType.SCHEDULE: "schedule", InstigatorType.SENSOR: "sensor"}
    on = {InstigatorStatus.RUNNING, InstigatorStatus.DECLARED_IN_CODE}
    found = []
    for state in watch.instance.all_instigator_state(instigator_statuses=on):
        if state.instigator_type in words:
            ticks = watch.instance.get_ticks(
                state.instigator_origin_id, state.selector_id, limit=watch.settings.alert_tick_failures + 3
            )
            found.append(
                Instigator(
                    name=state.instigator_name,
                    kind="schedule" if state.instigator_type is InstigatorType.SCHEDULE else "sensor",
                    ticks=[_tick(tick) for tick in ticks if tick.status is not TickStatus.STARTED],
                )
            )
    evidence = judge_ticks(found, failures=watch.settings.alert_tick_failures, now=watch.now)
    return Seen(evidence=evidence, complete=True, looked_at=f"{len(found)} schedules and sensors")


def _tick(tick: InstigatorTick) -> Tick:
    error = tick.error
    names = set()
    one = error
    while one is not None:
        names.add(one.cls_name)
        one = one.cause
    return Tick(
        at=dt.datetime.fromtimestamp(tick.timestamp, dt.UTC),
        failed=tick.is_failure,
        error=_text(error) if error is not None else "",
        mail=bool(names & _MAIL_ERRORS),
    )


# ---- partitions


def failed_partitions(assets: Mapping[dg.AssetKey, dg.PartitionsDefinition[str]]) -> Gather:
    """Once a day, from the hour of the digest on: the partitions whose last run failed, by Dagster's own account."""

    def gather(watch: Watch) -> Seen:
        day = digest_due(watch.cursor, now=watch.now, hour=watch.settings.alert_digest_hour)
        if day is None:
            return Seen(evidence=[], complete=False, looked_at="the digest of the day is not due, or was made")
        failed = {key.to_user_string(): _failed(watch.instance, key, definition) for key, definition in assets.items()}
        evidence = judge_partitions(failed, now=watch.now)
        return Seen(evidence=evidence, complete=True, looked_at=f"{len(assets)} assets", cursor=day)

    return gather


def _failed(instance: dg.DagsterInstance, key: dg.AssetKey, definition: dg.PartitionsDefinition[str]) -> Sequence[str]:
    from dagster._core.storage.partition_status_cache import get_and_update_asset_status_cache_value

    value = get_and_update_asset_status_cache_value(instance, key, definition, dynamic_partitions_loader=instance)
    if value is None:
        return []
    return [str(one) for one in value.deserialize_failed_partition_subsets(definition).get_partition_keys()]
