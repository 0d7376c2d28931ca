"""Which pairs of postings are looked at, and which of them are one opening: SQL over ``link_feature``.

**Candidates.** Two postings can only be one opening within one family of companies and one city (``place``). A place
of up to ``SMALL_PLACE`` postings is compared whole. In a larger one, postings are compared that share the title's
core, or one of the four bytes of the text's ngramSimHash; within such a block the postings are sorted by simhash and
each is compared with its next ``WINDOW`` only. So the work is at most 5 x ``WINDOW`` pairs per posting, also for a
company with 10,000 postings in one city.

**Verdict.** Cheap filters first (company, hamming distance of the simhashes), then ngramDistance of title and text.
``LinkRules`` holds the thresholds.
"""

# ruff: noqa: S608 - generated SQL: names and numbers are constants of this module

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from jobdata_resources.resolution.features import HEAD
from jobdata_resources.resolution.schema import OVERRIDES

__all__ = ["SMALL_PLACE", "WINDOW", "LinkRules", "edges_sql"]

WINDOW: Final = 12
SMALL_PLACE: Final = WINDOW + 1
"""Up to here the window holds every pair."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkRules:
    """Thresholds of the verdict; all must hold.

    Attributes:
        hamming: most differing bits of the two 32-bit simhashes; sorts out nearly all pairs at no cost.
        body: least similarity of the texts, 1 - ngramDistance. A text of at least ``HEAD`` characters may be cut by its
            platform, so the longer one is compared as far as the shorter one goes; shorter texts are compared whole.
        body_chars: least characters of the shorter text: below it there is no text to compare and no link.
        title: least similarity of the titles; 1 when equal, 0.9 when equal without remarks (``（北京）``, ``-急招``).
        pay_ratio: most that the middles of two salary ranges may differ by when the ranges do not overlap; a raise.
    """

    hamming: int = 10
    body: float = 0.80
    body_chars: int = 30
    title: float = 0.70
    pay_ratio: float = 1.3


def edges_sql(rules: LinkRules) -> str:
    """INSERT of the edges of shard ``{shard:UInt16}`` of run ``{work:UInt64}``.

    ``same_company`` links postings of one company, counting a branch to its parent. ``same_brand`` links postings
    of one family when at least one side is a brand whose company is unknown; two registered companies never share
    an opening, nor do two companies that a person keeps apart.
    """
    where = "work = {work:UInt64} AND shard = {shard:UInt16}"
    return f"""INSERT INTO link_edge (work, shard, a, b, rule, title, body, pay, score)
    WITH narrow AS (
        SELECT n, simhash, cityHash64(root_id) AS root, root_id != '' AS known, cityHash64(company_id) AS company,
            kind IN ('brand', '') AS open_, low, high, lengthUTF8(body) AS chars
        FROM link_feature WHERE {where}
    ), wide AS (SELECT n, title, title_core, body FROM link_feature WHERE {where})
    SELECT {{work:UInt64}}, {{shard:UInt16}}, a, b, if(one_company, 'same_company', 'same_brand'), title_like,
        body_like, pay_like, 0.3 * title_like + 0.5 * body_like + 0.2 * pay_like
    FROM (
        SELECT a, b, one_company, pay_like,
            multiIf(x.title = y.title, 1., x.title_core = y.title_core, 0.9, 1 - ngramDistanceUTF8(x.title, y.title))
                AS title_like,
            1 - ngramDistanceUTF8(substringUTF8(x.body, 1, length), substringUTF8(y.body, 1, length)) AS body_like
        FROM (
            SELECT a, b, x.root = y.root AND x.known AS one_company, least(x.chars, y.chars) AS shorter,
                if(shorter >= {HEAD}, shorter, greatest(x.chars, y.chars)) AS length,
                {_PAY} AS pay_like
            FROM ({_candidates(where)}) AS c
            INNER JOIN narrow AS x ON x.n = c.a
            INNER JOIN narrow AS y ON y.n = c.b
            WHERE (x.root = y.root OR x.open_ OR y.open_)
                AND (least(x.company, y.company), greatest(x.company, y.company)) NOT IN ({_APART})
                AND bitHammingDistance(x.simhash, y.simhash) <= {rules.hamming}
                AND shorter >= {rules.body_chars}
                AND (pay_like > 0 OR least(x.low + x.high, y.low + y.high) * {rules.pay_ratio}
                    >= greatest(x.low + x.high, y.low + y.high))
        ) AS c
        INNER JOIN wide AS x ON x.n = c.a
        INNER JOIN wide AS y ON y.n = c.b
    )
    WHERE title_like >= {rules.title} AND body_like >= {rules.body}
    SETTINGS max_block_size = 16384, max_joined_block_size_rows = 16384"""


_APART: Final = f"""
                    SELECT least(cityHash64(l.company_id), cityHash64(r.company_id)) AS low_side,
                        greatest(cityHash64(l.company_id), cityHash64(r.company_id)) AS high_side
                    FROM (SELECT left, right FROM {OVERRIDES} FINAL WHERE verdict = 'separate') AS o
                    INNER JOIN (SELECT ref, company_id FROM link_account WHERE work = {{work:UInt64}}) AS l
                        ON l.ref = o.left
                    INNER JOIN (SELECT ref, company_id FROM link_account WHERE work = {{work:UInt64}}) AS r
                        ON r.ref = o.right
                    WHERE l.company_id != r.company_id"""
"""Companies that a person keeps apart. It holds for whole companies, like the override itself."""

_PAY: Final = """multiIf(isNull(coalesce(x.low, x.high)) OR isNull(coalesce(y.low, y.high)), 0.5,
                least(ifNull(x.high, 1e9), ifNull(y.high, 1e9)) < greatest(ifNull(x.low, 0), ifNull(y.low, 0)), 0.,
                isNull(x.low + x.high + y.low + y.high), 0.5,
                greatest(0.1, (least(x.high, y.high) - greatest(x.low, y.low) + 1)
                    / (greatest(x.high, y.high) - least(x.low, y.low) + 1)))"""
"""Overlap of two salary ranges over their union, at least 0.1 when they touch; 0 when they do not, 0.5 when one is
unknown or open."""


def _candidates(where: str) -> str:
    """Distinct pairs (a, b) of a shard; see the module."""
    bands = ", ".join(
        f"cityHash64(place, {byte}, bitAnd(bitShiftRight(simhash, {8 * byte}), 255))" for byte in range(4)
    )
    return f"""SELECT DISTINCT least(n, m) AS a, greatest(n, m) AS b FROM (
            SELECT n, arrayJoin(groupArray(n) OVER (
                PARTITION BY key ORDER BY simhash, n ROWS BETWEEN 1 FOLLOWING AND {WINDOW} FOLLOWING)) AS m
            FROM (
                SELECT n, simhash, arrayJoin(
                    if(size <= {SMALL_PLACE}, [place], [cityHash64(place, title_core), {bands}])) AS key
                FROM (
                    SELECT n, simhash, place, title_core, count() OVER (PARTITION BY place) AS size
                    FROM link_feature WHERE {where}
                )
                WHERE size > 1
            )
        ) WHERE n != m"""
