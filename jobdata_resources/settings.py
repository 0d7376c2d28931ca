"""Settings of the stores, Dagster and everything above the crawl library, from the environment.

The README's table of settings is generated from the field descriptions here and in ``crawler_core.settings``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Self

from pydantic import Field, SecretStr, field_validator, model_validator

from crawler_core.fleet.settings import NodeSettings
from crawler_core.settings import CrawlSettings, EnvSettings, load
from jobdata_resources.fleet.settings import FleetSettings

__all__ = [
    "CompanySettings",
    "CrawlSettings",
    "DagsterSettings",
    "FleetSettings",
    "NodeSettings",
    "StoreSettings",
    "load",
]


class StoreSettings(EnvSettings):
    """Where the warehouse and the control store are."""

    jobdata_home: Path = Field(Path("var"), description="everything embedded lives here")
    clickhouse_host: str = Field(
        "", description="ClickHouse server; unset = embedded chDB in `$JOBDATA_HOME/clickhouse`"
    )
    clickhouse_port: int = Field(8123, ge=1, le=65535, description="HTTP port of the server")
    clickhouse_user: str = Field("default", description="user of the server")
    clickhouse_pass: SecretStr = Field(SecretStr(""), description="password of the server")
    clickhouse_db: str = Field("job_data", pattern=r"^[A-Za-z_][A-Za-z0-9_]*$", description="database")
    clickhouse_secure: bool = Field(False, description="HTTPS to the server")
    clickhouse_max_memory_bytes: int = Field(
        600_000_000, ge=100_000_000, description="memory limit of one query, bytes"
    )
    clickhouse_lock_seconds: float = Field(
        60.0, ge=0, description="wait for another process to free the embedded warehouse"
    )
    control_db_url: SecretStr = Field(
        SecretStr(""),
        description="control store: `sqlite:///…` or `mysql+pymysql://…`; default `sqlite:///$JOBDATA_HOME/control.db`",
    )

    @field_validator("jobdata_home")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        return value.absolute()

    @model_validator(mode="after")
    def _derive(self) -> Self:
        url = self.control_db_url.get_secret_value()
        if not url:
            self.control_db_url = SecretStr(f"sqlite:///{self.jobdata_home / 'control.db'}")
        elif not url.startswith(("sqlite:///", "mysql+pymysql://")):
            raise ValueError("CONTROL_DB_URL must start with sqlite:/// or mysql+pymysql://")
        return self


class DagsterSettings(EnvSettings):
    """What the definitions read when they are loaded."""

    partition_days: int = Field(120, ge=1, description="how many days back the date partitions reach (rolling)")
    keyword_coverage_target: float = Field(0.95, ge=0, le=1, description="share of active keywords that must be done")
    load_deadline_hour: int = Field(
        22, ge=0, le=23, description="hour (Asia/Shanghai) at which a day is loaded with what there is"
    )
    schedules_running: bool = Field(False, description="schedules and sensors start switched on")


class CompanySettings(EnvSettings):
    """How company details are collected and fetched."""

    company_stale_days: int = Field(30, ge=1, description="age in days at which details of a company are fetched again")
    company_demand_days: int = Field(7, ge=1, description="companies of jobs seen in this many days are wanted")
    company_collect: int = Field(50, ge=1, description="companies of a platform that wait in the queue at most")
    company_process: int = Field(30, ge=1, description="companies of a platform fetched by one run")
    company_lease_seconds: float = Field(
        600.0, ge=10, description="a batch of a run that died is taken over after this; a run that lives renews"
    )
    company_retry_seconds: float = Field(
        600.0, ge=0, description="first wait for a company that was not answered, doubled each time, a day at most"
    )
