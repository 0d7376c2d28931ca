"""The market part of the demo's summary: companies, openings, and how much of what was published is understood."""

# ruff: noqa: S608 - generated SQL: column names are constants of the view

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from jobdata_resources.warehouse import Warehouse

__all__ = ["collect_market", "show_market"]


def collect_market(warehouse: Warehouse) -> dict[str, Any]:
    """What the tables say after a refresh of the market.

    ``companies``: counts by kind, accounts, merges by rule, pairs for review. ``openings``: postings and the openings
    they are. ``market``: jobs of the view by status, share of them with a company, salaries known. ``unparsed``: by
    platform and field the share of jobs without a value, 0 to 1, and the shares by reason; fields that a platform does
    not publish are left out.

    Raises:
        WarehouseError: the market was not refreshed yet.
    """
    from jobdata_assets.companies.company_summary import summarise_companies

    found = summarise_companies(warehouse)
    kinds = dict(warehouse.query("SELECT kind, count() FROM company GROUP BY kind ORDER BY kind"))
    [(waiting,)] = warehouse.query("SELECT count() FROM company_review")
    [(postings, openings, across)] = warehouse.query(
        "SELECT sum(postings), count(), countIf(platforms > 1) FROM"
        " (SELECT count() AS postings, uniqExact(platform) AS platforms FROM job_link GROUP BY opening_id)"
    )
    [(jobs, still, gone, resolved, paid)] = warehouse.query(
        "SELECT count(), countIf(status = 'open'), countIf(status = 'gone'), countIf(company_id != ''),"
        " countIf(salary_min IS NOT NULL OR salary_max IS NOT NULL) FROM job_analytics"
    )
    return {
        "companies": {
            "total": found.companies,
            **{str(kind): int(count) for kind, count in kinds.items()},
            "accounts": found.accounts,
            "across_platforms": found.across_platforms,
            "merges": {str(rule): int(merges) for rule, merges, _, _ in found.rules if merges},
            "review": int(waiting),
        },
        "openings": {"postings": int(postings), "openings": int(openings), "across_platforms": int(across)},
        "market": {
            "jobs": int(jobs),
            "open": int(still),
            "gone": int(gone),
            "with_company": round(resolved / jobs, 4) if jobs else 0.0,
            "with_salary": round(paid / jobs, 4) if jobs else 0.0,
        },
        "unparsed": _unparsed(warehouse),
    }


def _unparsed(warehouse: Warehouse) -> dict[str, dict[str, dict[str, Any]]]:
    from jobdata_resources.warehouse.facts.market import FIELD_REASONS, NOT_PUBLISHED

    pairs = ", ".join(f"('{field}', toString({column}))" for field, column in FIELD_REASONS.items())
    rows = warehouse.query(
        f"""SELECT platform, pair.1 AS field, pair.2 AS reason, count() AS jobs
        FROM (SELECT platform, arrayJoin([{pairs}]) AS pair FROM job_analytics)
        WHERE reason != '{NOT_PUBLISHED}' GROUP BY platform, field, reason
        ORDER BY platform, field, jobs DESC, reason"""
    )
    jobs: dict[tuple[str, str], int] = {}
    for platform, field, _, count in rows:
        jobs[platform, field] = jobs.get((platform, field), 0) + int(count)
    shares: dict[str, dict[str, dict[str, Any]]] = {}
    for platform, field, reason, count in rows:
        one = shares.setdefault(str(platform), {}).setdefault(str(field), {"share": 0.0, "reasons": {}})
        if reason:
            one["reasons"][str(reason)] = round(int(count) / jobs[platform, field], 4)
            one["share"] = round(sum(one["reasons"].values()), 4)
    return shares


def show_market(summary: dict[str, Any], console: Console) -> None:
    """Print companies, openings and the shares of unparsed values."""
    companies, openings, market = summary["companies"], summary["openings"], summary["market"]
    kinds = ", ".join(f"{companies[kind]} {kind}" for kind in ("legal", "branch", "brand") if companies.get(kind))
    merges = ", ".join(f"{rule} {count}" for rule, count in companies["merges"].items())
    console.print(
        f"{companies['accounts']} accounts are {companies['total']} companies ({kinds}), of which"
        f" {companies['across_platforms']} are on several platforms; {companies['review']} pairs wait for a person"
    )
    console.print(f"merged by {merges}" if merges else "no account was merged")
    console.print(
        f"{openings['postings']} postings are {openings['openings']} openings,"
        f" {openings['across_platforms']} of them on several platforms"
    )
    console.print(
        f"job_analytics: {market['jobs']} jobs, {market['open']} open and {market['gone']} gone;"
        f" {market['with_company']:.1%} with a company, {market['with_salary']:.1%} with a salary in CNY a month"
    )
    table = Table(title="Share of jobs without a value, and why", title_justify="left")
    table.add_column("field")
    platforms = sorted(summary["unparsed"])
    for name in platforms:
        table.add_column(name, justify="right")
    table.add_column("reasons")
    for field in sorted({field for found in summary["unparsed"].values() for field in found}):
        cells, reasons = [], []
        for name in platforms:
            one = summary["unparsed"][name].get(field)
            cells.append("-" if one is None else f"{one['share']:.2%}")
            reasons += [f"{name} {reason} {share:.2%}" for reason, share in (one["reasons"] if one else {}).items()]
        table.add_row(field, *cells, ", ".join(reasons))
    console.print(table)
