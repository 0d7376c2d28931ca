"""Which postings are the same opening, for the whole warehouse: ``link_jobs``.

Steps: accounts of the newest company resolution, distinct strings, features of every posting, then per shard: pairs
and verdicts in the engine, connected postings in Python, rows of ``job_link``. Nothing is visible before the end.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass

from jobdata_resources.resolution.features import write_features, write_values
from jobdata_resources.resolution.openings import LINKED, SINGLES, components
from jobdata_resources.resolution.pairs import LinkRules, edges_sql
from jobdata_resources.resolution.postings import PostingSource, sources
from jobdata_resources.resolution.store import Answer, begin
from jobdata_resources.warehouse import Warehouse

__all__ = ["LinkReport", "link_jobs", "write_edges"]

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkReport:
    """What a linking run found.

    Attributes:
        postings: rows of ``job_link``.
        openings: distinct openings; ``linked``: postings that share theirs with another posting.
        across_platforms: openings that are on more than one platform.
        pairs: pairs of postings that were found alike.
        seconds: wall time by step: features, pairs, openings, commit.
    """

    resolution_id: int
    postings: int
    openings: int
    linked: int
    across_platforms: int
    pairs: int
    seconds: dict[str, float]


_ACCOUNTS = """INSERT INTO link_account
    (work, platform, platform_company_id, name, ref, company_id, root_id, family, kind)
SELECT {work:UInt64}, a.platform, a.platform_company_id, a.name,
    concat(a.platform, ':', a.platform_company_id, if(a.name = '', '', concat('?', a.name))),
    a.company_id, if(c.parent_id = '', c.company_id, c.parent_id), c.family, c.kind
FROM company_alias AS a INNER JOIN company AS c ON c.company_id = a.company_id"""


def link_jobs(
    warehouse: Warehouse,
    run_id: str,
    *,
    rules: LinkRules | None = None,
    postings: Sequence[PostingSource] | None = None,
) -> LinkReport:
    """Link all postings; a new answer replaces the visible one as a whole.

    Args:
        warehouse: with a company resolution, without which only postings of one account are linked.
        run_id: recorded with the answer.
        rules: thresholds.
        postings: sources to read instead of the job tables.

    Raises:
        WarehouseBusy: a resolution or another linking is running.
        WarehouseError: nothing of this run is visible; run it again.
    """
    seconds: dict[str, float] = {}
    with begin(warehouse, "job_link", run_id) as answer:
        found = sources(warehouse) if postings is None else postings
        started = time.monotonic()
        answer.engine.command(_ACCOUNTS, {"work": answer.id}, doing="take over the accounts")
        write_values(warehouse, answer, found)
        _, shards = write_features(warehouse, answer, found)
        seconds["features"] = time.monotonic() - started
        started = time.monotonic()
        pairs = write_edges(warehouse, answer, shards, rules or LinkRules())
        seconds["pairs"] = time.monotonic() - started
        started = time.monotonic()
        linked = 0
        for shard in range(shards):
            linked += _connect(answer, shard)
            if shard % 16 == 0:
                answer.lock.renew()
        seconds["openings"] = time.monotonic() - started
        started = time.monotonic()
        stored = answer.commit({"linked": linked, "pairs": pairs})["job_link_version"]
        seconds["commit"] = time.monotonic() - started
    distinct, across = warehouse.query(
        """SELECT count(), countIf(across) FROM (SELECT min(platform) != max(platform) AS across FROM job_link
        WHERE resolution_id = {work:UInt64} GROUP BY opening_id)""",
        {"work": answer.id},
    )[0]
    _log.info("linked %d of %d postings", linked, stored)
    return LinkReport(
        resolution_id=answer.id,
        postings=stored,
        openings=int(distinct),
        linked=linked,
        across_platforms=int(across),
        pairs=pairs,
        seconds={step: round(value, 3) for step, value in seconds.items()},
    )


def write_edges(warehouse: Warehouse, answer: Answer, shards: int, rules: LinkRules) -> int:
    """Fill ``link_edge`` shard by shard. Returns the number of pairs."""
    statement = edges_sql(rules)
    for shard in range(shards):
        answer.engine.command(statement, {"work": answer.id, "shard": shard}, doing="compare postings")
        if shard % 16 == 0:
            answer.lock.renew()
    return int(warehouse.query("SELECT count() FROM link_edge WHERE work = {work:UInt64}", {"work": answer.id})[0][0])


def _connect(answer: Answer, shard: int) -> int:
    """Turn the pairs of a shard into rows of ``job_link``. Returns the connected postings."""
    where = {"work": answer.id, "shard": shard}
    pairs = answer.engine.query(
        "SELECT a, b FROM link_edge WHERE work = {work:UInt64} AND shard = {shard:UInt16}", where, doing="read pairs"
    )
    found = components((int(a), int(b)) for a, b in pairs)
    linked = answer.insert("link_member", ((shard, n, component) for n, component in found.items()))
    answer.engine.command(LINKED, where, doing="write linked postings")
    answer.engine.command(SINGLES, where, doing="write single postings")
    return linked
