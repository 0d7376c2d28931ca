"""What the code location holds, as literals: a renamed asset or a lost check shows here as a difference."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest

from jobdata_assets.definitions import build_definitions
from jobdata_resources.landing import LandingResource

ROOT = Path(__file__).parents[2]
PLATFORMS = ("boss", "qcwy", "zhilian")
CHECKS = {
    "rows_loaded": True,
    "unique_keys": True,
    "required_fields": True,
    "keyword_coverage": True,
    "partition_budget": False,
    "unparsed_values": False,
    "schema_drift": False,
    "row_count_drift": False,
    "duplicate_ids": False,
    "orphans": False,
}
HEAVY = ("chdb", "boto3", "botocore", "alibabacloud_ecs20140526", "clickhouse_connect", "pandas", "aiohttp", "httpx")


@pytest.fixture(scope="module")
def definitions() -> dg.Definitions:
    return build_definitions()


def test_assets(definitions: dg.Definitions) -> None:
    graph = definitions.resolve_asset_graph()
    found = {
        key.to_user_string(): (
            graph.get(key).group_name,
            sorted(graph.get(key).owners),
            sorted(kind for kind in graph.get(key).kinds),
            graph.get(key).pools,
            sorted(parent.to_user_string() for parent in graph.get(key).parent_keys),
        )
        for key in graph.get_all_asset_keys()
    }
    expected: dict[str, object] = {}
    for platform in PLATFORMS:
        expected[f"{platform}_raw_pages"] = ("crawl", ["team:data"], ["json", "python"], {f"crawl_{platform}"}, [])
        expected[f"{platform}_job"] = (
            "jobs", ["team:data"], ["clickhouse", "sql"], {"warehouse"}, [f"{platform}_raw_pages"],
        )  # fmt: skip
        expected[f"{platform}_company"] = (
            "companies", ["team:data"], ["clickhouse", "python"], {f"crawl_{platform}"},
            sorted([f"{platform}_job", "pending_company"]),
        )  # fmt: skip
    expected["pending_company"] = (
        "companies", ["team:data"], ["clickhouse", "sql"], {"warehouse"}, [f"{name}_job" for name in PLATFORMS],
    )  # fmt: skip
    jobs, details = [f"{name}_job" for name in PLATFORMS], [f"{name}_company" for name in PLATFORMS]
    expected["company"] = (
        "companies", ["team:data"], ["clickhouse", "python"], {"warehouse"}, sorted(jobs + details),
    )  # fmt: skip
    expected["job_link"] = (
        "analytics",
        ["team:data"],
        ["clickhouse", "sql"],
        {"warehouse"},
        sorted(["company", *jobs]),
    )
    expected["job_analytics"] = (
        "analytics", ["team:data"], ["clickhouse"], {"warehouse"}, sorted(["company", "job_link", *jobs]),
    )  # fmt: skip
    expected["crawl_plan"] = ("crawl", ["team:data"], ["python"], set(), [])
    expected["market_report"] = ("reports", ["team:data"], ["excel", "html"], {"warehouse"}, ["job_analytics"])
    expected["fleet_report"] = (
        "reports", ["team:data"], ["python"], {"warehouse"}, [f"{name}_job" for name in PLATFORMS],
    )  # fmt: skip
    expected["stats_total"] = (
        "reports", ["team:data"], ["clickhouse", "mysql"], {"warehouse"}, [f"{name}_job" for name in PLATFORMS],
    )  # fmt: skip
    assert found == expected


def test_every_asset_explains_itself(definitions: dg.Definitions) -> None:
    graph = definitions.resolve_asset_graph()
    for key in graph.get_all_asset_keys():
        node = graph.get(key)
        assert len(node.description or "") > 100, key
        assert node.code_version, key
        assert node.tags.get("platform", "boss") in PLATFORMS, key


def test_partitions(definitions: dg.Definitions) -> None:
    graph = definitions.resolve_asset_graph()
    for platform in PLATFORMS:
        raw = graph.get(dg.AssetKey(f"{platform}_raw_pages"))
        job = graph.get(dg.AssetKey(f"{platform}_job"))
        assert isinstance(raw.partitions_def, dg.MultiPartitionsDefinition)
        date, keyword = raw.partitions_def.partitions_defs
        assert (date.name, keyword.name) == ("date", "keyword")
        assert date.partitions_def == job.partitions_def
        assert isinstance(keyword.partitions_def, dg.DynamicPartitionsDefinition)
        assert keyword.partitions_def.name == f"{platform}_keyword"
        assert isinstance(job.partitions_def, dg.DailyPartitionsDefinition)
        assert str(job.partitions_def.timezone) == "Asia/Shanghai"
        assert raw.backfill_policy == dg.BackfillPolicy.single_run()
        mapping = graph.get_partition_mapping(job.key, raw.key)
        assert isinstance(mapping, dg.MultiToSingleDimensionPartitionMapping)


def test_checks(definitions: dg.Definitions) -> None:
    graph = definitions.resolve_asset_graph()
    found = {(key.asset_key.to_user_string(), key.name): graph.get(key).blocking for key in graph.asset_check_keys}
    expected = {(f"{platform}_job", name): blocking for platform in PLATFORMS for name, blocking in CHECKS.items()}
    assert found == expected | {("company", "orphans"): True}


def test_jobs_run_in_one_process(definitions: dg.Definitions) -> None:
    repository = definitions.get_repository_def()
    found = {job.name: (job.executor_def.name, dict(job.tags)) for job in repository.get_all_jobs()}
    expected = {"__ASSET_JOB": ("in_process", {}), "rebuild_facts": ("in_process", {})}
    for platform in PLATFORMS:
        expected[f"{platform}_crawl"] = ("in_process", {"platform": platform, "jobdata/crawl": platform})
        expected[f"{platform}_load"] = ("in_process", {"platform": platform, "dagster/max_runtime": "7200"})
        expected[f"{platform}_company_job"] = ("in_process", {"platform": platform, "dagster/max_runtime": "7200"})
    expected["company_cleaning"] = ("in_process", {"dagster/max_runtime": "7200"})
    expected["market_refresh"] = ("in_process", {"dagster/max_runtime": "7200"})
    expected["history_cleanup"] = ("in_process", {"dagster/max_runtime": "7200"})
    expected["crawl_plan_job"] = expected["market_report_job"] = ("in_process", {})
    expected["stats_total_job"] = ("in_process", {"dagster/max_runtime": "3600"})
    expected["fleet_report_job"] = ("in_process", {"dagster/max_runtime": "7200"})
    assert found == expected


def test_schedules_and_sensors(definitions: dg.Definitions) -> None:
    repository = definitions.get_repository_def()
    assert {
        (one.name, one.job_name, one.cron_schedule, one.execution_timezone) for one in repository.schedule_defs
    } == {
        ("boss_crawl_schedule", "boss_crawl", "0 8,13,18 * * *", "Asia/Shanghai"),
        ("qcwy_crawl_schedule", "qcwy_crawl", "10 8,13,18 * * *", "Asia/Shanghai"),
        ("zhilian_crawl_schedule", "zhilian_crawl", "20 8,13,18 * * *", "Asia/Shanghai"),
        ("boss_fleet_schedule", "boss_crawl", "30 */6 * * *", "Asia/Shanghai"),
        ("qcwy_fleet_schedule", "qcwy_crawl", "40 */6 * * *", "Asia/Shanghai"),
        ("zhilian_fleet_schedule", "zhilian_crawl", "50 */6 * * *", "Asia/Shanghai"),
        ("fleet_report_schedule", "fleet_report_job", "50 23 * * *", "Asia/Shanghai"),
        ("company_cleaning_schedule", "company_cleaning", "*/5 * * * *", "Asia/Shanghai"),
        ("history_cleanup_schedule", "history_cleanup", "5 0 * * *", "Asia/Shanghai"),
        ("crawl_plan_schedule", "crawl_plan_job", "40 7 * * *", "Asia/Shanghai"),
        ("market_report_schedule", "market_report_job", "30 7 * * *", "Asia/Shanghai"),
        ("stats_total_schedule", "stats_total_job", "0 */6 * * *", "Asia/Shanghai"),
    }
    assert {(one.name, one.minimum_interval_seconds) for one in repository.sensor_defs} == {
        ("keyword_partitions", 60),
        ("fleet_reaper", 300),
        ("boss_daily_load", 60),
        ("qcwy_daily_load", 60),
        ("zhilian_daily_load", 60),
        ("market_refresh_sensor", 60),
        ("alert_failed_run", 60),
        ("alert_failed_check", 120),
        ("alert_coverage_low", 600),
        ("alert_identity_anomaly", 600),
        ("alert_tokens_low", 600),
        ("alert_stale_table", 1800),
        ("alert_schema_drift", 600),
        ("alert_failed_tick", 300),
        ("alert_failed_partitions", 1800),
    }


def test_on_the_sandbox_every_schedule_ticks_within_ten_minutes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCHEDULES_QUICK", "true")
    for schedule in build_definitions().get_repository_def().schedule_defs:
        every = re.fullmatch(r"(?:\*|\d-59)/(\d+) \* \* \* \*", str(schedule.cron_schedule))
        assert every is not None, (schedule.name, schedule.cron_schedule)
        assert int(every[1]) <= 10


@pytest.mark.parametrize("running", [True, False])
def test_one_setting_switches_them_on(running: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCHEDULES_RUNNING", str(running))
    repository = build_definitions().get_repository_def()
    statuses = {one.default_status.value for one in (*repository.schedule_defs, *repository.sensor_defs)}
    assert statuses == {"RUNNING" if running else "STOPPED"}


def test_a_resource_can_be_replaced() -> None:
    other = LandingResource()
    assert build_definitions(resources={"landing": other}).resources["landing"] is other
    assert set(build_definitions().resources or {}) == {
        "crawler", "fleet", "landing", "control", "warehouse", "mailer", "webhook",
    }  # fmt: skip


def test_a_wrong_setting_names_variable_and_value(monkeypatch: pytest.MonkeyPatch) -> None:
    from crawler_core.errors import BadSetting

    monkeypatch.setenv("LOAD_DEADLINE_HOUR", "25")
    with pytest.raises(BadSetting, match=r"LOAD_DEADLINE_HOUR='25'"):
        build_definitions()


PROBE = """
import socket, sys, warnings

