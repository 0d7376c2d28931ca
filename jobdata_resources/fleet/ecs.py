"""The few ECS calls the fleet makes, through the official SDK, as plain values.

Facts that are not obvious (all from running the SDK): nothing is retried unless ``retry_options`` says so; a throttle
without a retry header is an ordinary client error, so errors are told apart by their code; a dropped connection has
no code at all; every parameter travels in the query, so a command must stay short; ``HTTP_PROXY`` is obeyed.
"""

from __future__ import annotations

import base64
import datetime as dt
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from jobdata_resources.fleet.errors import FleetError, FleetRefused, FleetUnavailable, NoStock
from jobdata_resources.fleet.settings import FleetSettings

if TYPE_CHECKING:
    from alibabacloud_ecs20140526.client import Client

__all__ = ["Ecs", "Instance", "Launch", "Price"]

_BATCH = 100
_CONNECT_MS, _READ_MS = 5_000, 20_000
_LOST_REPLIES = 3

_STOCK = (
    "OperationDenied.NoStock",
    "Zone.NotOnSale",
    "InvalidResourceType.NotSupported",
    "InvalidInstanceType.NotSupported",
    "InvalidInstanceType.ValueNotSupported",
    "InvalidInstanceType.ZoneNotSupported",
    "InvalidSpotPriceLimit.LowerThanPublicPrice",
    "InstanceType.Offline",
    "OperationDenied.SpotPriceLowerThanPublicPrice",
    "OperationDenied",
)
_AGAIN = (
    "Throttling",
    "ServiceUnavailable",
    "InternalError",
    "IdempotentProcessing",
    "RequestTimeout",
    "InvalidInstance.",  # reclaimed between two calls: the next look does not show it
    "InvalidInstanceId.NotFound",
    "IncorrectInstanceStatus",
)
_KEY = "ALIBABA_CLOUD_ACCESS_KEY"
_NO_KEY = "set ALIBABA_CLOUD_ACCESS_KEY_ID and _SECRET"
_REMEDIES = (
    ("Forbidden.RAM", "the access key lacks a permission; attach the policy of docs/fleet.md to its user"),
    ("NoPermission", "the access key lacks a permission; attach the policy of docs/fleet.md to its user"),
    (
        "InvalidUser.PassRoleForbidden",
        "the access key may not hand on FLEET_NODE_ROLE; see docs/fleet.md",
    ),
    ("InvalidAccessKeyId", "the access key is not known; set ALIBABA_CLOUD_ACCESS_KEY_ID and _SECRET"),
    ("SignatureDoesNotMatch", "the secret does not belong to the access key; set ALIBABA_CLOUD_ACCESS_KEY_SECRET"),
    ("InvalidCredentials", f"no access key was found; {_NO_KEY}"),
    ("InvalidSecurityToken", "the security token has run out; get a new one"),
    ("Quota", "a quota of the account is used up; raise it in the quota centre or lower FLEET_INSTANCES"),
    ("InvalidAccountStatus", "the account cannot pay; top it up"),
    ("Account.Arrearage", "the account is in arrears; top it up"),
    ("InvalidVSwitchId", "FLEET_VSWITCHES names a vSwitch that is not there; correct it"),
    ("InvalidSecurityGroup", "FLEET_SECURITY_GROUP is not there; correct it"),
    ("InvalidImageId", "FLEET_IMAGE is not there; correct it"),
    ("InvalidRamRole", "FLEET_NODE_ROLE is not a role that ECS may use; correct it"),
)
"""Start of a code, or a word in it, and what to do about it."""


@dataclass(frozen=True, slots=True, order=True)
class Price:
    """What an instance type costs in a zone: CNY an hour."""

    price: float
    zone: str
    type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """One ``RunInstances``; the same values with the same token never start a second set of instances.

    Attributes:
        token: at most 64 ASCII characters.
        release_at: UTC; seconds are cut off. At least 30 minutes ahead.
    """

    token: str
    amount: int
    zone: str
    vswitch: str
    type: str
    name: str
    release_at: dt.datetime
    tags: Mapping[str, str]
    role: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """An instance as the cloud shows it; ``recycling``: it will be taken away within minutes."""

    id: str
    status: str
    zone: str
    type: str
    created: dt.datetime
    addresses: tuple[str, ...] = ()
    recycling: bool = False
    tags: Mapping[str, str] = field(default_factory=dict)


