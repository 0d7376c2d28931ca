"""The fleet as the rest of the house uses it: crawl these keywords, show what runs, stop everything, remove orphans.

A crawl of a platform and day is a board of its own. A board that was left open, because its supervisor was killed, is
gone on with: its works, its nodes and its instances are found again in the bucket and by their tags.
"""

from __future__ import annotations

import datetime as dt
import os
import secrets
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from crawler_core.crawl.allowance import Allowance
from crawler_core.crawl.report import CheckpointUpdate, CrawlReport, KeywordReport
from crawler_core.errors import BadSetting, NoToken
from crawler_core.fleet.board import Board
from crawler_core.fleet.settings import NodeSettings
from crawler_core.fleet.work import Work, works
from crawler_core.landing import LandingZone
from crawler_core.platforms.spec import PlatformSpec
from crawler_core.settings import CrawlSettings, load
from crawler_core.tokens import TokenSource, parse_tokens
from crawler_core.values import SHANGHAI, Query
from jobdata_resources.fleet.artefact import Artefact, build
from jobdata_resources.fleet.closing import close_board, end_instance
from jobdata_resources.fleet.ecs import Ecs, Instance
from jobdata_resources.fleet.errors import FleetRefused, FleetUnavailable
from jobdata_resources.fleet.hands import Hands
from jobdata_resources.fleet.ledger import Caps, Ledger, Spent
from jobdata_resources.fleet.look import Look, NodeRow
from jobdata_resources.fleet.plan import Plan, make_plan
from jobdata_resources.fleet.roster import Ended, Roster, boards, open_boards
from jobdata_resources.fleet.settings import FleetSettings
from jobdata_resources.fleet.supervisor import Listener, Result, Supervisor

__all__ = ["Fleet", "FleetReport", "Status"]

PROBE = "fleet-probe"
"""Folder of the objects by which a bucket is tried."""

_STOP_SECONDS, _STOP_PAUSE = 120.0, 1.0

