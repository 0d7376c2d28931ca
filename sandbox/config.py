"""Everything about a sandbox that can be set, with its default.

What belongs here: frozen values. What does not: reading the command line; see `__main__`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from sandbox.limits import LimitSettings

SHANGHAI = timezone(timedelta(hours=8), "Asia/Shanghai")


def today() -> date:
    """The day it is in Shanghai."""
    return datetime.now(SHANGHAI).date()


@dataclass(frozen=True, slots=True)
class BossConfig:
    """`max_records` is the reach of paging; `brand_id_share` the share of list records with a brand id (WIRE 12)."""

    page_size: int = 15
    max_page_size: int = 30
    max_records: int = 300
    brand_id_share: float = 0.6
    security_id_seconds: float = 3_600.0
    check_client: bool = True
    tokens: int = 8


@dataclass(frozen=True, slots=True)
class QcwyConfig:
    """`timestamp_tolerance` in seconds is a guess; the gateway's is not known (WIRE 2.2)."""

    sign_key: str = "sandbox-51job-key"
    page_size: int = 20
    max_page_size: int = 50
    max_records: int = 2_500
    timestamp_tolerance: float = 600.0
    check_client: bool = True


@dataclass(frozen=True, slots=True)
class ZhilianConfig:
    """At most `max_page_size` records a page, whatever is asked for, and `max_pages` pages (WIRE 3.1, 11)."""

    page_size: int = 20
    max_page_size: int = 20
    max_pages: int = 20
    check_client: bool = True


@dataclass(frozen=True, slots=True)
class SandboxConfig:
    """One sandbox. `port_base` 0 takes free ports; otherwise base is Boss, +1 51job, +2 Zhaopin, +3 control,
    +4 the mailbox page, +5 its mail server."""

    home: Path | None = None
    seed: int = 7
    host: str = "127.0.0.1"
    port_base: int = 0
    day: date = field(default_factory=today)
    companies: int = 3_000
    volume: float = 1.0
    limits: LimitSettings = field(default_factory=LimitSettings)
    faults: tuple[dict[str, Any], ...] = ()
    boss: BossConfig = field(default_factory=BossConfig)
    qcwy: QcwyConfig = field(default_factory=QcwyConfig)
    zhilian: ZhilianConfig = field(default_factory=ZhilianConfig)
    egress_addresses: tuple[str, ...] = ("127.0.1.1", "127.0.1.2", "127.0.1.3", "127.0.1.4")
    sleep_min_seconds: float = 0.01
    sleep_max_seconds: float = 0.03