class Ecs:
    """The calls. Each is one request or a page of them; transient refusals are retried with back-off inside."""

    def __init__(self, settings: FleetSettings) -> None:
        self._settings = settings
        self._made: Client | None = None

    # ---- what there is

    def prices(self, now: dt.datetime) -> list[Price]:
        """The present spot price of every type in every zone of the settings that sells it, cheapest first.

        Raises:
            FleetRefused, FleetUnavailable: as for all calls.
        """
        from alibabacloud_ecs20140526 import models

        found: dict[tuple[str, str], tuple[str, float]] = {}
        zones = self._settings.vswitches
        for kind in self._settings.fleet_types:
            request = models.DescribeSpotPriceHistoryRequest(
                region_id=self._settings.ecs_region,
                instance_type=kind,
                network_type="vpc",
                start_time=_utc(now - dt.timedelta(hours=1)),
                end_time=_utc(now),
            )
            try:
                body = self._call("describe_spot_price_history", request)
            except NoStock:
                continue  # the region does not sell it
            for row in _listed(body.spot_prices, "spot_price_type"):
                key = (row.zone_id, kind)
                if row.zone_id in zones and (key not in found or row.timestamp >= found[key][0]):
                    found[key] = (row.timestamp, float(row.spot_price))
        return sorted(Price(price, zone, kind) for (zone, kind), (_, price) in found.items())

    def instances(self, **tags: str) -> list[Instance]:
        """All instances that carry the tags, whatever their state."""
        from alibabacloud_ecs20140526 import models

        found, token = [], None
        wanted = {"project": self._settings.fleet_project} | tags
        while True:
            request = models.DescribeInstancesRequest(
                region_id=self._settings.ecs_region,
                max_results=_BATCH,
                next_token=token,
                tag=[models.DescribeInstancesRequestTag(key=key, value=value) for key, value in wanted.items()],
            )
            body = self._call("describe_instances", request)
            found += [_instance(one) for one in _listed(body.instances, "instance")]
            token = body.next_token
            if not token:
                return found

    # ---- starting and ending

    def run(self, launch: Launch) -> list[str]:
        """Start instances; ids of those that came, one at least.

        Raises:
            NoStock: none of this type in this zone.
        """
        from alibabacloud_ecs20140526 import models

        request = models.RunInstancesRequest(
            region_id=self._settings.ecs_region,
            client_token=launch.token,
            amount=launch.amount,
            min_amount=1,  # without it 19 in stock give nothing
            zone_id=launch.zone,
            v_switch_id=launch.vswitch,
            instance_type=launch.type,
            image_id=self._settings.fleet_image,
            security_group_id=self._settings.fleet_security_group,
            instance_name=launch.name,
            instance_charge_type="PostPaid",
            spot_strategy="SpotAsPriceGo",
            spot_duration=0,  # the default of one protected hour costs more
            spot_interruption_behavior="Terminate",
            auto_release_time=launch.release_at.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:00Z"),
            internet_charge_type="PayByTraffic",
            internet_max_bandwidth_out=self._settings.fleet_bandwidth_mbps,
            system_disk=models.RunInstancesRequestSystemDisk(category="cloud_efficiency", size="20"),
            ram_role_name=launch.role or None,
            tag=[models.RunInstancesRequestTag(key=key, value=value) for key, value in launch.tags.items()],
        )
        body = self._call("run_instances", request)
        return list(_listed(body.instance_id_sets, "instance_id_set"))

    def delete(self, ids: Iterable[str]) -> set[str]:
        """End instances for good; one that is gone already is fine.

        Returns:
            Those that cannot be ended now: soon after its creation an instance refuses even that.
        """
        from alibabacloud_ecs20140526 import models

        left: set[str] = set()
        for batch in _batches(sorted(ids)):
            request = models.DeleteInstancesRequest(
                region_id=self._settings.ecs_region, instance_id=batch, force=True, terminate_subscription=False
            )
            try:
                self._call("delete_instances", request)
            except FleetError as error:
                if "NotFound" not in error.code and "IncorrectInstanceStatus" not in error.code:
                    raise
                if len(batch) > 1:  # which of them it was is not said, and none was ended
                    for one in batch:
                        left |= self.delete([one])
                elif "NotFound" not in error.code:
                    left.update(batch)
        return left

    # ---- the node program

    def ready(self, ids: Sequence[str]) -> set[str]:
        """Which of the instances take commands: running is not enough."""
        from alibabacloud_ecs20140526 import models

        found: set[str] = set()
        for batch in _batches(ids, 50):
            request = models.DescribeCloudAssistantStatusRequest(
                region_id=self._settings.ecs_region, instance_id=batch, max_results=50
            )
            body = self._call("describe_cloud_assistant_status", request)
            rows = _listed(body.instance_cloud_assistant_status_set, "instance_cloud_assistant_status")
            found |= {row.instance_id for row in rows if row.cloud_assistant_status == "true"}
        return found

    def command(self, instance: str, script: str, *, seconds: float, token: str) -> str:
        """Run a shell script on an instance as its system user; the invocation's id."""
        from alibabacloud_ecs20140526 import models

        request = models.RunCommandRequest(
            region_id=self._settings.ecs_region,
            client_token=token,
            name="jobdata-node",
            type="RunShellScript",
            command_content=base64.b64encode(script.encode()).decode(),
            content_encoding="Base64",
            timeout=int(seconds),  # the default is a minute
            instance_id=[instance],
        )
        return str(self._call("run_command", request).invoke_id)

    def output(self, instance: str, invocation: str) -> str:
        """What is known of an invocation, for people: status, exit code, the end of its output."""
        from alibabacloud_ecs20140526 import models

        request = models.DescribeInvocationResultsRequest(
            region_id=self._settings.ecs_region,
            invoke_id=invocation,
            instance_id=instance,
            content_encoding="PlainText",
        )
        body = self._call("describe_invocation_results", request)
        rows = _listed(body.invocation.invocation_results, "invocation_result") if body.invocation else []
        if not rows:
            return "no result"
        row = rows[0]
        error = " ".join(part for part in (row.error_code, row.error_info) if part)
        text = (row.output or "").strip()[-300:]
        return f"{row.invocation_status or row.invoke_record_status}, exit code {row.exit_code} {error} {text}".strip()

    # ---- the way there

    def _call(self, name: str, request: Any) -> Any:
        from Tea.exceptions import TeaException

        tries = 0
        while True:
            try:
                return getattr(self._client(), name)(request).body
            except TeaException as error:
                tries += 1
                told = _told(name, error)
                # A lost reply has no code; all calls here may be repeated, creation by its token.
                if not (isinstance(told, FleetUnavailable) and not told.code and tries < _LOST_REPLIES):
                    raise told from None

    def _client(self) -> Client:
        if self._made is None:
            from alibabacloud_ecs20140526.client import Client
            from alibabacloud_tea_openapi.models import Config

            endpoint = self._settings.ecs_endpoint
            scheme, _, host = endpoint.rpartition("://")
            self._made = Client(
                Config(
                    **_access(),
                    region_id=self._settings.ecs_region,
                    endpoint=host or None,
                    protocol=scheme or "https",
                    connect_timeout=_CONNECT_MS,
                    read_timeout=_READ_MS,
                    retry_options=_retries(),
                )
            )
        return self._made


