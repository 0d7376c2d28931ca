"""The incident engine: evidence in, incidents and due mails out. Pure; time is an argument.

    (none) ──bad──► new ──mail accepted──► open ──good──► healed ──all-clear accepted──► closed
                     │                      │  ▲             │
                     │                      └──┘             └──bad──► open (the all-clear is not sent)
                     │                   reminder accepted
                     └──good──► healed, not told: its mail is still sent, then its all-clear

* Incidents are stored before their mails are sent, so a mail server that is down loses nothing.
* A mail is stored as sent after the server accepted it: whoever is killed between the two sends it once more.
* The time to the next reminder begins when a mail was *accepted*, not when it was made.
* Evidence carries its own time. What is not newer than the newest known evidence of the same subject is not news, so
  a sensor may tell the same thing twice after a tick that failed.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Literal

from jobdata_resources.alerts.kinds import KINDS
from jobdata_resources.alerts.story import Story
from jobdata_resources.control import IncidentRecord

__all__ = ["Due", "Evidence", "Occasion", "accepted", "due_mails", "fingerprint", "fold"]

Occasion = Literal["new", "reminder", "all_clear"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What was seen of one subject.

    Attributes:
        kind: a key of ``KINDS``.
        subject: what it is about (a job, a table, an address); the same words each time.
        bad: whether it is wrong now; False is evidence that it is well.
        at: when that was so, zone-aware.
        story: what is to be told; of good evidence, only ``healed`` is read.
    """

    kind: str
    subject: str
    bad: bool
    at: dt.datetime
    story: Story


@dataclass(frozen=True, slots=True)
class Due:
    """A mail that is to be sent."""

    incident: IncidentRecord
    occasion: Occasion


def fingerprint(kind: str, subject: str) -> str:
    """What identifies the incident of a subject: one is open at a time."""
    return sha256(f"{kind}\n{subject}".encode()).hexdigest()[:16]


def fold(
    known: Mapping[str, IncidentRecord], evidence: Iterable[Evidence], *, complete_at: dt.datetime | None = None
) -> list[IncidentRecord]:
    """The incidents that are new or changed.

    Args:
        known: the newest incident of each fingerprint of the kind, closed or not.
        evidence: in the order in which it happened.
        complete_at: the evidence is all there is at this time: an open incident it does not name is healed.
    """
    state = dict(known)
    changed: dict[tuple[str, dt.datetime], IncidentRecord] = {}
    named: set[str] = set()
    for one in evidence:
        key = fingerprint(one.kind, one.subject)
        named.add(key)
        after = _after(state.get(key), one, key)
        if after is not None:
            state[key] = changed[key, after.opened_at] = after
    if complete_at is not None:
        for key, incident in state.items():
            if key not in named and incident.healed_at is None:
                changed[key, incident.opened_at] = _heal(incident, complete_at, "")
    return list(changed.values())


def _after(incident: IncidentRecord | None, one: Evidence, key: str) -> IncidentRecord | None:
    """The incident after a piece of evidence; None when that changes nothing."""
    if incident is not None and one.at <= incident.seen_at:
        return None
    if not one.bad:
        if incident is None or incident.healed_at is not None:
            return None
        return _heal(incident, one.at, one.story.healed)
    if incident is None or incident.closed_at is not None:
        return IncidentRecord(
            fingerprint=key,
            kind=one.kind,
            subject=one.subject,
            opened_at=one.at,
            seen_at=one.at,
            story=one.story.dump(),
        )
    before = Story.parse(incident.story)
    again = one.story.run_id not in ("", before.run_id)
    story = replace(one.story, since=min(before.since, one.story.since), times=before.times + again)
    return replace(incident, seen_at=one.at, healed_at=None, story=story.dump())


def _heal(incident: IncidentRecord, at: dt.datetime, how: str) -> IncidentRecord:
    story = replace(Story.parse(incident.story), healed=how)
    return replace(incident, seen_at=max(at, incident.seen_at), healed_at=at, story=story.dump())


def due_mails(incidents: Sequence[IncidentRecord], *, now: dt.datetime, reminder: dt.timedelta) -> list[Due]:
    """The mails to send now, at most one per incident; an incident may have another when this one is accepted."""
    found = []
    for incident in incidents:
        occasion = _occasion(incident, now, KINDS[incident.kind].reminder or reminder)
        if occasion is not None:
            found.append(Due(incident, occasion))
    return found


def _occasion(incident: IncidentRecord, now: dt.datetime, reminder: dt.timedelta) -> Occasion | None:
    if incident.closed_at is not None:
        return None
    if incident.mailed_at is None:
        return "new"
    if incident.healed_at is not None:
        return "all_clear"
    return "reminder" if now - incident.mailed_at >= reminder else None


def accepted(due: Due, now: dt.datetime) -> IncidentRecord:
    """The incident after its mail was accepted."""
    incident = replace(due.incident, mailed_at=now, mails=due.incident.mails + 1)
    return replace(incident, closed_at=now) if due.occasion == "all_clear" else incident
