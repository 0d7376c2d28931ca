"""Alerts: from evidence to incidents to mails. No Dagster here: the sensors in ``sensors.alerts`` gather evidence."""

from jobdata_resources.alerts.desk import AlertDesk
from jobdata_resources.alerts.engine import Due, Evidence, accepted, due_mails, fingerprint, fold
from jobdata_resources.alerts.kinds import KINDS, AlertKind
from jobdata_resources.alerts.story import Story

__all__ = [
    "KINDS",
    "AlertDesk",
    "AlertKind",
    "Due",
    "Evidence",
    "Story",
    "accepted",
    "due_mails",
    "fingerprint",
    "fold",
]
