"""How a mail about an incident is written: text and HTML from the same values, everything escaped."""

from __future__ import annotations

import datetime as dt
import functools
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from crawler_core.values import SHANGHAI
from jobdata_resources.alerts.engine import Due, Occasion
from jobdata_resources.alerts.kinds import KINDS
from jobdata_resources.alerts.story import Story
from jobdata_resources.mail import Mail

if TYPE_CHECKING:
    from jinja2 import Template

__all__ = ["write_letter"]

_LABELS: dict[Occasion, str] = {"new": "Alert", "reminder": "Reminder", "all_clear": "All clear"}
_COLOURS: dict[Occasion, str] = {"new": "#b42318", "reminder": "#b54708", "all_clear": "#067647"}


def write_letter(due: Due, *, now: dt.datetime, ui_url: str, runbook_url: str) -> Mail:
    """The mail.

    Args:
        now: zone-aware; times in the mail are in Asia/Shanghai.
        ui_url: where the Dagster UI is; ``runbook_url``: where ``docs/runbook.md`` is, a path or a URL.
    """
    incident, kind, story = due.incident, KINDS[due.incident.kind], Story.parse(due.incident.story)
    over = due.occasion == "all_clear"
    until = incident.healed_at if over and incident.healed_at else now
    values: dict[str, Any] = {
        "label": _LABELS[due.occasion],
        "colour": _COLOURS[due.occasion],
        "over": over,
        "title": kind.title,
        "subject": incident.subject,
        "headline": story.headline,
        "healed": story.healed,
        "since": _local(story.since),
        "until": _local(until),
        "lasted": _span(until - story.since),
        "times": story.times,
        "affects": story.affects or kind.affects,
        "remedy": kind.remedy,
        "runbook": f"{runbook_url}#{kind.name}",
        "runbook_links": runbook_url.startswith(("http://", "https://")),
        "run_url": f"{ui_url}/runs/{quote(story.run_id, safe='')}" if story.run_id else "",
        "ui_url": ui_url,
        "facts": story.facts,
        "detail": story.detail,
        "fingerprint": incident.fingerprint,
    }
    text, html = _templates()
    return Mail(
        subject=f"[JobData] {_LABELS[due.occasion]}: {kind.title}: {incident.subject}",
        text=text.render(values),
        html=html.render(values),
        topic=f"{incident.fingerprint}.{int(incident.opened_at.timestamp())}",
    )


@functools.cache
def _templates() -> tuple[Template, Template]:
    from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

    environment = Environment(
        loader=PackageLoader("jobdata_resources.alerts", ""),
        # The text part is shown as it is: escaping it would show "&lt;" to people.
        autoescape=select_autoescape(enabled_extensions=("html",)),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("letter.txt"), environment.get_template("letter.html")


def _local(instant: dt.datetime) -> str:
    return f"{instant.astimezone(SHANGHAI):%Y-%m-%d %H:%M} (Asia/Shanghai)"


def _span(span: dt.timedelta) -> str:
    minutes = max(0, int(span.total_seconds() // 60))
    days, hours = minutes // 1440, minutes // 60 % 24
    if days:
        return f"{days} d {hours} h"
    return f"{hours} h {minutes % 60} min" if hours else f"{minutes} min"
