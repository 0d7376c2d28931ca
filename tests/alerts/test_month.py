"""A simulated month: a look every two hours, noise on every day, faults on known days.

Control store, decisions, engine and letters are the real ones; the clock, the crawls and the post office are not.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass, field
from random import Random

import dagster as dg
import pytest
from pydantic import SecretStr

from crawler_core.crawl import KeywordReport
from crawler_core.keyword import Keyword
from crawler_core.platforms import PLATFORMS
from crawler_core.values import SHANGHAI, Token
from jobdata_resources.alerts import AlertDesk
from jobdata_resources.control import ControlStore, IdentityRun, KeywordRow, PlatformTotal, RunRecord
from jobdata_resources.mail import MailServerUnavailable
from jobdata_resources.settings import AlertSettings
from sensors.alerts import watch_control
from sensors.alerts.checks import CheckOutcome, judge_blocking, judge_drift
from sensors.alerts.partitions import digest_due, judge_partitions
from sensors.alerts.runs import FinishedRun, judge_runs
from sensors.alerts.shell import Seen, Watch
from sensors.alerts.ticks import Instigator, Tick, judge_ticks
from tests.alerts.conftest import Clock, Post

FIRST = dt.date(2026, 11, 1)
DAYS = 30
STEP_HOURS = 2
PLATFORM_NAMES = tuple(PLATFORMS)
KEYWORDS = tuple(f"kw{number}" for number in range(5))
ADDRESSES = tuple(f"127.0.1.{number}" for number in range(1, 5))
CRAWL_HOURS = (8, 14, 18)

EXPECTED = {
    "Run failed: boss_raw_pages": 3,
    "Blocking check failed: zhilian_job: unique_keys": 5,
    "Keywords not crawled: qcwy": 7,
    "Platform treats an identity differently: boss address 127.0.1.2": 9,
    "Platform treats an identity differently: zhilian address 127.0.1.3": 11,
    "Platform treats an identity differently: qcwy address 127.0.1.1": 13,
    "Boss tokens running low: boss": 15,
    "Table is stale: zhilian_job": 19,
    "Platform changed its answers: boss_job: schema_drift": 21,
    "Schedule or sensor fails: schedule qcwy_crawl_schedule": 24,
    "Partitions still failed: daily digest": 27,
    "Run failed: qcwy_job": 28,
}
"""The day of the month on which each injected incident is first told; every other day must be quiet."""


@dataclass
class World:
    """What happens in the month; ``hour`` is one look at it."""

    store: ControlStore
    rng: Random
    runs: list[FinishedRun] = field(default_factory=list)
    checks: dict[tuple[str, str], CheckOutcome] = field(default_factory=dict)
    ticks: list[Tick] = field(default_factory=list)

    def hour(self, now: dt.datetime) -> None:
        day = (now.date() - FIRST).days + 1
        if now.hour in CRAWL_HOURS:
            for platform in PLATFORM_NAMES:
                self._crawl(platform, day, now)
        if now.hour == 22:
            for platform in PLATFORM_NAMES:
                self._load(platform, day, now)
        if now.hour % 6 == 0:
            totals = [PlatformTotal(platform=name, rows=1, jobs=1, companies=1, new_24h=0) for name in PLATFORM_NAMES]
            self.store.store_totals(now.isoformat(), now, totals)
        self._tokens(day, now.hour)
        # Single ticks fail now and then; on the 24th those of a schedule fail for eight hours.
        failed = 8 <= now.hour < 16 if day == 24 else now.hour == 4 and day % 5 == 0
        self.ticks.insert(0, Tick(now, failed, "OSError: database is locked"))

    def _crawl(self, platform: str, day: int, now: dt.datetime) -> None:
        weekend = now.weekday() >= 5  # half the pages, for all alike
        storm = day in (17, 18)  # the platforms throttle everybody
        runs = []
        for address in ADDRESSES:
            pages = int((150 if weekend else 300) * self.rng.uniform(0.7, 1.3))
            errors = int(pages * self.rng.uniform(0.25, 0.35) if storm else pages * self.rng.uniform(0.0, 0.08))
            bans = 0
            if (platform, address, day) == ("boss", "127.0.1.2", 9):
                bans = 4
            if (platform, address) == ("zhilian", "127.0.1.3") and day in (11, 12):
                errors = pages // 2
            if (platform, address, day) == ("qcwy", "127.0.1.1", 13):
                pages, errors = pages // 8, 0
            runs.append(
                IdentityRun(
                    run_id=f"{platform}-{now.isoformat()}",
                    platform=platform,
                    kind="egress",
                    name=address,
                    pages=pages,
                    errors=errors,
                    bans=bans,
                    started_at=now - dt.timedelta(minutes=50),
                    updated_at=now,
                )
            )
        self.store.record_identities(now.date(), runs)
        done = KEYWORDS[: 3 if (platform, day) == ("qcwy", 7) else 5 - self.rng.randint(0, 1)]
        for keyword in done if now.hour == CRAWL_HOURS[-1] else ():
            self.store.record_keyword(
                KeywordReport(
                    platform=platform,
                    date=now.date(),
                    keyword=keyword,
                    state="done",
                    stop_reason="last",
                    pages=1,
                    records=1,
                )
            )
        failed = (platform, day, now.hour) == ("boss", 3, 8)
        self._ran(f"{platform}_raw_pages", now, failed=failed)

    def _load(self, platform: str, day: int, now: dt.datetime) -> None:
        table = f"{platform}_job"
        if platform == "zhilian" and day in (18, 19):
            return  # nobody loads it
        failed = (platform, day) == ("qcwy", 28)
        self._ran(table, now, failed=failed)
        if failed:
            self._ran(table, now + dt.timedelta(minutes=5), failed=True, retry=True)
            self._ran(table, now + dt.timedelta(minutes=50), failed=False)
        self.store.record_run(
            RunRecord(run_id=f"{table}-{day}", task=table, state="success", started_at=now, date=now.date())
        )
        for name, wrong in (
            ("unique_keys", (platform, day) == ("zhilian", 5)),
            ("schema_drift", platform == "boss" and 21 <= day <= 23),
            ("row_count_drift", self.rng.random() < 0.2),  # a warning that nobody is mailed
        ):
            self.checks[table, name] = CheckOutcome(
                asset=table, check=name, passed=not wrong, blocking=name == "unique_keys",
                warning=name != "unique_keys", at=now, run_id=f"{table}-{day}", partition=now.date().isoformat(),
            )  # fmt: skip

    def _ran(self, subject: str, now: dt.datetime, *, failed: bool, retry: bool = False) -> None:
        self.runs.append(
            FinishedRun(
                run_id=f"{subject} {now.isoformat()}",
                subject=subject,
                job=subject,
                succeeded=not failed,
                retry=retry,
                started_at=now,
                ended_at=now,
                error="step: broken",
            )
        )

    def _tokens(self, day: int, hour: int) -> None:
        active = [token.fingerprint for token in self.store.tokens() if token.active]
        if (day, hour) == (15, 10):
            for fingerprint in active[1:]:
                self.store.disable_token(fingerprint, "code 37")
        elif (day, hour) in ((1, 0), (17, 8), (25, 8)):
            self.store.add_tokens(Token(mpt=SecretStr(f"mpt-{day}-{n}"), wt2=SecretStr("w")) for n in range(4))
        elif day % 7 == 4 and hour == 12 and len(active) > 3:
            self.store.disable_token(active[0], "code 37")  # one expires now and then

    def ended(self, now: dt.datetime) -> list[FinishedRun]:
        """Runs of the last looks; some are told twice."""
        return [run for run in self.runs if now - dt.timedelta(hours=2 * STEP_HOURS) <= run.ended_at <= now]

    def failed_partitions(self, now: dt.datetime) -> dict[str, list[str]]:
        """A keyword of the 26th failed and is mended on the 27th at noon; today's may fail and be tried again."""
        kept = [f"{FIRST.replace(day=26)}|kw1"] if FIRST.replace(day=26) < now.date() and self._open(now) else []
        return {"boss_raw_pages": [*kept, f"{now.date()}|kw2"]}

    @staticmethod
    def _open(now: dt.datetime) -> bool:
        return now < dt.datetime(2026, 11, 27, 12, tzinfo=SHANGHAI)


