"""How linking postings grows: 0.1, 1 and 3 million postings, with and without one company of 10,000 in one city.

``python -m bench.link [--quick] [--sizes 100000,1000000]`` prints a table and one line of JSON. The market is made in
the engine: 25 postings a company, 1.75 of each opening, on two platforms; texts of six sentences with small edits
between platforms, twelve in a hundred titles decorated. Every size runs in a fresh process.

Limits held, on CPU seconds since other work may share the machine: per posting at the largest size at most 1.5 times
those at the smallest; 10,000 postings of one company and city add at most 0.3 to those of 1 million; peak memory below
2 GB; precision at least 0.99 and recall at least 0.95 on the openings that were generated.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from jobdata_resources.resolution import link_jobs
from jobdata_resources.resolution.postings import PostingSource
from jobdata_resources.resolution.store import begin
from jobdata_resources.settings import StoreSettings
from jobdata_resources.warehouse import Warehouse, open_warehouse

PER_COMPANY = 25
SKEW = 10_000
SIZES = (100_000, 1_000_000, 3_000_000)
FILL = 100_000

_VERBS = "['负责','参与','主导','协助','跟进','完成','推进','制定','维护','优化']"
_THINGS = (
    "['离线数仓的建模与开发','实时计算任务的稳定性','接口性能与线上问题','业务指标体系与看板','需求分析与原型设计',"
    "'自动化测试平台的搭建','核心模块的编码与评审','客户方案的编写与讲解','供应链系统的上线','用户增长活动的策划',"
    "'门店日常运营与排班','财务报表与税务申报','招聘渠道的拓展','设备的安装与调试','仓储流程的梳理']"
)
_TAILS = "['按期交付','保证质量','沉淀文档','提升效率','降低成本','配合上下游','持续改进','输出周报']"
_SENTENCE = (
    f"concat({_VERBS}[1 + cityHash64(o, i, 1) % 10], {_THINGS}[1 + cityHash64(o, i, 2) % 15],"
    f" {_TAILS}[1 + cityHash64(o, i, 3) % 8], toString(cityHash64(o, i, 4) % 97), '；')"
)
_CITIES = "['北京','上海','深圳','广州','杭州','成都','长沙','武汉','西安','苏州']"
_TITLES = (
    "['数据工程师','Java开发工程师','产品经理','测试工程师','销售代表','运营专员','会计','算法工程师','店长','客服']"
)
_TABLE = """CREATE TABLE synthetic (job_id String, o UInt64, platform LowCardinality(String), company_id String,
    company_name String, full_name String, title String, city String, salary_text String,
    description String CODEC(ZSTD(1)), first_seen DateTime64(3, 'Asia/Shanghai'))
    ENGINE = MergeTree ORDER BY (platform, job_id)"""
_PAIRS = "SELECT sum(n * (n - 1) / 2) FROM (SELECT count() AS n FROM {0} GROUP BY {1})"
"""Pairs within groups; a synthetic job id ends with the number of its opening."""


def _fill(start: int, count: int, size: int, skew: int) -> str:
    """Seven postings are four openings; the first ``skew`` postings belong to one company in one city."""
    return f"""INSERT INTO synthetic
    SELECT concat(leftPad(toString(cityHash64(number)), 20, '0'), '-', toString(o)) AS job_id, o, platform, company_id,
        company_id AS company_name, '' AS full_name,
        concat({_TITLES}[1 + cityHash64(o, 'title') % 10], multiIf(o % 100 < 7, '-急招', o % 100 < 12, '（双休）', ''))
            AS title,
        if(o < {skew * 4 // 7}, '上海', {_CITIES}[1 + cityHash64(o, 'city') % 10]) AS city,
        concat(toString(8 + o % 20), '-', toString(12 + o % 20), 'K') AS salary_text,
        concat('<p>岗位职责：', if(platform = 'boss', '经验1-3年', '1年及以上经验'), arrayStringConcat(arrayMap(
            i -> {_SENTENCE}, range(6))), '</p>') AS description,
        toDateTime64('2026-11-01 00:00:00', 3, 'Asia/Shanghai') + number % 1000000 AS first_seen
    FROM (
        SELECT number, intDiv(number * 4, 7) AS o, if(number % 7 IN (0, 2, 4, 6), 'boss', 'qcwy') AS platform,
            if(o < {skew * 4 // 7}, 'giant',
                concat('c', toString(cityHash64(o, 'company') % {max(1, size // PER_COMPANY)}))) AS company_id
        FROM numbers({start}, {count})
    )"""


def _companies(warehouse: Warehouse) -> None:
    """Every account is a registered company of its own name, equal on both platforms."""
    with begin(warehouse, "company", "bench") as answer:
        for statement in (
            """INSERT INTO company_version (resolution_id, company_id, kind, name, legal_name, family)
            SELECT DISTINCT {id:UInt64}, company_id, 'legal', company_id, company_id, company_id FROM synthetic""",
            """INSERT INTO company_alias_version (resolution_id, platform, platform_company_id, name, company_id)
            SELECT DISTINCT {id:UInt64}, platform, company_id, '', company_id FROM synthetic""",
        ):
            answer.engine.command(statement, {"id": answer.id})
        answer.commit({})


def _source(platform: str) -> PostingSource:
    bounds = "job_id >= {low:String} AND ({high:String} = '' OR job_id < {high:String})"
    return PostingSource(
        platform=platform,
        ids=f"synthetic_{platform}",
        query=f"SELECT * EXCEPT (o, platform) FROM synthetic WHERE platform = '{platform}' AND {bounds}",
        values=f"SELECT DISTINCT city, salary_text FROM synthetic WHERE platform = '{platform}'",
    )


def step(size: int, skew: int, folder: Path) -> dict[str, Any]:
    """One size, in this process."""
    with open_warehouse(StoreSettings(_env_file=None, jobdata_home=folder)) as warehouse:
        warehouse.migrate()
        warehouse.command(_TABLE)
        for start in range(0, size, FILL):
            warehouse.command(_fill(start, min(FILL, size - start), size, skew))
        for platform in ("boss", "qcwy"):
            warehouse.command(
                f"CREATE VIEW synthetic_{platform} AS SELECT job_id FROM synthetic WHERE platform = '{platform}'"
            )
        _companies(warehouse)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        started, cpu = time.monotonic(), time.process_time()
        report = link_jobs(warehouse, "bench", postings=[_source("boss"), _source("qcwy")])
        seconds, cpu = time.monotonic() - started, time.process_time() - cpu
        after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        together, predicted, true = (
            float(warehouse.query(_PAIRS.format(table, key))[0][0])
            for table, key in (
                ("job_link", "opening_id, substring(job_id, 22)"),
                ("job_link", "opening_id"),
                ("synthetic", "o"),
            )
        )
    return {
        "postings": report.postings,
        "skew": skew,
        "seconds": round(seconds, 2),
        "cpu_seconds": round(cpu, 2),
        "steps": report.seconds,
        "postings_per_second": round(size / seconds),
        "pairs": report.pairs,
        "peak_rss_mb": round(after),
        "rss_before_mb": round(before),
        "precision": round(together / max(1.0, predicted), 4),
        "recall": round(together / true, 4),
    }


def run(size: int, skew: int) -> dict[str, Any]:
    """One size, in a fresh process."""
    with tempfile.TemporaryDirectory(prefix="link-") as folder:
        done = subprocess.run(
            [sys.executable, "-m", "bench.link", "--step", str(size), str(skew), folder],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise SystemExit(f"{size} failed:\n{done.stdout}{done.stderr}")
        answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return answer


def judge(plain: list[dict[str, Any]], skewed: dict[str, Any]) -> dict[str, bool]:
    """Which limits hold."""
    each = [one["cpu_seconds"] / one["postings"] for one in plain]
    alike = min(plain, key=lambda one: abs(one["postings"] - skewed["postings"]))
    everyone = [*plain, skewed]
    share = max(1.0, 1_000_000 / skewed["postings"])  # the 10,000 weigh more in a smaller market
    return {
        "linear": each[-1] <= 1.5 * each[0],
        "skew": skewed["cpu_seconds"] <= alike["cpu_seconds"] * (1 + 0.3 * share),
        "memory": max(one["peak_rss_mb"] for one in everyone) < 2048,
        "precision": min(one["precision"] for one in everyone) >= 0.99,
        "recall": min(one["recall"] for one in everyone) >= 0.95,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="20,000 and 100,000 postings")
    parser.add_argument("--sizes", default="", help="comma list of postings instead of 0.1, 1 and 3 million")
    parser.add_argument("--step", nargs=3, metavar=("SIZE", "SKEW", "FOLDER"), help="one size in this process")
    options = parser.parse_args()
    if options.step:
        size, skew, folder = options.step
        print(json.dumps(step(int(size), int(skew), Path(folder))))
        return
    sizes: tuple[int, ...] = (20_000, 100_000) if options.quick else SIZES
    if options.sizes:
        sizes = tuple(map(int, options.sizes.split(",")))
    plain = [run(size, 0) for size in sizes]
    skewed = run(sizes[min(1, len(sizes) - 1)], SKEW)
    table = Table(title="linking postings")
    for column in ("postings", "of one company", "seconds", "CPU s", "postings/s", "pairs", "peak MB", "P", "R"):
        table.add_column(column, justify="right")
    names = ("skew", "seconds", "cpu_seconds", "postings_per_second", "pairs", "peak_rss_mb", "precision", "recall")
    for one in (*plain, skewed):
        table.add_row(f"{one['postings']:,}", *(f"{one[name]:,}" for name in names))
    Console(width=120).print(table)
    limits = judge(plain, skewed)
    print(json.dumps({"sizes": plain, "skewed": skewed, "limits": limits}))
    sys.exit(0 if all(limits.values()) else 1)


if __name__ == "__main__":
    main()
