"""The typed columns of ``<p>_company``: what the texts of a company's details say, read by ``crawler_core.normalize``.

A batch holds some dozen companies, so their texts are read while it is loaded. Each value is stored as text behind the
id of its load, and readers see that of the newest one: loading a day again after a rule has changed brings the new
values for all its companies in one step, the commit of the load.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from crawler_core.normalize import Normalised, rules_version
from crawler_core.normalize.capital import Capital, normalise_capital
from crawler_core.normalize.company_name import CompanyName, normalise_company_name
from crawler_core.normalize.company_size import CompanySize, normalise_company_size
from crawler_core.normalize.company_type import (
    CompanyType,
    FinancingStage,
    normalise_company_type,
    normalise_financing_stage,
)
from crawler_core.normalize.founding_day import FoundingDay, normalise_founding_day
from jobdata_resources.warehouse.tables import Column

__all__ = ["TYPED_COLUMNS", "TYPED_RULES", "typed_values"]

TYPED_RULES: Final = rules_version(
    "capital", "company_name", "company_size", "company_type", "financing_stage", "founding_day"
)
"""Versions of the rules behind the typed columns."""

_STAMP: Final = 21
"""Characters of a load's stamp before a value: 20 digits and a stroke."""


@dataclass(frozen=True, slots=True)
class _Read:
    """The texts of one company, read."""

    name: CompanyName
    size: CompanySize
    kind: CompanyType
    stage: FinancingStage
    capital: Capital
    founded: FoundingDay

    def unread(self) -> str:
        """Texts that are there and have no value: ``capital: ambiguous; size: not_understood``."""
        given: dict[str, Normalised] = {
            "capital": self.capital,
            "founded": self.founded,
            "full_name": self.name,
            "size": self.size,
            "stage": self.stage,
            "type": self.kind,
        }
        return "; ".join(f"{name}: {one.reason}" for name, one in given.items() if one.reason not in (None, "empty"))


_TYPED: Final[tuple[tuple[str, str, str, Callable[[_Read], Any]], ...]] = (
    ("legal_name", "String", "canonical registered name", lambda one: one.name.legal),
    ("founded_on", "Nullable(Date32)", "day of registration", lambda one: one.founded.date),
    (
        "capital",
        "Nullable(Decimal(18, 2))",
        "registered capital, units of its currency",
        lambda one: one.capital.amount,
    ),
    ("capital_currency", "String", "ISO 4217", lambda one: one.capital.currency),
    ("size_min", "Nullable(UInt64)", "at least so many people", lambda one: one.size.min_people),
    ("size_max", "Nullable(UInt64)", "at most so many people", lambda one: one.size.max_people),
    ("type", "String", "kind of owner", lambda one: one.kind.kind),
    ("stage", "String", "funding", lambda one: one.stage.stage),
    ("unread", "String", "texts that are not understood, and why", lambda one: one.unread()),
)
_CASTS: Final = {
    "String": "{0}",
    "Nullable(Date32)": "toDate32OrNull({0})",
    "Nullable(Decimal(18, 2))": "toDecimal64OrNull({0}, 2)",
    "Nullable(UInt64)": "toUInt64OrNull({0})",
}

TYPED_COLUMNS: Final[tuple[Column, ...]] = tuple(
    Column(
        name=name,
        type=kind,
        stored="String",
        aggregate="max",
        codec="ZSTD(3)",
        doc=doc,
        read=_CASTS[kind].format(f"substring(max(u.`{name}`), {_STAMP + 1})"),
    )
    for name, kind, doc, _ in _TYPED
)
"""In the order of ``typed_values``."""


def typed_values(texts: Mapping[str, Any], load_id: int) -> list[str]:
    """The typed columns of a company as they are stored.

    Args:
        texts: the columns of ``crawler_core.platforms.company.COLUMNS``.
        load_id: the load that stores them.
    """
    read = _Read(
        name=normalise_company_name(texts["full_name"]),
        size=normalise_company_size(texts["size_text"]),
        kind=normalise_company_type(texts["type_text"]),
        stage=normalise_financing_stage(texts["stage_text"]),
        capital=normalise_capital(texts["registered_capital"]),
        founded=normalise_founding_day(texts["founded_text"]),
    )
    found = [value(read) for _, _, _, value in _TYPED]
    return [f"{load_id:020d}/{'' if value is None else value}" for value in found]
