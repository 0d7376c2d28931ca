"""``<platform>_raw_pages`` through Dagster, with the real crawl library, landing zone and control store."""

from __future__ import annotations

import datetime as dt

import dagster as dg
import pytest

from crawler_core.keyword import Keyword
from crawler_core.values import Request
from tests.dagster.desk import TODAY, Desk, failure
from tests.support.toy_platform import Handler, market, outcome

YESTERDAY, TOMORROW = TODAY - dt.timedelta(days=1), TODAY + dt.timedelta(days=1)


def failing(*keywords: str, name: str = "schema_changed") -> Handler:
    """Some keywords fail for good, the others have two pages."""
    good = market(2)

    def handle(request: Request, egress: str) -> bytes:
        answer = outcome(name) if request.params["q"] in keywords else good(request, egress)
        assert isinstance(answer, bytes)
        return answer

    return handle


def test_a_range_run_marks_every_keyword_and_lands_its_pages(desk: Desk) -> None:
    desk.keywords("C++", "数据 工程师", "a/b", "Java")
    run = desk.launch("C++", "Java")
    assert run.success
    found = desk.materializations(run)
    assert list(found) == [f"{TODAY}|{keyword}" for keyword in ("C++", "数据 工程师", "a/b", "Java")]
    entry = found[f"{TODAY}|数据 工程师"]
    assert entry["pages"] == 2
    assert entry["records"] == 4
    assert entry["new_ids"] == 4
    assert entry["requests"] == 2
    assert entry["outcomes"] == {"last": 1, "ok": 1}
    assert entry["egress"] == {"local": 2}
    assert (entry["state"], entry["stop_reason"], entry["resumed"]) == ("done", "last", False)
    assert entry["landing"].endswith("keyword=%E6%95%B0%E6%8D%AE%20%E5%B7%A5%E7%A8%8B%E5%B8%88")
    assert set(desk.statuses().values()) == {"materialized"}
    assert {manifest.keyword for manifest in desk.zone.manifests("boss", TODAY)} == {
        "C++",
        "数据 工程师",
        "a/b",
        "Java",
    }
    assert set(desk.store.keyword_states("boss", TODAY).values()) == {"done"}
    assert desk.store.egress("boss", TODAY) == {"local": 8}
    [record] = desk.store.runs("boss_raw_pages")
    assert (record.state, record.run_id, record.pages) == ("success", run.run_id, 8)


