"""What a stranger sees in the UI: everything that the code location holds says what it is, whose, and where to look.

This holds for what is added later too: a failure here names the definition and what it lacks.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import dagster as dg
import pytest

from jobdata_assets import names
from jobdata_assets.definitions import build_definitions

GROUPS = {"crawl", "jobs", "companies", "analytics", "reports", "feed"}
SENTENCE = 40
"""Characters of a description that says more than its name."""
DATA = {"dagster/column_schema", "dagster/table_name", "dagster/uri", "folder"}
"""Metadata that says where the data of an asset is or what it looks like; one of them is on each."""


@pytest.fixture(scope="module")
def definitions() -> dg.Definitions:
    return build_definitions()


@pytest.fixture(scope="module")
def repository(definitions: dg.Definitions) -> dg.RepositoryDefinition:
    return definitions.get_repository_def()


def described(name: str, description: str | None, at_least: int = SENTENCE) -> Iterator[str]:
    text = (description or "").strip()
    if len(text) < at_least:
        yield f"{name}: describe it in at least {at_least} characters, it has {text!r}"
    elif text[0].islower() or text.split("\n")[0][-1] not in ".:":
        yield f"{name}: write whole sentences, not {text[:40]!r}"


def owned(name: str, metadata: Mapping[str, object]) -> Iterator[str]:
    found = getattr(metadata.get("owner"), "value", None)
    if found not in names.OWNERS:
        yield f"{name}: add metadata=names.OWNED; its owner is {found!r}"


def test_assets(definitions: dg.Definitions) -> None:
    graph = definitions.resolve_asset_graph()
    problems: list[str] = []
    for key in graph.get_all_asset_keys():
        node, name = graph.get(key), f"asset {key.to_user_string()}"
        problems += described(name, node.description, 100)
        if list(node.owners) != list(names.OWNERS):
            problems.append(f"{name}: add owners=list(names.OWNERS), it has {node.owners!r}")
        if node.group_name not in GROUPS:
            problems.append(f"{name}: group {node.group_name!r} is none of {sorted(GROUPS)}")
        if not node.kinds:
            problems.append(f"{name}: say what it is made with in `kinds`")
        if "layer" not in node.tags:
            problems.append(f"{name}: say where it stands in the flow with a tag `layer`")
        if not DATA & set(node.metadata):
            problems.append(f"{name}: say where its data is, with one of {sorted(DATA)}")
        if not node.code_version:
            problems.append(f"{name}: a code version shows what has to be built again")
    for check in graph.asset_check_keys:
        problems += described(f"check {check.asset_key.to_user_string()}/{check.name}", graph.get(check).description)
    assert problems == []


def test_jobs(repository: dg.RepositoryDefinition) -> None:
    problems: list[str] = []
    for job in repository.get_all_jobs():
        if job.name.startswith("__"):  # Dagster's own, for runs from an asset page
            continue
        problems += [*described(f"job {job.name}", job.description), *owned(f"job {job.name}", job.metadata)]
    assert problems == []


def test_schedules_and_sensors(repository: dg.RepositoryDefinition) -> None:
    problems: list[str] = []
    for schedule in repository.schedule_defs:
        name = f"schedule {schedule.name}"
        problems += [*described(name, schedule.description), *owned(name, schedule.metadata)]
        if schedule.execution_timezone != "Asia/Shanghai":
            problems.append(f"{name}: its times are not those of Asia/Shanghai")
    for sensor in repository.sensor_defs:
        name = f"sensor {sensor.name}"
        problems += [*described(name, sensor.description), *owned(name, sensor.metadata)]
        if (sensor.minimum_interval_seconds or 0) < 30:
            problems.append(f"{name}: ticks every {sensor.minimum_interval_seconds} s; 30 s is the least for two cores")
    assert problems == []


def test_resources(repository: dg.RepositoryDefinition) -> None:
    resources = repository.get_top_level_resources()
    assert [
        problem for name, one in resources.items() for problem in described(f"resource {name}", one.description)
    ] == []
