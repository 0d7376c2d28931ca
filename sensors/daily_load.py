"""``<platform>_daily_load``: starts the load of a day when its crawl is complete, or at the deadline."""

# No `from __future__ import annotations`: Dagster reads the annotations of decorated functions as they are.

import datetime as dt
import json
from collections.abc import Callable
from functools import partial

import dagster as dg

from crawler_core.platforms.spec import PlatformSpec
from crawler_core.values import SHANGHAI
from jobdata_assets import names
from jobdata_assets.runs import runs_under_way
from jobdata_resources.control import StoreNotMigrated
from jobdata_resources.control_resource import ControlResource
from sensors.load_decision import Fired, LoadDecision, decide_load

__all__ = ["daily_load_sensor"]

_SECONDS = 60
_TAG_CHARS = 200


def _now() -> dt.datetime:
    return dt.datetime.now(SHANGHAI)


def daily_load_sensor(
    spec: PlatformSpec, *, deadline_hour: int, running: bool, now: Callable[[], dt.datetime] = _now
) -> dg.SensorDefinition:
    """The load sensor of a platform.

    It reads the control store and the run storage, never the warehouse. Today and yesterday are looked at: a crawl
    may end after midnight. What was started is remembered in the cursor, and the run key makes sure that a lost
    cursor starts nothing twice.

    Args:
        deadline_hour: hour (Asia/Shanghai) at which a day is loaded with what there is.
        running: whether it starts switched on.
        now: zone-aware clock.
    """

    @dg.sensor(
        name=f"{spec.name}_daily_load",
        job_name=names.load_job(spec.name),
        minimum_interval_seconds=_SECONDS,
        metadata=names.OWNED,
        default_status=dg.DefaultSensorStatus.RUNNING if running else dg.DefaultSensorStatus.STOPPED,
        description=(
            f"Loads a day of {spec.title} when every active keyword is done or failed, or at {deadline_hour}:00 with"
            " what there is, naming the missing keywords."
        ),
        tags={names.PLATFORM_TAG: spec.name},
    )
    def tick(context: dg.SensorEvaluationContext, control: ControlResource) -> dg.SensorResult:
        instant = now()
        today = instant.astimezone(SHANGHAI).date()
        fired = _read(context.cursor)
        crawl = (names.crawl_job(spec.name), names.raw_pages(spec.name))
        decisions: dict[dt.date, LoadDecision] = {}
        with control.open() as store:
            for date in (today - dt.timedelta(days=1), today):
                try:
                    states = store.keyword_states(spec.name, date)
                except StoreNotMigrated as error:
                    return dg.SensorResult(skip_reason=f"no keywords yet: {error}")
                decide = partial(
                    decide_load,
                    date=date,
                    now=instant,
                    deadline_hour=deadline_hour,
                    states=states,
                    fired=fired.get(date, Fired()),
                )
                decision = decide(crawling=True)
                # Opening the instance is most of what a tick costs, so it is asked only when its answer matters.
                if decision.waits_for_crawl and not runs_under_way(context.instance, *crawl):
                    decision = decide(crawling=False)
                decisions[date] = decision
        requests = [_request(spec.name, date, decision) for date, decision in decisions.items() if decision.reason]
        message = "; ".join(decision.message for decision in decisions.values())
        if requests:
            context.log.info(message)
        return dg.SensorResult(
            run_requests=requests,
            skip_reason=None if requests else message,
            cursor=_write({date: decision.fired for date, decision in decisions.items()}),
        )

    return tick


def _request(platform: str, date: dt.date, decision: LoadDecision) -> dg.RunRequest:
    tags = {names.PLATFORM_TAG: platform, "jobdata/completeness": str(decision.reason)}
    if decision.missing:
        listed = ", ".join(decision.missing)
        tags["jobdata/missing_keywords"] = listed if len(listed) <= _TAG_CHARS else f"{listed[: _TAG_CHARS - 1]}…"
    return dg.RunRequest(
        partition_key=date.isoformat(),
        run_key=f"{platform}:{date.isoformat()}:{decision.reason}:{decision.digest}",
        tags=tags,
    )


def _read(cursor: str | None) -> dict[dt.date, Fired]:
    """What the last tick left; an unreadable cursor is an empty one, the run keys still hold."""
    try:
        entries = json.loads(cursor or "{}")
        return {
            dt.date.fromisoformat(date): Fired(digest=str(entry["digest"]), deadline=bool(entry["deadline"]))
            for date, entry in entries.items()
        }
    except (ValueError, KeyError, TypeError, AttributeError):
        return {}


def _write(fired: dict[dt.date, Fired]) -> str:
    return json.dumps(
        {date.isoformat(): {"digest": entry.digest, "deadline": entry.deadline} for date, entry in fired.items()}
    )
