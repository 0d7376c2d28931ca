"""What is in the newest answer of the company resolution, for metadata and reports: counts, doubts, some rows."""

# ruff: noqa: S608 - generated SQL: names are constants, values are bound as parameters

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jobdata_resources.warehouse import Warehouse

__all__ = ["CompanySummary", "summarise_companies"]

_PREVIEW_ROWS = 10
_REVIEW_ROWS = 20
_COMPANY_COLUMNS = ("name", "kind", "platforms", "accounts", "postings", "cities", "size_min", "size_max")


@dataclass(frozen=True, slots=True, kw_only=True)
class CompanySummary:
    """The companies as readers see them.

    Attributes:
        companies: rows of ``company``; ``across_platforms``: those with accounts on more than one platform.
        with_registry: companies whose registered name is known.
        accounts: rows of ``company_alias``; ``lost``: those whose company is not in ``company``, which must be none.
        new_accounts: accounts the answer before did not know; ``moved_accounts``: accounts of another company now.
        overrides: verdicts of people that are in force.
        rules: rule, merges, doubts and refusals; rules with most merges first.
        review: pairs that wait for a person: rule, both accounts with their names, evidence.
        preview: the companies with the most platforms and accounts, under ``preview_columns``.
    """

    companies: int
    across_platforms: int
    with_registry: int
    accounts: int
    lost: int
    new_accounts: int
    moved_accounts: int
    overrides: int
    rules: list[tuple[Any, ...]]
    review: list[tuple[Any, ...]]
    preview_columns: tuple[str, ...]
    preview: list[tuple[Any, ...]]


def summarise_companies(warehouse: Warehouse) -> CompanySummary:
    """Read the views of the newest resolution.

    Raises:
        WarehouseError: nothing was resolved yet, or the engine refused.
    """
    [(companies, across, registered)] = warehouse.query(
        "SELECT count(), countIf(length(platforms) > 1), countIf(legal_name != '') FROM company"
    )
    [(accounts, lost)] = warehouse.query(
        "SELECT count(), countIf(company_id NOT IN (SELECT company_id FROM company)) FROM company_alias"
    )
    new, moved = _moves(warehouse)
    [(overrides,)] = warehouse.query(
        "SELECT count() FROM company_override FINAL WHERE verdict IN ('merge', 'separate')"
    )
    return CompanySummary(
        companies=int(companies),
        across_platforms=int(across),
        with_registry=int(registered),
        accounts=int(accounts),
        lost=int(lost),
        new_accounts=new,
        moved_accounts=moved,
        overrides=int(overrides),
        rules=warehouse.query(
            """SELECT rule, countIf(verdict = 'merge') AS merges, countIf(verdict = 'review') AS doubts,
                countIf(verdict = 'separate') AS refusals
            FROM company_decision GROUP BY rule ORDER BY merges DESC, doubts DESC, rule"""
        ),
        review=warehouse.query(
            f"""SELECT rule, left, arrayStringConcat(left_names, ', '), right, arrayStringConcat(right_names, ', '),
                arrayStringConcat(arrayMap((k, v) -> concat(k, ': ', v), mapKeys(evidence), mapValues(evidence)), '; ')
            FROM company_review ORDER BY rule, left, right LIMIT {_REVIEW_ROWS}"""
        ),
        preview_columns=_COMPANY_COLUMNS,
        preview=warehouse.query(
            f"""SELECT name, kind, arrayStringConcat(platforms, ', '), accounts, postings,
                arrayStringConcat(arraySlice(cities, 1, 5), ', '), size_min, size_max
            FROM company ORDER BY length(platforms) DESC, accounts DESC, postings DESC, company_id
            LIMIT {_PREVIEW_ROWS}"""
        ),
    )


def _moves(warehouse: Warehouse) -> tuple[int, int]:
    """Accounts that are new, and accounts that changed their company, against the answer before; 0 without one."""
    newest = warehouse.query(
        "SELECT DISTINCT resolution_id FROM resolution_run WHERE kind = 'company' ORDER BY 1 DESC LIMIT 2"
    )
    if len(newest) < 2:
        return 0, 0
    before = "SELECT * FROM company_alias_version WHERE resolution_id = {before:UInt64}"
    [(new, moved)] = warehouse.query(
        f"""SELECT countIf(b.company_id = ''), countIf(b.company_id NOT IN ('', a.company_id))
        FROM company_alias AS a
        LEFT JOIN ({before}) AS b ON b.platform = a.platform AND b.platform_company_id = a.platform_company_id
            AND b.name = a.name""",
        {"before": newest[1][0]},
    )
    return int(new), int(moved)