_BUCKET_ENV = ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL")
"""Of the bucket, without credentials: those come from the instance's role."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetReport:
    """How a crawl on the fleet went: what any crawl reports, and its instances."""

    crawl: CrawlReport
    board: str
    rows: tuple[NodeRow, ...]
    spent: Spent


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """What there is now: instances, open boards, and what today holds of its caps."""

    instances: tuple[Instance, ...]
    open_boards: tuple[str, ...]
    today: Spent
    caps: Caps


class Fleet:
    """The fleet of one landing zone and one cloud account.

    Args:
        zone: where boards, ledger, artefact and pages are.
        settings, node, crawl: default: of the environment.
    """

    def __init__(
        self,
        zone: LandingZone,
        *,
        settings: FleetSettings | None = None,
        node: NodeSettings | None = None,
        crawl: CrawlSettings | None = None,
        now: Callable[[], dt.datetime] = lambda: dt.datetime.now(SHANGHAI),
    ) -> None:
        self.settings = settings or load(FleetSettings)
        self._zone, self._now = zone, now
        self._node = node or load(NodeSettings)
        self._crawl = crawl or load(CrawlSettings)
        self._ecs = Ecs(self.settings)
        self.ledger = Ledger(zone, Caps.of(self.settings))

    # ---- crawling

    def crawl(
        self,
        spec: PlatformSpec,
        queries: Sequence[Query],
        *,
        date: dt.date,
        tokens: TokenSource | None,
        token_count: int,
        on_keyword: Callable[[KeywordReport, str], None],
        on_checkpoint: Callable[[CheckpointUpdate], None],
        on_line: Callable[[str], None],
        on_look: Callable[[Look], None] = lambda _look: None,
        allowances: Mapping[str, Allowance] | None = None,
    ) -> FleetReport:
        """Crawl keywords of a platform and day on instances; the counterpart of ``crawler_core.crawl.crawl``.

        Goes on with the platform's open board of that day if there is one.

        Raises:
            FleetError: the cloud refuses or is gone; names the remedy. What was landed is kept.
            BadSetting: the fleet or a platform's key is not set up.
        """
        self.settings.check()
        self.check_reach()
        if tokens is None:
            tokens, token_count = self._own_tokens(spec)
        wanted = {query.keyword.key: query.keyword.text for query in queries}

        def ended(report: KeywordReport, node: str) -> None:
            """A board that is gone on with may hold keywords that nobody asks for now."""
            text = wanted.get(report.keyword.casefold())
            if text is not None:
                on_keyword(replace(report, keyword=text), node)

        listener = Listener(keyword=ended, checkpoint=on_checkpoint, line=on_line, look=on_look)
        prefix = f"{spec.name}-{date:%Y%m%d}-"
        name = self._board(prefix, listener)
        started = self._now()
        hands = self.hands(tokens=tokens, token_count=token_count)
        result = self.supervise(name, works(queries, date, allowances), hands, listener)
        reports = tuple(report for report in result.reports if report.keyword.casefold() in wanted)
        return FleetReport(
            crawl=CrawlReport(
                platform=spec.name,
                date=date,
                keywords=reports,
                seconds=round((self._now() - started).total_seconds(), 3),
                stop_reason=result.stop_reason,
            ),
            board=name,
            rows=result.rows,
            spent=Spent(instances=result.closing.instances, hours=result.closing.hours, cost=result.closing.cost)
            if result.closing
            else Spent(),
        )

    def _own_tokens(self, spec: PlatformSpec) -> tuple[TokenSource | None, int]:
        """What a crawl here would check and take before it began: the signing key, ``BOSS_TOKENS``."""
        if spec.needs_sign_key and self._crawl.qcwy_sign_key is None:
            raise BadSetting(f"{spec.name} signs its requests and QCWY_SIGN_KEY is not set; set it in the environment")
        if not spec.needs_token:
            return None, 0
        if self._crawl.boss_tokens is None:
            raise NoToken(
                f"{spec.name} needs a session token and none is configured; import some with"
                " `jobdata token import FILE` or set BOSS_TOKENS"
            )
        source = parse_tokens(self._crawl.boss_tokens)
        return source, source.count

    def supervise(self, board: str, todo: Sequence[Work], hands: Hands, listener: Listener) -> Result:
        """Run a board to its end; see ``Supervisor.run``."""
        self.check_bucket()
        who = f"{socket.gethostname()}/{os.getpid()}"
        roster = Roster(self._zone, board)
        return Supervisor(Board(self._zone, board), roster, hands, listener, who=who, now=self._now).run(todo)

    def check_reach(self) -> None:
        """Whether nodes can reach the landing zone at all.

        Raises:
            BadSetting: names what to set.
        """
        sandbox = self.settings.ecs_endpoint.startswith("http://")
        if self._zone.local_root is not None and not sandbox:
            raise BadSetting(f"LANDING_URL={self._zone.url!r} is a folder of this machine: nodes need a bucket, s3://…")
        if self._zone.local_root is None and not self._node.fleet_node_role:
            raise BadSetting("FLEET_NODE_ROLE is not set: name the RAM role by which nodes reach the bucket")

    def check_bucket(self) -> None:
        """Whether the bucket keeps the one promise that leases, ledger and pages stand on.

        Raises:
            FleetRefused: it lets an object be created that is there.
        """
        path = f"{PROBE}/{secrets.token_hex(8)}"
        try:
            if not self._zone.create(path, b"1") or self._zone.create(path, b"2"):
                raise FleetRefused(
                    f"{self._zone.url} creates an object over one that is there: two nodes could hold one keyword; use"
                    " a bucket that honours If-None-Match"
                )
        finally:
            self._zone.delete(path)

    def hands(self, *, tokens: TokenSource | None = None, token_count: int = 0) -> Hands:
        """What a supervisor acts through."""
        return Hands(
            ecs=self._ecs,
            ledger=self.ledger,
            zone=self._zone,
            settings=self.settings,
            node=self._node,
            crawl=self._crawl,
            artefact=self.artefact(),
            now=self._now,
            tokens=tokens,
            token_count=token_count,
            extra={name: os.environ[name] for name in _BUCKET_ENV if name in os.environ},
        )

    def artefact(self) -> Artefact:
        """What nodes run.

        Raises:
            BadSetting: neither wheels nor an interpreter that has the libraries.
        """
        artefact = build(wheels=self.wheels)
        if not artefact.wheels and not self.settings.fleet_python:
            raise BadSetting(
                f"no wheels in {self.wheels}: fetch them with `jobdata fleet wheels`, or set FLEET_PYTHON to an"
                " interpreter of the image that has the libraries"
            )
        return artefact

    @property
    def wheels(self) -> Path:
        """Folder of the wheels that go into the artefact."""
        return self._crawl.jobdata_home / "fleet" / "wheels"

    def _board(self, prefix: str, listener: Listener) -> str:
        for name in open_boards(self._zone, prefix):
            board = Board(self._zone, name)
            if not board.stopped:
                listener.line(f"goes on with board {name}, whose supervisor ended before it was done")
                return name
            quiet = Listener(
                keyword=lambda _report, _node: None,
                checkpoint=lambda _update: None,
                line=listener.line,
                look=lambda _look: None,
            )
            listener.line(f"clears away what is left of board {name}")
            Supervisor(board, Roster(self._zone, name), self.hands(), quiet, who="clear", now=self._now).finish_off()
        taken = [int(name.rsplit("-", 1)[1]) for name in boards(self._zone) if name.startswith(prefix)]
        return f"{prefix}{max(taken, default=0) + 1:03d}"

    # ---- looking and stopping

    def plan(self, instances: int | None = None) -> Plan:
        """Where a fleet would be started now, and what it would cost at most; starts nothing."""
        return make_plan(
            self._ecs.prices(self._now()),
            vswitches=self.settings.vswitches,
            price_limit=self.settings.fleet_price_limit,
            instances=min(instances or self.settings.fleet_instances, self.settings.fleet_instances),
            hours=self.settings.fleet_hours,
        )

    def status(self) -> Status:
        """What there is now."""
        return Status(
            instances=tuple(self._ecs.instances()),
            open_boards=tuple(open_boards(self._zone)),
            today=self.ledger.total(self._now().astimezone(SHANGHAI).date()),
            caps=Caps.of(self.settings),
        )

    def stop_all(self, reason: str) -> list[str]:
        """Tell all nodes to stop and delete every instance of the project; ids of those deleted.

        Raises:
            FleetError: the cloud refuses.
        """
        for name in open_boards(self._zone):
            Board(self._zone, name).stop(reason)
        stopped: set[str] = set()
        deadline = time.monotonic() + _STOP_SECONDS
        while found := {one.id: one for one in self._ecs.instances()}:
            stopped |= self._remove(found, reason)
            if time.monotonic() > deadline:
                raise FleetUnavailable(f"not deleted within {_STOP_SECONDS:g} s: {', '.join(found)}; run it again")
            time.sleep(_STOP_PAUSE)
        return sorted(stopped)

    def reap(self) -> Mapping[str, str]:
        """Remove instances that belong to nobody: past their expiry, of a closed board, or of a silent supervisor.

        Returns:
            Reason by instance.
        """
        now = self._now()
        orphans: dict[str, str] = {}
        found = {one.id: one for one in self._ecs.instances()}
        verdicts = {name: self._orphaned(name, now) for name in {one.tags.get("run", "") for one in found.values()}}
        for name, one in found.items():
            reason = _expired(one, now) or verdicts[one.tags.get("run", "")]
            if reason:
                orphans[name] = reason
        removed = self._remove({name: found[name] for name in orphans}, "orphan")
        orphans = {name: reason for name, reason in orphans.items() if name in removed}
        left = {one.tags.get("run", "") for name, one in found.items() if name not in orphans}
        for name in open_boards(self._zone):
            if name not in left and self._orphaned(name, now):
                self._close(name, "its supervisor did not come back")
        return orphans

    def _orphaned(self, board: str, now: dt.datetime) -> str:
        """Why a board's instances belong to nobody; empty while somebody watches, or when it is not of this bucket."""
        if board not in boards(self._zone):
            return ""
        roster = Roster(self._zone, board)
        if roster.closed() is not None:
            return "its board is closed"
        watched = roster.watched()
        if watched is None or (now - watched).total_seconds() <= self.settings.fleet_orphan_seconds:
            return ""
        return "its run has been silent since " + watched.astimezone(SHANGHAI).isoformat(timespec="seconds")

    def _remove(self, instances: Mapping[str, Instance], reason: str) -> set[str]:
        """Delete instances and write their end down; those that could be deleted now."""
        if not instances:
            return set()
        removed = set(instances) - self._ecs.delete(instances)
        now, known = self._now(), boards(self._zone)
        for name in removed:
            one = instances[name]
            board = one.tags.get("run", "")
            if board in known:
                ended = Ended(at=now, reason=reason, price=self.settings.fleet_price_limit)
                end_instance(Board(self._zone, board), Roster(self._zone, board), one.id, ended)
        return removed

    def _close(self, name: str, reason: str) -> None:
        roster, now = Roster(self._zone, name), self._now()
        if self._ecs.instances(run=name):
            return
        board, ended = Board(self._zone, name), roster.ended()
        for instance in roster.seen():
            if instance not in ended:
                end_instance(board, roster, instance, Ended(at=now, reason="vanished", price=0.0))
        close_board(board, roster, self.ledger, now=now, reason=reason)


def _expired(one: Instance, now: dt.datetime) -> str:
    try:
        expires = dt.datetime.fromisoformat(one.tags.get("expires", ""))
    except ValueError:
        return ""
    return "past its expiry" if expires < now else ""
