"""What a supervisor does about each instance, and what a plan makes of prices and caps."""

from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler_core.landing import LandingZone
from crawler_core.values import SHANGHAI
from jobdata_resources.fleet.decide import Decision, Limits, Member, decide
from jobdata_resources.fleet.ecs import Price
from jobdata_resources.fleet.errors import CapReached
from jobdata_resources.fleet.ledger import Booking, Caps, Ledger, Spent, day_total, room
from jobdata_resources.fleet.plan import Offer, make_plan, wanted_instances

LIMITS = Limits(boot=300, silent=90, price=0.2)


def member(**values: object) -> Member:
    return Member(**{"id": "i", "status": "Running", "age": 60.0, "price": 0.05} | values)  # type: ignore[arg-type]


KEEP = Decision()
START = Decision(start=("i",))


def replaced(reason: str) -> Decision:
    return Decision(delete={"i": reason}, launch=1)


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        (member(status="Pending"), KEEP),
        (member(status="Pending", age=301.0), replaced("did not start")),
        (member(), KEEP),
        (member(ready=True), START),
        (member(ready=True, starts=1, start_age=299.0), KEEP),
        (member(ready=True, starts=1, start_age=301.0), START),
        (member(ready=True, starts=2, start_age=301.0), replaced("silent since its start")),
        (member(ready=True, starts=1, node="up", beat_age=89.0), KEEP),
        (member(ready=True, starts=1, node="up", beat_age=91.0), replaced("hung")),
        (member(ready=True, starts=1, node="gone", reason="banned"), replaced("banned")),
        (member(ready=True, starts=1, node="draining", recycling=True), Decision(launch=1)),
        (member(ready=True, starts=1, node="up", recycling=True), Decision(launch=1)),
        (member(recycling=True), replaced("reclaimed")),
        (member(status="Stopping", recycling=True, node="up"), replaced("reclaimed")),
        (member(ready=True, starts=1, node="up", recycling=True, beat_age=91.0), replaced("reclaimed")),
        (member(status="Stopped"), replaced("stopped")),
        (member(node="up", price=0.21), replaced("price 0.21 above the limit")),
    ],
)
def test_an_instance_is_kept_started_or_replaced(seen: Member, expected: Decision) -> None:
    assert decide([seen], wanted=1, limits=LIMITS) == expected


def test_the_fleet_grows_to_what_is_wanted_and_goes_when_nothing_is() -> None:
    two = [member(id="a", node="up", starts=1), member(id="b", node="up", starts=1)]
    assert decide(two, wanted=5, limits=LIMITS).launch == 3
    assert decide(two, wanted=1, limits=LIMITS) == Decision()
    assert decide(two, wanted=0, limits=LIMITS) == Decision(delete={"a": "done", "b": "done"})
    assert decide([], wanted=0, limits=LIMITS) == Decision()


def test_a_plan_takes_the_cheapest_place_and_leaves_what_is_too_dear() -> None:
    prices = [Price(0.3, "z1", "t2"), Price(0.06, "z2", "t1"), Price(0.05, "z1", "t1"), Price(0.01, "z9", "t1")]
    plan = make_plan(prices, vswitches={"z1": "v1", "z2": "v2"}, price_limit=0.2, instances=20, hours=6)
    assert [(offer.zone, offer.type, offer.vswitch) for offer in plan.offers] == [
        ("z1", "t1", "v1"),
        ("z2", "t1", "v2"),
    ]
    assert [offer.type for offer in plan.too_dear] == ["t2"]
    assert plan.cost == 6.0
    assert make_plan([], vswitches={}, price_limit=1, instances=20, hours=6).cost == 0


@pytest.mark.parametrize(
    ("works", "tokens", "wanted"),
    [
        ({}, {}, 0),
        ({"qcwy": 3, "zhilian": 7}, {}, 7),
        ({"qcwy": 300}, {}, 20),
        ({"boss": 300}, {"boss": 8}, 8),
        ({"boss": 5}, {"boss": 8}, 5),
        ({"boss": 5}, {"boss": 0}, 0),
    ],
)
def test_as_many_instances_as_the_work_can_keep_busy(
    works: dict[str, int], tokens: dict[str, int | None], wanted: int
) -> None:
    assert wanted_instances(works, most=20, tokens=tokens) == wanted


def test_runs_that_book_at_once_share_what_the_day_holds(tmp_path: Path) -> None:
    caps = Caps(instances=20, hours=1000, cost=1000)
    offer = Offer(zone="z", vswitch="v", type="t", price=0.05)
    now = dt.datetime(2026, 11, 21, 23, 59, tzinfo=SHANGHAI)

    reasons: list[str] = []

    def book(run: int) -> list[Booking]:
        ledger, made = Ledger(LandingZone.from_url(f"file://{tmp_path}"), caps), []
        try:
            while True:
                made.append(ledger.book(now, board=f"b{run}", instances=3, hours=6, price=0.2, offer=offer))
        except CapReached as error:
            reasons.append(str(error))
            return made

    with ThreadPoolExecutor(4) as pool:
        booked = [one for made in pool.map(book, range(4)) for one in made]
    assert len([reason for reason in reasons if "FLEET_INSTANCES_PER_DAY=20" in reason]) == 4
    assert sum(one.instances for one in booked) == 20
    assert sorted(one.number for one in booked) == list(range(1, len(booked) + 1))
    ledger = Ledger(LandingZone.from_url(f"file://{tmp_path}"), caps)
    first = next(one for one in booked if one.instances == 3)
    assert first in ledger.open_bookings(first.board, now.date())  # a run that was killed: its booking stands
    ledger.settle(first, Spent(instances=1, hours=0.1, cost=0.01))
    ledger.settle(first, Spent())  # the first word stands
    assert ledger.total(now.date()).instances == 18
    assert ledger.book(now, board="b", instances=9, hours=6, price=0.2, offer=offer).instances == 2
    assert ledger.total(now.date() + dt.timedelta(days=1)) == Spent()


BOOKINGS = st.lists(st.tuples(st.integers(1, 30), st.floats(0.5, 24), st.floats(0.01, 1), st.floats(0, 1)), max_size=20)


@given(BOOKINGS, st.integers(0, 60), st.floats(0, 200), st.floats(0, 30))
def test_bookings_never_pass_a_cap(
    asked: list[tuple[int, float, float, float]], instances: int, hours: float, cost: float
) -> None:
    """Every booking takes what ``room`` leaves of it; settling gives some back."""
    caps = Caps(instances=instances, hours=hours, cost=cost)
    entries: list[tuple[Booking, Spent | None]] = []
    for want, life, price, used in asked:
        amount = min(want, room(day_total(entries), caps, hours=life, price=price))
        if amount:
            booking = Booking(
                day="2026-11-21",
                number=len(entries) + 1,
                board="b",
                at=dt.datetime.now(dt.UTC).isoformat(),
                instances=amount,
                hours=life,
                price=price,
            )
            spent = Spent(instances=amount, hours=amount * life * used, cost=amount * life * price * used)
            entries.append((booking, spent if used < 0.5 else None))
        total = day_total(entries)
        assert total.instances <= caps.instances
        assert total.hours <= caps.hours + 1e-6
        assert total.cost <= caps.cost + 1e-6
