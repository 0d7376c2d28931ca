from __future__ import annotations

import datetime as dt
import multiprocessing
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier
from typing import Any

import pytest
from pydantic import SecretStr

from crawler_core.errors import BadInput
from crawler_core.proxy import Proxy
from crawler_core.tokens import TokenSource
from crawler_core.values import Token
from jobdata_resources.control import ControlStore, ImportResult, UnknownEntry


def token(number: int, wt2: str = "") -> Token:
    return Token(mpt=SecretStr(f"{number:032x}"), wt2=SecretStr(wt2))


def test_a_source_is_a_token_source_of_the_crawl_library(store: ControlStore) -> None:
    source: TokenSource = store.token_source()
    assert source.lease() is None


def test_a_leased_token_is_nobody_elses_until_it_is_released(store: ControlStore) -> None:
    store.add_tokens([token(1, "ticket~~")])
    mine, other = store.token_source(), store.token_source()
    held = mine.lease()
    assert held == token(1, "ticket~~")
    assert other.lease() is None
    assert mine.lease() is None
    other.release(held)  # not its own
    assert other.lease() is None
    mine.release(held)
    assert other.lease() == held


def test_the_token_with_the_fewest_uses_comes_first(store: ControlStore) -> None:
    store.add_tokens([token(1), token(2)])
    source = store.token_source()
    leased = []
    for _ in range(4):
        held = source.lease()
        assert held is not None
        leased.append(held.fingerprint)
        source.release(held)
    assert Counter(leased) == {token(1).fingerprint: 2, token(2).fingerprint: 2}
    assert [record.uses for record in store.tokens()] == [2, 2]


def test_a_lease_of_a_dead_process_runs_out(store: ControlStore, clock: Any) -> None:
    store.add_tokens([token(1)])
    dead, alive = store.token_source(dt.timedelta(minutes=10)), store.token_source()
    held = dead.lease()
    assert held is not None
    clock.advance(minutes=9, seconds=59)
    assert alive.lease() is None
    clock.advance(seconds=1)
    assert alive.lease() == held
    dead.release(held)  # comes back to life, too late
    assert store.token_source().lease() is None


def test_a_renewed_lease_stays(store: ControlStore, clock: Any) -> None:
    store.add_tokens([token(1)])
    mine = store.token_source(dt.timedelta(minutes=10))
    mine.lease()
    for _ in range(5):
        clock.advance(minutes=8)
        mine.renew()
    assert store.token_source().lease() is None
    assert store.tokens()[0].leased_until == clock() + dt.timedelta(minutes=10)


def test_a_refused_token_is_out_with_reason_and_time(store: ControlStore, clock: Any) -> None:
    store.add_tokens([token(1, "ticket~~"), token(2)])
    source = store.token_source()
    held = source.lease()
    assert held is not None
    clock.advance(minutes=1)
    source.invalidate(held, f"code 7 for {held.mpt.get_secret_value()} ticket~~ {'x' * 500}")
    record = store.tokens()[0]
    assert (record.active, record.invalid_at, record.leased_until) == (False, clock(), None)
    assert record.invalid_reason.startswith("code 7 for *** *** xxx")
    source.release(held)
    assert [source.lease(), source.lease()] == [token(2), None]


def test_a_known_token_is_active_again_only_with_a_new_login_ticket(store: ControlStore) -> None:
    store.add_tokens([token(1, "old~~"), token(2)])
    store.disable_token(token(1).fingerprint, "expired")
    again = store.add_tokens([token(1, "old~~"), token(2)])
    assert again.unchanged == 2
    assert again.notes == (f"token {token(1).fingerprint} stays off: expired; see `jobdata token enable`",)
    assert store.add_tokens([token(1, "new~~")]) == ImportResult(updated=1)
    assert store.token_source().lease() == token(1, "new~~")


def test_tokens_are_switched_off_and_on_by_fingerprint(store: ControlStore) -> None:
    store.add_tokens([token(1)])
    store.disable_token(token(1).fingerprint)
    assert store.token_source().lease() is None
    assert store.tokens()[0].invalid_reason == "disabled by hand"
    store.enable_token(token(1).fingerprint)
    assert store.token_source().lease() == token(1)


def test_an_unknown_fingerprint_is_not_echoed(sqlite_store: ControlStore) -> None:
    with pytest.raises(UnknownEntry) as caught:
        sqlite_store.disable_token("f" * 32)  # somebody pastes the token itself
    assert "f" * 32 not in str(caught.value)


def test_a_token_given_twice_changes_nothing(sqlite_store: ControlStore) -> None:
    with pytest.raises(BadInput, match="entries 1 and 3"):
        sqlite_store.add_tokens([token(1), token(2), token(1)])
    assert sqlite_store.tokens() == []


def test_proxies_are_known_by_label(store: ControlStore) -> None:
    first = Proxy(label="one", url=SecretStr("http://user:secret@10.0.0.1:8080"))
    second = Proxy(label="two", url=SecretStr("http://10.0.0.2:8080"))
    assert store.import_proxies([first, second]) == ImportResult(added=2)
    moved = Proxy(label="two", url=SecretStr("http://10.0.0.3:8080"))
    assert store.import_proxies([first, moved]) == ImportResult(updated=1, unchanged=1)
    assert store.proxies() == [first, moved]
    with pytest.raises(BadInput, match="'one' is given twice"):
        store.import_proxies([first, first])


def _lease_all(url: str, start: Barrier, found: Queue[list[str]]) -> None:
    """Takes tokens until none is left and keeps them."""
    names = []
    with ControlStore(url) as store:
        source = store.token_source()
        start.wait(60)
        while (held := source.lease()) is not None:
            names.append(held.fingerprint)
            if len(names) == 1:
                start.wait(60)  # everybody has one, however the machine shares its time out
    found.put(names)


def test_processes_never_get_the_same_token(store: ControlStore, store_url: str) -> None:
    store.add_tokens([token(number) for number in range(60)])
    context = multiprocessing.get_context("spawn")
    start, found = context.Barrier(3), context.Queue()
    children = [context.Process(target=_lease_all, args=(store_url, start, found)) for _ in range(3)]
    for child in children:
        child.start()
    shares = [found.get(timeout=60) for _ in children]
    for child in children:
        child.join()
    assert sorted(name for names in shares for name in names) == sorted(
        token(number).fingerprint for number in range(60)
    )
    assert sum(bool(names) for names in shares) > 1, "one process took all: nothing was tested"


def test_threads_that_ask_at_the_same_moment_get_different_tokens(store: ControlStore) -> None:
    store.add_tokens([token(number) for number in range(3)])
    turn = threading.Barrier(5)
    rounds: list[list[str]] = [[] for _ in range(15)]

    def work(_: int) -> None:
        source = store.token_source()
        for names in rounds:
            turn.wait(60)
            held = source.lease()
            if held is not None:
                names.append(held.fingerprint)
            turn.wait(60)
            if held is not None:
                source.release(held)

    with ThreadPoolExecutor(5) as pool:
        list(pool.map(work, range(5)))
    everybody = sorted(token(number).fingerprint for number in range(3))
    assert [sorted(names) for names in rounds] == [everybody] * len(rounds)
