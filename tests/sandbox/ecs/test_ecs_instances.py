"""Instances through the SDK: create, list, start, stop, release, tag, and what they cost."""

from __future__ import annotations

import base64
import time
from typing import Any

import pytest
from Tea.exceptions import TeaException

from sandbox.ecs.config import EcsConfig
from sandbox.ecs.money import Prices
from tests.support.ecs import REGION, Ecs, until


def refused(call: Any) -> tuple[int, str]:
    with pytest.raises(TeaException) as caught:
        call()
    return caught.value.status_code, caught.value.code


def ahead(seconds: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + seconds))


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"region_id": "cn-nowhere"}, 404, "InvalidRegionId.NotFound"),
        ({"image_id": "windows"}, 404, "InvalidImageId.NotFound"),
        ({"image_id": None}, 400, "MissingParameter"),
        ({"instance_type": "ecs.huge"}, 400, "InvalidInstanceType.ValueNotSupported"),
        ({"v_switch_id": "vsw-other"}, 404, "InvalidVSwitchId.NotFound"),
        ({"zone_id": "cn-shanghai-e"}, 400, "InvalidParameter.Mismatch"),
        ({"security_group_id": "sg-other"}, 404, "InvalidSecurityGroupId.NotFound"),
        ({"ram_role_name": "admin"}, 404, "InvalidRamRole.NotFound"),
        ({"amount": 101}, 400, "InvalidMaxAmount.Malformed"),
        ({"amount": 2, "min_amount": 3}, 400, "InvalidMinAmount.Malformed"),
        ({"spot_strategy": "Cheap"}, 400, "InvalidSpotStrategy"),
        ({"spot_strategy": "SpotWithPriceLimit"}, 400, "InvalidSpotPriceLimit"),
        (
            {"spot_strategy": "SpotWithPriceLimit", "spot_price_limit": 0.0001},
            400,
            "InvalidSpotPriceLimit.LowerThanPublicPrice",
        ),
        ({"user_data": "%"}, 400, "InvalidUserData.Base64FormatInvalid"),
        ({"user_data": base64.b64encode(b"x" * 33_000).decode()}, 400, "InvalidUserData.SizeExceeded"),
        ({"auto_release_time": ahead(1)}, 400, "InvalidAutoReleaseTime.Malformed"),
        ({"auto_release_time": "tomorrow"}, 400, "InvalidAutoReleaseTime.Malformed"),
        ({"client_token": "x" * 65}, 400, "InvalidClientToken.ValueNotSupported"),
        ({"dry_run": True}, 400, "DryRunOperation"),
    ],
)
def test_what_cannot_be_had_is_refused(ecs: Ecs, change, status, code) -> None:
    assert refused(lambda: ecs.client.run_instances(ecs.order(**change))) == (status, code)
    assert ecs.list() == {}


def test_stock_and_quota_bound_what_is_created(ecs: Ecs) -> None:
    ecs.control("POST", "/stock", {"zone": "cn-shanghai-b", "type": "ecs.c7.large", "count": 3})
    assert refused(lambda: ecs.run(4)) == (403, "OperationDenied.NoStock")
    assert refused(lambda: ecs.run(4, min_amount=4, dry_run=True)) == (403, "OperationDenied.NoStock")
    assert len(ecs.run(4, min_amount=2)) == 3
    request = ecs.models.DescribeAvailableResourceRequest(
        region_id=REGION, destination_resource="InstanceType", instance_type="ecs.c7.large"
    )
    zones = ecs.client.describe_available_resource(request).body.available_zones.available_zone
    assert {one.zone_id: one.status for one in zones} == {
        "cn-shanghai-b": "SoldOut", "cn-shanghai-e": "Available", "cn-shanghai-l": "Available",
    }  # fmt: skip
    ecs.control("POST", "/quota", {"instances": 4})
    assert refused(lambda: ecs.run(2, v_switch_id="vsw-sandbox-e")) == (403, "QuotaExceed.ElasticQuota")
    assert len(ecs.run(1, v_switch_id="vsw-sandbox-e")) == 1
    ids = list(ecs.list())
    until(lambda: all(one.status == "Running" for one in ecs.list().values()))
    ecs.delete(ids)
    assert len(ecs.run(3)) == 3


def test_a_client_token_creates_once(ecs: Ecs) -> None:
    first = ecs.run(2, client_token="run-1")
    assert ecs.run(2, client_token="run-1") == first
    assert refused(lambda: ecs.run(3, client_token="run-1")) == (403, "IdempotentParameterMismatch")
    ecs.control("POST", "/faults", {"kind": "drop", "match": {"action": "RunInstances"}})
    with pytest.raises(TeaException) as caught:
        ecs.run(2, client_token="run-2")
    assert not getattr(caught.value, "code", None)
    again = ecs.run(2, client_token="run-2")
    assert set(ecs.list()) == {*first, *again}
    ecs.control("POST", "/stock", {"type": "ecs.e-c1m2.large", "count": 0})
    order = {"instance_type": "ecs.e-c1m2.large", "client_token": "run-3"}
    assert refused(lambda: ecs.run(**order)) == (403, "OperationDenied.NoStock")
    ecs.control("POST", "/stock", {"type": "ecs.e-c1m2.large", "count": 5})
    assert refused(lambda: ecs.run(**order)) == (403, "OperationDenied.NoStock")


