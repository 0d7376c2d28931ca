"""RunInstances: what may be asked for, stock, quota, and the promise of the client token.

What belongs here: that one action. What does not: the life of an instance afterwards.
"""

from __future__ import annotations

from typing import Any, Final

from sandbox.ecs.api import Call
from sandbox.ecs.config import Offer
from sandbox.ecs.faults import error_of
from sandbox.ecs.instance import Order
from sandbox.ecs.policy import Deed, refusal
from sandbox.ecs.wire import ApiError, from_base64, invalid, missing, moment

LEAST_RELEASE_SECONDS: Final = 1800.0
USER_DATA_BYTES: Final = 32 * 1024
MOST_RELEASE_SECONDS: Final = 3 * 366 * 86_400.0
_STRATEGIES: Final = ("NoSpot", "SpotWithPriceLimit", "SpotAsPriceGo")


def run_instances(call: Call) -> dict[str, Any]:
    """Create instances; a known client token answers what it answered before."""
    params, cloud = call.params, call.cloud
    token = params.get("ClientToken")
    if len(token) > 64 or not token.isascii():
        raise invalid("ClientToken", code="InvalidClientToken.ValueNotSupported")
    order = _order(call)
    amount = params.number("Amount", 1, 1, 100, code="InvalidMaxAmount.Malformed")
    least = params.number("MinAmount", amount, 1, amount, code="InvalidMinAmount.Malformed")
    _permit(call, order)
    if params.flag("DryRun"):
        _available(call, order.offer, amount, least)
        raise ApiError(400, "DryRunOperation", "Request validation has been passed with DryRun flag set.")
    known = call.desk.tokens.get(token) if token else None
    if known is not None:
        return _again(known, params.values)
    try:
        count = _available(call, order.offer, amount, least)
    except ApiError as error:
        if token:
            call.desk.tokens[token] = (dict(params.values), error)
        raise
    ids = [cloud.create(order).id for _ in range(count)]
    price = cloud.market(order.offer) if order.spot else order.offer.price
    body = {"InstanceIdSets": {"InstanceIdSet": ids}, "TradePrice": round(price * count, 4)}
    if token:
        call.desk.tokens[token] = (dict(params.values), body)
    return body


def _again(known: tuple[dict[str, str], dict[str, Any] | ApiError], values: Any) -> dict[str, Any]:
    before, answer = known
    if before != dict(values):
        raise ApiError(
            403,
            "IdempotentParameterMismatch",
            "The specified parameter has changed while using an already used clientToken.",
        )
    if isinstance(answer, ApiError):
        raise answer
    return answer


def _order(call: Call) -> Order:
    params, settings = call.params, call.cloud.config
    call.region()
    image = params.get("ImageId")
    if not image and not params.get("ImageFamily"):
        raise missing("ImageId")
    if image and image not in settings.images:
        raise ApiError(404, "InvalidImageId.NotFound", "The specified ImageId does not exist.")
    offer, vswitch = _offer(call)
    groups = params.list("SecurityGroupIds") or [params.need("SecurityGroupId")]
    if not set(groups) <= set(settings.security_groups):
        raise ApiError(404, "InvalidSecurityGroupId.NotFound", "The specified SecurityGroupId does not exist.")
    if params.get("InstanceChargeType", "PostPaid") not in ("", "PostPaid"):
        raise invalid("InstanceChargeType", "Only PostPaid is offered.")
    role = params.get("RamRoleName")
    if role and role not in settings.roles:
        raise ApiError(404, "InvalidRamRole.NotFound", "The specified RamRoleName does not exist.")
    strategy = params.choice("SpotStrategy", "NoSpot", _STRATEGIES, code="InvalidSpotStrategy")
    return Order(
        offer=offer,
        image=image or settings.images[0],
        vswitch=vswitch,
        groups=tuple(groups),
        strategy=strategy,
        price_limit=_price_limit(call, offer, strategy),
        protected_hours=params.number("SpotDuration", 1, 0, 1, code="InvalidSpotDuration")
        if strategy != "NoSpot"
        else 0,
        interruption=params.choice(
            "SpotInterruptionBehavior", "Terminate", ("Terminate", "Stop"), code="InvalidSpotInterruptionBehavior"
        ),
        auto_release=release_time(call, params.get("AutoReleaseTime")),
        tags=params.tags(),
        role=role,
        user_data=_user_data(params.get("UserData")),
        name=params.get("InstanceName"),
        bandwidth=params.number("InternetMaxBandwidthOut", 0, 0, 100),
        http_tokens=params.choice(
            "HttpTokens", "optional", ("optional", "required"), code="InvalidHttpTokens.NotSupported"
        ),
    )


