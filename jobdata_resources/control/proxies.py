"""Proxy tunnels: stored under a label; the URL, which may hold a password, leaves only inside ``Proxy``."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from pydantic import SecretStr
from sqlalchemy import select
from sqlalchemy.orm import Session

from crawler_core.errors import BadInput
from crawler_core.proxy import Proxy
from jobdata_resources.control.keywords import ImportResult
from jobdata_resources.control.models import ProxyRow

__all__ = ["import_proxies", "list_proxies"]


def import_proxies(session: Session, proxies: Sequence[Proxy], now: dt.datetime) -> ImportResult:
    """Add proxies, or change the URL of known labels.

    Raises:
        BadInput: a label is given twice.
    """
    known = {row.label: row for row in session.scalars(select(ProxyRow).with_for_update())}
    given: set[str] = set()
    added = updated = 0
    for proxy in proxies:
        if proxy.label in given:
            raise BadInput(f"proxy {proxy.label!r} is given twice; give each proxy a label of its own")
        given.add(proxy.label)
        row, url = known.get(proxy.label), proxy.url.get_secret_value()
        if row is None:
            session.add(ProxyRow(label=proxy.label, url=url, active=True, created_at=now, updated_at=now))
            added += 1
        elif row.url != url:
            row.url, row.updated_at = url, now
            updated += 1
    session.flush()
    return ImportResult(added=added, updated=updated, unchanged=len(proxies) - added - updated)


def list_proxies(session: Session) -> list[Proxy]:
    """The active proxies, in the order they were added."""
    rows = session.scalars(select(ProxyRow).where(ProxyRow.active.is_(True)).order_by(ProxyRow.id))
    return [Proxy(label=row.label, url=SecretStr(row.url)) for row in rows]
