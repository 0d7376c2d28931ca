"""What all alert sensors share: gather evidence, store incidents, send the mails that are due.

Incidents are in the control store and not in the cursors: a cursor is lost when a sensor is renamed or reset, is only
moved by a tick that ends well, and nobody else can read it. A cursor here only says what was looked at.

A mail that is not accepted fails the tick. Its incident is stored by then, so the next tick sends it.
"""

# No `from __future__ import annotations`: Dagster reads the annotations of decorated functions as they are.

import datetime as dt
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import dagster as dg

from jobdata_assets import names
from jobdata_resources.alerts import KINDS, AlertDesk, Evidence
from jobdata_resources.alerts.story import redactor
from jobdata_resources.control import ControlStore, StoreNotMigrated
from jobdata_resources.control_resource import ControlResource
from jobdata_resources.mailer_resource import MailerResource
from jobdata_resources.settings import AlertSettings, load, secrets

__all__ = ["Clock", "Gather", "Seen", "Watch", "alert_sensor", "utc_now"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """What a sensor may look at; never the warehouse. ``cursor`` is what its last tick left.

    ``open_instance`` is only called by who needs it: opening it is most of what a tick costs.
    """

    open_instance: Callable[[], dg.DagsterInstance]
    store: ControlStore
    settings: AlertSettings
    now: dt.datetime
    cursor: str | None

    @property
    def instance(self) -> dg.DagsterInstance:
        """Dagster's own storage."""
        return self.open_instance()


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a sensor has seen.

    Attributes:
        complete: what is not named is well.
        cursor: for the next tick; None leaves it.
        looked_at: in a few words, for the tick.
    """

    evidence: Sequence[Evidence]
    complete: bool
    looked_at: str
    cursor: str | None = None


Gather = Callable[[Watch], Seen]


Clock = Callable[[], dt.datetime]


def utc_now() -> dt.datetime:
    """The current time."""
    return dt.datetime.now(dt.UTC)


def alert_sensor(
    kind: str,
    gather: Gather,
    *,
    seconds: int,
    running: bool,
    description: str,
    now: Clock = utc_now,
) -> dg.SensorDefinition:
    """The sensor of a kind of alert; it starts no run.

    Args:
        kind: a key of ``KINDS``.
        seconds: between two looks.
        running: whether it starts switched on.
    """

    @dg.sensor(
        name=f"alert_{kind}",
        minimum_interval_seconds=seconds,
        default_status=dg.DefaultSensorStatus.RUNNING if running else dg.DefaultSensorStatus.STOPPED,
        description=(
            f"{description}\n\nOne mail when it begins, reminders while it lasts, an all-clear when it is over."
            f" What to do: `{kind}` in docs/runbook.md."
        ),
        tags={"alert": KINDS[kind].name},
        metadata=names.OWNED,
    )
    def tick(context: dg.SensorEvaluationContext, control: ControlResource, mailer: MailerResource) -> dg.SensorResult:
        settings = load(AlertSettings)
        with control.open() as store:
            watch = Watch(
                open_instance=lambda: context.instance,
                store=store,
                settings=settings,
                now=now(),
                cursor=context.cursor,
            )
            desk = AlertDesk(
                store, mailer.mailer(), settings, log=context.log.warning, redact=redactor(secrets()), now=now
            )
            try:
                seen = gather(watch)
                changed = desk.take(kind, seen.evidence, complete_at=watch.now if seen.complete else None)
            except StoreNotMigrated as error:
                return dg.SensorResult(skip_reason=f"nothing to watch yet: {error}")
            sent = desk.deliver(kind)
        parts = [seen.looked_at]
        parts += [f"{incident.subject}: {'over' if incident.healed_at else 'open'}" for incident in changed[:10]]
        parts += [f"{count} {occasion} mails" for occasion, count in Counter(due.occasion for due in sent).items()]
        return dg.SensorResult(skip_reason="; ".join(parts), cursor=seen.cursor)

    return tick
