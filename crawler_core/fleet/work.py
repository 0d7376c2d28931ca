"""Who crawls which keyword: the states of a piece of work and what may follow on each. Pure, no store and no clock.

    open ──claim──► claimed ──release──► open        a lapsed claim may be claimed again by another node
                       ├──finish──► done
                       └──finish──► failed

A piece of work is a log of events, numbered from 1 without a gap. Whoever wants to change its state writes the next
number, create-only: of several writers exactly one gets it, on any store that refuses to create a name twice. The
number of a claim is its fencing token: the claim holds until there is a higher number.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Literal

import msgspec

from crawler_core.crawl.allowance import Allowance
from crawler_core.crawl.report import KeywordReport
from crawler_core.keyword import Keyword
from crawler_core.values import Query

__all__ = ["Event", "Kind", "Standing", "Work", "claim", "finish", "next_claim", "release", "standing", "works"]

Kind = Literal["claimed", "released", "done", "failed"]


class Work(msgspec.Struct, frozen=True, kw_only=True):
    """One keyword of a platform and day, to be crawled by one node at a time.

    Attributes:
        id: the same for the same search, so adding it twice adds it once.
        rank: order in which it is taken, the lowest first.
        date: partition day, Asia/Shanghai.
        cities: the platform's own codes, crawled one after another.
        allowance: of a crawl plan, None without one. The first that puts the work on the board decides.
    """

    id: str
    rank: int
    platform: str
    date: dt.date
    keyword: str
    cities: tuple[str, ...]
    allowance: Allowance | None = None

    @property
    def queries(self) -> list[Query]:
        """The searches of this work."""
        keyword = Keyword.parse(self.keyword)
        return [Query(self.platform, keyword, city) for city in self.cities]


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of a work's log.

    Attributes:
        node: who claimed it; of ``released`` and the ends, whose claim it was.
        at: RFC 3339 with zone, for people; no decision reads it.
        reason: why it was released, or ended.
        report: how the keyword ended, with ``done`` and ``failed``.
    """

    kind: Kind
    node: str
    at: str
    reason: str = ""
    report: KeywordReport | None = None


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """Where a work stands after its log.

    Attributes:
        seq: number of its last event, 0 without any; of a claim this is the fencing token.
        claims: how often it was claimed.
        reasons: why it was released, in order.
    """

    seq: int = 0
    last: Event | None = None
    claims: int = 0
    reasons: tuple[str, ...] = ()

    @property
    def ended(self) -> bool:
        """Nothing more will be done."""
        return self.last is not None and self.last.kind in ("done", "failed")

    @property
    def holder(self) -> str:
        """The node of the standing claim, empty when there is none."""
        return self.last.node if self.last is not None and self.last.kind == "claimed" else ""


def works(queries: Iterable[Query], date: dt.date, allowances: Mapping[str, Allowance] | None = None) -> list[Work]:
    """One work per keyword, in the order of the queries; ``allowances`` by keyword key."""
    grouped: dict[tuple[str, str], list[Query]] = {}
    for query in queries:
        cities = grouped.setdefault((query.platform, query.keyword.key), [])
        if query not in cities:
            cities.append(query)
    granted = allowances or {}
    return [
        _work(rank, date, group, granted.get(keyword)) for rank, ((_, keyword), group) in enumerate(grouped.items())
    ]


def _work(rank: int, date: dt.date, queries: Sequence[Query], allowance: Allowance | None) -> Work:
    first = queries[0]
    cities = tuple(query.city for query in queries)
    name = "\n".join((first.platform, date.isoformat(), first.keyword.key, *cities))
    digest = hashlib.sha256(name.encode()).hexdigest()[:12]
    return Work(
        id=f"{first.platform}-{date:%Y%m%d}-{digest}",
        rank=rank,
        platform=first.platform,
        date=date,
        keyword=first.keyword.text,
        cities=cities,
        allowance=allowance,
    )


def standing(events: Sequence[Event]) -> Standing:
    """Fold a log from its first event."""
    return Standing(
        seq=len(events),
        last=events[-1] if events else None,
        claims=sum(event.kind == "claimed" for event in events),
        reasons=tuple(event.reason for event in events if event.kind == "released"),
    )


def claim(now: Standing, node: str, at: str, *, alive: Callable[[str], bool]) -> Event | None:
    """The event by which ``node`` takes the work; None when it is ended or held by a node that lives."""
    if now.ended or (now.holder and (now.holder == node or alive(now.holder))):
        return None
    return Event(kind="claimed", node=node, at=at)


def release(now: Standing, token: int, at: str, reason: str) -> Event | None:
    """The event that gives a claim back; None when the claim ``token`` does not stand any more."""
    if not now.holder or now.seq != token:
        return None
    return Event(kind="released", node=now.holder, at=at, reason=reason)


def finish(now: Standing, token: int, at: str, report: KeywordReport) -> Event | None:
    """The event that ends a work with its report; None when the claim ``token`` does not stand any more."""
    if not now.holder or now.seq != token:
        return None
    kind: Kind = "done" if report.state == "done" else "failed"
    return Event(kind=kind, node=now.holder, at=at, reason=str(report.stop_reason), report=report)


def next_claim(
    board: Iterable[tuple[Work, Standing]], node: str, at: str, *, alive: Callable[[str], bool]
) -> tuple[Work, Standing, Event] | None:
    """The first work in order of rank that ``node`` may take; works nobody holds come before lapsed claims."""
    ordered = sorted(board, key=lambda pair: (bool(pair[1].holder), pair[0].rank, pair[0].id))
    for work, now in ordered:
        event = claim(now, node, at, alive=alive)
        if event is not None:
            return work, now, event
    return None