@pytest.mark.slow
def test_every_incident_has_one_mail_and_one_all_clear_and_quiet_days_have_none(
    desk: AlertDesk, store: ControlStore, post: Post, clock: Clock
) -> None:
    for platform in PLATFORM_NAMES:
        store.import_keywords(platform, [KeywordRow(keyword=Keyword.parse(text)) for text in KEYWORDS])
    world = World(store, Random(7))
    specs = list(PLATFORMS.values())
    from_store = {
        "coverage_low": watch_control.coverage(specs, target=0.75, deadline_hour=22),
        "identity_anomaly": watch_control.identities,
        "tokens_low": watch_control.tokens,
        "stale_table": watch_control.tables(specs, deadline_hour=22),
    }
    digest: str | None = None
    undelivered = Counter[dt.date]()
    with dg.DagsterInstance.ephemeral() as instance:
        for hour in range(0, 24 * DAYS, STEP_HOURS):
            clock.now = dt.datetime.combine(FIRST, dt.time(), SHANGHAI) + dt.timedelta(hours=hour)
            world.hour(clock.now)
            # The mail server is away for the evening of the 28th, when a run fails and succeeds again.
            away = clock.now.day == 28 and clock.now.hour >= 20
            post.broken = lambda _, away=away: MailServerUnavailable("away") if away else None
            watch = Watch(
                open_instance=lambda: instance, store=store, settings=AlertSettings(), now=clock.now, cursor=None
            )
            seen = {kind: gather(watch) for kind, gather in from_store.items()}
            seen["failed_run"] = Seen(
                evidence=judge_runs(world.ended(clock.now)),
                complete=False, looked_at="",
            )  # fmt: skip
            checks = list(world.checks.values())
            seen["failed_check"] = Seen(evidence=judge_blocking(checks), complete=False, looked_at="")
            seen["schema_drift"] = Seen(evidence=judge_drift(checks), complete=False, looked_at="")
            instigator = Instigator(name="qcwy_crawl_schedule", kind="schedule", ticks=world.ticks[:5])
            ticks = judge_ticks([instigator], failures=2, now=clock.now)
            seen["failed_tick"] = Seen(evidence=ticks, complete=True, looked_at="")
            if (due := digest_due(digest, now=clock.now, hour=9)) is not None:
                found = judge_partitions(world.failed_partitions(clock.now), now=clock.now)
                seen["failed_partitions"] = Seen(evidence=found, complete=True, looked_at="")
                digest = due
            for kind, look in seen.items():
                desk.take(kind, look.evidence, complete_at=clock.now if look.complete else None)
                try:
                    desk.deliver(kind)
                except MailServerUnavailable:
                    undelivered[clock.now.date()] += 1

    told: dict[str, Counter[str]] = {}
    first_day: dict[str, int] = {}
    for at, mail in post.sent:
        occasion, _, what = mail.subject.removeprefix("[JobData] ").partition(": ")
        told.setdefault(what, Counter())[occasion] += 1
        first_day.setdefault(what, at.day)
    # What befell the load of the 28th could be told on the 29th only.
    assert first_day == EXPECTED | {"Run failed: qcwy_job": 29}
    assert {what: (count["Alert"], count["All clear"]) for what, count in told.items()} == dict.fromkeys(
        EXPECTED, (1, 1)
    )
    lasting = {what for what, count in told.items() if count["Reminder"]}
    assert lasting == {
        "Boss tokens running low: boss", "Platform changed its answers: boss_job: schema_drift",
        "Platform treats an identity differently: zhilian address 127.0.1.3", "Table is stale: zhilian_job",
    }, "what lasts more than a day, and nothing else"  # fmt: skip
    assert set(undelivered) == {dt.date(2026, 11, 28)}
    assert store.incidents() == [], "nothing is open at the end"
