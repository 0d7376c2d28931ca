"""Companies read from their landed answers: one record per company, each value with where it came from.

A batch holds some dozen companies, so rows are made here in Python and not in the engine. Landed pages are all that is
needed: reading again after a rule has changed sends nothing.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from crawler_core.errors import BadInput
from crawler_core.landing import COMPANY_KIND, Envelope, LandingZone, read_segment
from crawler_core.outcome import Outcome
from crawler_core.platforms.company import COLUMNS, CompanySpec
from crawler_core.platforms.items import read_items, text_of
from crawler_core.platforms.spec import PlatformSpec

__all__ = ["CompanyRecord", "Source", "landed_companies", "read_company"]


@dataclass(frozen=True, slots=True)
class Source:
    """Where a value came from: the platform's call, and when its answer arrived (RFC 3339 with zone)."""

    call: str
    fetched_at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CompanyRecord:
    """What a platform tells about a company; see ``platforms.company.COLUMNS`` for the columns.

    Every value is text as given, empty where the platform does not say. ``name`` falls back to the name it was asked
    for by.

    Attributes:
        fetched_at: of the newest answer in it, RFC 3339 with zone; empty when no answer held anything.
        sources: by column, for every column that is not empty; a value of the request has the call ``request``.
    """

    platform: str
    company_id: str
    company_key: str = ""
    name: str = ""
    full_name: str = ""
    short_name: str = ""
    legal_person: str = ""
    registered_capital: str = ""
    founded_text: str = ""
    address: str = ""
    office_address: str = ""
    business_scope: str = ""
    industry: str = ""
    size_text: str = ""
    type_text: str = ""
    stage_text: str = ""
    introduction: str = ""
    status_text: str = ""
    credit_code: str = ""
    taxpayer_no: str = ""
    website: str = ""
    logo: str = ""
    page_url: str = ""
    welfare: tuple[str, ...] = ()
    fetched_at: str = ""
    sources: Mapping[str, Source] = field(default_factory=dict)

    def columns(self) -> dict[str, str | list[str]]:
        """The columns as one row."""
        return {name: list(self.welfare) if name == "welfare" else str(getattr(self, name)) for name in COLUMNS}


def read_company(spec: PlatformSpec, envelopes: Iterable[Envelope]) -> CompanyRecord:
    """The record of one company from its landed answers.

    Total: an answer that cannot be read adds nothing. Of several answers the platform's order of calls decides, then
    the newest; an empty value never hides another.

    Raises:
        BadInput: the platform has no company details.
    """
    if spec.company is None:
        raise BadInput(f"platform {spec.name} has no company details")
    values: dict[str, str | tuple[str, ...]] = {}
    sources: dict[str, Source] = {}
    landed = list(envelopes)
    for envelope in _by_weight(spec.company, landed):
        call = envelope.kind.removeprefix(COMPANY_KIND)
        body = spec.company.json_of(envelope.body_bytes())
        for row in read_items(spec.company.shapes[call], body):
            for column, value in row.items():
                _keep(values, sources, column, value, Source(call, envelope.fetched_at))
    fetched = [source.fetched_at for source in sources.values()]
    for envelope in landed:
        source = Source("request", envelope.fetched_at)
        _keep(values, sources, "company_id", envelope.keyword, source)
        _keep(values, sources, "name", envelope.city, source)
        for column, parameter in spec.company.from_request.items():
            _keep(values, sources, column, text_of(envelope.request.params.get(parameter)), source)
    welfare = values.pop("welfare", ())
    texts = {column: str(value) for column, value in values.items()}
    return CompanyRecord(
        platform=spec.name,
        company_id=texts.pop("company_id", ""),
        welfare=tuple(welfare),
        fetched_at=max(fetched, default=""),
        sources=sources,
        **texts,
    )


def landed_companies(
    spec: PlatformSpec, landing: LandingZone, date: dt.date, batch_id: str | None = None
) -> Iterator[CompanyRecord]:
    """The companies whose details are landed on a day, or in one of its batches; one record per company.

    A company that several batches of the day asked for gives one record of all its answers.

    Raises:
        BadInput: the platform has no company details.
        CorruptSegment: a segment does not match its manifest.
    """
    zone = landing.companies
    found: dict[tuple[str, str], list[Envelope]] = {}
    for ref in zone.segments(spec.name, date):
        if batch_id is None or ref.keyword == batch_id:
            for envelope in read_segment(zone.read(ref)):
                key = (envelope.keyword, "") if envelope.keyword else ("", envelope.city)
                found.setdefault(key, []).append(envelope)
    for envelopes in found.values():
        record = read_company(spec, envelopes)
        if record.fetched_at:
            yield record


def _by_weight(company: CompanySpec, envelopes: Iterable[Envelope]) -> list[Envelope]:
    order = [COMPANY_KIND + call for call in company.shapes]
    found = (envelope for envelope in envelopes if envelope.outcome == Outcome.OK and envelope.kind in order)
    newest_first = sorted(found, key=lambda envelope: envelope.fetched_at, reverse=True)
    return sorted(newest_first, key=lambda envelope: order.index(envelope.kind))


def _keep(
    values: dict[str, str | tuple[str, ...]], sources: dict[str, Source], column: str, value: object, source: Source
) -> None:
    """Take a value unless there is one."""
    kept = tuple(map(str, value)) if isinstance(value, list) else str(value)
    if kept and column not in values:
        values[column] = kept
        sources[column] = source
