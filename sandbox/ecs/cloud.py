"""The cloud itself: its instances, their life, and what they cost.

What belongs here: states and what time does to them. What does not: parameters, answers and signatures.

    Pending -> Starting -> Running -> Stopping -> Stopped -> Starting
       any state -> gone: released, reclaimed, auto-released, stillborn

Nothing happens by itself: `tick` applies what is due, and every call ticks first. Time is the clock's plus what the
control listener advanced it by.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from ipaddress import IPv4Address
from pathlib import Path
from signal import SIGCONT, SIGSTOP
from typing import Any

from sandbox.dice import Dice
from sandbox.ecs.config import EcsConfig, Offer
from sandbox.ecs.faults import Faults, Subject
from sandbox.ecs.instance import Instance, Order
from sandbox.ecs.machine import CLOUD_MARK, INSTANCE_MARK, Machine, kill_all
from sandbox.ecs.money import Prices, Span
from sandbox.wire import Clock

NOTICE_SECONDS = 300.0
PROTECTED_SECONDS = 3600.0
_IDS = "abcdefghijklmnopqrstuvwxyz0123456789"


class Cloud:
    """One account's instances in one region. `folder` holds the instances' own folders."""

    def __init__(self, config: EcsConfig, clock: Clock, folder: Path, faults: Faults) -> None:
        self.config = config
        self.folder = folder
        self.faults = faults
        self.prices = Prices(config)
        self.mark = uuid.uuid4().hex
        self.metadata_url = ""
        self.node_env = dict(config.node_env)
        self.quota = config.max_instances
        self.stock = {(offer.zone, offer.type): offer.stock for offer in config.offers}
        self.instances: dict[str, Instance] = {}
        self.gone: list[Instance] = []
        self.ahead = 0.0
        self._clock = clock
        self._born = 0

    def now(self) -> float:
        """Cloud time, in seconds since the epoch."""
        return self._clock() + self.ahead

    def scaled(self, seconds: float) -> float:
        """A span of the real one, as long as it lasts here."""
        return seconds * self.config.time_scale

    def identity(self, prefix: str, number: int) -> str:
        """The n-th id of a kind."""
        return prefix + Dice(self.config.seed, prefix, number).text(_IDS, 20)

    def create(self, order: Order) -> Instance:
        """A new instance; its faults are drawn now. The caller has checked stock and quota."""
        self._born += 1
        now, number, settings = self.now(), self._born, self.config
        self.stock[order.offer.zone, order.offer.type] -= 1
        one = Instance(
            id=self.identity("i-", number),
            number=number,
            order=order,
            region=settings.region,
            address=self._address(number),
            created=now,
            tags=dict(order.tags),
            due=now + settings.pending_seconds,
            visible=now,
            auto_release=order.auto_release,
            assistant_delay=settings.assistant_seconds,
            spans=[Span(now)],
        )
        hits = self.faults.take(
            Subject("birth", "RunInstances", number, order.offer.zone, order.offer.type, instance=one.id)
        )
        _afflict(one, hits, now)
        self.instances[one.id] = one
        return one

    def tick(self) -> None:
        """Apply everything that is due."""
        now = self.now()
        for one in list(self.instances.values()):
            self._advance(one, now)

    def start(self, one: Instance) -> None:
        """From Stopped to Starting."""
        now = self.now()
        one.status, one.due, one.stopped_mode = "Starting", now + self.config.starting_seconds, "Not-applicable"
        if one.spans[-1].end is not None:
            one.spans.append(Span(now))

    def stop(self, one: Instance, *, charging: bool) -> None:
        """To Stopping; everything it runs is killed. `charging` keeps the bill running."""
        kill_all([one.machine] if one.machine is not None else [])
        one.status, one.due = "Stopping", self.now() + self.config.stopping_seconds
        one.stopped_mode = "KeepCharging" if charging else "StopCharging"
        one.hung_at = None

    def release(self, ones: Iterable[Instance], why: str) -> None:
        """Kill and forget instances; the bill ends now."""
        now, leaving = self.now(), list(ones)
        kill_all([one.machine for one in leaving if one.machine is not None])
        for one in leaving:
            self._close_bill(one, now)
            one.gone_at, one.gone_why, one.status = now, why, "Released"
            self.stock[one.order.offer.zone, one.order.offer.type] += 1
            self.instances.pop(one.id, None)
            self.gone.append(one)
            if one.machine is not None:
                one.machine.remove()

    def reclaim(self, one: Instance, *, notice: bool, seconds: float | None = None) -> None:
        """Take a spot instance back: at once, or after the notice (default 300 s, scaled)."""
        now = self.now()
        if not one.order.spot:
            raise ValueError(f"{one.id} is not a spot instance: it is never reclaimed")
        if not notice:
            self._interrupt(one)
        elif one.notice_at is None:
            one.notice_at = now
            one.terminate_at = now + (self.scaled(NOTICE_SECONDS) if seconds is None else seconds)

    def hang(self, one: Instance) -> int:
        """Freeze everything it runs; how many processes were frozen. New commands do not reach it."""
        if one.machine is None:
            return 0
        one.hung_at = self.now()
        one.machine.send(SIGSTOP)
        return one.machine.send(SIGSTOP)  # again: one may have forked while the first went round

    def resume(self, one: Instance) -> None:
        """Undo `hang`."""
        one.hung_at = None
        if one.machine is not None:
            one.machine.send(SIGCONT)

    def cost(self, one: Instance) -> float:
        """CNY so far."""
        offer, now = one.order.offer, self.now()
        return sum(
            self.prices.cost(
                offer.zone, offer.type, span.start, now if span.end is None else span.end, spot=one.order.spot
            )
            for span in one.spans
        )

    def bills(self) -> dict[str, Any]:
        """What every instance that ever was has cost, and the sum."""
        now, lines, total_seconds, total = self.now(), [], 0.0, 0.0
        for one in sorted([*self.gone, *self.instances.values()], key=lambda one: one.number):
            seconds = sum((now if span.end is None else span.end) - span.start for span in one.spans)
            cost = self.cost(one)
            total_seconds, total = total_seconds + seconds, total + cost
            lines.append(
                {
                    "instance": one.id, "zone": one.order.offer.zone, "type": one.order.offer.type,
                    "spot": one.order.spot, "created": one.created, "gone": one.gone_at, "why": one.gone_why,
                    "seconds": seconds, "cost": cost, "tags": one.tags,
                }
            )  # fmt: skip
        sums = {"instances": len(lines), "seconds": total_seconds, "cost": total}
        return {"currency": "CNY", "lines": lines, **sums}

    def market(self, offer: Offer) -> float:
        """The spot price now."""
        return self.prices.spot(offer.zone, offer.type, self.now())

    def reset(self) -> None:
        """Release everything; stock, prices, quota, time and the instances' environment are as at the start."""
        self.release(list(self.instances.values()), "reset")
        self.gone.clear()
        self.prices = Prices(self.config)
        self.node_env = dict(self.config.node_env)
        self.quota = self.config.max_instances
        self.stock = {(offer.zone, offer.type): offer.stock for offer in self.config.offers}
        self.ahead = 0.0

    def close(self) -> None:
        """Kill everything."""
        self.release(list(self.instances.values()), "the cloud closed")

    def _advance(self, one: Instance, now: float) -> None:
        if one.stillborn_at is not None and now >= one.stillborn_at:
            return self.release([one], "stillborn")
        if one.auto_release is not None and now >= one.auto_release:
            return self.release([one], "auto-released")
        while one.due is not None and now >= one.due:
            self._step(one, one.due)
        if one.status == "Running":
            self._watch(one, now)
        if one.terminate_at is not None and now >= one.terminate_at:
            self._interrupt(one)
        return None

    def _step(self, one: Instance, at: float) -> None:
        if one.status == "Pending":
            one.status, one.due = "Starting", at + self.config.starting_seconds
        elif one.status == "Starting":
            one.status, one.due, one.running_since = "Running", None, at
            self._boot(one)
        else:
            one.status, one.due = "Stopped", None
            if one.stopped_mode == "StopCharging":
                self._close_bill(one, at)

    def _watch(self, one: Instance, now: float) -> None:
        since = now if one.running_since is None else one.running_since
        if one.hang_after is not None and now >= since + one.hang_after:
            one.hang_after = None
            self.hang(one)
        if one.reclaim_after is not None and now >= since + one.reclaim_after:
            one.reclaim_after = None
            self.reclaim(one, notice=one.reclaim_notice, seconds=one.notice_seconds)
            return
        order = one.order
        protected = since + self.scaled(PROTECTED_SECONDS) * order.protected_hours
        if order.strategy == "SpotWithPriceLimit" and now >= protected and self.market(order.offer) > order.price_limit:
            self.reclaim(one, notice=True)

    def _boot(self, one: Instance) -> None:
        first = one.machine is None
        if one.machine is None:
            own = {
                "JOBDATA_NODE_ADDRESS": one.address,
                "EGRESS_ADDRESSES": one.address,
                "JOBDATA_METADATA_URL": f"{self.metadata_url}/{one.id}",
                "ALIBABA_CLOUD_ECS_METADATA_DISABLED": "true",
                CLOUD_MARK: self.mark,
                INSTANCE_MARK: one.id,
            }
            one.machine = Machine(self.folder / one.id, self.node_env | own)
        if first and one.order.user_data.startswith(b"#!"):
            one.boot = one.machine.start("user-data", one.order.user_data, one.machine.folder / "root")

    def _interrupt(self, one: Instance) -> None:
        one.terminate_at = None
        if one.order.interruption == "Stop":
            one.notice_at = None
            self.stop(one, charging=False)
        else:
            self.release([one], "reclaimed")

    @staticmethod
    def _close_bill(one: Instance, at: float) -> None:
        if one.spans[-1].end is None:
            one.spans[-1].end = at

    def _address(self, number: int) -> str:
        """The next address that nobody has; an address comes again only after all others."""
        used = {one.address for one in self.instances.values()}
        first, room = int(IPv4Address(self.config.first_address)), 200 * 256
        for offset in range(number - 1, number - 1 + room):
            address = str(IPv4Address(first + (offset // 240) * 256 + offset % 240))
            if address not in used:
                return address
        raise ValueError("every loopback address is taken")


def _afflict(one: Instance, hits: dict[str, dict[str, Any]], now: float) -> None:
    if (slow := hits.get("slow_start")) is not None:
        more = slow.get("seconds", 5.0)
        one.due = None if more is None or one.due is None else one.due + more
    if (late := hits.get("late_visible")) is not None:
        one.visible = now + (late.get("seconds") or 0.5)
    if (dead := hits.get("stillborn")) is not None:
        one.stillborn_at = now + (dead.get("seconds") or 0.2)
    if (deaf := hits.get("no_assistant")) is not None:
        one.assistant_delay = deaf.get("seconds")
    if (taken := hits.get("reclaim")) is not None and one.order.spot:
        one.reclaim_after, one.reclaim_notice = taken.get("seconds", 1.0), taken.get("notice", True)
        one.notice_seconds = taken.get("notice_seconds")
    if (stuck := hits.get("hang")) is not None:
        one.hang_after = stuck.get("seconds", 1.0)
