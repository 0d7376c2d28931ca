"""Settings of a crawl, from the environment (``.env`` honoured): all that a bare node needs.

Secrets are ``SecretStr``: they print as stars. A wrong value is reported by ``load`` with the variable, the
value and the remedy. Settings of the databases, Dagster and mail are in ``jobdata_resources.settings``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Self, TypeVar

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from crawler_core.errors import BadSetting

__all__ = ["CrawlSettings", "EnvSettings", "load"]

SettingsT = TypeVar("SettingsT", bound="EnvSettings")


class EnvSettings(BaseSettings):
    """Base of all settings classes: upper-case variable names, ``.env``, unknown variables ignored."""

    model_config = SettingsConfigDict(
        env_file=".env", env_file_encoding="utf-8", extra="ignore", case_sensitive=False, env_ignore_empty=True
    )


def load(settings: type[SettingsT], **overrides: Any) -> SettingsT:
    """Read settings from the environment.

    Raises:
        BadSetting: names every wrong variable, its value (never a secret's) and the remedy.
    """
    try:
        return settings(**overrides)
    except ValidationError as error:
        secret = {name for name, field in settings.model_fields.items() if "SecretStr" in str(field.annotation)}
        lines = []
        for problem in error.errors():
            message = problem["msg"].removeprefix("Value error, ")
            if not problem["loc"]:  # several settings together: the message names them
                lines.append(message)
                continue
            name = str(problem["loc"][0])
            value = "***" if name in secret else repr(problem["input"])
            lines.append(f"{name.upper()}={value}: {message}")
        raise BadSetting("; ".join(lines)) from None


class CrawlSettings(EnvSettings):
    """What the crawl library and the node program read."""

    jobdata_home: Path = Field(Path("var"), description="everything embedded lives here")
    landing_url: str = Field("", description="landing zone: `file://…` or `s3://bucket/prefix`")
    landing_s3_endpoint: str = Field("", description="S3 endpoint where it is not AWS (Alibaba OSS speaks S3)")
    boss_base_url: str = Field("https://www.zhipin.com", description="host of Boss Zhipin")
    qcwy_base_url: str = Field("https://cupid.51job.com", description="host of 51job")
    zhilian_base_url: str = Field("https://fe-api.zhaopin.com", description="host of Zhaopin")
    qcwy_sign_key: SecretStr | None = Field(None, description="signing key of 51job; without it qcwy refuses to crawl")
    boss_tokens: SecretStr | None = Field(
        None, description="Boss sessions for a node without control store: `mpt[:wt2]`, comma-separated"
    )
    sleep_min_seconds: float = Field(
        10.0, ge=0, description="shortest random delay between two requests of an identity"
    )
    sleep_max_seconds: float = Field(20.0, ge=0, description="longest random delay")
    max_pages: int | None = Field(None, ge=1, description="page cap of a search; default per platform")
    page_size: int | None = Field(None, ge=1, description="records per page; default per platform")
    identity_pages_per_day: int = Field(1000, ge=1, description="page budget of one identity and day, retries included")
    cool_down_seconds: float = Field(60.0, ge=0, description="wait after a throttle, doubled each time in a row")
    ban_seconds: float = Field(1800.0, ge=0, description="rest of a banned identity, doubled each time in a row")
    retry_seconds: float = Field(
        5.0, ge=0, description="first wait after a failed connection, doubled each time in a row"
    )
    max_wait_seconds: float = Field(
        900.0, ge=0, description="longest wait for a resting identity before a crawl gives up"
    )
    request_timeout_seconds: float = Field(30.0, gt=0, description="time limit of one request")
    egress_addresses: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="local addresses to call from, one identity each, comma-separated"
    )
    proxy_scheme: str = Field("http", description="scheme of the proxy tunnel")
    proxy_tunnel: str = Field("", description="`host:port` of a proxy tunnel")
    proxy_username: str = Field("", description="user of the proxy tunnel")
    proxy_password: SecretStr | None = Field(None, description="password of the proxy tunnel")
    segment_pages: int = Field(
        16, ge=1, description="pages per landed segment: what a killed crawl fetches again at most"
    )
    node_name: str = Field("local", description="name of this machine in landed pages")

    @field_validator("egress_addresses", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @field_validator("boss_base_url", "qcwy_base_url", "zhilian_base_url")
    @classmethod
    def _base_url(cls, value: str) -> str:
        if not value.startswith(("http://", "https://")):
            raise ValueError("must start with http:// or https://")
        return value.rstrip("/")

    @field_validator("landing_url")
    @classmethod
    def _landing(cls, value: str) -> str:
        if value and not value.startswith(("file://", "s3://")):
            raise ValueError("must start with file:// or s3://")
        return value.rstrip("/")

    @model_validator(mode="after")
    def _derive(self) -> Self:
        if self.sleep_max_seconds < self.sleep_min_seconds:
            raise ValueError(
                f"SLEEP_MAX_SECONDS={self.sleep_max_seconds} is below"
                f" SLEEP_MIN_SECONDS={self.sleep_min_seconds}; raise it"
            )
        if not self.landing_url:
            self.landing_url = f"file://{(self.jobdata_home / 'landing').absolute()}"
        return self

    def base_url(self, platform: str) -> str:
        """The host a platform is called at."""
        return str(getattr(self, f"{platform}_base_url"))
