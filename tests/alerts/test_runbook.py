from __future__ import annotations

import re
from pathlib import Path

from crawler_core.platforms import PLATFORMS
from jobdata_resources.alerts import KINDS
from jobdata_resources.settings import AlertSettings

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "runbook.md").read_text()


def test_each_kind_of_alert_has_its_section_and_no_other_has_one() -> None:
    sections = re.split(r"^## ", TEXT, flags=re.MULTILINE)[1:]
    bodies = {section.partition("\n")[0]: section.partition("\n")[2] for section in sections}
    assert list(bodies) == ["How alerts work", *KINDS]
    for name in KINDS:
        assert len(bodies[name].split()) > 50, f"{name} says too little"
        assert re.search(r"\bover when\b|all-clear", bodies[name]), f"{name} does not say when it is over"


def test_links_and_settings_of_the_runbook_exist() -> None:
    assert set(re.findall(r"\]\(#(\w+)\)", TEXT)) <= set(KINDS)
    known = {name.upper() for name in AlertSettings.model_fields}
    assert set(re.findall(r"`(ALERT_\w+)`", TEXT)) <= known


def test_each_kind_has_its_sensor() -> None:
    import datetime as dt

    from jobdata_assets.partitions import daily_partitions
    from jobdata_resources.settings import DagsterSettings
    from sensors.alert_sensors import alert_sensors

    sensors = alert_sensors(list(PLATFORMS.values()), daily_partitions(dt.date(2026, 11, 21), 7), DagsterSettings())
    assert {sensor.name for sensor in sensors} == {f"alert_{name}" for name in KINDS}
    assert all("docs/runbook.md" in (sensor.description or "") for sensor in sensors)
