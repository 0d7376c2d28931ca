"""The company queue: one claim a company, batches that go on, ends that wait or stay."""

from __future__ import annotations

import datetime as dt
import multiprocessing
import threading
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier
from typing import Any

import pytest

from crawler_core.errors import BadInput
from jobdata_resources.control import CompanyDemand, ControlStore

LEASE = dt.timedelta(minutes=10)
DAY = "20261121"


def wanted(number: int, **changes: Any) -> CompanyDemand:
    values = {"company_id": f"c{number:03d}", "name": f"公司{number}", "demand": number} | changes
    return CompanyDemand(**values)


def claim(store: ControlStore, name: str, limit: int = 10, day: str = DAY) -> list[str]:
    batch = store.claim_companies("boss", batch_id=f"{day}-{name}", limit=limit, lease=LEASE)
    return [one.ref for one in batch.companies]


def state(store: ControlStore, ref: str) -> str:
    return store.queued_companies("boss", [ref])[ref].state


def test_queueing_twice_is_queueing_once_with_the_newer_demand(store: ControlStore, clock: Any) -> None:
    first = [wanted(1, hints={"job_id": "a"}), wanted(2), CompanyDemand(company_id="", name="没有编号")]
    assert store.enqueue_companies("boss", first) == 3
    clock.advance(minutes=5)
    assert store.enqueue_companies("boss", [wanted(1, demand=9, hints={"job_id": "b"}), wanted(2)]) == 0
    row = store.queued_companies("boss", ["c001", "nobody"])
    assert list(row) == ["c001"]
    assert (row["c001"].demand, row["c001"].hints, row["c001"].state) == (9, {"job_id": "b"}, "pending")
    queue = store.company_queue("boss")
    assert (queue.states, queue.due, queue.oldest) == ({"pending": 3}, 3, clock() - dt.timedelta(minutes=5))
    assert store.company_queue("qcwy").states == {}


def test_the_newest_demand_is_claimed_first_and_only_once(store: ControlStore, clock: Any) -> None:
    old = [wanted(n, newest_seen=clock() - dt.timedelta(days=2)) for n in range(100, 103)]
    new = [wanted(n, newest_seen=clock()) for n in range(3)]
    store.enqueue_companies("boss", [*old, *new])
    assert sorted(claim(store, "a", 4)) == ["c000", "c001", "c002", "c102"]
    assert sorted(claim(store, "b")) == ["c100", "c101"]
    assert claim(store, "c") == []
    assert store.company_batches_held("boss") == {f"{DAY}-a", f"{DAY}-b"}


def test_an_end_stays_until_it_is_older_than_asked(store: ControlStore, clock: Any) -> None:
    store.enqueue_companies("boss", [wanted(1), wanted(2), wanted(3)])
    claim(store, "a")
    for ref, end in (("c001", "done"), ("c002", "gone"), ("c003", "refused")):
        assert store.finish_company("boss", ref, batch_id=f"{DAY}-a", state=end, reason=f"why {end}")
    assert store.company_queue("boss").states == {"done": 1, "gone": 1, "refused": 1}
    assert store.queued_companies("boss", ["c002"])["c002"].last_error == "why gone"
    ended = clock()
    clock.advance(days=30)
    again = [wanted(1), wanted(2), wanted(3)]
    assert store.enqueue_companies("boss", again) == 0
    assert store.enqueue_companies("boss", again, reopen_before=ended) == 0
    assert store.enqueue_companies("boss", again, reopen_before=ended + dt.timedelta(seconds=1)) == 3
    assert len(claim(store, "b")) == 3


def test_what_was_not_answered_waits_longer_each_time(store: ControlStore, clock: Any) -> None:
    store.enqueue_companies("boss", [wanted(1)])
    waits = []
    for number in range(12):
        assert claim(store, f"try{number}") == ["c001"]
        store.finish_company(
            "boss", "c001", batch_id=f"{DAY}-try{number}", state="retry_later", retry=dt.timedelta(minutes=10)
        )
        assert claim(store, "too early") == []
        row = store.queued_companies("boss", ["c001"])["c001"]
        assert row.not_before is not None
        waits.append((row.not_before - clock()).total_seconds() / 60)
        clock.now = row.not_before
    assert waits[:4] == [10, 20, 40, 80]
    assert max(waits) == 24 * 60


