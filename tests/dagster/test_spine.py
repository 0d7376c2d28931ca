"""The whole way through Dagster against the sandbox: keywords, partitions, crawl, trouble, load, checks, twice."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
from pydantic import SecretStr

from crawler_core.keyword import Keyword
from crawler_core.values import SHANGHAI, Token
from jobdata_assets import names
from jobdata_assets.definitions import build_definitions
from jobdata_assets.partitions import range_tags
from jobdata_resources.control import ControlStore, KeywordRow
from jobdata_resources.control_resource import ControlResource
from sandbox.process import SandboxProcess

KEYWORDS = ("Python", "数据 工程师", "C++")
PLATFORMS = ("boss", "qcwy", "zhilian")


@pytest.fixture(scope="module")
def sandbox() -> Iterator[SandboxProcess]:
    with SandboxProcess("--companies", "300") as process:
        yield process


@pytest.fixture
def market(
    sandbox: SandboxProcess, home: Path, store: ControlStore, monkeypatch: pytest.MonkeyPatch
) -> Iterator[SandboxProcess]:
    """The sandbox behind the settings, its tokens and some keywords in the control store."""
    sandbox.control("POST", "/reset")
    sandbox.control("DELETE", "/faults")
    for name, value in sandbox.env.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("MAX_PAGES", "3")
    store.add_tokens([Token(SecretStr(token["mpt"]), SecretStr(token["wt2"])) for token in sandbox.tokens()])
    for platform in PLATFORMS:
        store.import_keywords(platform, [KeywordRow(keyword=Keyword.parse(text)) for text in KEYWORDS])
    yield sandbox
    sandbox.control("DELETE", "/faults")


def today() -> dt.date:
    return dt.datetime.now(SHANGHAI).date()


class Project:
    """The definitions on an instance, with the daemon's part done by hand."""

    def __init__(self, instance: dg.DagsterInstance) -> None:
        self.instance, self.definitions = instance, build_definitions()

    def sync_keywords(self) -> None:
        sensor = self.definitions.resolve_sensor_def("keyword_partitions")
        result = sensor(dg.build_sensor_context(instance=self.instance, resources={"control": ControlResource()}))
        assert isinstance(result, dg.SensorResult)
        for request in result.dynamic_partitions_requests or []:
            self.instance.add_dynamic_partitions(request.partitions_def_name, list(request.partition_keys))  # type: ignore[arg-type]

    def crawl(self, platform: str, first: str, last: str) -> dg.ExecuteInProcessResult:
        job = self.definitions.resolve_job_def(names.crawl_job(platform))
        return job.execute_in_process(
            instance=self.instance, tags=range_tags(today(), first, last), raise_on_error=False
        )

    def load(self, platform: str) -> dg.ExecuteInProcessResult:
        job = self.definitions.resolve_job_def(names.load_job(platform))
        return job.execute_in_process(instance=self.instance, partition_key=today().isoformat(), raise_on_error=False)

    def keywords_marked(self, platform: str) -> set[str]:
        return {key.split("|")[1] for key in self.instance.get_materialized_partitions(names.raw_pages(platform))}

    def row_counts(self, platform: str) -> dict[str, object]:
        event = self.instance.get_latest_materialization_event(names.job_table(platform))
        assert event is not None
        assert event.asset_materialization is not None
        found = event.asset_materialization.metadata
        return {name: found[name].value for name in ("dagster/row_count", "sightings", "jobs", "contents", "refused")}


@pytest.mark.parametrize("platform", PLATFORMS)
def test_from_keyword_to_checked_table_and_again(
    platform: str, market: SandboxProcess, home: Path, store: ControlStore, instance: dg.DagsterInstance
) -> None:
    project = Project(instance)
    project.sync_keywords()
    market.control("POST", "/faults", {"platform": platform, "kind": "challenge", "match": {"keyword": "C++"}})
    if platform == "boss":
        market.control("POST", "/faults", {"platform": "boss", "kind": "expire_token", "match": {"keyword": "Python"}})
    market.control("POST", "/faults", {"platform": platform, "kind": "truncate", "match": {"keyword": "数据 工程师"}})

    first = project.crawl(platform, KEYWORDS[0], KEYWORDS[-1])
    assert not first.success
    assert project.keywords_marked(platform) == {"Python", "数据 工程师"}
    assert store.keyword_states(platform, today())["C++"] == "failed"
    assert project.crawl(platform, "C++", "C++").success
    assert project.keywords_marked(platform) == set(KEYWORDS)

    loaded = project.load(platform)
    assert loaded.success, [entry.description for entry in loaded.get_asset_check_evaluations()]
    assert all(entry.passed for entry in loaded.get_asset_check_evaluations())
    before = project.row_counts(platform)
    assert before["refused"] == {}
    assert int(str(before["sightings"])) > 60

    asked = market.control("GET", "/stats")["requests"]
    assert project.crawl(platform, KEYWORDS[0], KEYWORDS[-1]).success
    assert market.control("GET", "/stats")["requests"] == asked
    assert project.load(platform).success
    assert project.row_counts(platform) == before

    told = "".join(repr(entry) for run in instance.get_runs() for entry in instance.all_logs(run.run_id))
    secrets = [value for token in market.control("GET", "/tokens") for value in token.values() if len(str(value)) > 20]
    for secret in (*secrets, "sandbox-51job-key"):
        assert secret not in told


def test_a_wrong_sign_key_changes_nothing_and_names_the_setting(
    market: SandboxProcess, home: Path, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = Project(instance)
    project.sync_keywords()
    monkeypatch.delenv("QCWY_SIGN_KEY")
    missing = project.crawl("qcwy", "Python", "C++")
    monkeypatch.setenv("QCWY_SIGN_KEY", "not-the-key-of-anybody")
    wrong = project.crawl("qcwy", "Python", "C++")
    for run in (missing, wrong):
        [event] = [event for event in run.all_events if event.is_step_failure]
        assert event.step_failure_data.user_failure_data is not None
        assert "QCWY_SIGN_KEY" in str(event.step_failure_data.user_failure_data.description)
        assert "not-the-key-of-anybody" not in repr(instance.all_logs(run.run_id))
    assert project.keywords_marked("qcwy") == set()
    assert not project.load("qcwy").success
