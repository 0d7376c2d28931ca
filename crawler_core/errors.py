"""Every error the crawl library raises, as one tree; the position in the tree carries the policy.

    CrawlError
    ├── BadInput                 the caller's data or settings are wrong: exit code 2, nothing was changed
    │   ├── BadKeyword
    │   ├── BadSetting
    │   └── UnknownCity
    ├── NoIdentity               nothing is left to crawl with (tokens, egress addresses, budgets): exit code 3
    │   ├── NoToken
    │   └── BudgetSpent
    ├── TransportError           no usable answer came back; the page is tried again
    └── LandingError             the landing zone refused or broke a promise
        ├── LandingConflict      another crawl is landing the same keyword
        ├── LandingFull          no space left, or the store refuses writes
        └── CorruptSegment       stored bytes do not match their manifest

Messages name the field, the value and the remedy, and never hold a token, key or password.
"""

from __future__ import annotations

__all__ = [
    "BadInput",
    "BadKeyword",
    "BadSetting",
    "BudgetSpent",
    "CorruptSegment",
    "CrawlError",
    "LandingConflict",
    "LandingError",
    "LandingFull",
    "NoIdentity",
    "NoToken",
    "TransportError",
    "UnknownCity",
]


class CrawlError(Exception):
    """Base of every error raised by ``crawler_core``."""


class BadInput(CrawlError):
    """The caller's input is wrong; nothing was changed."""


class BadKeyword(BadInput):
    """A keyword cannot be a partition key or a folder name."""


class BadSetting(BadInput):
    """A setting is missing or malformed."""


class UnknownCity(BadInput):
    """A city is neither a code nor a name of the platform."""


class NoIdentity(CrawlError):
    """There is nothing left to crawl with."""


class NoToken(NoIdentity):
    """The platform needs a token and no active one is left."""


class BudgetSpent(NoIdentity):
    """Every identity has spent its page budget of the day."""


class TransportError(CrawlError):
    """No usable answer came back: refused, reset, timed out."""


class LandingError(CrawlError):
    """The landing zone refused a write or broke a promise."""


class LandingConflict(LandingError):
    """Another crawl is landing the same keyword at the same time."""


class LandingFull(LandingError):
    """No space is left, or the store refuses writes."""


class CorruptSegment(LandingError):
    """Stored bytes do not match what their manifest says."""
