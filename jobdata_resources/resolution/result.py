"""What a resolution is: companies, decisions, and the questions that are asked of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from jobdata_resources.resolution.company import Company
from jobdata_resources.resolution.decision import Decision
from jobdata_resources.resolution.mention import MentionKey

__all__ = ["Resolution"]


@dataclass(frozen=True)
class Resolution:
    """Companies by id, and every decision in order of rule and sides."""

    companies: Sequence[Company]
    decisions: Sequence[Decision]

    @cached_property
    def company_of(self) -> dict[MentionKey, str]:
        """Mention to company id."""
        return {member: company.company_id for company in self.companies for member in company.members}

    @property
    def review(self) -> list[Decision]:
        """What a person must decide."""
        return [decision for decision in self.decisions if decision.verdict == "review"]

    def explain(self, left: MentionKey, right: MentionKey) -> list[Decision]:
        """The decisions between two mentions or the clusters they are in; empty when no rule ever compared them."""
        company = {member.ref: found for member, found in self.company_of.items()}
        sides = {self.company_of[left], self.company_of[right]}
        return [
            decision
            for decision in self.decisions
            if {company.get(decision.left), company.get(decision.right)} == sides
        ]
