"""Actions about what is sold: regions, zones, stock and prices.

What belongs here: answers made of the offers. What does not: how prices move, see `money`.
"""

from __future__ import annotations

from typing import Any, Final

from sandbox.ecs.api import Call
from sandbox.ecs.config import Offer
from sandbox.ecs.policy import Deed
from sandbox.ecs.wire import ApiError, invalid, moment, stamp

HISTORY_SECONDS: Final = 3 * 3600.0
_DAY: Final = 86_400.0


def describe_regions(call: Call) -> dict[str, Any]:
    """The one region."""
    call.permit(Deed("ecs:DescribeRegions", "*"))
    region = call.cloud.config.region
    shown = {"RegionId": region, "LocalName": region, "RegionEndpoint": f"ecs.{region}.aliyuncs.com"}
    return {"Regions": {"Region": [shown | {"Status": "available"}]}}


def describe_zones(call: Call) -> dict[str, Any]:
    """The zones with the types they sell."""
    call.region()
    call.permit(Deed("ecs:DescribeZones", "*"))
    zones = [
        {
            "ZoneId": zone,
            "LocalName": zone,
            "ZoneType": "AvailabilityZone",
            "AvailableInstanceTypes": {
                "InstanceTypes": [offer.type for offer in call.cloud.config.offers if offer.zone == zone]
            },
            "AvailableResourceCreation": {"ResourceTypes": ["VSwitch", "IoOptimized", "Instance", "Disk"]},
        }
        for zone in call.cloud.config.zones
    ]
    return {"Zones": {"Zone": zones}}


def available_resource(call: Call) -> dict[str, Any]:
    """Stock by zone and type, of the types asked for."""
    params, cloud = call.params, call.cloud
    call.region()
    call.permit(Deed("ecs:DescribeAvailableResource", "*"))
    if params.need("DestinationResource") != "InstanceType":
        raise invalid("DestinationResource", "Only InstanceType is offered.")
    wanted_zone, wanted_type = params.get("ZoneId"), params.get("InstanceType")
    zones = []
    for zone in cloud.config.zones:
        sold = [
            _stock(cloud.stock[offer.zone, offer.type], offer.type)
            for offer in cloud.config.offers
            if offer.zone == zone and wanted_type in ("", offer.type)
        ]
        if not sold or wanted_zone not in ("", zone):
            continue
        left = any(one["Status"] == "Available" for one in sold)
        zones.append(
            {
                "RegionId": cloud.config.region,
                "ZoneId": zone,
                "Status": "Available" if left else "SoldOut",
                "StatusCategory": "WithStock" if left else "WithoutStock",
                "AvailableResources": {
                    "AvailableResource": [
                        {"Type": "InstanceType", "SupportedResources": {"SupportedResource": sold}},
                    ]
                },
            }
        )
    return {"AvailableZones": {"AvailableZone": zones}}


def _stock(left: int, kind: str) -> dict[str, Any]:
    state = ("SoldOut", "WithoutStock") if left <= 0 else ("Available", "WithStock" if left > 5 else "ClosedWithStock")
    return {"Value": kind, "Status": state[0], "StatusCategory": state[1]}


def spot_price_history(call: Call) -> dict[str, Any]:
    """The prices of a type, newest first, by zone; 1000 a page."""
    params, cloud = call.params, call.cloud
    call.region()
    call.permit(Deed("ecs:DescribeSpotPriceHistory", "*"))
    kind, now = params.need("InstanceType"), cloud.now()
    params.need("NetworkType")
    end = moment("EndTime", params.get("EndTime")) if params.get("EndTime") else now
    start = moment("StartTime", params.get("StartTime")) if params.get("StartTime") else end - HISTORY_SECONDS
    if not 0 <= end - start <= 30 * _DAY:
        raise invalid("StartTime", "At most 30 days can be asked for.")
    offers = [one for one in cloud.config.offers if one.type == kind and params.get("ZoneId") in ("", one.zone)]
    rows = [
        (at, price, offer)
        for offer in offers
        for at, price in cloud.prices.changes(offer.zone, offer.type, start, min(end, now))
    ]
    rows.sort(key=lambda row: (-row[0], row[2].zone))
    offset = params.number("Offset", 0, 0, 10**6)
    page = rows[offset : offset + 1000]
    following = offset + 1000 if offset + 1000 < len(rows) else 0
    shown = [
        {
            "ZoneId": offer.zone,
            "InstanceType": offer.type,
            "NetworkType": "vpc",
            "IoOptimized": "optimized",
            "Timestamp": stamp(at),
            "SpotPrice": price,
            "OriginPrice": offer.price,
        }
        for at, price, offer in page
    ]
    return {"Currency": "CNY", "NextOffset": following, "SpotPrices": {"SpotPriceType": shown}}


def describe_price(call: Call) -> dict[str, Any]:
    """The price of an hour of one or several instances of a type."""
    params, cloud = call.params, call.cloud
    call.region()
    call.permit(Deed("ecs:DescribePrice", "*"))
    params.choice("ResourceType", "instance", ("instance",))
    offers = [one for one in cloud.config.offers if one.type == params.need("InstanceType")]
    offers = [one for one in offers if params.get("ZoneId") in ("", one.zone)]
    if not offers:
        raise ApiError(400, "InvalidInstanceType.ValueNotSupported", "The specified InstanceType is not offered.")
    offer: Offer = offers[0]
    amount = params.number("Amount", 1, 1, 1000)
    spot = params.choice("SpotStrategy", "NoSpot", ("NoSpot", "SpotAsPriceGo", "SpotWithPriceLimit")) != "NoSpot"
    origin, trade = offer.price * amount, (cloud.market(offer) if spot else offer.price) * amount
    price = {
        "OriginalPrice": round(origin, 6),
        "TradePrice": round(trade, 6),
        "DiscountPrice": round(origin - trade, 6),
    }
    detail = {"Resource": "instanceType", **price, "SubRules": {"Rule": []}}
    return {
        "PriceInfo": {
            "Price": {"Currency": "CNY", **price, "DetailInfos": {"DetailInfo": [detail]}},
            "Rules": {"Rule": []},
        }
    }
