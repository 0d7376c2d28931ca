"""What each sensor decides, as tables."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from crawler_core.values import SHANGHAI
from jobdata_resources.alerts import Evidence
from jobdata_resources.control import IdentityRun, TokenRecord
from sensors.alerts.checks import CheckOutcome, judge_blocking, judge_drift
from sensors.alerts.coverage import judge_coverage, judged_day
from sensors.alerts.identities import judge_identities
from sensors.alerts.partitions import digest_due, judge_partitions
from sensors.alerts.runs import FinishedRun, judge_runs
from sensors.alerts.supplies import judge_stats, judge_tables, judge_tokens
from sensors.alerts.ticks import Instigator, Tick, judge_ticks

NOW = dt.datetime(2026, 11, 21, 22, 30, tzinfo=SHANGHAI)
HOUR = dt.timedelta(hours=1)
RUN = FinishedRun(
    run_id="r1", subject="boss_raw_pages", job="boss_crawl", succeeded=False, started_at=NOW - HOUR, ended_at=NOW,
    error="step: 3 of 9 keywords did not finish\nmore",
)  # fmt: skip


def told(evidence: list[Evidence]) -> list[tuple[str, bool]]:
    return [(one.subject, one.bad) for one in evidence]


# ---- runs


@pytest.mark.parametrize(
    ("runs", "expected"),
    [
        ([RUN], [("boss_raw_pages", True)]),
        ([replace(RUN, retry=True)], []),
        ([replace(RUN, check_failed=True)], []),
        ([replace(RUN, succeeded=True, retry=True)], [("boss_raw_pages", False)]),
        (
            [replace(RUN, ended_at=NOW + HOUR, succeeded=True), RUN],
            [("boss_raw_pages", True), ("boss_raw_pages", False)],
        ),
    ],
)
def test_runs(runs: list[FinishedRun], expected: list[tuple[str, bool]]) -> None:
    assert told(judge_runs(runs)) == expected


def test_a_failed_run_is_told_in_its_own_words() -> None:
    [one] = judge_runs([replace(RUN, partition="2026-11-21|a", started_by="schedule s", will_retry=True)])
    assert one.story.headline == "boss_crawl failed: step: 3 of 9 keywords did not finish"
    facts = dict(one.story.facts)
    assert (facts["Partition"], facts["Started by"], facts["Run"]) == ("2026-11-21|a", "schedule s", "r1")
    assert "follows" in facts["Automatic retry"]
    [blank] = judge_runs([replace(RUN, error="")])
    assert blank.story.headline == "boss_crawl failed: no error was recorded"


def test_the_first_look_tells_only_how_things_stand() -> None:
    runs = [RUN, replace(RUN, ended_at=NOW + HOUR, succeeded=True), replace(RUN, subject="qcwy_job")]
    assert told(judge_runs(runs, only_last=True)) == [("boss_raw_pages", False), ("qcwy_job", True)]


# ---- checks

CHECK = CheckOutcome(
    asset="boss_job", check="unique_keys", passed=False, blocking=True, warning=False, at=NOW, run_id="r", partition="d"
)


@pytest.mark.parametrize(
    ("check", "blocking", "drift"),
    [
        (CHECK, True, None),
        (replace(CHECK, passed=True), False, None),
        (replace(CHECK, warning=True), False, None),
        (replace(CHECK, check="keyword_coverage"), None, None),
        (replace(CHECK, check="orphans", blocking=False, warning=True), None, None),
        (replace(CHECK, check="schema_drift", blocking=False, warning=True), None, True),
        (replace(CHECK, check="schema_drift", blocking=False, passed=True), None, False),
        (replace(CHECK, check="rows_loaded"), True, False),
        (replace(CHECK, check="rows_loaded", warning=True), False, True),
    ],
)
def test_checks(check: CheckOutcome, blocking: bool | None, drift: bool | None) -> None:
    for judge, expected in ((judge_blocking, blocking), (judge_drift, drift)):
        found = judge([check])
        assert [one.bad for one in found] == ([] if expected is None else [expected])
        assert all(one.subject == f"boss_job: {check.check}" for one in found)


# ---- coverage


@pytest.mark.parametrize(
    ("hour", "states", "expected"),
    [
        (22, {"a": "done", "b": "done"}, False),
        (22, {"a": "done", "b": "partial"}, True),
        (22, {"a": "pending", "b": "pending"}, True),
        (22, {}, None),
        (9, {"a": "done", "b": "failed"}, True),
        (9, {"a": "pending", "b": "pending"}, None),  # yesterday; the keywords may be of today
        (9, {"a": "done", "b": "done"}, False),
    ],
)
def test_coverage(hour: int, states: dict[str, str], expected: bool | None) -> None:
    now = NOW.replace(hour=hour)
    found = judge_coverage("boss", states=states, begun=True, target=0.95, deadline_hour=22, now=now)
    assert (found.bad if found else None) == expected


def test_a_project_that_was_never_crawled_is_no_alarm() -> None:
    states = {"a": "pending", "b": "pending"}
    assert judge_coverage("boss", states=states, begun=False, target=0.95, deadline_hour=22, now=NOW) is None


def test_the_day_is_judged_from_its_deadline_to_the_next() -> None:
    days = [judged_day(NOW.replace(hour=hour), 22).day for hour in (21, 22, 23)]
    assert days == [20, 21, 21]
    states = {"a": "failed", "b": "done"}
    found = judge_coverage("boss", states=states, begun=False, target=0.95, deadline_hour=22, now=NOW)
    assert found is not None
    assert found.story.since == NOW.replace(minute=0)
    assert found.story.headline == (
        "1 of 2 keywords of boss are done on 2026-11-21: 50.0%, at least 95% are wanted at 22:00"
    )
    assert found.story.detail == "a (failed)"


# ---- identities


def crawled(
    name: str, back: int, *, pages: int = 300, errors: int = 6, bans: int = 0, hours: float = 1, kind: str = "egress"
) -> IdentityRun:
    """One identity's part of a run that ended ``back`` days ago."""
    ended = NOW - dt.timedelta(days=back)
    return IdentityRun(
        run_id=f"run-{back}", platform="boss", kind=kind, name=name, pages=pages, errors=errors, bans=bans,
        started_at=ended - dt.timedelta(hours=hours), updated_at=ended,
    )  # fmt: skip


