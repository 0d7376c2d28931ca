"""The cloud without a network, on a clock that stands still: what time does to instances."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from sandbox.ecs.cloud import Cloud
from sandbox.ecs.config import EcsConfig
from sandbox.ecs.faults import Faults, read_rule
from sandbox.ecs.instance import Instance, Order

CONFIG = EcsConfig(pending_seconds=10, starting_seconds=20, stopping_seconds=5, time_scale=1.0)
Make = Callable[..., Cloud]


@pytest.fixture
def make(tmp_path: Path, clock) -> Iterator[Make]:
    made: list[Cloud] = []

    def build(*rules: dict, **change) -> Cloud:
        faults = Faults(7)
        faults.add([read_rule(rule) for rule in rules])
        made.append(Cloud(replace(CONFIG, **change), clock, tmp_path / str(len(made)), faults))
        return made[-1]

    yield build
    for cloud in made:
        cloud.close()


def order(**more) -> Order:
    return Order(CONFIG.offers[0], "image", "vsw-sandbox-b", ("sg-sandbox",), strategy="SpotAsPriceGo", **more)


def after(cloud: Cloud, clock, one: Instance, seconds: float) -> str:
    clock.advance(seconds)
    cloud.tick()
    return one.status


def test_states_follow_the_clock(make: Make, clock) -> None:
    cloud = make()
    one = cloud.create(order())
    seen = [after(cloud, clock, one, seconds) for seconds in (9, 1, 19, 1)]
    assert seen == ["Pending", "Starting", "Starting", "Running"]
    cloud.stop(one, charging=False)
    assert after(cloud, clock, one, 4) == "Stopping"
    assert after(cloud, clock, one, 1) == "Stopped"
    clock.advance(1000)
    cloud.start(one)
    assert after(cloud, clock, one, 20) == "Running"
    cloud.release([one], "released")
    clock.advance(1000)
    bill = cloud.bills()
    assert bill["lines"][0]["seconds"] == pytest.approx(30 + 5 + 20)
    assert bill["cost"] == pytest.approx(cloud.cost(one))
    assert bill["cost"] > 0


def test_a_long_pause_passes_through_every_state_at_its_time(make: Make, clock) -> None:
    cloud = make()
    one = cloud.create(order())
    created = one.created
    assert after(cloud, clock, one, 500) == "Running"
    assert one.running_since == created + 30


def test_a_reclaim_takes_five_minutes_and_an_automatic_release_its_time(make: Make, clock) -> None:
    cloud = make({"kind": "reclaim", "params": {"seconds": 100}})
    taken = cloud.create(order())
    left = cloud.create(order(auto_release=clock() + 2_000))
    after(cloud, clock, taken, 30)
    after(cloud, clock, taken, 100)
    assert taken.recycling
    assert taken.terminate_at == clock() + 300
    assert after(cloud, clock, taken, 299) == "Running"
    assert after(cloud, clock, taken, 1) == "Released"
    assert set(cloud.instances) == {left.id}
    assert after(cloud, clock, left, 1_569) == "Running"
    assert after(cloud, clock, left, 1) == "Released"
    assert [one.gone_why for one in cloud.gone] == ["reclaimed", "auto-released"]
    assert cloud.stock == make().stock


def test_a_price_limit_holds_after_the_protected_hour(make: Make, clock) -> None:
    cloud = make()
    offer = CONFIG.offers[0]
    cloud.prices.set(offer.zone, offer.type, 0.1, clock())
    limited = replace(order(), strategy="SpotWithPriceLimit", price_limit=0.15)
    guarded, bare = cloud.create(limited), cloud.create(replace(limited, protected_hours=0))
    after(cloud, clock, bare, 60)
    cloud.prices.set(offer.zone, offer.type, 0.2, clock())
    after(cloud, clock, bare, 1)
    assert (guarded.recycling, bare.recycling) == (False, True)
    after(cloud, clock, guarded, 3_600)
    assert (guarded.recycling, bare.status) == (True, "Released")


def test_a_seed_gives_the_same_cloud_and_addresses_come_back_last(make: Make, clock) -> None:
    one, two = make(), make()
    first, second = ([cloud.create(order()) for _ in range(5)] for cloud in (one, two))
    assert [(made.id, made.address) for made in first] == [(made.id, made.address) for made in second]
    assert [made.address for made in first] == [f"127.0.1.{number}" for number in range(10, 15)]
    one.release(first[:2], "released")
    assert one.create(order()).address == "127.0.1.15"
    other = make(seed=8)
    assert other.create(order()).id != first[0].id
    crowd = {made.address for made in (two.create(order()) for _ in range(300))} | {made.address for made in second}
    assert len(crowd) == 305
    assert all(address.startswith(("127.0.1.", "127.0.2.")) for address in crowd)
