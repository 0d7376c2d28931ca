from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from crawler_core.settings import CrawlSettings, load
from jobdata_resources.settings import DagsterSettings, StoreSettings

SECRET = "5ecret-planted"

Run = Callable[..., Any]


@pytest.fixture
def planted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QCWY_SIGN_KEY", SECRET)
    monkeypatch.setenv("BOSS_TOKENS", SECRET)
    monkeypatch.setenv("PROXY_PASSWORD", SECRET)
    monkeypatch.setenv("CLICKHOUSE_PASS", SECRET)
    monkeypatch.setenv("CONTROL_DB_URL", f"mysql+pymysql://u:{SECRET}@h/db")
    monkeypatch.setenv("DAGSTER_PG_URL", f"postgresql://u:{SECRET}@h/db")


@pytest.mark.parametrize("option", [(), ("--json",), ("--markdown",)])
def test_secrets_show_as_stars(jobdata: Run, planted: None, option: tuple[str, ...]) -> None:
    ran = jobdata("settings", *option)
    assert ran.code == 0
    assert SECRET not in ran.out + ran.err


def test_the_effective_values_are_shown(
    jobdata: Run, planted: None, monkeypatch: pytest.MonkeyPatch, home: Path
) -> None:
    monkeypatch.setenv("EGRESS_ADDRESSES", "127.0.1.1, 127.0.1.2")
    monkeypatch.setenv("SLEEP_MIN_SECONDS", "0.5")
    values = jobdata("settings", "--json").data
    assert values["JOBDATA_HOME"] == str(home)
    assert values["LANDING_URL"] == f"file://{home}/landing"
    assert values["EGRESS_ADDRESSES"] == "127.0.1.1,127.0.1.2"
    assert values["SLEEP_MIN_SECONDS"] == "0.5"
    assert values["MAX_PAGES"] == ""
    assert values["CLICKHOUSE_SECURE"] == "false"
    for name in (
        "QCWY_SIGN_KEY",
        "BOSS_TOKENS",
        "PROXY_PASSWORD",
        "CLICKHOUSE_PASS",
        "CONTROL_DB_URL",
        "DAGSTER_PG_URL",
    ):
        assert values[name] == "***"


def test_every_setting_is_in_the_table_once(jobdata: Run) -> None:
    lines = jobdata("settings", "--markdown").out.splitlines()
    assert lines[:2] == ["| variable | default | meaning |", "|---|---|---|"]
    names = [line.split("`")[1] for line in lines[2:]]
    fields = {name.upper() for kind in (CrawlSettings, StoreSettings, DagsterSettings) for name in kind.model_fields}
    assert fields | {"DAGSTER_PG_URL"} <= set(names)
    assert len(names) == len(set(names))
    assert all(line.split(" | ")[2].strip(" |") for line in lines[2:]), "a setting has no description"


def test_the_table_does_not_depend_on_the_environment(jobdata: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    before = jobdata("settings", "--markdown").out
    monkeypatch.setenv("JOBDATA_HOME", "/elsewhere")
    monkeypatch.setenv("SLEEP_MIN_SECONDS", "3")
    monkeypatch.setenv("CLICKHOUSE_HOST", "server")
    assert jobdata("settings", "--markdown").out == before
    assert "| `JOBDATA_HOME` | `./var` |" in before


def test_derived_defaults_are_the_real_ones(jobdata: Run, home: Path) -> None:
    rows = [line.split(" | ") for line in jobdata("settings", "--markdown").out.splitlines()[2:]]
    shown = {row[0].strip("|` "): row[1].strip("`").replace("$JOBDATA_HOME", str(home)) for row in rows}
    assert shown["LANDING_URL"] == load(CrawlSettings).landing_url
    assert shown["CONTROL_DB_URL"] == load(StoreSettings).control_db_url.get_secret_value()


def test_a_wrong_value_names_variable_value_and_remedy(jobdata: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLEEP_MIN_SECONDS", "soon")
    ran = jobdata("settings")
    assert ran.code == 2
    assert ran.err.startswith("error: SLEEP_MIN_SECONDS='soon': ")
