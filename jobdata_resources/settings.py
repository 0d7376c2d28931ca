"""Settings of the stores, Dagster and everything above the crawl library, from the environment.

The README's table of settings is generated from the field descriptions here and in ``crawler_core.settings``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import NoDecode

from crawler_core.fleet.settings import NodeSettings
from crawler_core.settings import CrawlSettings, EnvSettings, load
from jobdata_resources.fleet.settings import FleetSettings

__all__ = [
    "AlertSettings",
    "CompanySettings",
    "CrawlSettings",
    "DagsterSettings",
    "FleetSettings",
    "MailSettings",
    "NodeSettings",
    "PlanSettings",
    "ReportSettings",
    "RetentionSettings",
    "StoreSettings",
    "load",
    "secrets",
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
    schedules_quick: bool = Field(
        False,
        description="schedules tick every few minutes instead of at their hours, and alerts look every minute: for the"
        " sandbox only",
    )


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


class RetentionSettings(EnvSettings):
    """How long the nightly clean-up keeps what; unset keeps it for ever."""

    retain_run_days: int = Field(
        30, ge=1, description="finished Dagster runs and their events; runs that partitions show their status from stay"
    )
    retain_tick_days: int = Field(60, ge=1, description="ticks of schedules and sensors")
    retain_history_days: int | None = Field(400, ge=7, description="checkpoints and run log of the control store, days")
    retain_telemetry_days: int | None = Field(400, ge=7, description="pages in `crawl_page`, by whole months, days")
    retain_pages_days: int | None = Field(
        None, ge=2, description="landed pages whose day is loaded, days; unset = for ever: tables are rebuilt from them"
    )


class MailSettings(EnvSettings):
    """The server that takes our mail, and who gets it. Without ``SMTP_HOST`` nothing is sent: mails are logged."""

    smtp_host: str = Field("", description="mail server; unset = alerts are logged and shown as metadata")
    smtp_port: int | None = Field(
        None, ge=1, le=65535, description="its port; default 587 (`starttls`), 465 (`ssl`), 25 (`plain`)"
    )
    smtp_user: str = Field("", description="login of the mail server; unset = no login (a relay)")
    smtp_pass: SecretStr = Field(SecretStr(""), description="password of the mail server")
    smtp_from: str = Field("", description="sender of mails: `name@example.com` or `Name <name@example.com>`")
    smtp_to: Annotated[tuple[str, ...], NoDecode] = Field((), description="recipients of mails, comma-separated")
    smtp_security: Literal["starttls", "ssl", "plain"] = Field(
        "starttls",
        description="`starttls`, `ssl`, or `plain` (nothing is encrypted, a password neither: a relay next door)",
    )
    smtp_timeout_seconds: float = Field(15.0, gt=0, le=50, description="time limit of each answer of the mail server")

    @field_validator("smtp_to", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @field_validator("smtp_security", mode="before")
    @classmethod
    def _lower(cls, value: object) -> object:
        return value.lower() if isinstance(value, str) else value

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.smtp_port is None:
            self.smtp_port = {"starttls": 587, "ssl": 465, "plain": 25}[self.smtp_security]
        if not self.smtp_host:
            return self
        for name, value in (("SMTP_FROM", self.smtp_from), ("SMTP_TO", self.smtp_to)):
            if not value:
                raise ValueError(f"SMTP_HOST is set but {name} is not; set it, or unset SMTP_HOST to send no mail")
        if self.smtp_user and not self.smtp_pass.get_secret_value():
            raise ValueError("SMTP_USER is set but SMTP_PASS is not; set it, or unset SMTP_USER for no login")
        return self


class ReportSettings(EnvSettings):
    """The service that receives statistics as JSON."""

    report_endpoint: SecretStr = Field(
        SecretStr(""), description="URL that statistics are sent to as JSON; unset = none. It may hold a key: not shown"
    )
    report_timeout: float = Field(10.0, gt=0, description="time limit of one request to it, seconds")
    report_max_retries: int = Field(3, ge=0, le=10, description="further attempts after one that failed, with back-off")

    @field_validator("report_endpoint")
    @classmethod
    def _url(cls, value: SecretStr) -> SecretStr:
        if value.get_secret_value() and not value.get_secret_value().startswith(("http://", "https://")):
            raise ValueError("must start with http:// or https://")
        return value


class AlertSettings(EnvSettings):
    """When somebody is told, and how often."""

    alert_reminder_hours: float = Field(
        24.0, gt=0, description="hours after which a mail about an open incident comes again"
    )
    alert_tokens_min: int = Field(2, ge=1, description="usable Boss tokens below which the pool is low")
    alert_stale_hours: float = Field(
        8.0, gt=0, description="hours after the load deadline of a day at which its table must be loaded"
    )
    alert_tick_failures: int = Field(2, ge=1, description="failed ticks in a row that are an incident")
    alert_digest_hour: int = Field(
        9, ge=0, le=23, description="hour (Asia/Shanghai) of the digest of failed partitions"
    )
    alert_runbook_url: str = Field("docs/runbook.md", description="where the runbook is, for links in mails")
    dagster_ui_url: str = Field("http://localhost:3000", description="where the Dagster UI is, for links in mails")

    @field_validator("dagster_ui_url")
    @classmethod
    def _base(cls, value: str) -> str:
        if not value.startswith(("http://", "https://")):
            raise ValueError("must start with http:// or https://")
        return value.rstrip("/")


def secrets() -> list[SecretStr]:
    """Every secret value of the settings, for taking them out of texts; URLs among them with their password alone too.

    Raises:
        BadSetting: a variable is malformed.
    """
    found: list[SecretStr] = []
    for kind in (CrawlSettings, StoreSettings, MailSettings, ReportSettings):
        settings = load(kind)
        found += [value for name in kind.model_fields if isinstance(value := getattr(settings, name), SecretStr)]
    passwords = [urlsplit(value.get_secret_value()).password for value in found if "://" in value.get_secret_value()]
    # The default of the control store is a path of this machine, not a secret.
    return [value for value in found if not value.get_secret_value().startswith("sqlite:")] + [
        SecretStr(password) for password in passwords if password
    ]


class PlanSettings(EnvSettings):
    """How the pages of a day are divided among the keywords."""

    crawl_pages_per_day: int | None = Field(
        None, ge=1, description="page budget of a platform and day, divided by `crawl_plan`; unset = no plan"
    )
    crawl_floor_days: int = Field(3, ge=1, description="a keyword is asked at least once in this many days")
    crawl_sweep_days: int = Field(7, ge=1, description="a keyword is read to its end once in this many days")
