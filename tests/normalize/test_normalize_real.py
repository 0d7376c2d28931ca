"""Real captured strings: every distinct one parses or is refused for a stated reason, with exact counts."""

from __future__ import annotations

import csv
import datetime as dt
import gzip
import json
from collections import Counter
from pathlib import Path

import pytest

from crawler_core.normalize import NORMALISERS, tally
from crawler_core.values import SHANGHAI

FETCHED_AT = dt.datetime(2024, 1, 1, tzinfo=SHANGHAI)

STRINGS = {
    ("51job_salary", "salary"): {"parsed": 1076, "damaged": 1},
    ("boss_salary", "salary"): {"parsed": 768},
    ("zhaopin_salary", "salary"): {"parsed": 364, "negotiable": 1},
    ("51job_experience", "experience"): {"parsed": 29},
    ("boss_experience", "experience"): {"parsed": 8, "misplaced:internship_terms": 6},
    ("zhaopin_experience", "experience"): {"parsed": 7},
    ("51job_degree", "degree"): {"parsed": 7},
    ("boss_degree", "degree"): {"parsed": 8},
    ("zhaopin_degree", "degree"): {"parsed": 8},
    ("51job_company_size", "company_size"): {"parsed": 7},
    ("boss_company_size", "company_size"): {"parsed": 12},
    ("zhaopin_company_size", "company_size"): {"parsed": 6, "unstated": 1},
    ("51job_company_type", "company_type"): {"parsed": 12, "damaged": 3},
    ("zhaopin_company_type", "company_type"): {"parsed": 12, "unstated": 1},
    ("boss_company_stage", "financing_stage"): {"parsed": 8},
}

COLUMNS = {
    ("51job_list_2022.csv", "salary", "salary"): {"parsed": 13736, "empty": 47},
    ("51job_list_2022.csv", "jobPlace", "place"): {"parsed": 13783},
    ("51job_list_2022.csv", "jobExperience", "experience"): {"parsed": 13783},
    ("51job_list_2022.csv", "education", "degree"): {"parsed": 13783},
    ("51job_list_2022.csv", "company", "company_name"): {"parsed": 13783},
    ("51job_list_2023_2024.csv", "salary", "salary"): {"parsed": 4422, "empty": 158, "damaged": 1},
    ("51job_list_2023_2024.csv", "area", "place"): {"parsed": 4578, "empty": 2, "not_understood": 1},
    ("51job_list_2023_2024.csv", "workYear", "experience"): {"parsed": 4581},
    ("51job_list_2023_2024.csv", "degree", "degree"): {"parsed": 4523, "empty": 58},
    ("51job_list_2023_2024.csv", "companyName", "company_name"): {"parsed": 4578, "damaged": 3},
    ("51job_list_2023_2024.csv", "companyType", "company_type"): {"parsed": 4560, "empty": 18, "damaged": 3},
    ("51job_list_2023_2024.csv", "companySize", "company_size"): {"parsed": 3640, "empty": 941},
    ("51job_list_2023_2024.csv", "issueDate", "publish_date"): {"parsed": 4581},
    ("boss_cards_2023.csv", "薪酬", "salary"): {"parsed": 15897},
    ("boss_cards_2023.csv", "地区", "place"): {"parsed": 15897},
    ("boss_cards_2023.csv", "工作经验", "experience"): {"parsed": 15624, "misplaced:internship_terms": 273},
    ("boss_cards_2023.csv", "学历要求", "degree"): {"parsed": 15624, "misplaced:internship_terms": 273},
    ("boss_cards_2023.csv", "公司规模", "company_size"): {"parsed": 15897},
    ("boss_cards_2023.csv", "公司名称", "company_name"): {"parsed": 15897},
}

ZHAOPIN = {
    ("salary", "salary"): {"parsed": 35857, "negotiable": 1295},
    ("city.display", "place"): {"parsed": 37149, "not_understood": 3},
    ("workingExp.name", "experience"): {"parsed": 37152},
    ("eduLevel.name", "degree"): {"parsed": 37152},
    ("company.name", "company_name"): {"parsed": 37152},
    ("company.type.name", "company_type"): {"parsed": 36991, "unstated": 161},
    ("company.size.name", "company_size"): {"parsed": 37111, "unstated": 29, "empty": 12},
    ("updateDate", "publish_date"): {"parsed": 37152},
}


def read_counts(field: str, values: Counter[str]) -> dict[str, int]:
    results = NORMALISERS[field].apply(values, fetched_at=FETCHED_AT)
    assert all((one.reason is None) == bool(one.derivation) for one in results)
    counts = tally(results, values.values())
    print(f"{field}: {len(values)} distinct of {sum(values.values())}: {counts}")
    return counts


@pytest.mark.parametrize(("file", "field"), STRINGS)
def test_distinct_strings(shared_data: Path, file: str, field: str) -> None:
    with (shared_data / "strings" / f"{file}.csv").open(encoding="utf-8-sig") as lines:
        values = Counter(row["value"] for row in csv.DictReader(lines))
    assert read_counts(field, values) == STRINGS[file, field]


@pytest.mark.parametrize(("file", "column", "field"), COLUMNS)
def test_columns_of_lists(shared_data: Path, file: str, column: str, field: str) -> None:
    with (shared_data / file).open(encoding="utf-8-sig") as lines:
        values = Counter(row[column] for row in csv.DictReader(lines))
    assert read_counts(field, values) == COLUMNS[file, column, field]


def test_zhaopin_items(shared_data: Path) -> None:
    columns: dict[tuple[str, str], Counter[str]] = {key: Counter() for key in ZHAOPIN}
    with gzip.open(shared_data / "zhaopin_search_2019.items.jsonl.gz") as lines:
        for line in lines:
            item = json.loads(line)
            for path, field in ZHAOPIN:
                value = item
                for member in path.split("."):
                    value = (value or {}).get(member)
                columns[path, field][value or ""] += 1
    assert {key: read_counts(key[1], values) for key, values in columns.items()} == ZHAOPIN
