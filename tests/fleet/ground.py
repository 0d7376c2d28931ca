"""Both sandboxes and a bucket: where a fleet is tested from end to end, with real nodes and the real SDK."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from crawler_core.crawl.report import CheckpointUpdate, KeywordReport
from crawler_core.fleet.board import Board
from crawler_core.fleet.settings import NodeSettings
from crawler_core.fleet.work import works
from crawler_core.keyword import Keyword
from crawler_core.landing import LandingZone
from crawler_core.platforms import platform
from crawler_core.settings import CrawlSettings
from crawler_core.tokens import ListTokenSource
from crawler_core.values import Query, Token
from jobdata_cli.demo_fleet import fleet_variables as fleet_environment
from jobdata_resources.fleet.fleet import Fleet
from jobdata_resources.fleet.hands import Hands
from jobdata_resources.fleet.look import Look
from jobdata_resources.fleet.roster import Roster
from jobdata_resources.fleet.settings import FleetSettings
from jobdata_resources.fleet.supervisor import Listener, Result
from sandbox.ecs.process import EcsSandboxProcess
from sandbox.process import SandboxProcess
from tests.fleet.nodes import today

PLATFORMS = ("boss", "qcwy", "zhilian")


@dataclass
class Told:
    """What a supervisor told."""

    keywords: list[tuple[KeywordReport, str]] = field(default_factory=list)
    checkpoints: list[CheckpointUpdate] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    looks: list[Look] = field(default_factory=list)
    on_look: Callable[[Look], None] = lambda _look: None

    def listener(self) -> Listener:
        def look(seen: Look) -> None:
            self.looks.append(seen)
            self.on_look(seen)

        return Listener(
            keyword=lambda report, node: self.keywords.append((report, node)),
            checkpoint=self.checkpoints.append,
            line=self.lines.append,
            look=look,
        )


@dataclass
class Ground:
    """See the module."""

    sandbox: SandboxProcess
    ecs: EcsSandboxProcess
    home: Path
    changes: dict[str, Any] = field(default_factory=dict)
    crawl_changes: dict[str, Any] = field(default_factory=dict)

    @property
    def zone(self) -> LandingZone:
        return LandingZone.from_url(f"file://{self.home}/landing")

    def environment(self) -> dict[str, str]:
        """Of a process of the house on this ground: what the SDK's chain and the settings read."""
        env = fleet_environment(self.ecs.env) | {
            "JOBDATA_HOME": str(self.home),
            "LANDING_URL": f"file://{self.home}/landing",
            "FLEET_PYTHON": "python",
        }
        platforms = {name: value for name, value in self.sandbox.env.items() if name != "EGRESS_ADDRESSES"}
        return platforms | env

    def fleet_settings(self) -> FleetSettings:
        quick: dict[str, Any] = {
            "fleet_poll_seconds": 0.3,
            "fleet_boot_seconds": 20.0,
            "fleet_stock_seconds": 30.0,
            "fleet_drain_seconds": 10.0,
        }
        given = {name.lower(): value for name, value in self.environment().items()}
        known = {name: value for name, value in given.items() if name in FleetSettings.model_fields}
        return FleetSettings(**(known | quick | self.changes))

    def crawl_settings(self) -> CrawlSettings:
        given = {name.lower(): value for name, value in self.environment().items()}
        known = {name: value for name, value in given.items() if name in CrawlSettings.model_fields}
        quick: dict[str, Any] = {
            "retry_seconds": 0.1,
            "cool_down_seconds": 0.1,
            "ban_seconds": 600.0,
            "segment_pages": 2,
            "page_size": 10,
        }
        return CrawlSettings(**(known | quick | self.crawl_changes))

    def fleet(self) -> Fleet:
        node = NodeSettings(
            fleet_lease_seconds=3.0,
            fleet_patience_seconds=5.0,
            fleet_idle_seconds=20.0,
            fleet_node_role=self.ecs.env["ECS_RAM_ROLE"],
        )
        return Fleet(self.zone, settings=self.fleet_settings(), node=node, crawl=self.crawl_settings())

    def hands(self, fleet: Fleet) -> Hands:
        pairs = self.sandbox.tokens()
        source = ListTokenSource(Token(mpt=SecretStr(one["mpt"]), wt2=SecretStr(one["wt2"])) for one in pairs)
        return fleet.hands(tokens=source, token_count=len(pairs))

    def board(self, name: str = "b1") -> Board:
        return Board(self.zone, name)

    def roster(self, name: str = "b1") -> Roster:
        return Roster(self.zone, name)

    def run(
        self, words: Sequence[str], *, board: str = "b1", platforms: Sequence[str] = PLATFORMS, told: Told | None = None
    ) -> Result:
        """A supervisor over every word on every platform, to its end."""
        fleet = self.fleet()
        queries = [Query(name, Keyword.parse(word), platform(name).nationwide) for word in words for name in platforms]
        told = told or Told()
        return fleet.supervise(board, works(queries, today()), self.hands(fleet), told.listener())

    def living(self) -> list[dict[str, Any]]:
        """Instances that exist, as the cloud itself knows."""
        return [one for one in self.instances() if one["gone_at"] is None]

    def instances(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.ecs.control("GET", "/instances")
        return found

    def bill(self) -> float:
        return float(self.ecs.control("GET", "/bills")["cost"])
