"""Claims on a board: what may follow on what, and nodes that race, hang and come back."""

from __future__ import annotations

import datetime as dt
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler_core.crawl.report import KeywordReport
from crawler_core.errors import BadInput, LandingConflict, LandingError
from crawler_core.fleet.board import Beat, Board, Claim
from crawler_core.fleet.fence import FencedZone
from crawler_core.fleet.mend import mend
from crawler_core.fleet.work import Event, Standing, claim, finish, release, standing, works
from crawler_core.keyword import Keyword
from crawler_core.landing import KeywordLanding, LandingZone, Manifest, OpenSegment, read_segment, verify
from crawler_core.landing import zone as zone_module
from crawler_core.values import SHANGHAI, Query
from tests.support.landed_pages import boss_body, boss_item, envelope

DAY = dt.date(2026, 11, 21)
NOON = dt.datetime(2026, 11, 21, 12, tzinfo=SHANGHAI)
CITY = "100010000"
PAGES = 12


def query(word: str, city: str = CITY) -> Query:
    return Query("boss", Keyword.parse(word), city)


def report(word: str = "a", state: str = "done") -> KeywordReport:
    return KeywordReport(
        platform="boss", date=DAY, keyword=word, state=state, stop_reason="last", pages=1, records=1  # type: ignore[arg-type]
    )  # fmt: skip


class Desk:
    """A board in a folder and a clock of our own; each ``board`` is another process's view of it."""

    def __init__(self, folder: Path) -> None:
        self.zone = LandingZone.from_url(f"file://{folder}")
        self.seconds = 0.0

    def board(self) -> Board:
        return Board(self.zone, "b1", now=lambda: NOON + dt.timedelta(seconds=self.seconds))

    def beat(self, node: str, state: str = "up") -> None:
        at = (NOON + dt.timedelta(seconds=self.seconds)).isoformat()
        self.board().beat(Beat(node=node, instance=node, version="1", at=at, state=state, lease_seconds=60))  # type: ignore[arg-type]


