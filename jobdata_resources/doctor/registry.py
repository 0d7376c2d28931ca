"""All checks, in the order of the report. A new component is one line here."""

from __future__ import annotations

from jobdata_resources.doctor.access import look_at_access, look_at_platforms
from jobdata_resources.doctor.check import Check
from jobdata_resources.doctor.fleet import look_at_fleet
from jobdata_resources.doctor.landing import look_at_landing_zone
from jobdata_resources.doctor.machine import (
    look_at_clock,
    look_at_disk,
    look_at_limits,
    look_at_settings,
    look_at_versions,
)
from jobdata_resources.doctor.mail import look_at_mail
from jobdata_resources.doctor.report import look_at_receiver
from jobdata_resources.doctor.stores import look_at_control_store, look_at_dagster, look_at_warehouse

__all__ = ["CHECKS"]

CHECKS = (
    Check(name="settings", look=look_at_settings),
    Check(name="versions", look=look_at_versions),
    Check(name="disk", look=look_at_disk),
    Check(name="limits", look=look_at_limits),
    Check(name="clock", look=look_at_clock),
    Check(name="control", look=look_at_control_store),
    Check(name="landing", look=look_at_landing_zone),
    Check(name="warehouse", look=look_at_warehouse),
    Check(name="dagster", look=look_at_dagster),
    Check(name="access", look=look_at_access),
    Check(name="mail", look=look_at_mail),
    Check(name="report", look=look_at_receiver),
    Check(name="fleet", look=look_at_fleet),
    Check(name="platforms", look=look_at_platforms, online=True),
)
