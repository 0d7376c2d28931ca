"""What each address and token met in a crawl, from the wire to the control store."""

from __future__ import annotations

import datetime as dt

import pytest

from crawler_core.crawl import KeywordReport
from crawler_core.values import SHANGHAI
from jobdata_assets.crawl.identity_log import IdentityLog, count_identities
from jobdata_resources.control import ControlStore
from sensors.alerts.identities import judge_identities
from tests.dagster.desk import TODAY, Desk
from tests.support.toy_platform import market, outcome

NOON = dt.datetime(2026, 11, 21, 12, tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("outcomes", "expected"),
    [
        ({}, {}),
        ({"ip1": {"ok": 3, "last": 1, "banned": 2}}, {("egress", "ip1"): (6, 0, 2)}),
        (
            {"ip1#t1": {"ok": 5, "throttled": 1}, "ip1#t2": {"ok": 1, "token_expired": 1}, "ip2#t1": {"transport": 2}},
            {
                ("egress", "ip1"): (8, 1, 0), ("egress", "ip2"): (2, 2, 0),
                ("token", "t1"): (8, 3, 0), ("token", "t2"): (2, 0, 0),
            },
        ),
    ],
)  # fmt: skip
def test_counts(outcomes: dict[str, dict[str, int]], expected: dict[tuple[str, str], tuple[int, int, int]]) -> None:
    assert count_identities(outcomes) == expected


def test_counts_are_stored_once_a_minute_and_at_the_end(store: ControlStore) -> None:
    seconds = [0.0]
    log = IdentityLog(
        store, run_id="r", platform="boss", date=TODAY, node="n", now=lambda: NOON + dt.timedelta(seconds=seconds[0]),
        monotonic=lambda: seconds[0],
    )  # fmt: skip

    def ended() -> None:
        report = KeywordReport(
            platform="boss", date=TODAY, keyword="k", state="done", stop_reason="last", pages=1, records=1,
            identities={"ip1": {"ok": 2}},
        )  # fmt: skip
        log.keyword(report)

    def pages() -> list[int]:
        return [run.pages for run in store.identity_runs(NOON)]

    for second, expected in ((10, []), (59, []), (61, [6]), (100, [6]), (130, [10])):
        seconds[0] = second
        ended()
        assert pages() == expected
    ended()
    log.close()
    assert pages() == [12]
    [run] = store.identity_runs(NOON)
    assert (run.started_at, run.updated_at) == (NOON, NOON + dt.timedelta(seconds=130))


def test_a_crawl_leaves_what_its_addresses_met(desk: Desk) -> None:
    desk.keywords("a", "b")
    run = desk.launch("a", "b")
    assert run.success
    [found] = desk.store.identity_runs(dt.datetime.now(dt.UTC) - dt.timedelta(hours=1))
    assert (found.run_id, found.kind, found.name, found.errors, found.bans) == (run.run_id, "egress", "local", 0, 0)
    assert found.pages == desk.requests() > 0


def test_a_ban_on_the_wire_becomes_an_alert_about_that_address_alone(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EGRESS_ADDRESSES", "127.0.1.1,127.0.1.2")
    good = market(2)
    desk.script(lambda request, egress: outcome("banned") if egress == "127.0.1.1" else good(request, egress))
    desk.keywords("a", "b")
    assert desk.launch("a", "b").success
    now = dt.datetime.now(dt.UTC)
    runs = desk.store.identity_runs(now - dt.timedelta(hours=1))
    assert {run.name: run.bans > 0 for run in runs} == {"127.0.1.1": True, "127.0.1.2": False}
    assert [one.subject for one in judge_identities(runs, now=now)] == ["boss address 127.0.1.1"]
