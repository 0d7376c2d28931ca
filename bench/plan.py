"""What a crawl plan is worth: a month of the sandbox market, crawled three ways.

``python -m bench.plan [--quick] [--days N] [--share X] [--json]`` prints a table, with ``--json`` one line of JSON.

* **full**: every keyword to the end of its lists, every day, as without a plan.
* **plan**: what the asset ``crawl_plan`` does (``make_plan`` on a control store), with ``--share`` of the full
  crawl's pages a day as budget of each platform.
* **equal**: the same budget in equal shares, every keyword from the top.

All three go through the public crawl path (``crawler_core.crawl.crawl`` with signing, paging, judging, landing and the
memory of ids) against the real sandbox, only the socket between them is left out (``sandbox_wire``). The keywords are
the twelve large ones of the market and as many of small and empty ones. The plan learns from nothing but its own
crawls and begins with an empty memory, as the full crawl does.

Wanted: the plan finds at least 95 % of the postings of the full crawl with at most 40 % of its requests, and at least
1.5 times as many a thousand requests as equal shares.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import tempfile
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from bench.sandbox_wire import SandboxWire
from crawler_core.crawl import Allowance, KeywordReport, crawl
from crawler_core.crawl.resume import judge_envelope
from crawler_core.keyword import Keyword
from crawler_core.landing import LandingZone, read_segment
from crawler_core.platforms import PLATFORMS
from crawler_core.platforms.spec import PlatformSpec
from crawler_core.values import Query
from jobdata_assets.crawl.allowances import day_allowances, record_yield
from jobdata_assets.crawl.crawl_plan import make_plan
from jobdata_resources.control import ControlStore, KeywordRow
from sandbox.market import Market
from sandbox.roles import KNOWN_ROLES

FIRST_DAY = dt.date(2026, 11, 1)
SMALL = ("插画师", "采购", "外贸业务员", "护士", "园艺师", "会计", "行政专员", "律师", "翻译", "店长", "司机", "钳工")
KEYWORDS = tuple(Keyword.parse(text) for text in (*KNOWN_ROLES, *SMALL))
FOUND, REQUESTS, BETTER = 0.95, 0.40, 1.5

Chooser = Callable[[PlatformSpec, dt.date], Mapping[str, Allowance] | None]
Listener = Callable[[KeywordReport], None]


@dataclass
class Outcome:
    """A month of one way: requests by platform and day, and the first day of every posting."""

    requests: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    first_seen: dict[tuple[str, str], dt.date] = field(default_factory=dict)

    @property
    def total(self) -> int:
        return sum(sum(days) for days in self.requests.values())


def run_month(
    choose: Chooser, days: int, folder: Path, market: Market, told: Callable[[KeywordReport], None]
) -> Outcome:
    """Crawl every platform on every day with the allowances of ``choose``."""
    outcome, wire = Outcome(), SandboxWire(FIRST_DAY, market=market, seed=market.seed)
    zone = LandingZone.from_url(f"file://{folder}")
    for number in range(days):
        day = FIRST_DAY + dt.timedelta(days=number)
        wire.move_to(day)
        for name, spec in PLATFORMS.items():
            before = wire.requests
            report = crawl(
                spec,
                [Query(name, keyword, spec.nationwide) for keyword in KEYWORDS],
                date=day,
                settings=wire.settings(),
                landing=zone,
                allowances=choose(spec, day),
                transport=wire,
                clock=wire.clock,
            )
            assert not report.unfinished, report.unfinished
            outcome.requests[name].append(wire.requests - before)
            for job_id in _landed_ids(zone, spec, day):
                outcome.first_seen.setdefault((name, job_id), day)
            for one in report.keywords:
                told(one)
    return outcome


def _landed_ids(zone: LandingZone, spec: PlatformSpec, day: dt.date) -> set[str]:
    """The postings of a day, read back from what was landed."""
    ids: set[str] = set()
    for ref in zone.segments(spec.name, day):
        query = Query(spec.name, Keyword.parse(ref.keyword), ref.city)
        for envelope in read_segment(zone.read(ref)):
            ids.update(judge_envelope(spec, query, envelope).ids)
    return ids


class Planner:
    """The plan of each day as the asset makes it, from what the control store keeps of the days before."""

    def __init__(self, store: ControlStore, budgets: Mapping[str, int], *, floor_days: int, sweep_days: int) -> None:
        self._store, self._budgets = store, budgets
        self._floor_days, self._sweep_days = floor_days, sweep_days
        for name in budgets:
            store.import_keywords(name, [KeywordRow(keyword=keyword) for keyword in KEYWORDS])

    def choose(self, spec: PlatformSpec, day: dt.date) -> dict[str, Allowance] | None:
        plan = make_plan(
            self._store,
            spec,
            day,
            budget=self._budgets[spec.name],
            floor_days=self._floor_days,
            sweep_days=self._sweep_days,
        )
        assert plan.pages <= plan.budget
        return day_allowances(self._store, spec.name, day, ())

    def told(self, report: KeywordReport) -> None:
        record_yield(self._store, report)


def equal_shares(budgets: Mapping[str, int]) -> Chooser:
    """The budget divided by the keywords; what remains goes to the first ones."""

    def choose(spec: PlatformSpec, _day: dt.date) -> dict[str, Allowance]:
        each, more = divmod(budgets[spec.name], len(KEYWORDS))
        return {keyword.key: Allowance(each + (place < more), sweep=True) for place, keyword in enumerate(KEYWORDS)}

    return choose


def measure(days: int, share: float, floor_days: int, sweep_days: int, seed: int) -> dict[str, Any]:
    market = Market(seed)
    with tempfile.TemporaryDirectory(prefix="bench-plan-") as folder:
        home = Path(folder)
        full = run_month(lambda _spec, _day: None, days, home / "full", market, lambda _: None)
        budgets = {name: max(1, int(share * sum(spent) / days)) for name, spent in full.requests.items()}
        with ControlStore(f"sqlite:///{home / 'control.db'}") as store:
            store.migrate()
            planner = Planner(store, budgets, floor_days=floor_days, sweep_days=sweep_days)
            plan = run_month(planner.choose, days, home / "plan", market, planner.told)
        equal = run_month(equal_shares(budgets), days, home / "equal", market, lambda _: None)
    return {
        "days": days,
        "keywords": len(KEYWORDS),
        "budgets": budgets,
        "missed": _missed(plan, full, days),
        "ways": {name: _figures(way, full) for name, way in (("full", full), ("plan", plan), ("equal", equal))},
    }


def _figures(way: Outcome, full: Outcome) -> dict[str, Any]:
    later = {job for job, day in full.first_seen.items() if day > FIRST_DAY}
    common = way.first_seen.keys() & full.first_seen.keys()
    delay = [(way.first_seen[job] - full.first_seen[job]).days for job in common if job in later]
    return {
        "requests": way.total,
        "requests_share": round(way.total / full.total, 4),
        "found": len(way.first_seen),
        "found_share": round(len(common) / len(full.first_seen), 4),
        "found_share_after_first_day": round(len(later & common) / len(later), 4) if later else None,
        "days_late": round(sum(delay) / len(delay), 2) if delay else None,
        "per_thousand": round(1000 * len(way.first_seen) / way.total, 1),
        "by_platform": {name: sum(spent) for name, spent in way.requests.items()},
    }


def _missed(plan: Outcome, full: Outcome, days: int) -> dict[str, int]:
    """When the postings that the plan never saw were first seen by the full crawl."""
    seen = [(day - FIRST_DAY).days for job, day in full.first_seen.items() if job not in plan.first_seen]
    return {
        "first day": sum(day == 0 for day in seen),
        "last three days": sum(day >= days - 3 for day in seen),
        "between": sum(0 < day < days - 3 for day in seen),
    }


def report(result: dict[str, Any]) -> None:
    table = Table(
        title=f"{result['days']} days, {result['keywords']} keywords, 3 platforms; budget {result['budgets']}"
    )
    columns = ("way", "requests", "of full", "found", "of full", "opened later", "days late", "per 1,000 requests")
    for column in columns:
        table.add_column(column, justify="left" if column == "way" else "right")
    for name, one in result["ways"].items():
        later, late = one["found_share_after_first_day"], one["days_late"]
        table.add_row(
            *(name, f"{one['requests']:,}", f"{one['requests_share']:.1%}", f"{one['found']:,}"),
            *(f"{one['found_share']:.1%}", "-" if later is None else f"{later:.1%}"),
            *("-" if late is None else f"{late:.1f}", f"{one['per_thousand']:.0f}"),
        )
    Console(width=120).print(table)
    print(f"missed by the plan, by the day of the full crawl's first sight: {result['missed']}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="eight days")
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--share", type=float, default=0.42, help="budget as a share of the full crawl's pages")
    parser.add_argument("--floor-days", type=int, default=3)
    parser.add_argument("--sweep-days", type=int, default=7)
    parser.add_argument("--seed", type=int, default=7, help="of the market")
    parser.add_argument("--json", action="store_true", help="print one line of JSON and no table")
    arguments = parser.parse_args()
    days = 8 if arguments.quick else arguments.days
    result = measure(days, arguments.share, arguments.floor_days, arguments.sweep_days, arguments.seed)
    plan, equal = result["ways"]["plan"], result["ways"]["equal"]
    better = plan["per_thousand"] / equal["per_thousand"]
    held = {
        f"the plan finds {plan['found_share']:.1%} of the full crawl's postings >= {FOUND:.0%}": (
            plan["found_share"] >= FOUND
        ),
        f"with {plan['requests_share']:.1%} of its requests <= {REQUESTS:.0%}": plan["requests_share"] <= REQUESTS,
        f"and {better:.2f} times as many a thousand requests as equal shares >= {BETTER}": better >= BETTER,
    }
    if arguments.json:
        print(json.dumps({**result, "better": round(better, 3), "held": held}, ensure_ascii=False))
    else:
        report(result)
        for text, kept in held.items():
            print(f"{'held  ' if kept else 'MISSED'} {text}")
    raise SystemExit(0 if all(held.values()) or arguments.quick else 1)


if __name__ == "__main__":
    main()
