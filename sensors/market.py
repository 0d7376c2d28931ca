"""``market_refresh_sensor``: resolves companies and links openings after jobs or company details were loaded."""

# No `from __future__ import annotations`: Dagster reads the annotations of decorated functions as they are.

import datetime as dt
import json
from collections.abc import Callable, Iterable, Sequence

import dagster as dg

from crawler_core.platforms.spec import PlatformSpec
from crawler_core.values import SHANGHAI
from jobdata_assets import names
from jobdata_assets.runs import asset_runs_under_way
from sensors.market_decision import MarketState, decide_market

__all__ = ["market_sensor"]

_SECONDS = 60


def _now() -> dt.datetime:
    return dt.datetime.now(SHANGHAI)


def market_sensor(
    specs: Sequence[PlatformSpec], *, running: bool, now: Callable[[], dt.datetime] = _now
) -> dg.SensorDefinition:
    """The sensor; it reads the event log and the runs of the instance, never the warehouse.

    What was taken in is remembered in the cursor. A lost cursor costs one refresh, which gives the same rows.

    Args:
        running: whether it starts switched on.
        now: zone-aware clock.
    """
    jobs = [names.job_table(spec.name) for spec in specs]
    companies = [names.company_table(spec.name) for spec in specs if spec.company is not None]
    loads = {names.job_table(spec.name): names.load_job(spec.name) for spec in specs}

    @dg.sensor(
        name=f"{names.MARKET_JOB}_sensor",
        job_name=names.MARKET_JOB,
        minimum_interval_seconds=_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING if running else dg.DefaultSensorStatus.STOPPED,
        description=(
            "Resolves companies, links openings and makes job_analytics anew after a day was loaded and no other load"
            " is under way, and once an hour while company details arrive."
        ),
        metadata=names.OWNED,
    )
    def tick(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        instance = context.instance
        decision = decide_market(
            jobs=_newest(instance, jobs),
            companies=_newest(instance, companies),
            loading=any(asset_runs_under_way(instance, asset, (job,)) for asset, job in loads.items()),
            refreshing=bool(asset_runs_under_way(instance, names.COMPANY, (names.MARKET_JOB,))),
            now=now(),
            state=_read(context.cursor),
        )
        requests = []
        if decision.reason:
            context.log.info(decision.message)
            key = f"{names.MARKET_JOB}:{decision.digest}"
            requests.append(dg.RunRequest(run_key=key, tags={"jobdata/reason": decision.reason}))
        return dg.SensorResult(
            run_requests=requests,
            skip_reason=None if requests else decision.message,
            cursor=_write(decision.state),
        )

    return tick


def _newest(instance: dg.DagsterInstance, assets: Iterable[dg.AssetKey]) -> dict[str, int]:
    """Number of the newest materialization of each asset in the event log; assets without one are left out."""
    return {
        record.asset_entry.asset_key.to_user_string(): record.asset_entry.last_materialization_storage_id
        for record in instance.get_asset_records(list(assets))
        if record.asset_entry.last_materialization_storage_id is not None
    }


def _read(cursor: str | None) -> MarketState:
    """What the last tick left; an unreadable cursor is an empty one."""
    try:
        found = json.loads(cursor or "{}")
        marks = {str(name): int(mark) for name, mark in found.get("marks", {}).items()}
        return MarketState(marks=marks, started=_moment(found.get("started")), since=_moment(found.get("since")))
    except (ValueError, TypeError, AttributeError):
        return MarketState()


def _moment(text: str | None) -> dt.datetime | None:
    return None if text is None else dt.datetime.fromisoformat(text)


def _write(state: MarketState) -> str:
    moments = {"started": state.started, "since": state.since}
    return json.dumps(
        {"marks": dict(state.marks)} | {name: moment.isoformat() for name, moment in moments.items() if moment}
    )
