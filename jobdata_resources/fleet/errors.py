"""Errors of the fleet. They are crawl errors: what was landed before stays, and a crawl that meets one stops in order.

CrawlError
└── FleetError
    ├── FleetRefused      permission, quota, account or a wrong setting: names the remedy; trying again is no use
    ├── NoStock           this type in this zone is not to be had now; another may be
    ├── CapReached        a daily cap is used up
    ├── FleetUnavailable  the cloud did not answer, or not now; tried again before it is raised
    └── TakenOver         another supervisor has this fleet now
"""

from __future__ import annotations

from crawler_core.errors import CrawlError

__all__ = ["CapReached", "FleetError", "FleetRefused", "FleetUnavailable", "NoStock", "TakenOver"]


class FleetError(CrawlError):
    """Base of the fleet's errors; ``code`` is the cloud's own word for it."""

    def __init__(self, message: str, *, code: str = "") -> None:
        super().__init__(message)
        self.code = code


class FleetRefused(FleetError):
    """The cloud refuses for a reason that waiting does not cure."""


class NoStock(FleetError):
    """Not to be had now."""


class CapReached(FleetError):
    """A daily cap leaves no room."""


class FleetUnavailable(FleetError):
    """No usable answer."""


class TakenOver(FleetError):
    """A younger supervisor runs this fleet."""