def test_listing_filters_and_pages(ecs: Ecs) -> None:
    fleet = ecs.run(5, tags={"app": "jobdata", "run": "r1"})
    other = ecs.run(2, tags={"app": "jobdata", "run": "r2"}, v_switch_id="vsw-sandbox-e")
    tag = ecs.models.DescribeInstancesRequestTag
    assert set(ecs.list(tag=[tag(key="run", value="r1")])) == set(fleet)
    assert set(ecs.list(tag=[tag(key="app")])) == {*fleet, *other}
    assert set(ecs.list(zone_id="cn-shanghai-e")) == set(other)
    assert set(ecs.list(instance_ids=f'["{fleet[0]}", "i-unknown"]')) == {fleet[0]}
    assert ecs.list(status="Stopped") == {}
    seen, token = [], None
    while token != "":
        request = ecs.models.DescribeInstancesRequest(region_id=REGION, max_results=3, next_token=token)
        body = ecs.client.describe_instances(request).body
        seen += [one.instance_id for one in body.instances.instance]
        token = body.next_token or ""
    assert len(seen) == 7
    assert set(seen) == {*fleet, *other}
    request = ecs.models.DescribeInstancesRequest(region_id=REGION, page_number=2, page_size=5)
    body = ecs.client.describe_instances(request).body
    assert (body.total_count, body.page_number, len(body.instances.instance)) == (7, 2, 2)
    request = ecs.models.DescribeInstanceStatusRequest(region_id=REGION, instance_id=[*other, "i-unknown"])
    statuses = ecs.client.describe_instance_status(request).body.instance_statuses.instance_status
    assert {one.instance_id for one in statuses} == set(other)
    shown = ecs.list()[fleet[0]]
    assert (shown.spot_strategy, shown.spot_duration, shown.cpu, shown.memory) == ("SpotAsPriceGo", 0, 2, 4096)
    assert {one.tag_key: one.tag_value for one in shown.tags.tag} == {"app": "jobdata", "run": "r1"}
    assert ecs.control("GET", "/stats")["ignored"] == {}


def test_start_stop_reboot_and_release(ecs: Ecs) -> None:
    ids = ecs.up(3)
    models, client = ecs.models, ecs.client
    assert refused(lambda: ecs.delete(ids, force=False)) == (403, "IncorrectInstanceStatus")
    assert refused(lambda: ecs.delete(ids, dry_run=True)) == (400, "DRYRUN.SUCCESS")
    assert refused(lambda: ecs.delete([*ids, "i-unknown"])) == (404, "InvalidInstanceId.NotFound")
    client.stop_instances(
        models.StopInstancesRequest(region_id=REGION, instance_id=ids[:2], stopped_mode="StopCharging")
    )
    until(lambda: [ecs.list()[one].status for one in ids[:2]] == ["Stopped", "Stopped"])
    assert refused(lambda: client.stop_instance(models.StopInstanceRequest(instance_id=ids[0]))) == (
        403, "IncorrectInstanceStatus",
    )  # fmt: skip
    assert refused(lambda: ecs.send(ids, "true")) == (403, "InvalidInstance.NotRunning")
    request = models.StartInstancesRequest(region_id=REGION, instance_id=ids, batch_optimization="SuccessFirst")
    answers = client.start_instances(request).body.instance_responses.instance_response
    assert {one.instance_id: one.code for one in answers} == {ids[0]: "200", ids[1]: "200", ids[2]: "403"}
    until(lambda: all(one.status == "Running" for one in ecs.list().values()))
    client.reboot_instance(models.RebootInstanceRequest(instance_id=ids[2]))
    until(lambda: ecs.assistants(ids).get(ids[2]) == "true")
    client.stop_instance(models.StopInstanceRequest(instance_id=ids[0]))
    until(lambda: ecs.list()[ids[0]].status == "Stopped")
    client.start_instance(models.StartInstanceRequest(instance_id=ids[0]))
    until(lambda: ecs.list()[ids[0]].status == "Running")
    client.delete_instance(models.DeleteInstanceRequest(instance_id=ids[0], force=True))
    ecs.delete(ids[1:])
    assert ecs.list() == {}
    ecs.control("POST", "/faults", {"kind": "slow_start", "params": {"seconds": None}})
    (stuck,) = ecs.run()
    assert refused(lambda: ecs.delete([stuck])) == (403, "IncorrectInstanceStatus.Initializing")