PAST = [crawled(name, back) for back in (4, 3, 2, 1) for name in ("ip1", "ip2", "ip3")]


@pytest.mark.parametrize(
    ("latest", "expected"),
    [
        ([], {}),
        ([crawled("ip1", 0), crawled("ip2", 0), crawled("ip3", 0)], {}),
        ([crawled("ip1", 0, bans=1), crawled("ip2", 0)], {"ip1": "1 of 300 requests were refused as banned"}),
        ([crawled("ip1", 0, errors=120), crawled("ip2", 0), crawled("ip3", 0)], {"ip1": "40% of its requests failed"}),
        ([crawled(name, 0, errors=120) for name in ("ip1", "ip2", "ip3")], {}),  # the platform is down: no anomaly
        ([crawled("ip1", 0, errors=5, pages=10)], {}),  # too few to say
        ([crawled("ip1", 0, pages=60), crawled("ip2", 0), crawled("ip3", 0)], {"ip1": "60 pages an hour, 0.20 times"}),
        ([crawled("ip1", 0, pages=1500), crawled("ip2", 0), crawled("ip3", 0)], {"ip1": "5.00 times its median"}),
        ([crawled(name, 0, pages=60, errors=1) for name in ("ip1", "ip2", "ip3")], {}),  # a short list of keywords
        ([crawled("ip1", 0, pages=60, errors=1)], {"ip1": "its peers 1.00"}),  # no peer in the run
        ([crawled("ip1", 0, pages=200, errors=3, hours=0.01)], {}),  # too short to say
        ([crawled("new", 0, errors=90), crawled("ip1", 0), crawled("ip2", 0)], {"new": "30% of its requests failed"}),
        ([crawled("new", 0, pages=20, errors=0), crawled("ip1", 0), crawled("ip2", 0)], {}),  # no history
    ],
)
def test_identities(latest: list[IdentityRun], expected: dict[str, str]) -> None:
    found = {one.subject.removeprefix("boss address "): one for one in judge_identities([*PAST, *latest], now=NOW)}
    assert set(found) == set(expected)
    for name, words in expected.items():
        assert words in found[name].story.headline


def test_an_identity_out_of_use_is_no_anomaly() -> None:
    past = [crawled("ip1", 2, bans=3)]
    assert judge_identities(past, now=NOW) == []
    assert told(judge_identities(past, now=NOW - dt.timedelta(days=1))) == [("boss address ip1", True)]


def test_a_token_is_not_blamed_for_its_address() -> None:
    both = [crawled("ip1", 0, bans=2), crawled("1a2b", 0, bans=2, kind="token")]
    assert told(judge_identities(both, now=NOW)) == [("boss address ip1", True)]
    # The address is well again in the next run, in which the token had no part.
    later = [crawled("ip1", 1, bans=2), crawled("1a2b", 1, bans=2, kind="token"), crawled("ip1", 0)]
    assert judge_identities(later, now=NOW) == []
    alone = [crawled("ip1", 0), crawled("1a2b", 0, errors=200, kind="token"), crawled("3c4d", 0, kind="token")]
    assert told(judge_identities(alone, now=NOW)) == [("boss token 1a2b", True)]


