"""Which columns of a job are normalised, by which normaliser, and into which typed columns.

A field is one entry of ``FACT_FIELDS``; its table, its view, its part of a load and its place in the quality checks
follow. What belongs here: the description only. How strings are read is ``crawler_core.normalize``; company names are
facts of companies and are read where companies are resolved; publish times carry seconds, so that nearly every string
is distinct and a join of distinct strings gains nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from crawler_core.normalize import NORMALISERS, Normalised, Normaliser
from crawler_core.platforms.fields import PageShape
from jobdata_resources.warehouse import sqltext
from jobdata_resources.warehouse.tables import Column

__all__ = ["FACT_FIELDS", "FactField", "fact_rules", "sources"]

_WORD = "LowCardinality(String)"


@dataclass(frozen=True, slots=True, kw_only=True)
class FactField:
    """A normalised field of a job.

    Attributes:
        name: the normaliser's field; the table is ``fact_<name>``.
        reads: columns of ``<p>_job`` the string is made of: one as it is, several joined by ``·`` without the empty.
        values: typed columns; each is the attribute of that name of the normaliser's answer.
    """

    name: str
    reads: tuple[str, ...]
    values: tuple[Column, ...]

    @property
    def table(self) -> str:
        """All versions of the facts."""
        return f"fact_{self.name}"

    @property
    def view(self) -> str:
        """The facts of the active version: what readers join."""
        return f"fact_{self.name}_active"

    def source(self, present: Collection[str], *, table: str = "") -> str | None:
        """The raw string as SQL, over those of its columns that are present; None when there is none of them."""
        columns = [sqltext.columns([column], table=table) for column in self.reads if column in present]
        if len(columns) < 2:
            return columns[0] if columns else None
        trimmed = ", ".join(f"trimBoth({column})" for column in columns)
        return f"arrayStringConcat(arrayFilter(x -> notEmpty(x), [{trimmed}]), '·')"

    def row(self, raw: str, rule: str, answer: Normalised) -> list[object]:
        """A row of the table: rule, raw, values, derivation, reason."""
        values = [_plain(getattr(answer, column.name), column.type) for column in self.values]
        return [rule, raw, *values, answer.derivation, str(answer.reason or "")]


def _plain(value: object, kind: str) -> object:
    """Enumerations as their text; a missing word is the empty one, a missing figure stays NULL."""
    if kind.startswith("Nullable"):
        return value
    return "" if value is None else str(value)


def _value(name: str, kind: str, doc: str) -> Column:
    return Column(name=name, type=kind, aggregate="key", doc=doc)


FACT_FIELDS: Final[tuple[FactField, ...]] = (
    FactField(
        name="salary",
        reads=("salary_text",),
        values=(
            _value("min_cny_month", "Nullable(Decimal(18, 2))", "lower end, CNY a month"),
            _value("max_cny_month", "Nullable(Decimal(18, 2))", "upper end, CNY a month"),
            _value("months", "Nullable(UInt8)", "monthly salaries a year"),
            _value("unit", _WORD, "published period: hour, day, week, month, year, time, piece"),
            _value("low", "Nullable(Decimal(18, 4))", "lower end as published, CNY per unit"),
            _value("high", "Nullable(Decimal(18, 4))", "upper end as published, CNY per unit"),
        ),
    ),
    FactField(
        name="experience",
        reads=("experience_text",),
        values=(
            _value("min_years", "Nullable(UInt8)", "at least so many years"),
            _value("max_years", "Nullable(UInt8)", "at most so many years"),
            _value("kind", _WORD, "years, any, none, student, graduate, student_or_graduate"),
        ),
    ),
    FactField(
        name="degree",
        reads=("degree_text",),
        values=(
            _value("level", _WORD, "any, junior_high, vocational, high_school, college, bachelor, master, mba, doctor"),
            _value("rank", "Nullable(UInt8)", "place in the ladder, 0 (any) to 6 (doctor)"),
            _value("bound", _WORD, "at_least, at_most or empty"),
        ),
    ),
    FactField(
        name="company_size",
        reads=("company_size_text",),
        values=(
            _value("min_people", "Nullable(UInt64)", "at least so many people"),
            _value("max_people", "Nullable(UInt64)", "at most so many people"),
        ),
    ),
    FactField(
        name="company_type",
        reads=("company_type_text",),
        values=(_value("kind", _WORD, "kind of owner"), _value("detail", _WORD, "finer kind, where published")),
    ),
    FactField(
        name="financing_stage",
        reads=("company_stage_text",),
        values=(_value("stage", _WORD, "funding stage"),),
    ),
    FactField(
        name="place",
        # Business areas are too many to be worth a fact each, and city and district say where to compare.
        reads=("city", "district"),
        values=(
            _value("province", _WORD, "short name"),
            _value("city", _WORD, "short name"),
            _value("district", _WORD, "as published"),
            _value("district_key", _WORD, "the form to compare within a city"),
            _value("scope", _WORD, "city, province, nationwide or abroad"),
        ),
    ),
)
"""Every normalised field of a job."""


def sources(shape: PageShape) -> dict[str, str]:
    """The raw strings of a platform's jobs as SQL by field; fields the platform does not publish are left out."""
    present = {field.column for field in shape.fields}
    found = {field.name: field.source(present) for field in FACT_FIELDS}
    return {name: source for name, source in found.items() if source is not None}


def fact_rules(normalisers: Mapping[str, Normaliser] = NORMALISERS) -> dict[str, str]:
    """The version of the rules of each field that this program knows."""
    return {field.name: normalisers[field.name].version for field in FACT_FIELDS}
