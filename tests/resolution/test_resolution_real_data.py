"""Real listings: brand and registered name of Boss details as labelled pairs; names of three platforms side by side.

The figures that these tests hold are explained in docs/resolution.md.
"""

from __future__ import annotations

import csv
import gzip
import json
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from crawler_core.landing import LandingZone, land_pages
from jobdata_resources.resolution import (
    CompanyMention,
    Detail,
    Registry,
    Resolution,
    join_registries,
    link_jobs,
    resolve,
    resolve_companies,
)
from jobdata_resources.warehouse import Warehouse
from tests.support.landed_pages import DAY, envelope


def boss_details(folder: Path) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Company and job section of every detail."""
    with (folder / "boss_detail_2023.responses.jsonl").open(encoding="utf-8") as lines:
        answers = [json.loads(line)["zpData"] for line in lines]
    return [(one["brandComInfoVO"], one["jobBaseInfoVO"]) for one in answers if one["brandComInfoVO"].get("comName")]


def labelled(folder: Path, *, sizes: bool) -> tuple[list[CompanyMention], set[tuple[str, str]], set[tuple[str, str]]]:
    """Brands and registered names as mentions of two sides; the true pairs, and those of brands with one entity."""
    details = boss_details(folder)
    brands: dict[str, list[tuple[dict[str, Any], dict[str, Any]]]] = defaultdict(list)
    names: dict[str, set[str]] = defaultdict(set)
    for company, job in details:
        brands[company["encryptBrandId"]].append((company, job))
        names[company["comName"]].add(company["scaleName"])
    mentions = [
        CompanyMention(
            platform="boss",
            platform_company_id=brand,
            names=tuple(sorted({company["brandName"] for company, _ in seen})),
            cities=tuple(sorted({job["locationName"] for _, job in seen})),
            sizes=tuple(sorted({company["scaleName"] for company, _ in seen})),
        )
        for brand, seen in brands.items()
    ]
    mentions += [
        CompanyMention(
            platform="registry", platform_company_id=name, names=(name,), sizes=tuple(sorted(seen)) if sizes else ()
        )
        for name, seen in names.items()
    ]
    true = {(brand, company["comName"]) for brand, seen in brands.items() for company, _ in seen}
    single = {pair for pair in true if len({company["comName"] for company, _ in brands[pair[0]]}) == 1}
    return mentions, true, single


def merged_pairs(found: Resolution) -> set[tuple[str, str]]:
    return {
        (brand.platform_company_id, name.platform_company_id)
        for company in found.companies
        for brand in company.members
        for name in company.members
        if (brand.platform, name.platform) == ("boss", "registry")
    }


@pytest.mark.parametrize(("sizes", "least"), [(False, 4), (True, 60)])
def test_brands_are_merged_with_no_wrong_name(shared_data: Path, sizes: bool, least: int) -> None:
    mentions, true, single = labelled(shared_data, sizes=sizes)
    assert (len(true), len(single)) == (206, 175)
    found = resolve(mentions)
    merged = merged_pairs(found)
    assert merged <= true
    assert len(merged) >= least
    offered = {
        (one.left.removeprefix("boss:"), one.right.removeprefix("registry:"))
        for one in found.review
        if one.right.startswith("registry:")
    }
    assert len((merged | offered) & single) >= 120


def test_details_make_one_company_per_registered_name(shared_data: Path) -> None:
    details = [
        Detail(
            "boss",
            company["encryptBrandId"],
            company["brandName"],
            Registry(
                full_name=company["comName"],
                legal_person=company["legalPerson"] or "",
                founded=company["startDate"] or "",
                capital=company["regCapital"] or "",
                address=company["regAddress"] or "",
            ),
            company["scaleName"],
        )
        for company, _ in boss_details(shared_data)
    ]
    found = resolve(join_registries([], details))
    kinds: dict[str, list[str]] = defaultdict(list)
    for company in found.companies:
        kinds[company.kind].append(company.name)
    assert (len(kinds["legal"]), len(kinds["branch"]), len(kinds["brand"])) == (194, 5, 9)
    assert "华为技术有限公司杭州研究所" in kinds["branch"]
    assert {one.parent_id != "" for one in found.companies if one.name == "华为技术有限公司杭州研究所"} == {True}
    by_brand = {brand: company for company in found.companies for brand in company.brands if company.kind == "brand"}
    assert {"华为", "今日头条", "阿里巴巴集团", "蚂蚁集团"} <= set(by_brand)


def listed_names(folder: Path) -> Iterator[tuple[str, str, str]]:
    """Platform, account, name of the lists that carry registered names."""
    for file, column in (("51job_list_2022.csv", "company"), ("51job_list_2023_2024.csv", "companyName")):
        with (folder / file).open(encoding="utf-8") as lines:
            for row in csv.DictReader(lines):
                yield file, row[column] or "", row[column] or ""
    with gzip.open(folder / "zhaopin_search_2019.items.jsonl.gz", "rt", encoding="utf-8") as lines:
        for line in lines:
            company = json.loads(line).get("company") or {}
            yield "zhaopin", company.get("number") or "", company.get("name") or ""


def test_names_of_three_lists_side_by_side(shared_data: Path) -> None:
    names: dict[tuple[str, str], set[str]] = defaultdict(set)
    for source, account, name in listed_names(shared_data):
        if account and name:
            names[source, account].add(name)
    mentions = [
        CompanyMention(platform=source, platform_company_id=account, names=tuple(sorted(seen)))
        for (source, account), seen in names.items()
    ]
    found = resolve(mentions)
    company = {(key.platform, key.platform_company_id): company_id for key, company_id in found.company_of.items()}
    brackets = ("51job_list_2022.csv", "唯品会（中国）有限公司"), ("51job_list_2022.csv", "唯品会(中国)有限公司")
    known = [company[key] for key in brackets if key in company]
    assert len(set(known)) == 1
    # Institutes of one group are registered on their own.
    institutes = [one for one in found.companies if one.legal_name.startswith("中国电子科技集团公司第")]
    assert len(institutes) > 1
    assert all(one.kind == "branch" and len({m.platform_company_id for m in one.members}) <= 2 for one in institutes)
    assert 400 <= sum(one.verdict == "merge" for one in found.decisions) <= 700


@pytest.mark.slow
def test_real_boss_details_are_linked_only_when_they_are_one_text(
    shared_data: Path, zone: LandingZone, open_new: Callable[[], AbstractContextManager[Warehouse]]
) -> None:
    for kind, file in (("search", "boss_search_2022_2023"), ("job_detail", "boss_detail_2023")):
        bodies = (shared_data / f"{file}.responses.jsonl").read_text(encoding="utf-8").splitlines()
        word = f"数据 {kind}"
        pages = [(envelope(body, page=number, kind=kind, keyword=word), 0) for number, body in enumerate(bodies, 1)]
        land_pages(zone, "boss", DAY, word, "100010000", pages)
    with open_new() as warehouse:
        warehouse.load_day("boss", DAY, zone, run_id="test")
        report = resolve_companies(warehouse, "companies")
        linked = link_jobs(warehouse, "openings")
        groups = warehouse.query(
            """SELECT groupArray(lower(j.title)), uniqExact(l.company_id), min(l.score)
            FROM job_link AS l INNER JOIN boss_job_current AS j ON j.job_id = l.job_id
            GROUP BY l.opening_id HAVING count() > 1 ORDER BY ALL"""
        )
    assert linked.postings == 420
    assert report.companies["legal"] > 150
    assert [(sorted(set(titles)), companies) for titles, companies, _ in groups] == [
        (["web前端"], 1),
        (["前端leader"], 1),
    ]
