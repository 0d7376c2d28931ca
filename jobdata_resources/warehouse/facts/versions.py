"""Which version of the rules readers see, and the one insert that changes it.

A version is activated when the facts of every stored string are there. A program whose version was active before and
is not any more is older than the warehouse (or was rolled back): it must not write facts nobody reads, and it must
not turn readers back by itself.
"""

# ruff: noqa: S608 - generated SQL: names are quoted by sqltext, values of callers are bound as parameters

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from jobdata_resources.warehouse.client import Engine
from jobdata_resources.warehouse.errors import WarehouseSchemaError
from jobdata_resources.warehouse.facts.tables import FACT_VERSION

__all__ = ["Versions", "activate", "read_versions"]


@dataclass(frozen=True, slots=True)
class Versions:
    """The ledger of versions at one moment.

    Attributes:
        active: version by field; fields never filled are missing.
        past: every version a field ever had.
        flip: the newest change, 0 when there was none.
    """

    active: Mapping[str, str]
    past: Mapping[str, frozenset[str]]
    flip: int

    def outdated(self, known: Mapping[str, str]) -> dict[str, str]:
        """Fields whose active version is not the known one, with the active one; empty when never filled."""
        return {field: self.active.get(field, "") for field, rule in known.items() if self.active.get(field) != rule}

    def require_not_superseded(self, known: Mapping[str, str]) -> None:
        """Refuse to go on with rules that the warehouse has left behind.

        Raises:
            WarehouseSchemaError: a known version was active once and another one is now.
        """
        for field, active in self.outdated(known).items():
            if known[field] in self.past.get(field, ()):
                raise WarehouseSchemaError(
                    f"the facts of {field} were rebuilt with {active}, this program knows {known[field]}, which they"
                    " had before; update the program, or if the new rules are to be taken back, run the job"
                    " rebuild_facts with this program"
                )


def read_versions(engine: Engine) -> Versions:
    """The versions now."""
    rows = engine.query(
        f"SELECT field, argMax(rule, flip), groupUniqArray(rule), max(flip) FROM {FACT_VERSION} GROUP BY field",
        doing="read the versions of the rules",
    )
    return Versions(
        active={str(field): str(rule) for field, rule, _, _ in rows},
        past={str(field): frozenset(map(str, rules)) for field, _, rules, _ in rows},
        flip=max((int(flip) for *_, flip in rows), default=0),
    )


def activate(engine: Engine, rules: Mapping[str, str], *, flip: int, run_id: str) -> None:
    """Show readers these versions, all at once. Sent twice it changes nothing more.

    Args:
        rules: new version by field; its facts must be complete.
        flip: larger than every earlier one.
        run_id: who did it.
    """
    if not rules:
        return
    engine.command(
        f"INSERT INTO {FACT_VERSION} SELECT pair.1, {{flip:UInt64}}, pair.2, {{run:String}}, now64(3)"
        " FROM (SELECT arrayJoin(arrayZip({fields:Array(String)}, {rules:Array(String)})) AS pair)",
        {"flip": flip, "run": run_id, "fields": list(rules), "rules": list(rules.values())},
        doing="activate the new rules",
    )
