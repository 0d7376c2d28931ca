"""Publish dates, read by the engine.

They carry seconds, so nearly every string is distinct: a fact per string would cost more than reading it again. The
engine reads the shapes that the platforms' lists publish today, as ``crawler_core.normalize.publish_date`` reads them
(a test holds both together): ``2026-06-16 15:04:05`` with blank or ``T``, with a fraction or without seconds,
``2026-06-16`` (midnight), and epoch milliseconds. A string that is read against the moment of fetching (``3天前``,
``04-13``) is of pages captured elsewhere; it stays unparsed here, with that reason.
"""

from __future__ import annotations

from typing import Final

from crawler_core.normalize import Reason

__all__ = ["RELATIVE", "publish_reason", "published_at"]

RELATIVE: Final = "relative"
"""Needs the moment of fetching."""

_ZONE: Final = "'Asia/Shanghai'"
_DAY: Final = r"(20\\d\\d|2100)-\\d\\d-\\d\\d"
_MOMENT: Final = rf"^{_DAY}[ T]\\d\\d:\\d\\d(:\\d\\d(\\.\\d{{1,3}})?)?$"
_EPOCHS: Final = (946_684_800_000, 4_133_980_799_999)
"""Milliseconds of the years 2000 to 2100."""
_RELATIVE: Final = r"前|今|昨|刚|^\\d\\d-\\d\\d|^\\d{1,2}月|^发布于\\d|^\\d{1,2}:\\d\\d"


def published_at(text: str) -> str:
    """The moment as ``Nullable(DateTime64(3, 'Asia/Shanghai'))``; NULL when it is not understood.

    Args:
        text: an expression of type String.
    """
    trimmed = f"trimBoth({text})"
    seconds = f"rightPad(replaceOne(substring({trimmed}, 1, 19), 'T', ' '), 19, ':00')"
    moment = (
        f"toDateTime64(parseDateTimeOrNull({seconds}, '%Y-%m-%d %H:%i:%s', {_ZONE}), 3, {_ZONE})"
        f" + toIntervalMillisecond(toUInt16OrZero(rightPad(substring({trimmed}, 21), 3, '0')))"
    )
    day = f"toDateTime64(parseDateTimeOrNull(concat({trimmed}, ' 00:00:00'), '%Y-%m-%d %H:%i:%s', {_ZONE}), 3, {_ZONE})"
    whole = f"match({trimmed}, '^\\\\d{{13}}$') AND toInt64OrZero({trimmed}) BETWEEN {_EPOCHS[0]} AND {_EPOCHS[1]}"
    epoch = f"fromUnixTimestamp64Milli(toInt64OrZero({trimmed}), {_ZONE})"
    return (
        f"multiIf(match({trimmed}, '{_MOMENT}'), {moment}, match({trimmed}, '^{_DAY}$'), {day}, {whole}, {epoch}, NULL)"
    )


def publish_reason(text: str) -> str:
    """Why there is no moment; empty when there is one."""
    trimmed = f"trimBoth({text})"
    return (
        f"multiIf(isNotNull({published_at(text)}), '', {trimmed} = '', '{Reason.EMPTY}',"
        f" match({trimmed}, '{_RELATIVE}'), '{RELATIVE}', '{Reason.NOT_UNDERSTOOD}')"
    )
