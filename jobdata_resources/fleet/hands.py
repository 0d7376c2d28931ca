"""What a supervisor does to the world: ask the cloud, book and start instances, give nodes their program and sessions.

A cloud that does not answer now is no error here: the look is taken again. What it refuses for good is raised.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import time
from collections.abc import Callable, Collection, Mapping, Sequence

from crawler_core.fleet.board import Beat
from crawler_core.fleet.settings import NodeSettings
from crawler_core.landing import LandingZone
from crawler_core.platforms import platform
from crawler_core.settings import CrawlSettings
from crawler_core.tokens import TokenSource
from crawler_core.values import Token
from jobdata_resources.fleet.artefact import Artefact, publish
from jobdata_resources.fleet.bootstrap import LINK_SECONDS, bootstrap, environment
from jobdata_resources.fleet.ecs import Ecs, Instance, Launch
from jobdata_resources.fleet.errors import CapReached, FleetUnavailable, NoStock
from jobdata_resources.fleet.ledger import Ledger, Spent
from jobdata_resources.fleet.plan import Offer, Plan, make_plan, spread
from jobdata_resources.fleet.roster import Command, Ended, Roster, Seen
from jobdata_resources.fleet.settings import FleetSettings

__all__ = ["Hands"]

_PRICE_SECONDS = 60.0
_STOCK_REST_SECONDS = 60.0
_LONGEST_COMMAND = 86_400.0
_RELEASE_SLACK = dt.timedelta(minutes=2)
"""The cloud cuts the seconds of a release time off and wants it half an hour ahead."""


class Hands:
    """See the module.

    Args:
        ecs, ledger, zone: cloud, money, bucket.
        settings, node, crawl: of the fleet, of its nodes, of the crawl they do.
        artefact: what nodes run.
        tokens: sessions for platforms that need one; ``token_count``: how many are active.
        extra: further environment of the nodes.
        patience: seconds of silence of the cloud that are borne.

    Attributes:
        trouble: why the last attempt to start instances started none; ``hopeless``: trying again today is no use.
    """

    def __init__(
        self,
        *,
        ecs: Ecs,
        ledger: Ledger,
        zone: LandingZone,
        settings: FleetSettings,
        node: NodeSettings,
        crawl: CrawlSettings,
        artefact: Artefact,
        now: Callable[[], dt.datetime],
        tokens: TokenSource | None = None,
        token_count: int = 0,
        extra: Mapping[str, str] | None = None,
        patience: float = 600.0,
    ) -> None:
        self.settings, self.ledger = settings, ledger
        self.trouble, self.hopeless = "", False
        self._ecs, self._zone, self._node, self._crawl, self._artefact = ecs, zone, node, crawl, artefact
        self._now, self._tokens, self._count = now, tokens, token_count
        self._extra = dict(extra or {})
        self._patience = patience
        self._silent_since: float | None = None
        self._leased: dict[str, list[Token]] = {}
        self._refused: set[str] = set()
        self._useless_without = False
        self._plan: Plan | None = None
        self._priced = float("-inf")
        self._top: dict[str, float] = {}
        self._places: dict[str, tuple[str, str]] = {}
        self._addresses: dict[str, tuple[str, ...]] = {}
        self._no_stock: dict[tuple[str, str], float] = {}
        self._invocations: dict[str, str] = {}
        self._published = False

    @property
    def lease_seconds(self) -> float:
        """How long a node may be silent."""
        return self._node.fleet_lease_seconds

    # ---- looking

    def shown(self, board: str) -> dict[str, Instance] | None:
        """The board's instances as the cloud shows them now, by id; None when it does not answer now.

        Raises:
            FleetUnavailable: it has not answered for too long.
        """
        try:
            found = {one.id: one for one in self._ecs.instances(run=board)}
        except FleetUnavailable:
            self._silent_since = self._silent_since or time.monotonic()
            if time.monotonic() - self._silent_since > self._patience:
                raise
            return None
        self._silent_since = None
        self._addresses.update((name, one.addresses) for name, one in found.items() if one.addresses)
        return found

    def meet(self, instance: Instance, roster: Roster) -> None:
        """Remember an instance of ours: one this supervisor has not started is written down as well."""
        if instance.id in self._places:
            return
        price = self.prices().get((instance.zone, instance.type), self.settings.fleet_price_limit)
        self._places[instance.id] = (instance.zone, instance.type)
        self._top[instance.id] = price
        roster.see(
            Seen(
                instance=instance.id,
                zone=instance.zone,
                type=instance.type,
                price=price,
                booking=instance.tags.get("booking", ""),
                started=instance.created,
            )
        )

    def ready(self, ids: Sequence[str]) -> set[str]:
        """Which of them take commands; none when the cloud does not answer now."""
        if not ids:
            return set()
        try:
            return self._ecs.ready(ids)
        except FleetUnavailable:
            return set()

    def prices(self) -> dict[tuple[str, str], float]:
        """CNY an hour by zone and type, at most a minute old."""
        plan = self.plan()
        found = {(offer.zone, offer.type): offer.price for offer in (*plan.offers, *plan.too_dear)}
        for name, place in self._places.items():
            self._top[name] = max(self._top.get(name, 0.0), found.get(place, 0.0))
        return found

    def plan(self) -> Plan:
        """Where instances may be started at the present prices."""
        if self._plan is None or time.monotonic() - self._priced > _PRICE_SECONDS:
            try:
                prices = self._ecs.prices(self._now())
            except FleetUnavailable:
                if self._plan is None:
                    raise
                return self._plan
            self._priced = time.monotonic()
            self._plan = make_plan(
                prices,
                vswitches=self.settings.vswitches,
                price_limit=self.settings.fleet_price_limit,
                instances=self.settings.fleet_instances,
                hours=self.settings.fleet_hours,
            )
        return self._plan

    def obituary(self, instance: str, reason: str) -> Ended:
        """The end of an instance, now: with the highest price and the addresses it was seen at."""
        return Ended(
            at=self._now(),
            reason=reason,
            price=self._top.get(instance, 0.0),
            addresses=self._addresses.get(instance, ()),
        )

    def token_limits(self, platforms: Collection[str]) -> dict[str, int | None]:
        """How many sessions there are for each platform that needs one."""
        needing = {name for name in platforms if platform(name).needs_token}
        self._useless_without = bool(needing) and needing == set(platforms)
        have = max(0, self._count - len(self._refused))
        return dict.fromkeys(needing, have)

    # ---- instances

    def launch(self, amount: int, board: str, roster: Roster, now: dt.datetime, line: Callable[[str], None]) -> None:
        """Start up to ``amount`` instances where they are cheapest and to be had; each start is booked before.

        Raises:
            FleetRefused: permission, quota or a setting.
        """
        plan = self.plan()
        offers = spread(plan.offers, self._no_stock, time.monotonic(), _STOCK_REST_SECONDS)
        self.hopeless = False
        if not plan.offers:
            cheapest = min((offer.price for offer in plan.too_dear), default=0.0)
            limit = self.settings.fleet_price_limit
            self.trouble = f"the cheapest costs CNY {cheapest:g} an hour, FLEET_PRICE_LIMIT is {limit:g}"
        for offer in offers:
            try:
                came = self._launch(amount, offer, board, roster, now)
            except NoStock as error:
                self._no_stock[offer.zone, offer.type] = time.monotonic()
                self.trouble = str(error)
                continue
            except CapReached as error:
                if self.trouble != str(error):
                    line(str(error))
                self.trouble, self.hopeless = str(error), True
                return
            except FleetUnavailable as error:
                self.trouble = str(error)  # if they came, the next look shows them
                return
            line(f"{came} instances of {offer.type} in {offer.zone} at CNY {offer.price:g} an hour")
            amount -= came
            self.trouble = ""
            if amount < 1:
                return

    def _launch(self, amount: int, offer: Offer, board: str, roster: Roster, now: dt.datetime) -> int:
        hours = self.settings.fleet_hours + _RELEASE_SLACK.total_seconds() / 3600
        booking = self.ledger.book(
            now, board=board, instances=amount, hours=hours, price=self.settings.fleet_price_limit, offer=offer
        )
        release_at = booking.time + dt.timedelta(hours=hours)
        launch = Launch(
            token=hashlib.sha256(f"{board}\n{booking.id}".encode()).hexdigest()[:48],
            amount=booking.instances,
            zone=offer.zone,
            vswitch=offer.vswitch,
            type=offer.type,
            name=f"{self.settings.fleet_project}-{board}",
            release_at=release_at,
            tags={
                "project": self.settings.fleet_project,
                "run": board,
                "expires": release_at.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
                "booking": booking.id,
            },
            role=self._node.fleet_node_role,
        )
        try:
            ids = self._ecs.run(launch)
        except FleetUnavailable:
            raise  # they may have come: the booking stands until the board is closed
        except Exception:
            self.ledger.settle(booking, Spent())
            raise
        for name in ids:
            self._places[name] = (offer.zone, offer.type)
            self._top[name] = offer.price
            roster.see(
                Seen(
                    instance=name,
                    zone=offer.zone,
                    type=offer.type,
                    price=offer.price,
                    booking=booking.id,
                    started=now,
                )
            )
        return len(ids)

    def delete(self, ids: Collection[str]) -> set[str]:
        """End instances; those that are ended now. The others are asked again at the next look."""
        try:
            return set(ids) - self._ecs.delete(ids)
        except FleetUnavailable:
            return set()

    # ---- nodes

    def start(self, instance: str, board: str, roster: Roster, now: dt.datetime) -> None:
        """Send the node program to an instance. A repeat after a crash is the same command and runs once."""
        if not self._published:
            publish(self._artefact, self._zone)
            self._published = True
        before = roster.commands().get(instance)
        tokens = self._sessions(instance)
        if self._useless_without and not tokens:
            # Others hold the rest: the fleet shrinks to what it has, and this instance goes when it has not started.
            self._count = len(self._refused) + sum(map(len, self._leased.values()))
            return
        text = environment(
            self._crawl,
            self._node,
            instance=instance,
            board=board,
            artefact=self._artefact.sha256,
            tokens=tokens,
            extra=self._extra,
        )
        script = bootstrap(
            artefact=self._zone.link(self._artefact.path, LINK_SECONDS),
            sha256=self._artefact.sha256,
            env=self._zone.link(roster.put_secret(instance, text), LINK_SECONDS),
            python=self.settings.fleet_python,
        )
        times = before.times + 1 if before else 1
        command = Command(times=times, at=now, tokens=tuple(token.fingerprint for token in tokens))
        roster.command(instance, command)
        token = hashlib.sha256(f"{board}\n{instance}\n{times}".encode()).hexdigest()[:48]
        try:
            self._invocations[instance] = self._ecs.command(
                instance, script, seconds=min(self.settings.fleet_hours * 3600 + 3600, _LONGEST_COMMAND), token=token
            )
        except FleetUnavailable as error:
            self.trouble = str(error)  # counted as sent: the next try comes when no node answers

    def output(self, instance: str) -> str:
        """What is known of the last command of an instance."""
        invocation = self._invocations.get(instance)
        try:
            return self._ecs.output(instance, invocation) if invocation else "nothing"
        except FleetUnavailable as error:
            return str(error)

    def _sessions(self, instance: str) -> list[Token]:
        held = self._leased.setdefault(instance, [])
        if self._tokens is not None and not held:
            token = self._tokens.lease()
            if token is not None:
                held.append(token)
        return held

    def refuse(self, beats: Sequence[Beat]) -> None:
        """Take sessions out of use that a node says the platform refused."""
        for beat in beats:
            for token in list(self._leased.get(beat.instance, [])):
                reason = beat.refused_tokens.get(token.fingerprint)
                if reason is not None and self._tokens is not None:
                    self._tokens.invalidate(token, reason)
                    self._leased[beat.instance].remove(token)
                    self._refused.add(token.fingerprint)

    def give_back(self, instance: str) -> None:
        """Free the sessions of an instance that is gone."""
        for token in self._leased.pop(instance, []):
            if self._tokens is not None:
                self._tokens.release(token)

    def give_back_all(self) -> None:
        """Free every session."""
        for instance in list(self._leased):
            self.give_back(instance)
