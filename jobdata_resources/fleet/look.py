"""What a supervisor sees at one moment, put together from the cloud, the board and the roster. Values and folding."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from crawler_core.fleet.board import Beat
from crawler_core.fleet.work import Standing, Work
from jobdata_resources.fleet.closing import spent_of
from jobdata_resources.fleet.decide import Member
from jobdata_resources.fleet.ecs import Instance
from jobdata_resources.fleet.ledger import Spent
from jobdata_resources.fleet.roster import Command, Ended, Seen

__all__ = ["Look", "NodeRow", "members", "newest_beats", "node_rows"]


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeRow:
    """An instance and its node, for people: a row of the live table, the log and the report."""

    instance: str
    zone: str
    type: str
    addresses: str
    state: str
    reason: str
    holds: str
    keywords: int
    pages: int
    hours: float
    cost: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One look at a fleet.

    Attributes:
        works: by id, with where they stand.
        rows: every instance there was, the living first.
        wanted: instances the open works can keep busy.
        spent: what all cost so far.
    """

    at: dt.datetime
    works: Mapping[str, tuple[Work, Standing]]
    rows: tuple[NodeRow, ...]
    wanted: int
    spent: Spent

    @property
    def ended(self) -> int:
        """Works that are done or failed."""
        return sum(standing.ended for _, standing in self.works.values())

    @property
    def living(self) -> int:
        """Instances that are not gone."""
        return sum(row.state != "gone" for row in self.rows)


def members(
    seen: Mapping[str, Seen],
    ended: Mapping[str, Ended],
    shown: Mapping[str, Instance],
    commands: Mapping[str, Command],
    beats: Mapping[str, Beat],
    *,
    ready: set[str],
    prices: Mapping[tuple[str, str], float],
    now: dt.datetime,
) -> list[Member]:
    """The living instances as ``decide`` takes them; one that the cloud does not show counts as one that starts."""
    found = []
    for name, one in seen.items():
        if name in ended:
            continue
        instance, command, beat = shown.get(name), commands.get(name), beats.get(name)
        found.append(
            Member(
                id=name,
                status=instance.status if instance else "Pending",
                age=(now - one.started).total_seconds(),
                recycling=bool(instance and instance.recycling),
                ready=name in ready,
                starts=command.times if command else 0,
                start_age=(now - command.at).total_seconds() if command else 0.0,
                node=beat.state if beat else "",
                reason=beat.reason if beat else "",
                beat_age=(now - beat.time).total_seconds() if beat else 0.0,
                price=prices.get((one.zone, one.type), 0.0),
            )
        )
    return found


def newest_beats(beats: Sequence[Beat]) -> dict[str, Beat]:
    """The newest sign of life of each instance."""
    return {beat.instance: beat for beat in sorted(beats, key=lambda beat: beat.time)}


def node_rows(
    seen: Mapping[str, Seen],
    ended: Mapping[str, Ended],
    shown: Mapping[str, Instance],
    beats: Sequence[Beat],
    works: Mapping[str, tuple[Work, Standing]],
    now: dt.datetime,
) -> tuple[NodeRow, ...]:
    """A row per instance, the living first, in the order they came."""
    newest = newest_beats(beats)
    pages, fetched, keywords = Counter[str](), Counter[str](), Counter[str]()
    for beat in beats:
        pages[beat.instance] += beat.pages
    for _, standing in works.values():
        if standing.last is not None and standing.last.report is not None:
            # A node's last sign of life may be older than what it finished.
            instance_name = standing.last.node.rsplit(".", 1)[0]
            keywords[instance_name] += 1
            fetched[instance_name] += standing.last.report.fetched
    held: dict[str, list[str]] = {}
    for work, standing in works.values():
        if standing.holder:
            held.setdefault(standing.holder, []).append(f"{work.platform} {work.keyword}")
    rows = []
    for name, one in sorted(seen.items(), key=lambda pair: (pair[0] in ended, pair[1].started, pair[0])):
        end, sign, instance = ended.get(name), newest.get(name), shown.get(name)
        spent = spent_of(one, end, now)
        state = "gone" if end else sign.state if sign else instance.status.lower() if instance else "pending"
        rows.append(
            NodeRow(
                instance=name,
                zone=one.zone,
                type=one.type,
                addresses=" ".join((instance.addresses if instance else ()) or (end.addresses if end else ())),
                state="recycling" if instance and instance.recycling and not end else state,
                reason=end.reason if end else sign.reason if sign else "",
                holds=", ".join(held.get(sign.node, ())) if sign else "",
                keywords=keywords[name],
                pages=max(pages[name], fetched[name]),
                hours=round(spent.hours, 4),
                cost=round(spent.cost, 4),
            )
        )
    return tuple(rows)
