"""A sandbox, a home of its own per test, and the project's definitions on an ephemeral instance."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from pydantic import SecretStr

from crawler_core.crawl import crawl
from crawler_core.keyword import Keyword
from crawler_core.landing import LandingZone
from crawler_core.platforms import PLATFORMS
from crawler_core.settings import CrawlSettings, load
from crawler_core.values import Query, Token
from jobdata_assets import names
from jobdata_assets.definitions import build_definitions
from jobdata_resources.control import ControlStore
from jobdata_resources.landing import LandingResource
from jobdata_resources.settings import StoreSettings
from jobdata_resources.warehouse import Warehouse, open_warehouse
from sandbox.process import SandboxProcess
from tests.support.companies import today, tokens

WORD = "数据工程师"


@pytest.fixture(scope="module")
def running() -> Iterator[SandboxProcess]:
    with SandboxProcess("--companies", "300") as process:
        yield process


class House:
    """What an engineer has: the stores, and jobs to launch."""

    def __init__(self, sandbox: SandboxProcess, store: ControlStore, instance: dg.DagsterInstance) -> None:
        self.sandbox, self.store, self.instance = sandbox, store, instance
        self.definitions = build_definitions()

    @property
    def zone(self) -> LandingZone:
        return LandingResource().zone()

    def market(self, *platforms: str, date: dt.date | None = None) -> None:
        """Crawl and load a keyword of each platform."""
        day = date or today()
        for name in platforms:
            spec = PLATFORMS[name]
            crawl(
                spec,
                [Query(name, Keyword.parse(WORD), spec.nationwide)],
                date=day,
                settings=load(CrawlSettings),
                landing=self.zone,
                tokens=tokens(self.sandbox),
            )
        with self.warehouse() as warehouse:
            for name in platforms:
                warehouse.load_day(name, day, self.zone, run_id="market")

    def warehouse(self) -> Any:
        return open_warehouse(load(StoreSettings))

    def run(
        self, job: str, *assets: dg.AssetKey, date: dt.date | None = None, raises: bool = True
    ) -> dg.ExecuteInProcessResult:
        return self.definitions.resolve_job_def(job).execute_in_process(
            instance=self.instance,
            partition_key=(date or today()).isoformat(),
            asset_selection=list(assets) or None,
            raise_on_error=raises,
        )

    def collect(self, date: dt.date | None = None) -> dict[str, Any]:
        return metadata(self.run(names.COMPANY_CLEANING_JOB, names.PENDING_COMPANY, date=date), "pending_company")

    def fetch(self, platform: str, *, date: dt.date | None = None, raises: bool = True) -> dict[str, Any]:
        result = self.run(names.company_job(platform), date=date, raises=raises)
        return metadata(result, f"{platform}_company")

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        with self.warehouse() as warehouse:
            opened: Warehouse = warehouse
            return opened.query(sql)

    def requests(self) -> int:
        return int(self.sandbox.control("GET", "/stats")["requests"])

    def told(self) -> str:
        return "".join(repr(entry) for run in self.instance.get_runs() for entry in self.instance.all_logs(run.run_id))


def metadata(result: dg.ExecuteInProcessResult, node: str) -> dict[str, Any]:
    [event] = result.asset_materializations_for_node(node)
    return {name: value.value for name, value in event.metadata.items()}


@pytest.fixture
def house(running: SandboxProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    running.control("DELETE", "/faults")
    running.control("POST", "/reset", {})
    home = tmp_path / "home"
    settings = {
        "JOBDATA_HOME": str(home), "SLEEP_MIN_SECONDS": "0", "SLEEP_MAX_SECONDS": "0.005", "RETRY_SECONDS": "0.01",
        "COOL_DOWN_SECONDS": "0", "BAN_SECONDS": "0", "MAX_PAGES": "2", "COMPANY_COLLECT": "12",
        "COMPANY_PROCESS": "8",
    }  # fmt: skip
    for name, value in {**running.env, **settings}.items():
        monkeypatch.setenv(name, value)
    with ControlStore(f"sqlite:///{home / 'control.db'}") as store, dg.DagsterInstance.ephemeral() as instance:
        store.migrate()
        store.add_tokens([Token(SecretStr(one["mpt"]), SecretStr(one["wt2"])) for one in running.tokens()])
        yield House(running, store, instance)
    running.control("DELETE", "/faults")
