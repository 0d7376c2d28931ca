"""What the fleet did on a day, read from the boards: instances, hours, CNY, pages, by platform. No cloud is asked."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from crawler_core.fleet.board import Board
from crawler_core.landing import LandingZone
from jobdata_resources.fleet.closing import tally
from jobdata_resources.fleet.look import NodeRow, node_rows
from jobdata_resources.fleet.roster import Roster, boards

__all__ = ["BoardReport", "day_reports", "rate"]


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardReport:
    """One board of the day.

    Attributes:
        pages: fetched by its nodes; ``keywords`` ended, of ``works``.
        hours, cost: of all instances together, CNY; of an open board so far.
        lost: instances that ended otherwise than with the work, by reason.
    """

    board: str
    platform: str
    open: bool
    reason: str
    instances: int
    hours: float
    cost: float
    pages: int
    keywords: int
    works: int
    lost: dict[str, int]
    rows: tuple[NodeRow, ...]


def day_reports(zone: LandingZone, platforms: list[str], date: dt.date, now: dt.datetime) -> list[BoardReport]:
    """The boards of some platforms on a day, in order."""
    names = boards(zone)
    return [
        _report(zone, name, platform, now)
        for platform in platforms
        for name in names
        if name.startswith(f"{platform}-{date:%Y%m%d}-")
    ]


def rate(cost: float, count: int, per: int = 1) -> float | None:
    """CNY per so many; None when there were none."""
    return round(cost / count * per, 4) if count else None


def _report(zone: LandingZone, name: str, platform: str, now: dt.datetime) -> BoardReport:
    board, roster = Board(zone, name), Roster(zone, name)
    closing, works, ended = roster.closed(), board.read(), roster.ended()
    total = tally(roster, now)
    lost: dict[str, int] = {}
    for end in ended.values():
        if end.reason not in ("done", "stop", "idle"):
            lost[end.reason] = lost.get(end.reason, 0) + 1
    rows = node_rows(roster.seen(), ended, {}, board.beats(), works, now)
    return BoardReport(
        board=name,
        platform=platform,
        open=closing is None,
        reason=closing.reason if closing else "open",
        instances=total.instances,
        hours=round(total.hours, 4),
        cost=round(total.cost, 4),
        pages=sum(row.pages for row in rows),
        keywords=sum(standing.ended for _, standing in works.values()),
        works=len(works),
        lost=lost,
        rows=rows,
    )
