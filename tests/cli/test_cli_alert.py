"""``jobdata alert`` on incidents that a sensor left."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

from jobdata_resources.control import ControlStore, IncidentRecord

SEEN = dt.datetime(2026, 11, 21, 1, tzinfo=dt.UTC)


def test_incidents_are_listed_and_closed(jobdata: Callable[..., Any], home: Path) -> None:
    assert jobdata("db", "migrate").code == 0
    assert jobdata("alert", "list").out == "no incident is open\n"
    with ControlStore(f"sqlite:///{home / 'control.db'}") as store:
        incident = IncidentRecord(
            fingerprint="1a2b3c4d", kind="failed_run", subject="数据_job", opened_at=SEEN, seen_at=SEEN, mails=1
        )
        store.store_incidents([incident])
    listed = jobdata("alert", "list").out
    assert all(part in listed for part in ("1a2b3c4d", "failed_run", "数据_job"))
    ran = jobdata("alert", "close", "1a2b3c4d")
    assert (ran.code, ran.out) == (0, "closed failed_run: 数据_job\n")
    assert jobdata("alert", "list", "--json").data == []
    [row] = jobdata("alert", "list", "--all", "--json").data
    assert (row["fingerprint"], row["closed_at"] is not None) == ("1a2b3c4d", True)
    ran = jobdata("alert", "close", "1a2b3c4d")
    assert ran.code == 2
    assert "jobdata alert list" in ran.err