@pytest.fixture(scope="module", autouse=True)
def _no_power_cuts() -> Iterator[None]:
    """Thousands of small writes: what survives a power cut is not asked here."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(zone_module, "_sync", lambda _path: None)
        yield


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


# ---- the transitions alone

STEPS = st.lists(
    st.tuples(st.sampled_from(["claim", "release", "finish"]), st.sampled_from("ABC"), st.booleans()), max_size=30
)


@given(STEPS)
def test_at_most_one_node_holds_a_work_and_a_stale_token_does_nothing(steps: list[tuple[str, str, bool]]) -> None:
    """Nodes act on tokens they hold or once held; ``lapsed`` says whether the present holder looks dead."""
    log: list[Event] = []
    tokens: dict[str, int] = {}
    for action, node, lapsed in steps:
        now = standing(log)
        holding, before = now.holder, now.seq
        if action == "claim":
            event = claim(now, node, "t", alive=lambda _holder, lapsed=lapsed: not lapsed)  # type: ignore[misc]
            assert (event is None) == (now.ended or holding == node or bool(holding and not lapsed))
            if event:
                tokens[node] = before + 1
        else:
            token = tokens.get(node, 0)
            event = release(now, token, "t", "r") if action == "release" else finish(now, token, "t", report())
            assert (event is not None) == (holding == node and token == before)
        if event:
            log.append(event)
    kinds = [event.kind for event in log]
    assert sum(kind in ("done", "failed") for kind in kinds) <= 1
    assert not any(kind in ("done", "failed") for kind in kinds[:-1])


def test_the_same_search_is_one_work_and_keeps_its_order() -> None:
    made = works([query("b"), query("a"), query("B", "101"), query("b")], DAY)
    assert [(work.keyword, work.cities, work.rank) for work in made] == [("b", (CITY, "101"), 0), ("a", (CITY,), 1)]
    assert made == works([query("b"), query("a"), query("B", "101")], DAY)


# ---- the board


def test_works_are_handed_out_once_in_order_and_end_with_their_report(desk: Desk) -> None:
    desk.board().add(works([query(word) for word in "cab"], DAY))
    assert desk.board().add(works([query(word) for word in "cab"], DAY)) == 0
    desk.beat("n1")
    desk.beat("n2")
    one, two = desk.board(), desk.board()
    first, second, third = one.take("n1"), two.take("n2"), one.take("n1", "boss")
    assert first is not None
    assert [one_claim and one_claim.work.keyword for one_claim in (first, second, third)] == ["c", "a", "b"]
    assert one.take("n1") is None
    assert one.take("n1", "qcwy") is None
    assert one.finish(first, report("c"))
    assert not one.finish(first, report("c"))
    ended = [now for _, now in two.read().values() if now.ended]
    assert [now.last and now.last.report for now in ended] == [report("c")]


def test_a_silent_node_loses_its_work_and_can_land_no_more(desk: Desk) -> None:
    desk.board().add(works([query("a")], DAY))
    desk.beat("n1")
    held = desk.board().take("n1")
    assert held is not None
    desk.seconds = 59
    desk.beat("n2")
    assert desk.board().take("n2") is None
    desk.seconds = 61
    taken = desk.board().take("n2")
    assert taken is not None
    assert (taken.token, desk.board().holds(held), desk.board().holds(taken)) == (2, False, True)
    fenced = FencedZone(desk.zone, lambda: desk.board().holds(held))
    landing = KeywordLanding(fenced, "boss", DAY, Keyword.parse("a"))
    with pytest.raises(LandingConflict, match="lease ran out"):
        landing.commit(CITY, segment(1, 2))
    assert not desk.board().release(held, "late")
    assert not desk.board().finish(held, report())
    assert desk.zone.names(landing.folder) == {}


def test_a_node_that_says_goodbye_or_is_revoked_frees_its_work_at_once(desk: Desk) -> None:
    desk.board().add(works([query("a"), query("b")], DAY))
    desk.beat("n1")
    desk.beat("n2")
    board = desk.board()
    assert board.take("n1")
    assert board.take("n2")
    desk.beat("n1", "gone")
    again = board.take("n3")
    assert again
    assert again.work.keyword == "a"
    assert [work.keyword for work in board.revoke("n2", "reclaimed")] == ["b"]
    assert board.read()[works([query("b")], DAY)[0].id][1].reasons == ("reclaimed",)


def test_many_processes_that_claim_at_once_get_a_work_each(desk: Desk) -> None:
    from concurrent.futures import ThreadPoolExecutor

    desk.board().add(works([query(f"k{number}") for number in range(40)], DAY))
    nodes = [f"n{number}" for number in range(8)]
    for node in nodes:
        desk.beat(node)

    def drain(node: str) -> list[Claim]:
        board, found = desk.board(), []
        while (got := board.take(node)) is not None:
            found.append(got)
        return found

    with ThreadPoolExecutor(len(nodes)) as pool:
        claims = [one for found in pool.map(drain, nodes) for one in found]
    assert Counter(one.work.keyword for one in claims) == Counter(f"k{number}" for number in range(40))
    assert {one.token for one in claims} == {1}


def test_a_board_tells_stop_and_names_what_is_broken(desk: Desk) -> None:
    board = desk.board()
    assert board.stopped == ""
    board.stop("enough")
    board.stop("again")
    assert desk.board().stopped == "enough"
    with pytest.raises(BadInput, match="no name of a board"):
        Board(desk.zone, "../x")
    desk.zone.create("fleet/b1/node/n.json", b"{}")
    with pytest.raises(LandingError, match=r"fleet/b1/node/n\.json cannot be read"):
        board.beats()


# ---- landing under two nodes that both believe the keyword is theirs


def segment(first: int, last: int) -> OpenSegment:
    filled = OpenSegment()
    for number in range(first, last + 1):
        body = boss_body([boss_item(number)], more=number < PAGES)
        outcome = "ok" if number < PAGES else "last"
        filled.add(envelope(body, keyword="a", city=CITY, page=number, outcome=outcome, date=DAY.isoformat()), 1)
    return filled


class HauntedFence(FencedZone):
    def __init__(self, zone: LandingZone, holds: Callable[[], bool], moment: Callable[[], None]) -> None:
        super().__init__(zone, holds)
        self._moment = moment

    def _put(self, path: str, data: bytes, mode: object) -> None:
        self._moment()
        super()._put(path, data, mode)  # type: ignore[arg-type]


@settings(max_examples=150, deadline=None)
@given(
    choices=st.lists(st.sampled_from([0, 0, 1, 2, 3, PAGES + 1]), min_size=1, max_size=40),
    sizes=st.lists(st.integers(1, 4), min_size=4, max_size=4),
)
def test_whatever_the_race_each_page_is_landed_once(choices: list[int], sizes: list[int]) -> None:
    """At any write, also past the fence, other nodes may take the keyword over and land; then the first goes on."""
    with tempfile.TemporaryDirectory() as folder:
        desk = Desk(Path(folder))
        desk.board().add(works([query("a")], DAY))
        moves = iter(choices)
        depth = 0

        def moment() -> None:
            nonlocal depth
            move = next(moves, 0)
            if move and depth < 3:
                depth += 1
                desk.seconds += 120  # whoever holds it has been silent for too long
                node(f"n{depth}-{desk.seconds:.0f}", sizes[depth], limit=move)
                depth -= 1

        def node(name: str, size: int, limit: int) -> bool:
            board = desk.board()
            desk.beat(name)
            held = board.take(name)
            if held is None:
                return False
            zone = HauntedFence(desk.zone, lambda: desk.board().holds(held), moment)
            try:
                landing = KeywordLanding(zone, "boss", DAY, Keyword.parse("a"))
                landing.adopt(CITY, lambda _: 1)
                for _ in range(limit):
                    page = landing.city(CITY).next_page
                    if page > PAGES:
                        landing.city(CITY).state = "done"
                        landing.finish("done", "last")
                        return board.finish(held, report())
                    landing.commit(CITY, segment(page, min(page + size - 1, PAGES)))
            except LandingConflict:
                board.release(held, "conflict")
            return False

        node("n0", sizes[0], limit=PAGES + 1)
        moves = iter(())
        for attempt in range(4 * PAGES):
            desk.seconds += 120
            if all(now.ended for _, now in desk.board().read().values()):
                break
            node(f"last{attempt}", sizes[0], limit=PAGES + 1)
        [(work, now)] = desk.board().read().values()
        assert now.last is not None
        assert now.last.report is not None
        mend(desk.zone, work, now.last.report)
        manifest = desk.zone.manifest("boss", DAY, Keyword.parse("a"))
        assert manifest is not None
        assert manifest.state == "done"
        assert landed_pages(desk.zone, manifest) == list(range(1, PAGES + 1))
        assert list(verify(desk.zone)) == []
        assert not mend(desk.zone, work, now.last.report)


def landed_pages(zone: LandingZone, manifest: Manifest) -> list[int]:
    return [page.page for ref in zone.refs(manifest) for page in read_segment(zone.read(ref))]


def test_a_standing_without_events_is_open() -> None:
    assert (Standing().holder, Standing().ended, Standing().seq) == ("", False, 0)


def test_a_board_in_a_bucket_gives_each_work_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same promises over S3: an object that is there cannot be created again."""
    import boto3
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    try:
        endpoint = "http://{}:{}".format(*server.get_host_and_port())
        monkeypatch.setenv("AWS_REGION", "us-east-1")
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            monkeypatch.setenv(name, "testing")
        boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1").create_bucket(Bucket="jobs")
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            monkeypatch.delenv(name)

        def credentials() -> dict[str, object]:
            """What a node's role gives."""
            soon = dt.datetime.now(dt.UTC) + dt.timedelta(hours=1)
            return {"access_key_id": "a", "secret_access_key": "b", "token": "c", "expires_at": soon}

        zone = LandingZone.from_url("s3://jobs/prefix", s3_endpoint=endpoint, credentials=credentials)
        board = Board(zone, "b1")
        assert board.add(works([query("a"), query("b")], DAY)) == 2
        at = dt.datetime.now(SHANGHAI).isoformat()
        for node in ("n1", "n2"):
            board.beat(Beat(node=node, instance=node, version="1", at=at))
        first, second = Board(zone, "b1").take("n1"), Board(zone, "b1").take("n2")
        assert first
        assert second
        assert {first.work.keyword, second.work.keyword} == {"a", "b"}
        assert not zone.create("fleet/b1/log/" + first.work.id + "/00001.json", b"{}")
        assert board.release(first, "banned")
        assert not board.holds(first)
        assert board.finish(second, report(second.work.keyword))
        assert [now.ended for _, now in board.read().values()].count(True) == 1
        link = zone.link("fleet/b1/stop.json", 60)
        assert link.startswith(endpoint)
        assert "X-Amz-Signature" in link
    finally:
        server.stop()
