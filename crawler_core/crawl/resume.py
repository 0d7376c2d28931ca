"""Where a search stands after what is landed: the ids it has seen and what its next request must carry."""

from __future__ import annotations

from dataclasses import dataclass, field

from crawler_core.landing import CityProgress, Envelope, KeywordLanding, LandingZone, read_segment
from crawler_core.outcome import POLICY, Outcome, Stop
from crawler_core.platforms.spec import PlatformSpec
from crawler_core.values import PageRef, Query, Response, Verdict

__all__ = ["SearchState", "judge_envelope", "restore"]


@dataclass(slots=True)
class SearchState:
    """The memory of one search.

    Attributes:
        seen: record ids met so far.
        carry: values one page hands to the next (51job ``requestId``).
        ended: why the search is over, empty while it is not.
    """

    seen: set[str] = field(default_factory=set)
    carry: dict[str, str] = field(default_factory=dict)
    ended: str = ""

    def completes(self, verdict: Verdict) -> bool:
        """Whether with this page every record that the platform counts is here: the page after would be empty."""
        return verdict.total is not None and len(self.seen) + len(set(verdict.ids) - self.seen) >= verdict.total

    def take(self, verdict: Verdict) -> int:
        """Remember a page that counted; returns how many ids were new."""
        before = len(self.seen)
        self.seen.update(verdict.ids)
        self.carry.update(verdict.carry)
        new = len(self.seen) - before
        if POLICY[verdict.outcome].stop is Stop.DONE:
            self.ended = verdict.outcome
        elif verdict.records and not new:
            # A list that ignores the page number serves the same ids for ever and would eat the budget.
            self.ended = "no_new_ids"
        elif self.completes(verdict):
            # A landed page that is judged again: it was landed as the last one.
            self.ended = Outcome.LAST
        return new


def judge_envelope(spec: PlatformSpec, query: Query, envelope: Envelope) -> Verdict:
    """Judge a landed page again."""
    response = Response(
        status=envelope.status or 0, headers={}, body=envelope.body_bytes(), latency_ms=envelope.latency_ms
    )
    return spec.judge(response, PageRef(query, envelope.page))


def restore(spec: PlatformSpec, query: Query, zone: LandingZone, landing: KeywordLanding) -> SearchState:
    """Adopt what a killed crawl left and read the landed pages of a search again.

    Raises:
        CorruptSegment: a committed segment does not match its manifest; nothing is fetched on top of it.
    """
    if landing.fresh and not zone.names(landing.folder):
        return SearchState()
    landing.adopt(
        query.city,
        lambda envelope: judge_envelope(spec, query, envelope).records if _counts(envelope) else 0,
    )
    state = SearchState()
    progress: CityProgress = landing.city(query.city)
    if progress.state == "done":
        return state
    for ref in zone.refs(landing.manifest):
        if ref.city == query.city:
            for envelope in read_segment(zone.read(ref)):
                if _counts(envelope):
                    state.take(judge_envelope(spec, query, envelope))
    return state


def _counts(envelope: Envelope) -> bool:
    return envelope.kind == "search" and POLICY[Outcome(envelope.outcome)].advances
