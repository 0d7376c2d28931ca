"""The account that docs/fleet.md describes is enough for the fleet, and for nothing else; and its command line."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from crawler_core.errors import BadSetting
from crawler_core.fleet.settings import NodeSettings
from crawler_core.landing import LandingZone
from jobdata_cli.app import app
from jobdata_resources.fleet.errors import FleetRefused
from jobdata_resources.fleet.fleet import Fleet
from jobdata_resources.fleet.look import Look
from jobdata_resources.fleet.settings import FleetSettings
from tests.fleet.ground import Ground, Told, fleet_environment
from tests.fleet.test_fleet_end_to_end import WORDS, everything_is_right

DOC = (Path(__file__).resolve().parents[2] / "docs/fleet.md").read_text(encoding="utf-8")
KEY, SECRET = "LTAI5tMinimalKey", "minimal-secret"


def policy() -> dict[str, Any]:
    found = re.search(r"```json\n(.*?)```", DOC, re.DOTALL)
    assert found
    document: dict[str, Any] = json.loads(found[1])
    return document


@pytest.fixture
def minimal(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ground]:
    """The ground with a key that has the documented policy and no more."""
    ground.ecs.control("POST", "/keys", {"id": KEY, "secret": SECRET, "policy": policy()})
    monkeypatch.setenv("ALIBABA_CLOUD_ACCESS_KEY_ID", KEY)
    monkeypatch.setenv("ALIBABA_CLOUD_ACCESS_KEY_SECRET", SECRET)
    yield ground
    ground.ecs.control("DELETE", "/keys", {"id": KEY})


def test_the_documented_policy_is_enough_for_a_whole_fleet(minimal: Ground) -> None:
    minimal.changes["fleet_instances"] = 2
    rules = [{"kind": "lose_command", "times": 1, "params": {"how": "silent"}}]
    minimal.ecs.control("POST", "/faults", rules)
    minimal.changes["fleet_boot_seconds"] = 5.0
    result = minimal.run(WORDS[:2])
    assert result.stop_reason == ""
    everything_is_right(minimal)
    assert minimal.fleet().stop_all("test") == []


def client(key: str, secret: str, endpoint: str) -> Any:
    from alibabacloud_ecs20140526.client import Client
    from alibabacloud_tea_openapi.models import Config

    return Client(
        Config(access_key_id=key, access_key_secret=secret, endpoint=endpoint, protocol="http", region_id="cn-shanghai")
    )


def test_calls_outside_the_policy_are_refused(minimal: Ground) -> None:
    from alibabacloud_ecs20140526 import models
    from Tea.exceptions import TeaException

    cloud = minimal.ecs.env
    minimal_client = client(KEY, SECRET, minimal.ecs.endpoint)
    admin = client(cloud["ALIBABA_CLOUD_ACCESS_KEY_ID"], cloud["ALIBABA_CLOUD_ACCESS_KEY_SECRET"], minimal.ecs.endpoint)
    common = {
        "region_id": "cn-shanghai",
        "image_id": cloud["ECS_IMAGE_ID"],
        "instance_type": cloud["ECS_INSTANCE_TYPES"].split(",")[0],
        "security_group_id": cloud["ECS_SECURITY_GROUP_ID"],
        "v_switch_id": cloud["ECS_VSWITCH_IDS"].split(",")[0],
    }
    other = models.RunInstancesRequest(**common, tag=[models.RunInstancesRequestTag(key="project", value="payroll")])
    foreign = admin.run_instances(other).body.instance_id_sets.instance_id_set
    region = {"region_id": "cn-shanghai"}
    refused = {
        "run_instances": [other, models.RunInstancesRequest(**common)],
        "delete_instances": [models.DeleteInstancesRequest(**region, instance_id=foreign, force=True)],
        "run_command": [
            models.RunCommandRequest(**region, type="RunShellScript", command_content="id", instance_id=foreign)
        ],
        "stop_instances": [models.StopInstancesRequest(**region, instance_id=foreign)],
        "describe_zones": [models.DescribeZonesRequest(**region)],
    }
    for name, requests in refused.items():
        for request in requests:
            with pytest.raises(TeaException) as caught:
                getattr(minimal_client, name)(request)
            assert "Forbidden" in str(caught.value.code) or "NoPermission" in str(caught.value.code), name
    assert [one["instance"] for one in minimal.living()] == list(foreign)
    assert minimal.fleet().stop_all("test") == []  # not ours
    assert [one["instance"] for one in minimal.living()] == list(foreign)


# ---- the command line


def jobdata(ground: Ground, *arguments: str, code: int = 0, **settings: str) -> Any:
    env = fleet_environment(ground.ecs.env) | ground.environment() | settings
    done = CliRunner().invoke(app, ["fleet", *arguments], env=env)
    assert done.exit_code == code, done.output
    return json.loads(done.stdout) if "--json" in arguments else done.output


def test_plan_status_and_stop_on_the_command_line(ground: Ground) -> None:
    plan = jobdata(ground, "plan", "--json", "--instances", "5", FLEET_PRICE_LIMIT="0.07")
    prices = [place["cny_an_hour"] for place in plan["places"] if place["taken"] != "above FLEET_PRICE_LIMIT"]
    assert prices == sorted(prices)
    assert max(prices) <= 0.07
    assert len(plan["places"]) == 9
    assert plan["cny_at_most"] == round(5 * 6 * prices[0], 2)
    assert ground.instances() == [], "a plan starts nothing"
    assert "no instances" in jobdata(ground, "status")
    assert "the fleet is off: FLEET_IMAGE not set" in jobdata(ground, "plan", code=2, FLEET_IMAGE="")
    assert "write zone=vSwitch" in jobdata(ground, "plan", code=2, FLEET_VSWITCHES="vsw-1")
    assert "jobdata fleet stop --all" in jobdata(ground, "stop", code=2)

    ground.changes["fleet_instances"] = 2
    ground.crawl_changes |= {"sleep_min_seconds": 5.0, "sleep_max_seconds": 9.0}
    told = Told()
    stopped: list[str] = []

    def stop(look: Any) -> None:
        if not stopped and any(row.state == "up" for row in look.rows):
            status = jobdata(ground, "status", "--json")
            assert {row["board"] for row in status["instances"]} == {"b1"}
            assert status["open_boards"] == ["b1"]
            assert status["today"]["instances"] == {"booked": 2, "cap": 200}
            stopped.extend(jobdata(ground, "stop", "--all", "--json")["deleted"])
            assert ground.living() == []

    told.on_look = stop
    result = ground.run(WORDS[:2], platforms=["qcwy"], told=told)
    assert len(stopped) == 2
    assert result.stop_reason == "stopped: jobdata fleet stop --all"
    assert ground.living() == []
    assert "there was no instance" in jobdata(ground, "stop", "--all")


def test_wrong_keys_are_named_with_the_remedy(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = "not-the-secret-of-this-key"
    shown = jobdata(ground, "status", code=3, ALIBABA_CLOUD_ACCESS_KEY_SECRET=secret)
    assert "SignatureDoesNotMatch" in shown
    assert "ALIBABA_CLOUD_ACCESS_KEY_SECRET" in shown
    assert secret not in shown


def test_a_fleet_that_cannot_reach_the_bucket_is_not_started(ground: Ground, tmp_path: Path) -> None:
    local = LandingZone.from_url(f"file://{tmp_path}")
    real = FleetSettings(ecs_endpoint="")
    with pytest.raises(BadSetting, match="nodes need a bucket"):
        Fleet(local, settings=real, node=NodeSettings(fleet_node_role="r")).check_reach()
    bucket = LandingZone.from_url("s3://jobs/prefix", s3_endpoint="http://127.0.0.1:9")
    with pytest.raises(BadSetting, match="FLEET_NODE_ROLE is not set"):
        Fleet(bucket, settings=real, node=NodeSettings(fleet_node_role="")).check_reach()
    Fleet(bucket, settings=real, node=NodeSettings(fleet_node_role="r")).check_reach()
    ground.fleet().check_reach()


class Careless(LandingZone):
    """A bucket that creates an object over one that is there."""

    def create(self, path: str, data: bytes) -> bool:
        self.replace(path, data)
        return True


def test_a_bucket_that_breaks_the_promise_is_refused(ground: Ground) -> None:
    zone = ground.zone
    careless = Careless(zone._store, zone.url, zone.local_root)
    fleet = Fleet(careless, settings=ground.fleet_settings(), crawl=ground.crawl_settings())
    with pytest.raises(FleetRefused, match="If-None-Match"):
        fleet.supervise("b1", [], ground.hands(ground.fleet()), Told().listener())
    assert ground.instances() == []
    assert zone.paths("fleet-probe") == []


def test_an_instance_that_is_being_made_is_deleted_as_soon_as_it_lets_itself(ground: Ground) -> None:
    """The cloud refuses to end an instance that is initialising, with force too."""
    ground.changes |= {"fleet_instances": 2, "fleet_drain_seconds": 0.0}
    ground.ecs.control("POST", "/faults", {"kind": "slow_start", "times": 2, "params": {"seconds": 4}})

    def stop(look: Look) -> None:
        if look.living == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ground.run(WORDS[:2], platforms=["qcwy"], told=Told(on_look=stop))
    assert ground.living() == []
    ground.ecs.control("POST", "/faults", {"kind": "slow_start", "times": 1, "params": {"seconds": 4}})
    common = {
        "region_id": "cn-shanghai",
        "image_id": ground.ecs.env["ECS_IMAGE_ID"],
        "instance_type": ground.ecs.env["ECS_INSTANCE_TYPES"].split(",")[0],
        "security_group_id": ground.ecs.env["ECS_SECURITY_GROUP_ID"],
        "v_switch_id": ground.ecs.env["ECS_VSWITCH_IDS"].split(",")[0],
    }
    from alibabacloud_ecs20140526 import models

    cloud = ground.ecs.env
    admin = client(cloud["ALIBABA_CLOUD_ACCESS_KEY_ID"], cloud["ALIBABA_CLOUD_ACCESS_KEY_SECRET"], ground.ecs.endpoint)
    request = models.RunInstancesRequest(**common, tag=[models.RunInstancesRequestTag(key="project", value="jobdata")])
    [made] = admin.run_instances(request).body.instance_id_sets.instance_id_set
    assert ground.fleet().stop_all("test") == [made]
    assert ground.living() == []
