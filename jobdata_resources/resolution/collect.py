"""Mentions from the warehouse: accounts of listings, registry facts of details.

Listings (``<p>_job``) give every account with all names it was ever seen with; job details (``boss_job_detail``) and
company details (``<p>_company``, where that table exists) give the registry part. On Boss one brand id may stand for
several legal entities (one brand, several comName): each of them is a mention of its own then, and the brand itself
is marked as standing for several.
"""

# ruff: noqa: S608 - generated SQL: names come from the catalog and are quoted

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Final, NamedTuple

from crawler_core.normalize.text import squeeze
from jobdata_resources.resolution.mention import CompanyMention, MentionKey, Registry, entity_name, read_name
from jobdata_resources.warehouse import Warehouse, sqltext

__all__ = ["collect_mentions", "join_registries"]

_NAMES: Final = 50
"""Most distinct values of a column that are kept per account."""

_REGISTRY: Final = {
    "full_name": ("full_name", "company_full_name"),
    "credit_code": ("credit_code", "company_credit_code"),
    "legal_person": ("legal_person", "company_legal_person"),
    "capital": ("registered_capital", "company_capital_text"),
    "founded": ("founded_text", "company_founded_text"),
    "address": ("address", "company_address"),
}
"""Fact to the columns that may hold it: in a company table, in a job detail."""


class Detail(NamedTuple):
    """The registry part of one detail, with the name and head count shown beside it."""

    platform: str
    company_id: str
    name: str
    registry: Registry
    size: str = ""


def collect_mentions(warehouse: Warehouse) -> list[CompanyMention]:
    """Every account of every platform, with all that listings and details tell. Sorted by key.

    Columns and tables that do not exist are left out: a platform may have no details at all.
    """
    columns = _columns(warehouse)
    listed: list[CompanyMention] = []
    details: list[Detail] = []
    for platform, relation in warehouse.catalog.jobs.items():
        listed += _listings(warehouse, platform, columns[relation.name])
    for platform in sorted({one.platform for one in listed}):
        job = columns.get(f"{platform}_job_detail", set())
        if {"company_id", "company_full_name"} <= job:
            details += _details(warehouse, platform, f"{platform}_job_detail", job, place=1)
        company = columns.get(f"{platform}_company", set())
        if {"company_id", "full_name"} <= company:
            details += _details(warehouse, platform, f"{platform}_company", company, place=0)
    return join_registries(listed, details)


def join_registries(listed: Iterable[CompanyMention], details: Iterable[Detail]) -> list[CompanyMention]:
    """Give the accounts of listings the registry facts of details."""
    mentions = {mention.key: mention for mention in listed}
    found: dict[MentionKey, dict[str, Registry]] = {}
    shown: dict[MentionKey, set[str]] = {}
    sizes: dict[MentionKey, set[str]] = {}
    for platform, company_id, name, registry, size in details:
        key = MentionKey(platform, company_id)
        if not company_id or not registry.full_name:
            continue
        entity = entity_name(read_name(registry.full_name)) or squeeze(registry.full_name)
        best = found.setdefault(key, {})
        best[entity] = max(best.get(entity, registry), registry, key=_known)
        shown.setdefault(key, set()).update(filter(None, (name,)))
        sizes.setdefault(key, set()).update(filter(None, (size,)))
    for key, entities in found.items():
        mention = mentions.get(key, CompanyMention(platform=key.platform, platform_company_id=key.platform_company_id))
        mention = replace(mention, sizes=tuple(sorted({*mention.sizes, *sizes[key]})))
        names = tuple(sorted({*mention.names, *shown[key]}))
        if len(entities) == 1:
            [registry] = entities.values()
            mentions[key] = replace(mention, names=names, registry=registry)
            continue
        mentions[key] = replace(mention, names=names, several=True)
        for registry in entities.values():
            one = replace(mention, name=registry.full_name, names=names, registry=registry, postings=0, several=False)
            mentions[one.key] = one
    return [mentions[key] for key in sorted(mentions)]


def _known(registry: Registry) -> tuple[int, tuple[str, ...]]:
    values = tuple(getattr(registry, name) for name in _REGISTRY)
    return sum(map(bool, values)), values


def _columns(warehouse: Warehouse) -> dict[str, set[str]]:
    rows = warehouse.query(
        "SELECT table, groupArray(name) FROM system.columns WHERE database = {db:String} GROUP BY table",
        {"db": warehouse.engine.database},
    )
    return {str(table): set(names) for table, names in rows}


def _listings(warehouse: Warehouse, platform: str, columns: set[str]) -> list[CompanyMention]:
    names = [column for column in ("company_name", "company_full_name") if column in columns]
    if not names or "company_id" not in columns:
        return []
    shown = f"arrayDistinct(arrayFilter(x -> x != '', [{', '.join(f'j.{name}' for name in names)}]))"
    name = f"j.{names[0]}"

    def values(column: str) -> str:
        source = f"j.{column}"
        return f"groupUniqArrayIf({_NAMES})({source}, {source} != '')" if column in columns else "[]"

    rows = warehouse.query(
        f"""SELECT j.company_id AS id, if(j.company_id = '', {name}, '') AS brand,
            groupUniqArrayArray({_NAMES})({shown}), {values("city")}, {values("company_size_text")},
            {values("industry")}, uniqExact(j.job_id)
        FROM {sqltext.name(f"{platform}_job")} AS j WHERE j.company_id != '' OR {name} != '' GROUP BY id, brand"""
    )
    return [
        CompanyMention(
            platform=platform,
            platform_company_id=company_id,
            name=brand,
            names=tuple(sorted(seen)),
            cities=tuple(sorted(cities)),
            sizes=tuple(sorted(sizes)),
            industries=tuple(sorted(industries)),
            postings=postings,
        )
        for company_id, brand, seen, cities, sizes, industries, postings in rows
    ]


def _details(warehouse: Warehouse, platform: str, table: str, columns: set[str], *, place: int) -> list[Detail]:
    """The newest registry part by account and registered name."""
    source = {fact: names[place] for fact, names in _REGISTRY.items()}
    shown = "name" if "name" in columns else "company_name"
    newest = "d.last_seen" if "last_seen" in columns else "0"
    size = "size_text" if "size_text" in columns else "company_size_text"
    wanted = [*list(source.values())[1:], shown, size]
    picked = ", ".join(
        f"argMax(toString(d.{sqltext.name(name)}), {newest})" if name in columns else "''" for name in wanted
    )
    rows: list[tuple[Any, ...]] = warehouse.query(
        f"""SELECT d.company_id AS id, d.{source["full_name"]} AS full_name, {picked}
        FROM {sqltext.name(table)} AS d WHERE id != '' AND NOT startsWith(id, '?') AND full_name != ''
        GROUP BY id, full_name"""
    )
    return [
        Detail(platform, row[0], row[-2], Registry(**dict(zip(source, row[1:-2], strict=True))), row[-1])
        for row in rows
    ]