def test_a_batch_that_was_left_is_taken_over_under_its_id_by_one(store: ControlStore, clock: Any) -> None:
    store.enqueue_companies("boss", [wanted(n) for n in range(6)])
    first = claim(store, "dead", 4)
    store.finish_company("boss", first[0], batch_id=f"{DAY}-dead", state="done")
    clock.advance(minutes=9, seconds=59)
    assert len(claim(store, "busy", 1)) == 1
    clock.advance(seconds=1)
    store.renew_companies("boss", f"{DAY}-busy", LEASE)
    batch = store.claim_companies("boss", batch_id=f"{DAY}-next", limit=4, lease=LEASE)
    assert (batch.batch_id, batch.resumed) == (f"{DAY}-dead", True)
    assert {one.ref for one in batch.companies} > set(first[1:])
    assert len(batch.companies) == 4
    other = store.claim_companies("boss", batch_id=f"{DAY}-other", limit=4, lease=LEASE)
    assert (other.batch_id, other.resumed, other.companies) == (f"{DAY}-other", False, ())


def test_a_batch_of_another_day_gives_its_companies_to_new_batches(store: ControlStore, clock: Any) -> None:
    store.enqueue_companies("boss", [wanted(n) for n in range(3)])
    claim(store, "yesterday", day="20261120")
    clock.advance(hours=1)
    batch = store.claim_companies("boss", batch_id=f"{DAY}-today", limit=9, lease=LEASE)
    assert (batch.batch_id, batch.resumed, len(batch.companies)) == (f"{DAY}-today", False, 3)
    assert not store.finish_company("boss", "c001", batch_id="20261120-yesterday", state="gone")
    assert state(store, "c001") == "leased"


def test_released_companies_go_on_in_their_batch_and_cost_no_attempt(store: ControlStore) -> None:
    store.enqueue_companies("boss", [wanted(n) for n in range(3)])
    claim(store, "a")
    assert store.release_companies("boss", f"{DAY}-a", ["c001"]) == 1
    assert store.release_companies("boss", f"{DAY}-a") == 2
    assert store.company_queue("boss").states == {"pending": 3}
    batch = store.claim_companies("boss", batch_id=f"{DAY}-b", limit=3, lease=LEASE)
    assert (batch.batch_id, batch.resumed) == (f"{DAY}-a", True)
    assert {one.attempts for one in batch.companies} == {1}
    assert claim(store, "a", 0) == [one.ref for one in batch.companies]  # the same run, tried again


@pytest.mark.parametrize(
    "bad", [CompanyDemand(company_id=""), wanted(1, company_id="x" * 129), wanted(1, company_id="?x")]
)
def test_a_company_without_identity_changes_nothing(sqlite_store: ControlStore, bad: CompanyDemand) -> None:
    with pytest.raises(BadInput, match="boss"):
        sqlite_store.enqueue_companies("boss", [wanted(2), bad])
    assert sqlite_store.company_queue("boss").states == {}


def _claim_all(url: str, number: int, start: Barrier, found: Queue[list[str]]) -> None:
    names = []
    with ControlStore(url) as store:
        start.wait(60)
        names += claim(store, f"{number}x", 7)
        start.wait(60)  # everybody has some, however the machine shares its time out
        while got := claim(store, f"{number}x{len(names)}", 7):
            names += got
    found.put(names)


def test_processes_never_get_the_same_company(store: ControlStore, store_url: str) -> None:
    store.enqueue_companies("boss", [wanted(n) for n in range(150)])
    context = multiprocessing.get_context("spawn")
    start, found = context.Barrier(3), context.Queue()
    children = [context.Process(target=_claim_all, args=(store_url, n, start, found)) for n in range(3)]
    for child in children:
        child.start()
    shares = [found.get(timeout=60) for _ in children]
    for child in children:
        child.join()
    assert sorted(name for names in shares for name in names) == [f"c{n:03d}" for n in range(150)]
    assert sum(bool(names) for names in shares) > 1, "one process took all: nothing was tested"


def test_threads_that_claim_a_left_batch_at_the_same_moment_share_nothing(store: ControlStore, clock: Any) -> None:
    store.enqueue_companies("boss", [wanted(n) for n in range(40)])
    claim(store, "left", 10)
    clock.advance(minutes=11)
    turn = threading.Barrier(5)

    def work(number: int) -> tuple[str, list[str]]:
        turn.wait(60)
        batch = store.claim_companies("boss", batch_id=f"{DAY}-t{number}", limit=10, lease=LEASE)
        return batch.batch_id, [one.ref for one in batch.companies]

    with ThreadPoolExecutor(5) as pool:
        shares = list(pool.map(work, range(5)))
    assert len({batch for batch, _ in shares}) == 5
    assert f"{DAY}-left" in {batch for batch, _ in shares}
    claimed = [ref for _, refs in shares for ref in refs]
    assert sorted(claimed) == [f"c{n:03d}" for n in range(40)]