def test_events_do_not_grow_with_pages(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEGMENT_PAGES", "1")
    desk.keywords("a", "b")
    desk.script(market(2))
    few = len(desk.launch("a").all_events)
    desk.script(market(10))
    many = desk.launch("b")
    assert desk.materializations(many)[f"{TODAY}|b"]["pages"] == 10
    assert len(many.all_events) == few


def test_a_second_run_fetches_nothing_and_says_so(desk: Desk) -> None:
    desk.keywords("a", "b")
    desk.launch("a", "b")
    before = {path: path.stat().st_mtime_ns for path in desk.home.rglob("*.zst")}
    script = desk.script(market(2))
    run = desk.launch("a", "b")
    assert run.success
    assert script.log == []
    assert {entry["note"] for entry in desk.materializations(run).values()} == {"landed earlier; nothing was fetched"}
    assert all(entry["already_landed"] for entry in desk.materializations(run).values())
    assert {path: path.stat().st_mtime_ns for path in desk.home.rglob("*.zst")} == before


def test_the_failure_names_what_did_not_finish_and_a_rerun_clears_it(desk: Desk) -> None:
    desk.keywords("a", "bad", "c", "worse")
    desk.script(failing("bad", "worse"))
    run = desk.launch("a", "worse")
    assert not run.success
    description, metadata = failure(run)
    assert "2 of 4 keywords of boss did not finish" in description
    assert "bad (failed), worse (failed)" in description
    assert [record["keyword"] for record in metadata["unfinished"]] == ["bad", "worse"]
    assert "schema_changed" in metadata["unfinished"][0]["reason"]
    assert metadata["finished_keywords"] == 2
    assert desk.statuses() == {
        f"{TODAY}|a": "materialized",
        f"{TODAY}|bad": "failed",
        f"{TODAY}|c": "materialized",
        f"{TODAY}|worse": "failed",
    }
    assert desk.store.keyword_states("boss", TODAY) == {"a": "done", "bad": "failed", "c": "done", "worse": "failed"}

    script = desk.script(market(2))
    assert desk.launch("bad").success
    assert desk.launch("worse").success
    assert {request.params["q"] for _, request in script.log} == {"bad", "worse"}
    assert set(desk.statuses().values()) == {"materialized"}


def test_a_rerun_of_the_whole_range_keeps_what_was_done(desk: Desk) -> None:
    desk.keywords("a", "bad")
    desk.script(failing("bad"))
    desk.launch("a", "bad")
    desk.launch("a", "bad")
    assert desk.statuses() == {f"{TODAY}|a": "materialized", f"{TODAY}|bad": "failed"}


def test_a_keyword_is_marked_when_it_ends_and_not_when_the_run_does(desk: Desk) -> None:
    desk.keywords("a", "b", "c")
    good, seen = market(2), []

    def watch(request: Request, egress: str) -> bytes:
        seen.append((request.params["q"], sorted(desk.materializations())))
        answer = good(request, egress)
        assert isinstance(answer, bytes)
        return answer

    desk.script(watch)
    desk.launch("a", "c")
    # The last segment of a keyword may still be on its way to the disk when the next one begins, but not longer.
    assert [keyword for keyword, _ in seen] == ["a", "a", "b", "b", "c", "c"]
    assert [marked for keyword, marked in seen if keyword == "a"] == [[], []]
    assert all(f"{TODAY}|a" in marked for keyword, marked in seen if keyword == "c")


def test_an_interrupted_keyword_goes_on_where_it_stopped(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEGMENT_PAGES", "2")
    desk.keywords("a")
    full = market(6)

    def stops(request: Request, egress: str) -> bytes:
        answer = outcome("challenge") if request.params["page"] == 5 else full(request, egress)
        assert isinstance(answer, bytes)
        return answer

    desk.script(stops)
    assert not desk.launch("a").success
    script = desk.script(full)
    run = desk.launch("a")
    assert run.success
    assert script.pages == [5, 6]
    entry = desk.materializations(run)[f"{TODAY}|a"]
    assert (entry["resumed"], entry["pages"], entry["requests"]) == (True, 6, 2)


def test_paused_and_unknown_keywords(desk: Desk) -> None:
    desk.keywords("a", "resting")
    desk.instance.add_dynamic_partitions("boss_keyword", ["typed in the UI"])
    desk.store.pause_keyword("boss", "resting")
    run = desk.launch("a", "resting")
    assert run.success
    assert list(desk.materializations(run)) == [f"{TODAY}|a"]
    assert desk.statuses() == {f"{TODAY}|a": "materialized"}
    description, _ = failure(desk.launch("typed in the UI"))
    assert "jobdata keyword add" in description


def test_a_key_typed_in_another_case_is_the_same_search(desk: Desk) -> None:
    desk.keywords("Java")
    desk.instance.add_dynamic_partitions("boss_keyword", ["JAVA", "a...b"])
    run = desk.launch("Java", "JAVA")
    assert run.success
    assert set(desk.materializations(run)) == {f"{TODAY}|Java", f"{TODAY}|JAVA"}
    assert desk.requests() == 2
    assert [manifest.keyword for manifest in desk.zone.manifests("boss", TODAY)] == ["Java"]
    assert "a...b (refused)" in failure(desk.launch("JAVA", "a...b"))[0]


def test_most_urgent_keywords_are_crawled_first(desk: Desk) -> None:
    desk.keywords("a", "b", "c")
    desk.store.add_keyword("boss", "c", priority=9)
    run = desk.launch("a", "c")
    assert [key.split("|")[1] for key in desk.materializations(run)] == ["c", "a", "b"]


def test_several_cities_are_one_keyword(desk: Desk) -> None:
    desk.keywords("a")
    desk.store.add_keyword("boss", "a", city="101280600;101010100")
    run = desk.launch("a")
    assert run.success
    [entry] = desk.materializations(run).values()
    assert entry["pages"] == 4
    manifest = desk.zone.manifest("boss", TODAY, Keyword.parse("a"))
    assert manifest is not None
    assert set(manifest.cities) == {"101280600", "101010100"}


# ---- days


def test_a_past_day_without_pages_is_refused(desk: Desk) -> None:
    desk.keywords("a", "b")
    description, metadata = failure(desk.launch("a", "b", day=YESTERDAY))
    assert "the crawl of a day happens on that day" in description
    assert "`late: true`" in description
    assert metadata["unfinished_keywords"] == 2
    assert desk.requests() == 0
    assert desk.zone.dates("boss") == []


def test_a_past_day_with_pages_stays_as_it_was_landed(desk: Desk) -> None:
    desk.keywords("a", "bad")
    good = market(2)

    def half(request: Request, egress: str) -> bytes:
        broken = request.params["q"] == "bad" and request.params["page"] == 2
        answer = outcome("challenge") if broken else good(request, egress)
        assert isinstance(answer, bytes)
        return answer

    desk.script(half)
    desk.launch("a", "bad")
    desk.crawler._day = TOMORROW
    script = desk.script(market(2))
    run = desk.launch("a", "bad", day=TODAY)
    assert run.success
    assert script.log == []
    assert desk.materializations(run)[f"{TODAY}|bad"]["note"].endswith("stays as it was landed: failed, 1 pages")
    assert desk.store.keyword_states("boss", TODAY) == {"a": "done", "bad": "failed"}


def test_late_crawling_keeps_the_true_fetch_time(desk: Desk) -> None:
    from crawler_core.landing import read_segment

    desk.keywords("a")
    run = desk.launch("a", day=YESTERDAY, config={"late": True})
    assert run.success
    assert list(desk.materializations(run)) == [f"{YESTERDAY}|a"]
    [ref] = desk.zone.segments("boss", YESTERDAY)
    page = next(iter(read_segment(desk.zone.read(ref))))
    assert page.date == YESTERDAY.isoformat()
    assert page.fetched_at.startswith(TODAY.isoformat())
    assert desk.zone.dates("boss") == [YESTERDAY]


@pytest.mark.parametrize("config", [None, {"late": True}])
def test_the_future_is_refused(desk: Desk, config: dict[str, bool] | None) -> None:
    desk.keywords("a")
    desk.crawler._day = YESTERDAY  # the partitions end today; the day of the crawler is what counts
    description, _ = failure(desk.launch("a", day=TODAY, config=config))
    assert "is in the future" in description
    assert desk.requests() == 0


def test_one_run_may_cover_several_days(desk: Desk) -> None:
    desk.keywords("a")
    desk.launch("a")
    desk.crawler._day = TOMORROW
    desk.launch("a", day=YESTERDAY, config={"late": True})
    tags = {
        "dagster/asset_partition_range_start": f"{YESTERDAY}|a",
        "dagster/asset_partition_range_end": f"{TODAY}|a",
    }
    script = desk.script(market(2))
    run = dg.materialize(
        [desk.asset], instance=desk.instance, resources=desk.resources(), tags=tags, raise_on_error=False
    )
    assert run.success
    assert list(desk.materializations(run)) == [f"{YESTERDAY}|a", f"{TODAY}|a"]
    assert script.log == []


# ---- trouble


def test_a_missing_token_changes_nothing_and_names_the_remedy(desk: Desk) -> None:
    from jobdata_assets.crawl.raw_pages import raw_pages_asset
    from jobdata_assets.partitions import daily_partitions
    from tests.support.toy_platform import spec

    desk.asset = raw_pages_asset(spec(needs_token=True), daily_partitions(TODAY, 14))
    desk.keywords("a", "b")
    description, metadata = failure(desk.launch("a", "b"))
    assert "jobdata token import" in description
    assert "BOSS_TOKENS" in description
    assert {record["state"] for record in metadata["unfinished"]} == {"not begun"}
    assert desk.zone.dates("boss") == []
    assert set(desk.store.keyword_states("boss", TODAY).values()) == {"pending"}


def test_a_full_disk_ends_the_run_with_its_reason(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    from crawler_core.errors import LandingFull
    from crawler_core.landing import LandingZone

    desk.keywords("a", "b")
    whole = LandingZone.put_segment

    def full(zone: LandingZone, path: str, data: bytes) -> None:
        if "keyword=b" in path:
            raise LandingFull("cannot write: no space left; free space, then run again")
        whole(zone, path, data)

    monkeypatch.setattr(LandingZone, "put_segment", full)
    run = desk.launch("a", "b")
    description, metadata = failure(run)
    assert "b (not begun)" in description
    assert "free space" in description
    assert metadata["finished_keywords"] == 1
    assert list(desk.materializations(run)) == [f"{TODAY}|a"]
    monkeypatch.undo()


def test_a_control_store_without_tables_names_the_remedy(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.keywords("a")
    monkeypatch.setenv("CONTROL_DB_URL", f"sqlite:///{desk.home / 'other.db'}")
    run = desk.launch("a")
    assert not run.success
    [event] = [event for event in run.all_events if event.is_step_failure]
    assert "jobdata db migrate" in str(event.step_failure_data.error)
    assert desk.requests() == 0