def test_tags_and_automatic_release_can_be_changed(ecs: Ecs) -> None:
    models, client = ecs.models, ecs.client
    one, other = ecs.run(2, tags={"app": "jobdata"}, auto_release_time=ahead(3600))
    tag = models.TagResourcesRequestTag(key="run", value="r9")
    client.tag_resources(
        models.TagResourcesRequest(region_id=REGION, resource_type="instance", resource_id=[one], tag=[tag])
    )
    request = models.ListTagResourcesRequest(region_id=REGION, resource_type="instance", resource_id=[one])
    found = client.list_tag_resources(request).body.tag_resources.tag_resource
    assert {item.tag_key: item.tag_value for item in found} == {"app": "jobdata", "run": "r9"}
    client.untag_resources(
        models.UntagResourcesRequest(region_id=REGION, resource_type="instance", resource_id=[one], tag_key=["app"])
    )
    assert [item.tag_key for item in ecs.list()[one].tags.tag] == ["run"]
    client.modify_instance_auto_release_time(
        models.ModifyInstanceAutoReleaseTimeRequest(instance_id=one, auto_release_time=ahead(7200))
    )
    ecs.control("POST", "/clock", {"advance": 3700})
    assert set(ecs.list()) == {one}
    ecs.control("POST", "/clock", {"advance": 3700})
    assert ecs.list() == {}
    assert {ecs.truth(name)["gone_why"] for name in (one, other)} == {"auto-released"}


def test_the_bill_counts_seconds_at_the_price_of_the_time(ecs: Ecs) -> None:
    ecs.control("POST", "/prices", {"zone": "cn-shanghai-b", "type": "ecs.c7.large", "price": 3.6})
    (spot,) = ecs.up(1)
    (fixed,) = ecs.up(1, spot_strategy="NoSpot")
    ecs.control("POST", "/clock", {"advance": 1000})
    ecs.control("POST", "/prices", {"zone": "cn-shanghai-b", "type": "ecs.c7.large", "price": 7.2})
    ecs.control("POST", "/clock", {"advance": 500})
    ecs.delete([spot, fixed])
    ecs.control("POST", "/clock", {"advance": 9000})
    bill = ecs.control("GET", "/bills")
    lines = {line["instance"]: line for line in bill["lines"]}
    assert 1500 <= lines[spot]["seconds"] < 1700
    assert lines[spot]["cost"] == pytest.approx(1000 * 0.001 + 500 * 0.002, rel=0.2)
    assert lines[fixed]["cost"] == pytest.approx(lines[fixed]["seconds"] * 0.47 / 3600)
    assert bill["cost"] == pytest.approx(sum(line["cost"] for line in bill["lines"]))


def test_prices_can_be_asked_for(ecs: Ecs) -> None:
    models, client = ecs.models, ecs.client
    market = {(one["zone"], one["type"]): one for one in ecs.control("GET", "/prices")}
    request = models.DescribeSpotPriceHistoryRequest(
        region_id=REGION, instance_type="ecs.e-c1m2.large", network_type="vpc"
    )
    body = client.describe_spot_price_history(request).body
    newest: dict[str, float] = {}
    for row in body.spot_prices.spot_price_type:
        newest.setdefault(row.zone_id, row.spot_price)
    assert newest == {zone: one["spot"] for (zone, kind), one in market.items() if kind == "ecs.e-c1m2.large"}
    assert len({row.spot_price for row in body.spot_prices.spot_price_type}) > 10
    request = models.DescribePriceRequest(
        region_id=REGION, zone_id="cn-shanghai-e", instance_type="ecs.e-c1m2.large", amount=2,
        spot_strategy="SpotAsPriceGo",
    )  # fmt: skip
    price = client.describe_price(request).body.price_info.price
    offer = market["cn-shanghai-e", "ecs.e-c1m2.large"]
    assert (price.currency, price.original_price) == ("CNY", pytest.approx(2 * offer["list"], abs=1e-5))
    assert price.trade_price == pytest.approx(2 * offer["spot"], abs=1e-5)
    regions = client.describe_regions(models.DescribeRegionsRequest()).body.regions.region
    zones = client.describe_zones(models.DescribeZonesRequest(region_id=REGION)).body.zones.zone
    assert ([one.region_id for one in regions], len(zones)) == ([REGION], 3)


def test_a_cost_is_the_sum_over_the_steps_of_the_price() -> None:
    prices, place = Prices(EcsConfig()), ("cn-shanghai-b", "ecs.c7.large")
    start = 1_768_300_030.0
    whole = prices.cost(*place, start, start + 5_000, spot=True)
    by_second = sum(prices.spot(*place, start + second) for second in range(5_000)) / 3600
    assert whole == pytest.approx(by_second, rel=1e-3)
    prices.set(*place, 36.0, start + 1_000)
    assert prices.cost(*place, start + 900, start + 1_100, spot=True) == pytest.approx(
        100 / 3600 * prices.spot(*place, start + 950) + 1.0
    )
    again = Prices(EcsConfig())
    assert again.spot(*place, start) == prices.spot(*place, start)
    with pytest.raises(ValueError, match="sells no type"):
        prices.set("cn-shanghai-b", "ecs.huge", 1.0, start)
