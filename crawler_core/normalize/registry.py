"""The normalisers by field name, each with the version of its rules.

A version is part of the code version of every table that holds normalised values: changing a rule without changing
its version would leave old rows unmarked. ``tests/normalize`` holds a digest of every normaliser's answers and fails
until the version moves with them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from crawler_core.normalize import (
    capital,
    company_name,
    company_size,
    company_type,
    degree,
    experience,
    founding_day,
    place,
    publish_date,
    salary,
    text,
)
from crawler_core.normalize.result import Normalised

__all__ = ["NORMALISERS", "Normaliser", "rules_version"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Normaliser:
    """One field's normaliser.

    Attributes:
        field: the field's name.
        rules: version of the field's own rules.
        result: the type of its answers, a frozen dataclass.
        needs_fetch_time: answers depend on when the page was fetched.
    """

    field: str
    rules: str
    result: type[Normalised]
    read: Callable[[Iterable[str | None]], Sequence[Normalised]] | None = None
    read_at: Callable[[Iterable[str | None], dt.datetime | Sequence[dt.datetime]], Sequence[Normalised]] | None = None

    @property
    def needs_fetch_time(self) -> bool:
        """Whether ``apply`` needs ``fetched_at``."""
        return self.read_at is not None

    @property
    def version(self) -> str:
        """Version of the rules with that of the text cleaning under them: ``salary-1.1``."""
        return f"{self.field}-{self.rules}.{text.VERSION}"

    def apply(
        self, values: Iterable[str | None], *, fetched_at: dt.datetime | Sequence[dt.datetime] | None = None
    ) -> Sequence[Normalised]:
        """Read distinct strings; one answer each, in order.

        Args:
            values: the strings.
            fetched_at: zone-aware moment of fetching, one for all or one for each string; ignored by fields that
                do not need it.

        Raises:
            ValueError: the field needs a fetch time and got none, or one without a zone.
        """
        if self.read_at is not None:
            if fetched_at is None:
                raise ValueError(f"{self.field} is read against the time of fetching: pass fetched_at")
            return self.read_at(values, fetched_at)
        if self.read is None:
            raise ValueError(f"normaliser {self.field} has no reader: give it read or read_at")
        return self.read(values)


NORMALISERS: Final[Mapping[str, Normaliser]] = MappingProxyType(
    {
        one.field: one
        for one in (
            Normaliser(field="salary", rules=salary.VERSION, result=salary.Salary, read=salary.normalise_salaries),
            Normaliser(
                field="publish_date",
                rules=publish_date.VERSION,
                result=publish_date.PublishDate,
                read_at=publish_date.normalise_publish_dates,
            ),
            Normaliser(
                field="experience",
                rules=experience.VERSION,
                result=experience.Experience,
                read=experience.normalise_experiences,
            ),
            Normaliser(field="degree", rules=degree.VERSION, result=degree.Degree, read=degree.normalise_degrees),
            Normaliser(
                field="company_size",
                rules=company_size.VERSION,
                result=company_size.CompanySize,
                read=company_size.normalise_company_sizes,
            ),
            Normaliser(
                field="company_type",
                rules=company_type.VERSION,
                result=company_type.CompanyType,
                read=company_type.normalise_company_types,
            ),
            Normaliser(
                field="financing_stage",
                rules=company_type.STAGE_VERSION,
                result=company_type.FinancingStage,
                read=company_type.normalise_financing_stages,
            ),
            Normaliser(field="place", rules=place.VERSION, result=place.Place, read=place.normalise_places),
            Normaliser(field="capital", rules=capital.VERSION, result=capital.Capital, read=capital.normalise_capitals),
            Normaliser(
                field="founding_day",
                rules=founding_day.VERSION,
                result=founding_day.FoundingDay,
                read=founding_day.normalise_founding_days,
            ),
            Normaliser(
                field="company_name",
                rules=company_name.VERSION,
                result=company_name.CompanyName,
                read=company_name.normalise_company_names,
            ),
        )
    }
)


def rules_version(*fields: str) -> str:
    """The versions of some fields, or of all, as one string for a table's code version.

    Raises:
        KeyError: a field has no normaliser.
    """
    return ",".join(NORMALISERS[field].version for field in sorted(fields or NORMALISERS))