def _access() -> dict[str, Any]:
    """Keys of the environment, else the SDK's chain: files, then the role of the machine.

    The chain would read the environment too, but once, when it is imported.
    """
    key, secret = os.environ.get(f"{_KEY}_ID", ""), os.environ.get(f"{_KEY}_SECRET", "")
    if key and secret:
        return {
            "access_key_id": key,
            "access_key_secret": secret,
            "security_token": os.environ.get("ALIBABA_CLOUD_SECURITY_TOKEN") or None,
        }
    from alibabacloud_credentials.client import Client as Credentials

    try:
        return {"credential": Credentials()}
    except Exception as error:  # noqa: BLE001 - the chain raises whatever its last link does
        raise FleetRefused(f"no access key was found ({type(error).__name__}); {_NO_KEY}") from None


def _retries() -> Any:
    """Back-off for throttling and faults of the server; without this the SDK tries once."""
    from darabonba.policy.retry import RetryCondition, RetryOptions

    condition = RetryCondition(
        maxAttempts=5,
        exception=["ThrottlingException", "ServerException", "RetryError"],
        errorCode=["Throttling", "Throttling.User", "Throttling.Api", "ServiceUnavailable", "IdempotentProcessing"],
        backoff={"policy": "FullJitter", "period": 200, "cap": 10_000},
    )
    return RetryOptions(retryable=True, retryCondition=[condition])


def _told(name: str, error: Any) -> FleetError:
    """Our error for one of the SDK's, by its code; the SDK's own text may hold a signature and is cut."""
    code = str(getattr(error, "code", None) or "")
    message = str(getattr(error, "message", "") or "").split("request id")[0].strip()[:300]
    if not code or code in ("None", "SDK.Error"):
        inner = getattr(error, "inner_exception", None) or error
        return FleetUnavailable(f"ECS did not answer {name} ({type(inner).__name__}); it is tried again")
    text = f"ECS refuses {name}: {code}: {message}"
    if code in _STOCK:
        return NoStock(text, code=code)
    if any(code.startswith(word) for word in _AGAIN):
        return FleetUnavailable(text, code=code)
    remedy = next((remedy for word, remedy in _REMEDIES if code.startswith(word) or word in code), "see docs/fleet.md")
    return FleetRefused(f"{text}; {remedy}", code=code)


def _instance(one: Any) -> Instance:
    public = list(getattr(one.public_ip_address, "ip_address", None) or [])
    locks = _listed(one.operation_locks, "lock_reason")
    tags = {tag.tag_key: tag.tag_value for tag in _listed(one.tags, "tag")}
    return Instance(
        id=one.instance_id,
        status=one.status,
        zone=one.zone_id,
        type=one.instance_type,
        created=dt.datetime.fromisoformat(one.creation_time),
        addresses=tuple(public),
        recycling=any(lock.lock_reason == "Recycling" for lock in locks),
        tags=tags,
    )


def _listed(holder: Any, name: str) -> list[Any]:
    """The list in one of the API's doubled wrappings, which may be absent."""
    return list(getattr(holder, name, None) or []) if holder is not None else []


def _batches(ids: Sequence[str], size: int = _BATCH) -> Iterable[list[str]]:
    return (list(ids[start : start + size]) for start in range(0, len(ids), size))


def _utc(moment: dt.datetime) -> str:
    return moment.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
