"""From published strings to facts: pure functions over distinct strings.

The caller collects the distinct strings of a field, reads them once (``NORMALISERS[field].apply(values)``) and joins
the answers back; nothing here knows a table. Every answer is a frozen dataclass with values and a ``derivation``, or
with a ``reason`` for having none (``Reason``). Nothing is guessed.
"""

from __future__ import annotations

from crawler_core.normalize.registry import NORMALISERS, Normaliser, rules_version
from crawler_core.normalize.result import Normalised, Reason, tally

__all__ = ["NORMALISERS", "Normalised", "Normaliser", "Reason", "rules_version", "tally"]