# ---- supplies


def token(name: str, *, active: bool = True) -> TokenRecord:
    return TokenRecord(
        fingerprint=name, active=active, invalid_reason="" if active else "code 37",
        invalid_at=None if active else NOW - HOUR, leased_until=None, uses=0, has_wt2=True, created_at=NOW,
        updated_at=NOW,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("active", "needed", "expected"),
    [(3, True, False), (2, True, False), (1, True, True), (0, True, True), (0, False, False)],
)
def test_tokens(active: int, needed: bool, expected: bool) -> None:
    pool = [token(f"t{number}", active=number < active) for number in range(4)]
    found = judge_tokens(pool, needed=needed, minimum=2, now=NOW)
    assert [one.subject for one in found] == (["boss"] if expected else [])
    if found:
        assert found[0].story.since == NOW - HOUR
        assert "t3: out of use since 2026-11-21 21:30: code 37" in found[0].story.detail


@pytest.mark.parametrize(
    ("newest", "expected"),
    [(None, False), (21, False), (20, False), (19, True), (10, True)],
)
def test_tables(newest: int | None, expected: bool) -> None:
    """At 22:30 on the 21st: the 20th had to be loaded by 06:00 today."""
    date = dt.date(2026, 11, newest) if newest else None
    found = judge_tables({"boss_job": date}, deadline_hour=22, stale_hours=8, now=NOW)
    assert [one.subject for one in found] == (["boss_job"] if expected else [])
    if newest == 19:
        assert found[0].story.since == NOW.replace(hour=6, minute=0)
        before = judge_tables({"boss_job": date}, deadline_hour=22, stale_hours=8, now=NOW.replace(hour=5))
        assert before == []


def test_stats() -> None:
    assert judge_stats(None, now=NOW) == []
    assert judge_stats(NOW - 12 * HOUR, now=NOW) == []
    [one] = judge_stats(NOW - 14 * HOUR, now=NOW)
    assert (one.subject, one.story.since) == ("stats_total", NOW - HOUR)


# ---- ticks and partitions

FAIL, FINE = Tick(NOW, True, "ValueError: broken\ntrace"), Tick(NOW, False)
NO_MAIL = Tick(NOW, True, "MailServerUnavailable", mail=True)


@pytest.mark.parametrize(
    ("ticks", "expected"),
    [
        ([], False),
        ([FINE, FAIL, FAIL], False),
        ([FAIL, FINE, FAIL], False),
        ([FAIL, FAIL, FINE], True),
        ([NO_MAIL, NO_MAIL], False),
        ([FAIL, NO_MAIL], True),
    ],
)
def test_ticks(ticks: list[Tick], expected: bool) -> None:
    found = judge_ticks([Instigator(name="boss_daily_load", kind="sensor", ticks=ticks)], failures=2, now=NOW)
    assert [one.subject for one in found] == (["sensor boss_daily_load"] if expected else [])
    if ticks == [FAIL, FAIL, FINE]:
        assert found[0].story.headline == "sensor boss_daily_load failed 2 times in a row: ValueError: broken"


def test_partitions_of_the_last_days_make_one_digest() -> None:
    failed = {
        "boss_raw_pages": ["2026-11-20|a", "2026-11-21|today", "2026-11-13|too old", "2026-11-14|b"],
        "boss_job": ["2026-11-20"],
        "qcwy_job": [],
    }
    [one] = judge_partitions(failed, now=NOW)
    assert one.story.headline == "3 partitions of the last 7 days are failed, the oldest of 2026-11-14"
    assert one.story.detail.splitlines() == [
        "boss_job 2026-11-20", "boss_raw_pages 2026-11-20|a", "boss_raw_pages 2026-11-14|b",
    ]  # fmt: skip
    assert judge_partitions({"boss_job": ["2026-11-21", "2026-01-01"]}, now=NOW) == []
    [many] = judge_partitions({"boss_raw_pages": [f"2026-11-20|{n}" for n in range(100)]}, now=NOW)
    assert many.story.detail.endswith("and 40 more")


def test_the_digest_is_made_once_a_day() -> None:
    assert digest_due(None, now=NOW.replace(hour=8), hour=9) is None
    assert digest_due(None, now=NOW.replace(hour=9), hour=9) == "2026-11-21"
    assert digest_due("2026-11-21", now=NOW, hour=9) is None
    assert digest_due("2026-11-20", now=NOW, hour=9) == "2026-11-21"
