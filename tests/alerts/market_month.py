"""A project that lives through simulated days: the sandbox market, real runs, real tables, real sensors, real mails.

Left out are only the sockets between crawl and sandbox and the waiting: Python's clock is moved by hand, so that
Dagster's records, the control store and the landed pages all carry the simulated time.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import dagster as dg
import time_machine
from dagster._core.definitions.run_request import InstigatorType
from dagster._core.scheduler.instigation import TickStatus
from pydantic import PrivateAttr, SecretStr

from bench.sandbox_wire import NO_LIMITS, SandboxWire
from crawler_core.clock import Clock
from crawler_core.platforms import PLATFORMS
from crawler_core.values import SHANGHAI, Token
from jobdata_assets import names
from jobdata_assets.definitions import build_definitions
from jobdata_assets.partitions import range_tags
from jobdata_resources.control import ControlStore
from jobdata_resources.control_resource import ControlResource
from jobdata_resources.crawler import CrawlerResource, CrawlSeams
from jobdata_resources.landing import LandingResource
from jobdata_resources.mail import MailError
from jobdata_resources.mailer_resource import MailerResource
from sandbox.config import BossConfig, SandboxConfig
from sandbox.faults import read_rule
from tests.support.mail_server import Mailbox
from tests.support.ticks import record_tick

ADDRESSES = ("127.0.1.1", "127.0.1.2", "127.0.1.3")


class MovedClock(Clock):
    """The patched time; a sleep moves it and is over at once."""

    def __init__(self, move: Callable[[float], None]) -> None:
        self._move = move

    def monotonic(self) -> float:
        return self.now().timestamp()

    def now(self) -> dt.datetime:
        return dt.datetime.now(SHANGHAI)

    async def sleep(self, seconds: float) -> None:
        self._move(seconds)
        await asyncio.sleep(0)


class WiredCrawler(CrawlerResource):
    """The crawl resource whose requests reach the sandbox without sockets."""

    _wire: SandboxWire = PrivateAttr()

    def seams(self) -> CrawlSeams:
        return {"transport": self._wire, "clock": self._wire.clock}


@dataclass
class MarketMonth:
    """The project; ``told`` keeps every mail with the simulated moment of the look that sent it."""

    instance: dg.DagsterInstance
    store: ControlStore
    box: Mailbox
    wire: SandboxWire
    keywords: Sequence[str]
    travel: time_machine.Traveller
    told: list[tuple[dt.datetime, str]] = field(default_factory=list)
    unsent: list[dt.datetime] = field(default_factory=list)
    cursors: dict[str, str | None] = field(default_factory=dict)
    sessions: list[dict[str, str]] = field(init=False)
    damaged: tuple[Path, bytes] = field(init=False)

    def __post_init__(self) -> None:
        crawler = WiredCrawler()
        crawler._wire = self.wire
        # Dagster copies a configurable resource for each run and leaves its private attributes behind.
        resources = {"crawler": dg.ResourceDefinition.hardcoded_resource(crawler)}
        self.definitions = build_definitions(resources=resources)
        self.sensors = {
            sensor.name: sensor for sensor in self.definitions.sensors or [] if sensor.name.startswith("alert_")
        }
        for platform in PLATFORMS:
            self.instance.add_dynamic_partitions(names.keyword_dimension(platform), list(self.keywords))
        # Every eighth session of the sandbox never expires by itself.
        self.sessions = self.wire.sandbox.tokens.valid()[::8]

    def at(self, day: dt.date, hour: int) -> None:
        """Wait until the hour (Asia/Shanghai) of a day, if it has not come yet."""
        moment = dt.datetime.combine(day, dt.time(hour), SHANGHAI)
        if moment > dt.datetime.now(SHANGHAI):
            self.travel.move_to(moment.astimezone(dt.UTC))

    def begin_day(self, day: dt.date, rules: Sequence[Mapping[str, Any]]) -> None:
        """The market of the day, and what goes wrong on it."""
        self.wire.move_to(day)
        self.clear_faults()
        self.wire.sandbox.faults.add([read_rule(dict(rule)) for rule in rules])

    def clear_faults(self) -> None:
        self.wire.sandbox.faults.clear()

    def crawl(self, platform: str, day: dt.date, *, late: bool = False) -> bool:
        """A run of the day's keywords, as the schedule makes it; whether it succeeded."""
        config = {"ops": {f"{platform}_raw_pages": {"config": {"late": True}}}} if late else None
        run = self.definitions.resolve_job_def(names.crawl_job(platform)).execute_in_process(
            instance=self.instance,
            tags=range_tags(day, self.keywords[0], self.keywords[-1]),
            run_config=config,
            raise_on_error=False,
        )
        return run.success

    def load(self, platform: str, day: dt.date) -> bool:
        """The daily load, as the sensor starts it; whether it succeeded."""
        job = self.definitions.resolve_job_def(names.load_job(platform))
        run = job.execute_in_process(instance=self.instance, partition_key=day.isoformat(), raise_on_error=False)
        return run.success

    def tick(self, schedule: str, *, failed: bool) -> None:
        """A tick of a schedule, as the daemon records it."""
        status = TickStatus.FAILURE if failed else TickStatus.SKIPPED
        record_tick(self.instance, InstigatorType.SCHEDULE, schedule, status, dt.datetime.now(dt.UTC).timestamp())

    def damage(self, platform: str, day: dt.date) -> None:
        """Cut a landed segment short, until ``mend``."""
        ref = LandingResource().zone().segments(platform, day)[0]
        path = Path(os.environ["JOBDATA_HOME"]) / "landing" / ref.path
        self.damaged = path, path.read_bytes()
        path.write_bytes(self.damaged[1][:-10])

    def mend(self) -> None:
        """Put it back from a copy."""
        path, data = self.damaged
        path.write_bytes(data)

    def look(self) -> None:
        """A tick of every alert sensor; one that fails keeps its cursor, as under the daemon."""
        now = dt.datetime.now(SHANGHAI)
        for name, sensor in self.sensors.items():
            looking = dg.build_sensor_context(
                self.instance,
                cursor=self.cursors.get(name),
                resources={"control": ControlResource(), "mailer": MailerResource()},
            )
            try:
                with looking as context:
                    result = sensor(context)
            except MailError:
                self.unsent.append(now)
                continue
            assert isinstance(result, dg.SensorResult)
            self.cursors[name] = result.cursor or self.cursors.get(name)
        self.told += [(now, subject.removeprefix("[JobData] ")) for subject in self.box.subjects()]
        self.box.mails.clear()

    def add_tokens(self, count: int) -> None:
        """Put Boss sessions into the control store that were not used yet."""
        fresh, self.sessions = self.sessions[:count], self.sessions[count:]
        self.store.add_tokens(Token(SecretStr(one["mpt"]), SecretStr(one["wt2"])) for one in fresh)


def market_wire(day: dt.date, clock: Clock) -> SandboxWire:
    """A sandbox market of a size that a test can crawl for a month."""
    config = SandboxConfig(seed=7, day=day, limits=NO_LIMITS, companies=600, boss=BossConfig(tokens=64))
    return SandboxWire(day, clock=clock, config=config)


def environment(wire: SandboxWire) -> dict[str, str]:
    """The settings of the project."""
    return {
        "QCWY_SIGN_KEY": wire.sandbox.config.qcwy.sign_key,
        "EGRESS_ADDRESSES": ",".join(ADDRESSES),
        "SLEEP_MIN_SECONDS": "3",
        "SLEEP_MAX_SECONDS": "8",
        "PAGE_SIZE": "10",
        "MAX_PAGES": "12",
        "KEYWORD_COVERAGE_TARGET": "0.8",
    }
