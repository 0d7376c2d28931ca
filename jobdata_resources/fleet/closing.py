"""The end of instances and of a board: what they cost is written down, and the landed pages are put in order.

The supervisor and the reaper both end things; what either has written stands, so it does not matter who is first.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict

from crawler_core.fleet.board import Board
from crawler_core.fleet.mend import mend
from crawler_core.values import SHANGHAI
from jobdata_resources.fleet.ledger import Ledger, Spent
from jobdata_resources.fleet.roster import Closing, Ended, Roster, Seen

__all__ = ["close_board", "end_instance", "spent_of", "tally"]


def end_instance(board: Board, roster: Roster, instance: str, ended: Ended) -> bool:
    """Write down the end of an instance and free what its nodes hold; False when it was known."""
    first = roster.end(instance, ended)
    roster.forget_secret(instance)
    for beat in board.beats():
        if beat.instance == instance:
            board.revoke(beat.node, ended.reason)
    return first


def spent_of(seen: Seen, ended: Ended | None, now: dt.datetime) -> Spent:
    """What an instance has cost so far, or in all. Billed by the second, at the highest price it was seen at."""
    until = ended.at if ended else now
    hours = max(0.0, (until - seen.started).total_seconds() / 3600)
    return Spent(instances=1, hours=hours, cost=hours * max(seen.price, ended.price if ended else 0.0))


def tally(roster: Roster, now: dt.datetime) -> Spent:
    """What all instances of a board have cost."""
    total, ended = Spent(), roster.ended()
    for name, seen in roster.seen().items():
        total = total.plus(spent_of(seen, ended.get(name), now))
    return total


def close_board(board: Board, roster: Roster, ledger: Ledger, *, now: dt.datetime, reason: str) -> Closing:
    """Settle the bookings, mend the manifests, and close; call it when no instance is left.

    Raises:
        LandingError: the store failed; it may be called again.
    """
    board.stop(reason)
    works = board.read().values()
    for work, standing in works:
        if standing.last is not None and standing.last.report is not None:
            mend(board.zone, work, standing.last.report)
    by_booking: dict[str, Spent] = defaultdict(Spent)
    ended = roster.ended()
    for name, seen in roster.seen().items():
        by_booking[seen.booking] = by_booking[seen.booking].plus(spent_of(seen, ended.get(name), now))
    for booking in ledger.open_bookings(board.name, now.astimezone(SHANGHAI).date()):
        ledger.settle(booking, by_booking[booking.id])
    total = tally(roster, now)
    closing = Closing(
        at=now,
        reason=reason,
        instances=total.instances,
        hours=round(total.hours, 4),
        cost=round(total.cost, 4),
        pages=sum(standing.last.report.pages for _, standing in works if standing.last and standing.last.report),
        keywords=sum(standing.ended for _, standing in works),
    )
    roster.close(closing)
    return closing