def refuse(*args, **kwargs):
    raise AssertionError("the definitions opened a connection")

socket.socket.connect = refuse
socket.getaddrinfo = refuse
warnings.simplefilter("error")
# Dagster 1.13 reads pydantic's old field names: not ours to mend, and not about anything we call.
warnings.filterwarnings("ignore", module=r"dagster_shared\\.dagster_model\\.pydantic_compat_layer")

from dagster._core.definitions.reconstruct import repository_def_from_target_def
from dagster._core.workspace.autodiscovery import loadable_targets_from_python_module

[target] = loadable_targets_from_python_module("jobdata_assets.definitions", None)  # as the code server does
repository = repository_def_from_target_def(target.target_definition)
assert len(repository.assets_defs_by_key) == 17
loaded = [name for name in HEAVY if name in sys.modules]
assert not loaded, f"loading the definitions imports {loaded}"
"""


def test_a_fresh_interpreter_loads_without_warning_network_or_heavy_imports(tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if name in ("PATH", "LANG", "LC_ALL", "HOME")}
    run = subprocess.run(
        [sys.executable, "-c", f"HEAVY = {HEAVY!r}\n{PROBE}"],
        cwd=tmp_path,
        env=environment | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert run.returncode == 0, run.stderr[-3000:]
    assert run.stderr == ""
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("package", ["jobdata_assets", "sensors", "schedules"])
def test_packages_import_nothing_by_themselves(package: str) -> None:
    run = subprocess.run(
        [sys.executable, "-c", f"import {package}, sys; assert 'dagster' not in sys.modules"],
        cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
