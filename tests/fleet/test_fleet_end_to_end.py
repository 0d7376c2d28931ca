"""The fleet from end to end: supervisor, official SDK, cloud, nodes and platforms, with everything going wrong."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
from pydantic import SecretStr

from crawler_core import __version__
from crawler_core.errors import BadSetting
from crawler_core.fleet.metadata import role_credentials
from crawler_core.fleet.work import works
from crawler_core.keyword import Keyword
from crawler_core.landing import read_segment
from crawler_core.platforms import platform
from crawler_core.tokens import ListTokenSource
from crawler_core.values import Query, Token
from jobdata_resources.fleet import hands
from jobdata_resources.fleet.errors import FleetError, FleetRefused
from jobdata_resources.fleet.look import Look
from tests.fleet.ground import PLATFORMS, Ground, Told
from tests.fleet.nodes import check, today

WORDS = ["数据工程师", "Python", "C++"]
MANY = [*WORDS, "Java", "算法工程师", "产品经理", "测试工程师", "前端", "运维", "会计", "Go", "SQL", "架构师", "销售"]


def everything_is_right(ground: Ground, board: str = "b1") -> None:
    """Every keyword completely and each page once; nothing left; bookings settled within the caps."""
    check(ground.zone, ground.board(board), ground.sandbox)
    assert ground.living() == []
    settings = ground.fleet_settings()
    total = ground.fleet().ledger.total(today())
    closing = ground.roster(board).closed()
    assert closing is not None
    assert total.instances == len(ground.instances()) == closing.instances <= settings.fleet_instances_per_day
    assert ground.bill() <= total.cost + 1e-9 <= settings.fleet_cost_per_day
    assert not ground.fleet().ledger.open_bookings(board, today())
    assert not list(Path(ground.home / f"landing/fleet/{board}/env").glob("*")), "a secret was left in the bucket"


def test_a_fleet_crawls_three_platforms_and_leaves_nothing(ground: Ground) -> None:
    ground.changes["fleet_instances"] = 3
    told = Told()
    credentials: list[dict[str, object]] = []

    def ask_metadata(look: Look) -> None:
        up = [row.instance for row in look.rows if row.state == "up"]
        if up and not credentials:
            url = f"{ground.ecs.urls['metadata']}/{up[0]}/latest"
            credentials.append(role_credentials(url, ground.ecs.env["ECS_RAM_ROLE"])())
            with pytest.raises(BadSetting, match="no such RAM role"):
                role_credentials(url, "another")()

    told.on_look = ask_metadata
    result = ground.run(WORDS, told=told)
    assert str(credentials[0]["access_key_id"]).startswith("STS.")
    assert (result.stop_reason, len(result.reports)) == ("", 9)
    everything_is_right(ground)
    assert sorted((report.platform, report.keyword) for report, _ in told.keywords) == sorted(
        (name, word) for name in PLATFORMS for word in WORDS
    )
    version = ground.fleet().artefact().version
    assert version.startswith(f"{__version__}+")
    pages = [
        page
        for name in PLATFORMS
        for ref in ground.zone.segments(name, today())
        for page in read_segment(ground.zone.read(ref))
    ]
    assert {page.crawler_version for page in pages} == {version}
    by_address = {one["instance"]: one["address"] for one in ground.instances()}
    assert {(page.node, page.egress) for page in pages} <= set(by_address.items())
    assert sum(row.keywords for row in result.rows) == 9
    assert sum(row.pages for row in result.rows) == len(pages)
    assert all(row.addresses == by_address[row.instance] for row in result.rows)
    secrets = [ground.sandbox.env["QCWY_SIGN_KEY"], *(token["mpt"] for token in ground.sandbox.tokens())]
    stored = [path.read_bytes() for path in (ground.home / "landing").rglob("*") if path.is_file()]
    sent = str(ground.ecs.control("GET", "/stats")) + "\n".join(told.lines)
    assert not any(secret.encode() in data for secret in secrets for data in stored)
    assert not any(secret in sent for secret in secrets)


def test_stock_outs_throttles_lost_replies_and_lost_commands_are_worked_around(ground: Ground) -> None:
    ground.changes |= {"fleet_instances": 3, "fleet_boot_seconds": 6.0}
    ground.ecs.control("POST", "/stock", {"type": "ecs.t6-c1m1.large", "count": 1})
    rules = [
        {"kind": "throttle", "match": {"action": "RunInstances"}, "times": 2},
        {"kind": "drop", "match": {"action": "RunInstances"}, "times": 1, "after": 2},
        {"kind": "unavailable", "match": {"action": "DescribeInstances"}, "times": 2},
        {"kind": "drop", "match": {"action": "DeleteInstances"}, "times": 1},
        {"kind": "lose_command", "times": 1, "params": {"how": "silent"}},
        {"kind": "stillborn", "times": 1, "after": 1},
    ]
    ground.ecs.control("POST", "/faults", rules)
    result = ground.run(WORDS)
    assert result.stop_reason == ""
    everything_is_right(ground)
    assert len({one["type"] for one in ground.instances()} | {one["zone"] for one in ground.instances()}) > 2


class Chaos:
    """Of the nodes that live, a share meets a fate: reclaimed with or without notice, banned, or hung.

    The first one that crawls always does, each fate in turn over the seeds.
    """

    FATES = ("notice", "no notice", "ban", "hang")

    def __init__(self, ground: Ground, seed: int, share: float) -> None:
        self.ground, self.rng, self.share, self.first = ground, Random(seed), share, self.FATES[seed % 4]
        self.fates: dict[str, str] = {}
        self.done: dict[str, str] = {}

    def __call__(self, look: Look) -> None:
        for row in look.rows:
            if row.state != "up" or not row.holds or row.instance in self.done:
                continue
            if not self.done:
                self.fates[row.instance] = self.first
            elif row.instance not in self.fates:
                self.fates[row.instance] = self.rng.choice(self.FATES) if self.rng.random() < self.share else ""
            fate = self.fates[row.instance]
            if fate and (not self.done or self.rng.random() < 0.5):  # in one of the next looks
                self.done[row.instance] = fate
                self.strike(row.instance, row.addresses, fate)

    def strike(self, instance: str, address: str, fate: str) -> None:
        control = self.ground.ecs.control
        if fate == "ban":
            rules = [
                {"platform": name, "kind": "ban_ip", "match": {"egress": address}, "params": {"seconds": 600}}
                for name in PLATFORMS
            ]
            self.ground.sandbox.control("POST", "/faults", [rule | {"times": 1} for rule in rules])
        elif fate == "hang":
            control("POST", "/hang", {"instance": instance})
        else:
            control("POST", "/reclaim", {"instance": instance, "notice": fate == "notice"})


def survives(ground: Ground, seed: int, words: list[str], instances: int) -> Chaos:
    ground.changes |= {"fleet_instances": instances, "fleet_instances_per_day": 3 * instances + 5}
    ground.crawl_changes |= {"sleep_min_seconds": 0.1, "sleep_max_seconds": 0.4, "page_size": 5, "segment_pages": 1}
    chaos = Chaos(ground, seed, 0.3)
    told = Told(on_look=chaos)
    result = ground.run(words, told=told)
    assert result.stop_reason == "", told.lines
    everything_is_right(ground)
    return chaos


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_twenty_instances_of_which_a_third_is_lost_land_every_page_once(ground: Ground) -> None:
    chaos = survives(ground, 1, MANY + [f"{word}实习" for word in MANY[:6]], 20)
    assert len(chaos.done) >= 3


@pytest.mark.soak
@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", range(1, 21))
def test_twenty_instances_survive_other_seeds(ground: Ground, seed: int) -> None:
    assert len(survives(ground, seed, MANY + [f"{word}实习" for word in MANY[:6]], 20).done) >= 3


@pytest.mark.slow
@pytest.mark.timeout(240)
@pytest.mark.parametrize("seed", range(2, 21))
def test_smaller_fleets_survive_other_seeds(ground: Ground, seed: int) -> None:
    assert survives(ground, seed, WORDS, 4).done


# ---- what ends a fleet, and how it is said


def test_a_cap_stops_the_fleet_before_it_is_passed(ground: Ground) -> None:
    ground.changes |= {"fleet_instances_per_day": 0}
    with pytest.raises(FleetError, match="FLEET_INSTANCES_PER_DAY=0"):
        ground.run(WORDS)
    assert ground.instances() == []
    assert ground.roster().closed() is not None


def test_a_second_fleet_of_the_day_gets_what_the_first_left(ground: Ground) -> None:
    ground.changes |= {"fleet_instances": 2, "fleet_instances_per_day": 3}
    ground.run(WORDS[:2], board="b1", platforms=["qcwy"])
    told = Told()
    result = ground.run(WORDS[:2], board="b2", platforms=["zhilian"], told=told)
    assert result.stop_reason == ""
    assert len(ground.instances()) == 3
    assert any("FLEET_INSTANCES_PER_DAY=3" in line for line in told.lines)
    assert ground.living() == []


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ({"kind": "quota", "match": {"action": "RunInstances"}, "times": None}, ["QuotaExceed", "quota centre"]),
        (
            {
                "kind": "error",
                "match": {"action": "RunInstances"},
                "times": None,
                "params": {"status": 403, "code": "Forbidden.RAM", "message": "User not authorized"},
            },
            ["Forbidden.RAM", "docs/fleet.md"],
        ),
    ],
)
def test_a_refusal_names_its_remedy_and_leaves_nothing(ground: Ground, fault: object, words: list[str]) -> None:
    ground.ecs.control("POST", "/faults", fault)
    with pytest.raises(FleetRefused) as caught:
        ground.run(WORDS)
    assert all(word in str(caught.value) for word in words)
    assert ground.living() == []
    assert ground.fleet().ledger.total(today()).cost == 0


def test_instances_whose_price_rises_above_the_limit_are_given_up(
    ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hands, "_PRICE_SECONDS", 0.0)
    ground.changes |= {"fleet_instances": 1}
    ground.crawl_changes |= {"sleep_min_seconds": 0.3, "sleep_max_seconds": 0.5}
    risen: list[str] = []

    def rise(look: Look) -> None:
        up = [row for row in look.rows if row.state == "up"]
        if up and not risen:
            risen.append(up[0].instance)
            ground.ecs.control("POST", "/prices", {"zone": up[0].zone, "type": up[0].type, "price": 0.5})

    result = ground.run(WORDS, platforms=["qcwy"], told=Told(on_look=rise))
    assert result.stop_reason == ""
    everything_is_right(ground)
    [row] = [row for row in result.rows if row.instance == risen[0]]
    assert row.reason == "price 0.5 above the limit"
    others = {(other.zone, other.type) for other in result.rows if other.instance != risen[0]}
    assert others
    assert (row.zone, row.type) not in others


def test_what_is_too_dear_is_not_started(ground: Ground) -> None:
    ground.changes |= {"fleet_price_limit": 0.001, "fleet_stock_seconds": 0.5}
    with pytest.raises(FleetError, match=r"FLEET_PRICE_LIMIT is 0\.001"):
        ground.run(WORDS)
    assert ground.instances() == []


def test_nodes_that_all_fail_are_not_replaced_for_ever(ground: Ground) -> None:
    ground.changes["fleet_instances"] = 3
    ground.crawl_changes["qcwy_sign_key"] = SecretStr("not-the-key")
    result = ground.run(WORDS, platforms=["qcwy"])
    assert "nodes ended with an error" in result.stop_reason
    assert "QCWY_SIGN_KEY" in result.stop_reason
    assert "not-the-key" not in result.stop_reason
    assert len(ground.instances()) <= 9
    assert ground.living() == []


def test_an_error_of_whoever_listens_releases_everything(ground: Ground) -> None:
    ground.changes |= {"fleet_instances": 2, "fleet_drain_seconds": 2.0}

    def fail(look: Look) -> None:
        if any(row.state == "up" for row in look.rows) and not ground.board().stopped:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ground.run(WORDS, told=Told(on_look=fail))
    assert ground.living() == []
    closing = ground.roster().closed()
    assert closing is not None
    assert closing.reason == "interrupted"


def test_sessions_that_others_hold_make_the_fleet_smaller_and_not_restless(ground: Ground) -> None:
    ground.changes |= {"fleet_instances": 3, "fleet_boot_seconds": 6.0}
    one = ground.sandbox.tokens()[0]
    source = ListTokenSource([Token(mpt=SecretStr(one["mpt"]), wt2=SecretStr(one["wt2"]))])
    fleet = ground.fleet()
    queries = [Query("boss", Keyword.parse(word), platform("boss").nationwide) for word in WORDS]
    hands_of_one = fleet.hands(tokens=source, token_count=3)
    result = fleet.supervise("b1", works(queries, today()), hands_of_one, Told().listener())
    assert result.stop_reason == ""
    everything_is_right(ground)
    assert len(ground.instances()) == 3
    assert source.count == 1, "the session is given back"
