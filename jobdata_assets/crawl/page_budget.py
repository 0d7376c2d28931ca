"""How many pages each keyword of a platform gets on a day: a pure function of what earlier days have shown.

Knows neither Dagster nor the crawler: keywords are names, pages are numbers. ``crawl_plan`` feeds it.

    1. floor     whoever has waited ``floor_days`` gets a page per search, longest wait first
    2. overdue   whoever was not crawled to the end for ``sweep_days`` is, longest wait first
    3. the rest  goes page by page to where a page is expected to bring most: a sweep of what has gathered since
                 the last one, or another page from the top of the list

Nothing is ever granted beyond the budget: when it does not reach for all floors, those who waited longest come first,
so everybody's turn comes. A keyword that gets nothing today rests.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import median

__all__ = ["Candidate", "DayYield", "PlannedPages", "candidates", "plan_pages"]

_TURNOVER_DAYS = 30
"""Before a second sweep has measured it, a list is taken to be replaced once in a month."""

_FIRST_PAGES = 5
"""Pages of a list of which nothing is known, and no other keyword tells."""

_WORTH = 0.05
"""A page expected to bring fewer new postings than this is not asked for, whatever is left of the budget."""

_SWEEPS, _TOPS = 4, 14
"""How many of the newest sweeps, and of the newest other days, the rates are taken from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DayYield:
    """What a keyword's crawl of one day brought.

    Attributes:
        pages: fetched; 0 on a day of rest.
        fresh: postings it had not shown on an earlier day.
        complete: every list was read to its end.
        sweep: it was meant to be read to its end.
    """

    date: dt.date
    pages: int
    fresh: int
    complete: bool
    sweep: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A keyword and what is known of it.

    Attributes:
        searches: cities it is searched in; its floor is a page in each.
        waited: days since a page was fetched, ``swept`` since it was last swept; None for never.
        size: pages of its lists to the end, as far as known.
        top: new postings that a page from the top brings.
        deep: new postings that gather in a day and that only a sweep finds.
    """

    keyword: str
    searches: int = 1
    waited: int | None
    swept: int | None
    size: int
    top: float
    deep: float


@dataclass(frozen=True, slots=True)
class PlannedPages:
    """The decision on a keyword, with its reason in one line."""

    keyword: str
    pages: int
    sweep: bool
    reason: str


def plan_pages(
    wanted: Sequence[Candidate], *, budget: int, floor_days: int, sweep_days: int
) -> tuple[PlannedPages, ...]:
    """Divide the budget of a day; the answer is in the order given.

    Args:
        budget: pages of the day, all keywords together.
        floor_days: every keyword is asked at least once in so many days, as far as the budget reaches.
        sweep_days: every keyword is read to its end at least once in so many days, as far as the budget reaches.
    """
    purse = _Purse(budget)
    for one in sorted(wanted, key=lambda one: -_never(one.waited)):
        if _never(one.waited) >= floor_days:
            purse.take(one, one.searches, f"floor: {_ago(one.waited, 'asked')}")
    most = _most(budget)
    for one in sorted(wanted, key=lambda one: -_never(one.swept)):
        if _never(one.swept) >= sweep_days:
            purse.sweep(one, most, f"sweep: {_ago(one.swept, 'swept')}")
    for worth, depth, one in _offers(wanted):
        if depth:
            purse.deepen(one, depth, f"top: {worth:.2f} new expected on its last page")
        else:
            gathered = one.deep * _never(one.swept)
            size = max(1, one.size)
            purse.sweep(one, most, f"sweep: about {gathered:.1f} new in {size} page{'s' if size != 1 else ''}")
    return tuple(purse.decision(one) for one in wanted)


def candidates(
    history: Mapping[str, Sequence[DayYield]],
    *,
    searches: Mapping[str, int],
    date: dt.date,
    budget: int,
    page_cap: int,
) -> list[Candidate]:
    """The keywords with their rates, from what earlier days brought.

    Args:
        history: days of each keyword in any order; days from ``date`` on are left out.
        searches: all keywords, with the number of their cities.
        budget: the pages of a day; a sweep that took all it could get of it counts, although the list goes on.
        page_cap: pages of one list at most.
    """
    found = []
    for keyword, count in searches.items():
        rows = sorted((row for row in history.get(keyword, ()) if row.date < date and row.pages), key=_day)
        found.append(_candidate(keyword, count, rows, date, _most(budget)))
    sizes = [one.size for one in found if one.size]
    guess = round(median(sizes)) if sizes else _FIRST_PAGES
    filled = [one if one.size else replace(one, size=guess * one.searches) for one in found]
    return [replace(one, size=min(one.size, page_cap * one.searches)) for one in filled]


def _candidate(keyword: str, searches: int, asked: Sequence[DayYield], date: dt.date, most: int) -> Candidate:
    sweeps = [row for row in asked if row.complete or (row.sweep and row.pages >= most)][-_SWEEPS:]
    tops = [row for row in asked if not (row.sweep or row.complete)][-_TOPS:]
    # A sweep that was cut off: the list goes on, as far again for all that is known.
    size, deep = max((2 * row.pages for row in asked if row.sweep and not row.complete), default=0), 0.0
    if sweeps:
        last = sweeps[-1]
        size = last.pages if last.complete else size
        days = (last.date - sweeps[0].date).days
        deep = sum(row.fresh for row in sweeps[1:]) / days if days else last.fresh / _TURNOVER_DAYS
    # One more page of the average list: a day or two without luck do not make a keyword worthless.
    pages, fresh = sum(row.pages for row in tops), sum(row.fresh for row in tops)
    even = deep / size if size else 1.0
    return Candidate(
        keyword=keyword,
        searches=searches,
        waited=(date - asked[-1].date).days if asked else None,
        swept=(date - sweeps[-1].date).days if sweeps else None,
        size=size,
        top=(fresh + even) / (pages + 1),
        deep=deep,
    )


class _Purse:
    """What is left of the budget, and who got what."""

    def __init__(self, budget: int) -> None:
        self._left = budget
        self._pages: dict[str, int] = {}
        self._why: dict[str, str] = {}
        self._swept: set[str] = set()

    def take(self, one: Candidate, pages: int, why: str) -> None:
        """Raise a keyword to so many pages, if the budget reaches."""
        more = max(0, pages - self._pages.get(one.keyword, 0))
        if one.keyword in self._swept or more > self._left:
            return
        self._left -= more
        self._pages[one.keyword] = max(pages, self._pages.get(one.keyword, 0))
        self._why[one.keyword] = why

    def deepen(self, one: Candidate, depth: int, why: str) -> None:
        """So many pages of each of its searches, if that is more than it has."""
        if depth * one.searches > self._pages.get(one.keyword, 0):
            self.take(one, depth * one.searches, why)

    def sweep(self, one: Candidate, most: int, why: str) -> None:
        """All its pages, and no early stop."""
        before = one.keyword in self._swept
        self.take(one, min(max(one.size, one.searches), most), why)
        if not before and self._why.get(one.keyword) == why:
            self._swept.add(one.keyword)

    def decision(self, one: Candidate) -> PlannedPages:
        """What the keyword got."""
        rest = f"rests: {_ago(one.waited, 'asked')}" if one.waited is not None else "rests: no budget left"
        pages = self._pages.get(one.keyword, 0)
        return PlannedPages(one.keyword, pages, one.keyword in self._swept, self._why.get(one.keyword, rest))


def _offers(wanted: Sequence[Candidate]) -> list[tuple[float, int, Candidate]]:
    """What more pages would bring, best first: new postings per page, depth from the top or 0 for a sweep, and whose.

    The second page from the top is worth half of the first, the third a third: newer postings stand higher, and a
    page that shows nothing new ends the search.
    """
    offers = [(one.deep * _never(one.swept) / max(1, one.size), 0, one) for one in wanted if one.swept]
    offers += [
        (one.top / depth, depth, one) for one in wanted for depth in range(1, max(1, one.size // one.searches) + 1)
    ]
    return sorted((offer for offer in offers if offer[0] >= _WORTH), key=lambda offer: -offer[0])


def _most(budget: int) -> int:
    """One keyword may take half of a day: a larger one must not keep the others from their turn."""
    return max(1, budget // 2)


def _never(days: int | None) -> int:
    """Days of waiting, for sorting and comparing; never is longest."""
    return 1_000_000 if days is None else days


def _ago(days: int | None, what: str) -> str:
    if days is None:
        return f"never {what}"
    return f"last {what} {days} day{'s' if days != 1 else ''} ago"


def _day(row: DayYield) -> dt.date:
    return row.date
