"""Settings of the fleet. Without vSwitches, security group and image it is off."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field, field_validator
from pydantic_settings import NoDecode

from crawler_core.errors import BadSetting
from crawler_core.settings import EnvSettings

__all__ = ["FleetSettings"]

Texts = Annotated[tuple[str, ...], NoDecode]


class FleetSettings(EnvSettings):
    """What the fleet reads. Access keys come by the SDK's own chain (``ALIBABA_CLOUD_ACCESS_KEY_ID`` and others)."""

    crawl_on: Literal["local", "fleet"] = Field(
        "local", description="where crawl runs do their work: `local` or `fleet`"
    )
    ecs_region: str = Field("cn-shanghai", description="region of the fleet")
    ecs_endpoint: str = Field("", description="ECS endpoint where it is not the region's own; `http://…` is for tests")
    fleet_project: str = Field(
        "jobdata",
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,60}$",
        description="tag by which its instances are known",
    )
    fleet_instances: int = Field(20, ge=1, le=100, description="instances of one crawl run at most")
    fleet_types: Texts = Field(
        ("ecs.t6-c1m1.large", "ecs.e-c1m2.large", "ecs.c7.large"),
        description="instance types that will do, comma-separated; the cheapest in stock is taken",
    )
    fleet_vswitches: Texts = Field((), description="vSwitches to start in: `zone=vsw-…`, comma-separated")
    fleet_security_group: str = Field("", description="security group of the instances; needs no inbound rule")
    fleet_image: str = Field("", description="image of the instances: Ubuntu with Python 3.11 or newer")
    fleet_price_limit: float = Field(0.2, gt=0, description="highest price of an instance, CNY an hour")
    fleet_bandwidth_mbps: int = Field(5, ge=1, le=100, description="outbound bandwidth of an instance")
    fleet_hours: float = Field(
        6.0, ge=0.5, le=24, description="life of an instance: it is released by the cloud after this, whatever happens"
    )
    fleet_instances_per_day: int = Field(200, ge=0, description="instances created in a day at most, all runs together")
    fleet_hours_per_day: float = Field(480.0, ge=0, description="instance hours in a day at most, all runs together")
    fleet_cost_per_day: float = Field(50.0, ge=0, description="CNY for instances in a day at most, all runs together")
    fleet_boot_seconds: float = Field(
        300.0, gt=0, description="an instance without a sign of its node for this long is replaced"
    )
    fleet_poll_seconds: float = Field(5.0, gt=0, description="between two looks at the fleet")
    fleet_drain_seconds: float = Field(60.0, ge=0, description="nodes get this long to land what they have at the end")
    fleet_stock_seconds: float = Field(
        900.0, ge=0, description="a fleet without any instance gives up when none is to be had for this long"
    )
    fleet_orphan_seconds: float = Field(
        900.0, gt=0, description="instances whose run has been silent for this long are removed"
    )
    fleet_python: str = Field(
        "", description="interpreter on the image that has the node's libraries; empty: they come with the artefact"
    )

    @field_validator("fleet_types", "fleet_vswitches", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @field_validator("fleet_vswitches")
    @classmethod
    def _zoned(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for part in value:
            zone, _, switch = part.partition("=")
            if not zone or not switch:
                raise ValueError("write zone=vSwitch, for instance cn-shanghai-b=vsw-uf6…")
        return value

    @property
    def vswitches(self) -> Mapping[str, str]:
        """vSwitch by zone."""
        return dict(part.split("=", 1) for part in self.fleet_vswitches)

    def check(self) -> None:
        """Whether instances can be started at all.

        Raises:
            BadSetting: names what is missing.
        """
        needed = ("fleet_vswitches", "fleet_security_group", "fleet_image")
        missing = [name.upper() for name in needed if not getattr(self, name)]
        if missing:
            raise BadSetting(f"the fleet is off: {', '.join(missing)} not set; see docs/fleet.md")
