"""Runs a fleet for one board: looks, decides, acts, until the works are done; then nothing is left of it.

All it knows is in the bucket and at the cloud, so a supervisor that was killed is replaced by another, which looks and
goes on. What is decided is in ``decide``; what instances cost is in ``ledger``; here it is carried out.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from crawler_core.crawl.report import CheckpointUpdate, KeywordReport
from crawler_core.errors import CrawlError
from crawler_core.fleet.board import Beat, Board
from crawler_core.fleet.work import Work
from crawler_core.outcome import Outcome
from crawler_core.values import SHANGHAI
from jobdata_resources.fleet.closing import close_board, end_instance, tally
from jobdata_resources.fleet.decide import Decision, Limits, Member, decide
from jobdata_resources.fleet.ecs import Instance
from jobdata_resources.fleet.errors import FleetError, FleetRefused, FleetUnavailable, TakenOver
from jobdata_resources.fleet.hands import Hands
from jobdata_resources.fleet.look import Look, NodeRow, members, newest_beats, node_rows
from jobdata_resources.fleet.plan import wanted_instances
from jobdata_resources.fleet.roster import Closing, Roster

__all__ = ["Listener", "Result", "Supervisor"]

_GIVE_UP_CLAIMS = 20
"""A keyword that this many nodes took and none finished is not tried again: it is the keyword."""

_SILENT_STARTS = 3
"""Instances that never answered before it is taken to be the artefact or the image, not the instances."""

_BROKEN_NODES = 3
"""Nodes that failed before any keyword was finished: the next would fail as they did."""

_UNSEEN_SECONDS = 60.0
"""An instance the cloud does not show for this long is gone: stock can fail after the ids were given."""

_RELEASE_SECONDS = 600.0
_LOG_SECONDS = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Listener:
    """Who is told: keywords as they end, progress, lines for the log, and every look."""

    keyword: Callable[[KeywordReport, str], None]
    checkpoint: Callable[[CheckpointUpdate], None]
    line: Callable[[str], None]
    look: Callable[[Look], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """How a board went: ``stop_reason`` is empty when every work was tried."""

    board: str
    reports: tuple[KeywordReport, ...]
    rows: tuple[NodeRow, ...]
    closing: Closing | None
    stop_reason: str


class Supervisor:
    """One supervisor of one board; ``run`` may be called once."""

    def __init__(
        self,
        board: Board,
        roster: Roster,
        hands: Hands,
        listener: Listener,
        *,
        who: str,
        now: Callable[[], dt.datetime] = lambda: dt.datetime.now(SHANGHAI),
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._board, self._roster, self._hands, self._listener = board, roster, hands, listener
        self._settings = hands.settings
        self._who, self._now, self._sleep = who, now, sleep
        self._number = 0
        self._told: dict[str, KeywordReport] = {}
        self._progress: dict[tuple[str, str, str], int] = {}
        self._unseen: dict[str, float] = {}
        self._living: set[str] = set()
        self._empty_since: float | None = None
        self._logged = float("-inf")
        self._look: Look | None = None

    def run(self, works: Sequence[Work]) -> Result:
        """Do the works, and release everything whatever happens.

        Raises:
            TakenOver: a younger supervisor has the fleet; nothing was released.
            FleetError: the cloud refuses; everything that could be released was.
        """
        self._board.add(works)
        self._number = self._roster.supervise(self._who)
        stop = "interrupted"
        owner = True
        try:
            while not (over := self._turn()):
                self._sleep(self._settings.fleet_poll_seconds)
            stop = "" if over == "done" else over
        except TakenOver:
            owner = False
            raise
        except CrawlError as error:
            stop = str(error)
            raise
        finally:
            closing = self._release(stop or "done") if owner else None
        return Result(
            board=self._board.name,
            reports=tuple(self._told.values()),
            rows=self._look.rows if self._look else (),
            closing=closing,
            stop_reason=stop,
        )

    def finish_off(self) -> Closing:
        """Release what is left of a board that was told to stop; its supervisor did not come to it."""
        self._number = self._roster.supervise(self._who)
        return self._release(self._board.stopped or "finished off")

    # ---- one turn

    def _turn(self) -> str:
        """Look, tell, decide, act; why it is over, empty while it is not."""
        if self._roster.supervisor() != self._number:
            raise TakenOver(f"another supervisor runs board {self._board.name} now; this one stops")
        now = self._now()
        self._roster.watch(now)
        works = self._board.read()
        beats = self._board.beats()
        shown = self._hands.shown(self._board.name)
        if shown is not None:
            self._note(shown, beats, now)
        seen, ended = self._roster.seen(), self._roster.ended()
        newest = newest_beats(beats)
        running = [
            name
            for name, one in (shown or {}).items()
            if one.status == "Running" and name not in ended and name not in newest
        ]
        commands = self._roster.commands()
        everyone = members(
            seen,
            ended,
            shown or {},
            commands,
            newest,
            ready=self._hands.ready(running),
            prices=self._hands.prices(),
            now=now,
        )
        open_works: dict[str, int] = {}
        for work, standing in works.values():
            if not standing.ended:
                open_works[work.platform] = open_works.get(work.platform, 0) + 1
        wanted = wanted_instances(
            open_works, most=self._settings.fleet_instances, tokens=self._hands.token_limits(open_works)
        )
        self._look = Look(
            at=now,
            works=works,
            rows=node_rows(seen, ended, shown or {}, beats, works, now),
            wanted=wanted,
            spent=tally(self._roster, now),
        )
        self._tell(self._look, beats)
        self._hands.refuse(beats)
        for name in newest.keys() - self._living:
            self._roster.forget_secret(name)  # its node has read it
        self._living |= newest.keys()
        over = self._over(open_works, beats, wanted)
        if not over and shown is not None:
            decision = decide(everyone, wanted=wanted, limits=self._limits())
            self._act(decision, everyone)
        return over

    def _limits(self) -> Limits:
        return Limits(
            boot=self._settings.fleet_boot_seconds,
            silent=1.5 * self._hands.lease_seconds,
            price=self._settings.fleet_price_limit,
        )

    def _note(self, shown: dict[str, Instance], beats: Sequence[Beat], now: dt.datetime) -> None:
        """Write down instances that are new, and the end of those that are gone."""
        for instance in shown.values():
            self._hands.meet(instance, self._roster)
        ended = self._roster.ended()
        newest = newest_beats(beats)
        grace = min(_UNSEEN_SECONDS, self._settings.fleet_boot_seconds)
        for name in self._roster.seen():
            if name in ended or name in shown:
                self._unseen.pop(name, None)
                continue
            since = self._unseen.setdefault(name, time.monotonic())
            beat = newest.get(name)
            heard = beat is not None and (beat.state == "gone" or not beat.alive(now))
            if heard or time.monotonic() - since > grace:
                self._end(name, beat.reason if beat and beat.state == "gone" and beat.reason else "vanished")

    def _over(self, open_works: dict[str, int], beats: Sequence[Beat], wanted: int) -> str:
        if not open_works:
            return "done"
        changed = sorted({name for beat in beats for name, why in beat.closed.items() if why == Outcome.SCHEMA_CHANGED})
        if changed:
            return f"keywords in a row met a changed schema on {', '.join(changed)}; the parser must be looked at"
        broken = [beat.detail for beat in beats if beat.state == "gone" and beat.reason == "error"]
        if len(broken) >= _BROKEN_NODES and not any(beat.keywords for beat in beats):
            return f"{len(broken)} nodes ended with an error and none finished a keyword: {broken[-1]}"
        if not wanted:
            return "no active Boss token is left; add some with `jobdata token import FILE`"
        if self._board.stopped:
            return f"stopped: {self._board.stopped}"
        return ""

    # ---- acting

    def _act(self, decision: Decision, everyone: Sequence[Member]) -> None:
        if decision.delete:
            for name in sorted(self._hands.delete(decision.delete.keys())):
                self._end(name, decision.delete[name])
                self._listener.line(f"{name}: released: {decision.delete[name]}")
            self._check_silent()
        for name in decision.start:
            self._hands.start(name, self._board.name, self._roster, self._now())
        if decision.launch:
            self._hands.launch(decision.launch, self._board.name, self._roster, self._now(), self._listener.line)
        self._check_empty(len(everyone) - len(decision.delete) or len(self._roster.seen()) > len(self._roster.ended()))

    def _end(self, name: str, reason: str) -> None:
        end_instance(self._board, self._roster, name, self._hands.obituary(name, reason))
        self._hands.give_back(name)

    def _check_empty(self, living: int) -> None:
        """Give up when there has been no instance for too long; what keeps them away is in the hands' trouble."""
        if living or not self._hands.trouble:
            self._empty_since = None
            return
        self._empty_since = self._empty_since if self._empty_since is not None else time.monotonic()
        if self._hands.hopeless or time.monotonic() - self._empty_since > self._settings.fleet_stock_seconds:
            raise FleetError(f"no instance is to be had: {self._hands.trouble}")

    def _check_silent(self) -> None:
        if self._board.beats():
            return
        silent = [name for name, end in self._roster.ended().items() if end.reason == "silent since its start"]
        if len(silent) >= _SILENT_STARTS:
            raise FleetRefused(
                f"{len(silent)} instances started and no node answered; the last said: {self._hands.output(silent[-1])}"
            )

    # ---- telling

    def _tell(self, look: Look, beats: Sequence[Beat]) -> None:
        for name, (work, standing) in look.works.items():
            if name in self._told:
                continue
            if standing.last is not None and standing.last.report is not None:
                self._told[name] = standing.last.report
                self._listener.keyword(standing.last.report, standing.last.node)
            elif not standing.holder and standing.claims >= _GIVE_UP_CLAIMS:
                self._give_up(work, standing.reasons)
        for beat in beats:
            for update in beat.progress:
                key = (update.platform, update.keyword, update.city)
                if self._progress.get(key, 0) < update.pages:
                    self._progress[key] = update.pages
                    self._listener.checkpoint(update)
        self._listener.look(look)
        if time.monotonic() - self._logged >= _LOG_SECONDS:
            self._logged = time.monotonic()
            self._listener.line(
                f"{self._board.name}: {look.ended} of {len(look.works)} keywords ended, {look.living} instances of"
                f" {look.wanted} wanted, {sum(row.pages for row in look.rows)} pages, CNY {look.spent.cost:.3f}"
            )

    def _give_up(self, work: Work, reasons: Sequence[str]) -> None:
        claim = self._board.take_one(work.id, "supervisor")
        if claim is not None:
            report = KeywordReport(
                platform=work.platform,
                date=work.date,
                keyword=work.keyword,
                state="failed",
                stop_reason="given_up",
                pages=0,
                records=0,
                error=f"{_GIVE_UP_CLAIMS} nodes took it and none finished it; last: {', '.join(reasons[-3:])}",
            )
            self._board.finish(claim, report)

    # ---- the end

    def _release(self, reason: str) -> Closing:
        """Stop the nodes, delete every instance of the board, settle and close.

        Raises:
            FleetUnavailable: the cloud does not confirm; names what may be left and when it ends by itself.
        """
        self._board.stop(reason)
        self._drain()
        deadline = time.monotonic() + _RELEASE_SECONDS
        left: list[str] = []
        clear = 0
        while clear < 2:  # one that is late to show itself must not be missed
            shown = self._hands.shown(self._board.name)
            if shown is not None:
                for instance in shown.values():
                    self._hands.meet(instance, self._roster)
                left = sorted(shown)
                for name in self._hands.delete(left) if left else ():
                    self._end(name, self._reason_of(name))
                clear = 0 if left else clear + 1
            if time.monotonic() > deadline:
                raise FleetUnavailable(
                    f"{len(left) or 'some'} instances of board {self._board.name} may be left; run `jobdata fleet stop"
                    f" --all`. The cloud releases them after FLEET_HOURS={self._settings.fleet_hours:g}"
                )
            self._sleep(min(1.0, self._settings.fleet_poll_seconds))
        ended = self._roster.ended()
        for name in self._roster.seen():
            if name not in ended:
                self._end(name, "vanished")
        self._hands.give_back_all()
        now = self._now()
        closing = close_board(self._board, self._roster, self._hands.ledger, now=now, reason=reason)
        works, beats = self._board.read(), self._board.beats()
        self._look = Look(
            at=now,
            works=works,
            rows=node_rows(self._roster.seen(), self._roster.ended(), {}, beats, works, now),
            wanted=0,
            spent=tally(self._roster, now),
        )
        self._tell(self._look, beats)
        return closing

    def _drain(self) -> None:
        """Wait for the nodes to land what they have; with everything ended there is nothing to wait for."""
        deadline = time.monotonic() + self._settings.fleet_drain_seconds
        while time.monotonic() < deadline:
            now = self._now()
            holders = {standing.holder for _, standing in self._board.read().values() if standing.holder}
            if not any(beat.alive(now) and beat.node in holders for beat in self._board.beats()):
                return
            self._sleep(min(1.0, self._settings.fleet_poll_seconds))

    def _reason_of(self, name: str) -> str:
        beat = newest_beats(self._board.beats()).get(name)
        return beat.reason if beat is not None and beat.state == "gone" and beat.reason else "done"
