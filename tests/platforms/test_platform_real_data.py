"""Real captured answers, counted: nothing may be lost between an answer and its rows."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

from crawler_core.outcome import Outcome
from crawler_core.platforms import platform
from crawler_core.platforms.boss.detail import judge_job_detail, read_detail
from crawler_core.platforms.items import read_items
from tests.platforms.making import answer, page

Row = dict[str, Any]


def filled(rows: list[Row], column: str) -> int:
    return sum(bool(row[column]) for row in rows)


def test_boss_lists(shared_data: Path) -> None:
    rows: list[Row] = []
    outcomes = []
    for line in (shared_data / "boss_search_2022_2023.responses.jsonl").read_bytes().splitlines():
        verdict = platform("boss").judge(answer(line), page())
        found = read_items(platform("boss").search, line)
        assert verdict.ids == tuple(row["job_id"] for row in found)
        assert verdict.total == 300
        outcomes.append(verdict.outcome)
        rows += found
    assert outcomes == [Outcome.LAST] + [Outcome.OK] * 7
    assert len(rows) == 420
    for column in ("job_id", "title", "salary_text", "city", "degree_text", "company_name",
                   "company_id", "company_size_text", "industry", "labels"):  # fmt: skip
        assert filled(rows, column) == 420, column
    assert filled(rows, "experience_text") == 401
    assert filled(rows, "days_per_week_text") == 19  # the internships have terms instead of experience


def test_boss_details(shared_data: Path) -> None:
    rows: list[Row] = []
    for line in (shared_data / "boss_detail_2023.responses.jsonl").read_bytes().splitlines():
        inner = json.loads(line)
        batch = answer({"code": 0, "zpData": {"/wapi/zpgeek/miniapp/job/detail.json": inner}})
        (row,) = read_detail(line)
        for response in (answer(line), batch):
            verdict = judge_job_detail(response)
            assert (verdict.outcome, verdict.ids) == (Outcome.OK, (row["job_id"],))
        assert read_detail(batch.body) == [row]
        rows.append(row)
    assert len(rows) == 210
    listed = {
        row["job_id"]
        for line in (shared_data / "boss_search_2022_2023.responses.jsonl").read_bytes().splitlines()
        for row in read_items(platform("boss").search, line)
    }
    assert {row["job_id"] for row in rows} <= listed
    for column in ("title", "salary_text", "description", "company_id", "salary_low_text", "longitude"):
        assert filled(rows, column) == 210, column


def test_51job_form_of_2022(shared_data: Path) -> None:
    body = (shared_data / "51job_search_2022.response.json").read_bytes()
    verdict = platform("qcwy").judge(answer(body), page(217, platform="qcwy"))
    rows: list[Row] = read_items(platform("qcwy").search, body)
    assert (verdict.outcome, verdict.records, verdict.total) == (Outcome.OK, 50, 100_000)
    assert verdict.ids == tuple(row["job_id"] for row in rows)
    for column in ("title", "city", "area_code", "company_id", "company_full_name", "company_type_text",
                   "industry", "labels", "published_text", "url"):  # fmt: skip
        assert filled(rows, column) == 50, column
    assert rows[0]["labels"] == ["上海-虹口区", "5-7年经验", "大专"]
    assert rows[0]["welfare"] == ["五险一金", "做五休二"]


def test_zhaopin_form_of_2019(shared_data: Path) -> None:
    lines = gzip.decompress((shared_data / "zhaopin_search_2019.items.jsonl.gz").read_bytes()).splitlines()
    rows: list[Row] = []
    judged: list[str] = []
    for start in range(0, len(lines), 90):
        chunk = b",".join(lines[start : start + 90])
        body = b'{"code":200,"data":{"numFound":%d,"results":[%b]}}' % (len(lines), chunk)
        verdict = platform("zhilian").judge(answer(body), page(platform="zhilian"))
        assert verdict.outcome is Outcome.OK
        judged += verdict.ids
        rows += read_items(platform("zhilian").search, body)
    assert judged == [row["job_id"] for row in rows]
    assert len(rows) == 37_152
    assert len(set(judged)) == 27_274
    for column in ("title", "salary_text", "city", "experience_text", "degree_text", "company_id", "company_name",
                   "company_type_text", "updated_text", "url", "job_type"):  # fmt: skip
        assert filled(rows, column) == 37_152, column
    assert filled(rows, "welfare") == 34_846
    assert filled(rows, "company_size_text") == 37_140
    assert not [row for row in rows if row["experience_text"].startswith("{")]
    assert (rows[0]["city"], rows[0]["experience_text"], rows[0]["salary_text"]) == ("上海", "1年以下", "5K-10K")
    # 521 jobs come with several refresh times; by content every job is one.
    content = [field.column for field in platform("zhilian").search.fields if field.content]
    assert len({(row["job_id"], row["updated_text"]) for row in rows}) > 27_274
    assert len({tuple(map(str, (row[column] for column in content))) for row in rows}) == 27_274
