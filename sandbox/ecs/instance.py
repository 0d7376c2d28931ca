"""One instance: what is known of it and how it shows itself.

What belongs here: its fields and its JSON. What does not: when it changes; see `cloud`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sandbox.ecs.config import Offer
from sandbox.ecs.machine import Machine, Script
from sandbox.ecs.money import Span
from sandbox.ecs.wire import stamp


@dataclass(frozen=True)
class Order:
    """What RunInstances asked for, checked."""

    offer: Offer
    image: str
    vswitch: str
    groups: tuple[str, ...]
    strategy: str = "NoSpot"
    price_limit: float = 0.0
    protected_hours: int = 1
    interruption: str = "Terminate"
    auto_release: float | None = None
    tags: dict[str, str] = field(default_factory=dict)
    role: str = ""
    user_data: bytes = b""
    name: str = ""
    bandwidth: int = 0
    http_tokens: str = "optional"

    @property
    def spot(self) -> bool:
        """True for a spot instance."""
        return self.strategy != "NoSpot"


@dataclass
class Instance:
    """Times are cloud seconds since the epoch; a time of None is not planned. `due` is the end of `status`."""

    id: str
    number: int
    order: Order
    region: str
    address: str
    created: float
    tags: dict[str, str]
    status: str = "Pending"
    due: float | None = 0.0
    visible: float = 0.0
    auto_release: float | None = None
    running_since: float | None = None
    assistant_delay: float | None = 0.0
    stillborn_at: float | None = None
    reclaim_after: float | None = None
    reclaim_notice: bool = True
    notice_seconds: float | None = None
    notice_at: float | None = None
    terminate_at: float | None = None
    hang_after: float | None = None
    hung_at: float | None = None
    stopped_mode: str = "Not-applicable"
    spans: list[Span] = field(default_factory=list)
    machine: Machine | None = None
    boot: Script | None = None
    gone_at: float | None = None
    gone_why: str = ""

    @property
    def recycling(self) -> bool:
        """True between the notice of a reclaim and the end."""
        return self.notice_at is not None and self.gone_at is None

    @property
    def private_address(self) -> str:
        """An address nobody can reach, as in a VPC."""
        return f"172.16.{self.number // 250}.{self.number % 250 + 1}"

    def assistant(self, now: float) -> bool:
        """True when the Cloud Assistant has started; a hung one still counts, see `heartbeat`."""
        if self.status != "Running" or self.running_since is None or self.assistant_delay is None:
            return False
        return now >= self.running_since + self.assistant_delay

    def heartbeat(self, now: float) -> float:
        """When its Cloud Assistant was last heard of."""
        return now if self.hung_at is None else self.hung_at

    def facts(self) -> dict[str, str]:
        """What policy conditions may ask for."""
        return {f"acs:ResourceTag/{key}": value for key, value in self.tags.items()}

    def show(self) -> dict[str, Any]:
        """An element of DescribeInstances."""
        order = self.order
        locks = [{"LockReason": "Recycling", "LockMsg": ""}] if self.recycling else []
        return {
            "InstanceId": self.id,
            "InstanceName": order.name or self.id,
            "HostName": f"iZ{self.id[2:]}Z",
            "Description": "",
            "SerialNumber": f"{self.number:032x}",
            "RegionId": self.region,
            "ZoneId": order.offer.zone,
            "ClusterId": "",
            "ImageId": order.image,
            "InstanceType": order.offer.type,
            "InstanceTypeFamily": order.offer.type.rpartition(".")[0],
            "Cpu": order.offer.cpu,
            "Memory": order.offer.memory_mib,
            "OSType": "linux",
            "OSName": "Ubuntu  24.04 64位",
            "OSNameEn": "Ubuntu  24.04 64 bit",
            "Status": self.status,
            "StoppedMode": self.stopped_mode,
            "CreationTime": stamp(self.created, seconds=False),
            "StartTime": stamp(self.running_since, seconds=False) if self.running_since else "",
            "ExpiredTime": "2099-12-31T15:59Z",
            "AutoReleaseTime": stamp(self.auto_release, seconds=False) if self.auto_release else "",
            "InstanceChargeType": "PostPaid",
            "InternetChargeType": "PayByTraffic",
            "InternetMaxBandwidthOut": order.bandwidth,
            "InternetMaxBandwidthIn": 200 if order.bandwidth else 0,
            "SpotStrategy": order.strategy,
            "SpotPriceLimit": order.price_limit,
            "SpotDuration": order.protected_hours,
            "SpotInterruptionBehavior": order.interruption,
            "DeletionProtection": False,
            "Recyclable": False,
            "DeviceAvailable": True,
            "IoOptimized": True,
            "InstanceNetworkType": "vpc",
            "KeyPairName": "",
            "ResourceGroupId": "",
            "OperationLocks": {"LockReason": locks},
            "PublicIpAddress": {"IpAddress": [self.address] if order.bandwidth else []},
            "InnerIpAddress": {"IpAddress": []},
            "EipAddress": {"AllocationId": "", "IpAddress": "", "InternetChargeType": ""},
            "SecurityGroupIds": {"SecurityGroupId": list(order.groups)},
            "VpcAttributes": {
                "VpcId": "vpc-sandbox",
                "VSwitchId": order.vswitch,
                "NatIpAddress": "",
                "PrivateIpAddress": {"IpAddress": [self.private_address]},
            },
            "NetworkInterfaces": {
                "NetworkInterface": [
                    {
                        "NetworkInterfaceId": f"eni-{self.id[2:]}",
                        "MacAddress": mac(self.number),
                        "PrimaryIpAddress": self.private_address,
                        "Type": "Primary",
                    }
                ]
            },
            "MetadataOptions": {"HttpEndpoint": "enabled", "HttpTokens": order.http_tokens},
            "Tags": {"Tag": [{"TagKey": key, "TagValue": value} for key, value in self.tags.items()]},
        }


def mac(number: int) -> str:
    """The hardware address of the n-th instance."""
    return f"00:16:3e:00:{number >> 8 & 255:02x}:{number & 255:02x}"
