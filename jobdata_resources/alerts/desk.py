"""``AlertDesk``: takes evidence to the control store and due mails to the server."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from jobdata_resources.alerts.engine import Due, Evidence, accepted, due_mails, fold
from jobdata_resources.alerts.letter import write_letter
from jobdata_resources.control import ControlStore, IncidentRecord
from jobdata_resources.mail import Mail, MailError, MailServerUnavailable
from jobdata_resources.settings import AlertSettings

__all__ = ["AlertDesk", "Post"]

_BUDGET_SECONDS = 25.0
"""For the mails of one tick, which may take 60 seconds in all; what is left is sent by the next one."""


class Post(Protocol):
    """Where mails go: ``jobdata_resources.mail.Mailer``."""

    @property
    def configured(self) -> bool:
        """Whether there is a server."""

    def send(self, mail: Mail) -> Mapping[str, str]:
        """Hand over a mail; returns the recipients it was not accepted for, when it was accepted for others."""


class AlertDesk:
    """Incidents of the control store, and the mails about them.

    Args:
        log: takes warnings, and the text of a mail where no server is configured: that counts as accepted.
        redact: takes secrets out of a text.
        now: zone-aware clock.
        monotonic: seconds, for the time budget of a tick.
    """

    def __init__(
        self,
        store: ControlStore,
        post: Post,
        settings: AlertSettings,
        *,
        log: Callable[[str], None],
        redact: Callable[[str], str],
        now: Callable[[], dt.datetime],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store, self._post, self._settings = store, post, settings
        self._log, self._redact, self._now, self._monotonic = log, redact, now, monotonic

    def take(
        self, kind: str, evidence: Iterable[Evidence], *, complete_at: dt.datetime | None = None
    ) -> list[IncidentRecord]:
        """Store what the evidence changes; ``engine.fold`` has the rules.

        Raises:
            ControlStoreError: nothing was stored.
        """
        cleaned = [replace(one, story=one.story.clean(self._redact)) for one in evidence]
        changed = fold(self._store.latest_incidents(kind), cleaned, complete_at=complete_at)
        if changed:
            self._store.store_incidents(changed)
        return changed

    def deliver(self, kind: str) -> list[Due]:
        """Send the mails that are due about a kind; returns those that were accepted.

        A mail that is refused does not keep the others back. A server that cannot be used ends the round.

        Raises:
            MailError: at least one was not accepted; it is due again at the next call.
        """
        done: list[Due] = []
        errors: list[MailError] = []
        started = self._monotonic()
        waiting = self._due(self._store.incidents([kind]))
        while waiting and self._monotonic() - started < _BUDGET_SECONDS:
            due = waiting.pop(0)
            try:
                self._send(due)
            except MailServerUnavailable as error:
                errors.append(error)
                break
            except MailError as error:
                errors.append(error)
                continue
            after = accepted(due, self._now())
            self._store.store_incidents([after])
            done.append(due)
            waiting = self._due([after]) + waiting
        if errors:
            left = f"; {len(done)} other mails were accepted" if done else ""
            raise type(errors[0])(f"{errors[0]}{left}")
        return done

    def _due(self, incidents: Sequence[IncidentRecord]) -> list[Due]:
        reminder = dt.timedelta(hours=self._settings.alert_reminder_hours)
        return due_mails(incidents, now=self._now(), reminder=reminder)

    def _send(self, due: Due) -> None:
        settings = self._settings
        mail = write_letter(
            due, now=self._now(), ui_url=settings.dagster_ui_url, runbook_url=settings.alert_runbook_url
        )
        if self._post.configured:
            refused = self._post.send(mail)
            for address, words in refused.items():
                self._log(f"a mail was accepted, but not for {address}: {words}; check SMTP_TO")
        else:
            self._log(f"SMTP_HOST is not set, so this is only logged. {mail.subject}\n{mail.text}")