def _user_data(text: str) -> bytes:
    return from_base64(
        text,
        USER_DATA_BYTES,
        too_long=ApiError(400, "InvalidUserData.SizeExceeded", "The specified UserData exceeds the limit of 32 KB."),
        malformed=ApiError(400, "InvalidUserData.Base64FormatInvalid", "The specified UserData is not valid Base64."),
    )


def _offer(call: Call) -> tuple[Offer, str]:
    params, settings = call.params, call.cloud.config
    vswitch, kind = params.need("VSwitchId"), params.need("InstanceType")
    zone = settings.vswitches.get(vswitch)
    if zone is None:
        raise ApiError(404, "InvalidVSwitchId.NotFound", "The specified VSwitchId does not exist.")
    if params.get("ZoneId", zone) not in ("", zone):
        raise ApiError(400, "InvalidParameter.Mismatch", "Specified virtual switch is not in the specified zone.")
    if kind not in {offer.type for offer in settings.offers}:
        raise ApiError(
            400,
            "InvalidInstanceType.ValueNotSupported",
            "The specified InstanceType does not exist or beyond the permitted range.",
        )
    offer = call.cloud.prices.offer(zone, kind)
    if offer is None:
        raise ApiError(
            403,
            "InvalidResourceType.NotSupported",
            "This resource type is not supported; please try other resource types.",
        )
    return offer, vswitch


def _price_limit(call: Call, offer: Offer, strategy: str) -> float:
    text = call.params.get("SpotPriceLimit")
    if strategy != "SpotWithPriceLimit":
        return 0.0
    try:
        limit = float(text)
    except ValueError:
        limit = 0.0
    if not 0 < limit < 1e6:
        raise ApiError(400, "InvalidSpotPriceLimit", "The specified SpotPriceLimit is not valid.")
    if limit < call.cloud.market(offer):
        raise ApiError(
            400,
            "InvalidSpotPriceLimit.LowerThanPublicPrice",
            'The specified parameter "spotPriceLimit" can\'t be lower than current public price.',
        )
    return limit


def release_time(call: Call, text: str) -> float | None:
    """When an instance shall be released: at least 30 min (scaled) and at most three years ahead.

    The real one cuts seconds off; here only with unscaled time, as the result could otherwise lie in the past.
    """
    if not text:
        return None
    at, now = moment("AutoReleaseTime", text), call.cloud.now()
    if not now + call.cloud.scaled(LEAST_RELEASE_SECONDS) <= at <= now + MOST_RELEASE_SECONDS:
        raise ApiError(
            400,
            "InvalidAutoReleaseTime.Malformed",
            "The specified parameter AutoReleaseTime is not valid.",
        )
    return at // 60 * 60 if call.cloud.config.time_scale >= 1 else at


def _permit(call: Call, order: Order) -> None:
    settings = call.cloud.config
    facts = {f"acs:RequestTag/{name}": value for name, value in order.tags.items()}
    call.permit(Deed("ecs:RunInstances", call.name("instance", "*"), facts))
    if order.role:
        deed = Deed("ram:PassRole", f"acs:ram:*:{settings.account}:role/{order.role}")
        if refusal(call.key.policy, deed):
            raise ApiError(
                403,
                "InvalidUser.PassRoleForbidden",
                "The RAM user does not have the privilege to pass a RAM role.",
            )


def _available(call: Call, offer: Offer, amount: int, least: int) -> int:
    """How many can be created now; raises when fewer than `least`."""
    cloud = call.cloud
    room = cloud.quota - len(cloud.instances)
    if room < least:
        raise error_of("quota")
    stock = cloud.stock[offer.zone, offer.type]
    if stock < least:
        raise error_of("no_stock")
    return min(amount, room, stock)
