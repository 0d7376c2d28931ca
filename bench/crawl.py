"""What a landed page costs: our crawl, ours over httpx, Scrapy and bare sockets, against one local server in one run.

    python -m bench.crawl [--quick] [--json FILE]

Ours lands compressed, checkpointed pages; Scrapy writes its JSON-lines feed with 16 concurrent requests. Targets:
CPU per page at most 1/12 of Scrapy's; at 50 ms latency at least 95 % of what 16 connections allow (320 pages/s from a
server without any cost of its own; bare sockets show what this one gives); peak memory below Scrapy's and flat from
1,000 to 20,000 pages. CPU is in seconds: compare ratios, not machines.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

LIMIT_50_MS = 16 / 0.05


@contextmanager
def page_server(latency_ms: float) -> Iterator[int]:
    """The server of ``bench.page_server`` as a child process; yields its port."""
    server = subprocess.Popen(
        [sys.executable, "-m", "bench.page_server", "--latency-ms", str(latency_ms)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert server.stdout is not None
    assert server.stdin is not None
    try:
        yield int(server.stdout.readline())
    finally:
        server.stdin.close()
        server.wait(timeout=10)


def measure(client: str, pages: int, latency_ms: float) -> dict[str, Any]:
    """One run of one client in a fresh process and folder."""
    with page_server(latency_ms) as port, tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [sys.executable, "-m", "bench.crawl_client", client, str(port), str(pages), folder],
            check=True,
            capture_output=True,
            text=True,
            timeout=600,
        )
        result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        result["stored_mb"] = sum(p.stat().st_size for p in Path(folder).rglob("*") if p.is_file()) / 1e6
    result.update(client=client, latency_ms=latency_ms)
    result["pages_per_second"] = result["pages"] / result["seconds"]
    result["cpu_ms_per_page"] = result["cpu_seconds"] * 1000 / result["pages"]
    return result


def median_run(client: str, pages: int, latency_ms: float, repeats: int) -> dict[str, Any]:
    """The run with the median CPU cost of several."""
    runs = sorted((measure(client, pages, latency_ms) for _ in range(repeats)), key=lambda run: run["cpu_ms_per_page"])
    return runs[statistics.median_low(range(len(runs)))]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer pages, one repeat")
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    options = parser.parse_args()
    repeats = 1 if options.quick else 3
    pages = 1024 if options.quick else 2048
    plan = [
        ("ours", pages, 0, repeats),
        ("httpx", pages, 0, repeats),
        ("scrapy", pages, 0, repeats),
        ("ours", 3200 if options.quick else 6400, 50, repeats),
        ("httpx", 3200, 50, 1),
        ("scrapy", 2048, 50, 1),
        ("bare", 3200 if options.quick else 6400, 50, 1),
        ("ours", 1024, 0, 1),
        ("ours", 4096, 0, 1),
        ("ours", 8192 if options.quick else 20480, 0, 1),
    ]
    runs = []
    print(f"{os.cpu_count()} cores, 30 records of about 1.5 KB a page, 16 connections")
    print(
        f"{'client':8} {'latency':>8} {'pages':>7} {'CPU ms/page':>12} {'pages/s':>9} {'peak MB':>8} {'stored MB':>10}"
    )
    for client, count, latency, times in plan:
        run = median_run(client, count, latency, times)
        runs.append(run)
        print(
            f"{client:8} {latency:5d} ms {run['pages']:7d} {run['cpu_ms_per_page']:12.3f}"
            f" {run['pages_per_second']:9.0f} {run['peak_mb']:8.1f} {run['stored_mb']:10.1f}",
            flush=True,
        )
    verdict = {
        "cpu: Scrapy / ours (target 12)": runs[2]["cpu_ms_per_page"] / runs[0]["cpu_ms_per_page"],
        "cpu: Scrapy / ours over httpx": runs[2]["cpu_ms_per_page"] / runs[1]["cpu_ms_per_page"],
        "50 ms: ours / bare sockets (target 0.95)": runs[3]["pages_per_second"] / runs[6]["pages_per_second"],
        "50 ms: ours / 320 pages/s": runs[3]["pages_per_second"] / LIMIT_50_MS,
        "50 ms: bare sockets / 320 pages/s": runs[6]["pages_per_second"] / LIMIT_50_MS,
        "50 ms: ours over httpx / bare sockets": runs[4]["pages_per_second"] / runs[6]["pages_per_second"],
        "memory: ours / Scrapy (target below 1)": runs[0]["peak_mb"] / runs[2]["peak_mb"],
        "memory: most pages / 1,024 pages (target 1)": runs[9]["peak_mb"] / runs[7]["peak_mb"],
        "memory: most pages / 4,096 pages": runs[9]["peak_mb"] / runs[8]["peak_mb"],
    }
    for name, value in verdict.items():
        print(f"{name}: {value:.2f}")
    if options.json:
        options.json.write_text(json.dumps({"cores": os.cpu_count(), "runs": runs, "verdict": verdict}, indent=1))


if __name__ == "__main__":
    main()
