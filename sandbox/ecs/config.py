"""Everything about an ECS sandbox that can be set, with its default.

What belongs here: frozen values. What does not: the command line, see `__main__`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

ALLOW_ALL: Final[dict[str, Any]] = {
    "Version": "1",
    "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
}


@dataclass(frozen=True, slots=True)
class Key:
    """An access key. With `token` it is one of STS; `expires` is seconds since the epoch, 0 is never."""

    id: str
    secret: str
    policy: Mapping[str, Any] = field(default_factory=lambda: ALLOW_ALL)
    token: str = ""
    expires: float = 0.0


@dataclass(frozen=True, slots=True)
class Offer:
    """What a zone sells of one type: `price` is the list price in CNY an hour, `spot` the usual share of it."""

    zone: str
    type: str
    cpu: int
    memory_mib: int
    price: float
    spot: float = 0.2
    stock: int = 100


def _offers() -> tuple[Offer, ...]:
    types = (
        ("ecs.t6-c1m1.large", 2, 2048, 0.27),
        ("ecs.e-c1m2.large", 2, 4096, 0.36),
        ("ecs.c7.large", 2, 4096, 0.47),
    )
    zones = ("cn-shanghai-b", "cn-shanghai-e", "cn-shanghai-l")
    return tuple(
        Offer(zone, name, cpu, memory, round(price * (1 + place / 20), 4))
        for place, zone in enumerate(zones)
        for name, cpu, memory, price in types
    )


@dataclass(frozen=True, slots=True)
class EcsConfig:
    """One ECS sandbox.

    `time_scale` shortens what lasts minutes at the real one: a reclaim's notice (300 s), the least distance of an
    automatic release (1800 s), the protected hour of a spot instance, the delivery limit of a command (60 s).
    `pending_seconds` and `starting_seconds` are how long those states last, `assistant_seconds` how long after
    Running the Cloud Assistant answers; none of them is scaled.
    """

    home: Path | None = None
    seed: int = 7
    host: str = "127.0.0.1"
    port_base: int = 0
    account: str = "1234567890123456"
    region: str = "cn-shanghai"
    keys: tuple[Key, ...] = (Key("LTAI5tSandboxKey", "sandbox-secret"),)
    roles: Mapping[str, Mapping[str, Any]] = field(
        default_factory=lambda: {"jobdata-node": {"Version": "1", "Statement": []}}
    )
    offers: tuple[Offer, ...] = field(default_factory=_offers)
    images: tuple[str, ...] = ("ubuntu_24_04_x64_20G_alibase_20250916.vhd",)
    security_groups: tuple[str, ...] = ("sg-sandbox",)
    first_address: str = "127.0.1.10"
    max_instances: int = 120
    time_scale: float = 0.01
    pending_seconds: float = 0.15
    starting_seconds: float = 0.15
    stopping_seconds: float = 0.1
    assistant_seconds: float = 0.1
    price_step_seconds: float = 600.0
    node_env: Mapping[str, str] = field(default_factory=dict)
    faults: tuple[dict[str, Any], ...] = ()

    @property
    def zones(self) -> tuple[str, ...]:
        """The zones, in the order of their first offer."""
        return tuple(dict.fromkeys(offer.zone for offer in self.offers))

    @property
    def vswitches(self) -> dict[str, str]:
        """One vSwitch a zone: its id to the zone."""
        return {f"vsw-sandbox-{zone.rpartition('-')[2]}": zone for zone in self.zones}
