"""Openings from pairs: which postings are connected, and the rows of ``job_link`` for them.

Connecting is pure Python over pairs of numbers, one shard at a time; everything else about a posting stays in the
engine. An opening is named after its posting that was seen first, so its id stays when further ones appear.
"""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["LINKED", "SINGLES", "components"]


def components(pairs: Iterable[tuple[int, int]]) -> dict[int, int]:
    """Every number that occurs in a pair, with the smallest number it is connected to; linear but for a logarithm."""
    parent: dict[int, int] = {}

    def find(n: int) -> int:
        while parent[n] != n:
            parent[n] = parent[parent[n]]
            n = parent[n]
        return n

    for a, b in pairs:
        parent.setdefault(a, a)
        parent.setdefault(b, b)
        low, high = sorted((find(a), find(b)))
        parent[high] = low
    return {n: find(n) for n in parent}


_WHERE = "work = {work:UInt64} AND shard = {shard:UInt16}"
_OPENING_ID = "concat('o', leftPad(lower(hex({0})), 16, '0'))"

LINKED = f"""INSERT INTO job_link_version
    (resolution_id, platform, job_id, opening_id, company_id, rule, score, evidence)
SELECT {{work:UInt64}}, p.platform, p.job_id, {_OPENING_ID.format("p.first_n")},
    if(p.kind IN ('brand', '') AND length(p.companies) = 1, p.companies[1], p.company_id),
    if(p.n = p.first_n, 'first', e.best.2), e.best.1,
    map('with', concat(w.platform, ':', w.job_id), 'title', toString(round(e.best.4, 2)),
        'body', toString(round(e.best.5, 2)), 'pay', toString(round(e.best.6, 2)))
FROM (
    SELECT f.n AS n, f.platform AS platform, f.job_id AS job_id, f.company_id AS company_id, f.kind AS kind,
        first_value(f.n) OVER (PARTITION BY m.component ORDER BY f.first_seen, f.platform, f.job_id) AS first_n,
        groupUniqArrayIf(f.company_id, f.kind IN ('legal', 'branch')) OVER (PARTITION BY m.component) AS companies
    FROM (SELECT n, platform, job_id, company_id, kind, first_seen FROM link_feature WHERE {_WHERE}) AS f
    INNER JOIN (SELECT n, component FROM link_member WHERE {_WHERE}) AS m ON m.n = f.n
) AS p
INNER JOIN (
    SELECT one, max(tuple(score, rule, other, title, body, pay)) AS best FROM (
        SELECT a AS one, b AS other, score, rule, title, body, pay FROM link_edge WHERE {_WHERE}
        UNION ALL
        SELECT b AS one, a AS other, score, rule, title, body, pay FROM link_edge WHERE {_WHERE}
    ) GROUP BY one
) AS e ON e.one = p.n
INNER JOIN (SELECT n, platform, job_id FROM link_feature WHERE {_WHERE}) AS w ON w.n = e.best.3"""  # noqa: S608
"""Rows of connected postings: the opening, the company its members agree on, and the best pair as evidence."""

SINGLES = f"""INSERT INTO job_link_version
    (resolution_id, platform, job_id, opening_id, company_id, rule, score, evidence)
SELECT {{work:UInt64}}, platform, job_id, {_OPENING_ID.format("n")}, company_id, 'single', 1, map()
FROM link_feature WHERE {_WHERE} AND n NOT IN (SELECT n FROM link_member WHERE {_WHERE})"""  # noqa: S608
"""Rows of postings without a pair."""
