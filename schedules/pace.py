"""When schedules tick: at their hours, or every few minutes on the sandbox, where a day is to be watched."""

from __future__ import annotations

from crawler_core.settings import load
from jobdata_resources.settings import DagsterSettings

__all__ = ["cron"]


def cron(usual: str, *, quick: str) -> str:
    """The cron line of a schedule: ``usual``, or ``quick`` where ``SCHEDULES_QUICK`` is set."""
    return quick if load(DagsterSettings).schedules_quick else usual
