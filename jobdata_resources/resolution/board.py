"""The clusters while they are made: who is with whom, what was decided, and what must never be joined.

Nothing here knows a rule; ``resolve`` plays the rules on a board.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from jobdata_resources.resolution.decision import Decision, Override, Verdict
from jobdata_resources.resolution.mention import Facts, MentionKey
from jobdata_resources.resolution.rules import VETOES, Rule

__all__ = ["Board"]


class Board:
    """Disjoint sets of mentions with their joined facts, the decisions so far, and the overrides."""

    def __init__(self, mentions: Mapping[MentionKey, Facts], overrides: Iterable[Override]) -> None:
        self.decisions: list[Decision] = []
        self._parent = {key: key for key in mentions}
        self._facts = dict(mentions)
        self._members = {key: [key] for key in mentions}
        self._by_ref = {key.ref: key for key in mentions}
        self._apart: dict[MentionKey, set[MentionKey]] = {}
        self._reasons: dict[tuple[str, str], str] = {}
        # What is kept apart must be known before anything is joined.
        for one in sorted(overrides, key=lambda item: (item.verdict == "merge", item.left, item.right)):
            self._override(one)

    def _override(self, override: Override) -> None:
        left, right = self._by_ref.get(override.left), self._by_ref.get(override.right)
        if left is None or right is None:
            return  # about accounts that are not among the mentions; it stays in force for when they are
        if override.verdict == "separate":
            self._apart.setdefault(left, set()).add(right)
            self._apart.setdefault(right, set()).add(left)
            low, high = sorted((left.ref, right.ref))
            self._reasons[low, high] = override.reason
            self._note("override", left, right, "separate", {"reason": override.reason})
        elif any(self._forbidden(left, right)):
            self._note("override_conflict", left, right, "review", {"reason": override.reason})
        else:
            self.join("override", left, right, {"reason": override.reason})

    def find(self, key: MentionKey) -> MentionKey:
        """The key that stands for the cluster of a mention."""
        root = key
        while self._parent[root] != root:
            root = self._parent[root]
        while self._parent[key] != root:
            self._parent[key], key = root, self._parent[key]
        return root

    def by_ref(self, ref: str) -> MentionKey | None:
        """The cluster of a mention given by its ref; None when there is none."""
        key = self._by_ref.get(ref)
        return None if key is None else self.find(key)

    def clusters(self) -> Iterator[tuple[Facts, list[MentionKey]]]:
        """Facts and members of every cluster, by smallest key."""
        for root in sorted(self._facts, key=lambda one: self._facts[one].first):
            yield self._facts[root], sorted(self._members[root])

    def facts(self, key: MentionKey) -> Facts:
        """The facts of the cluster a mention is in."""
        return self._facts[self.find(key)]

    def veto(self, rule: Rule, left: MentionKey, right: MentionKey) -> Decision | None:
        """The reason why two clusters may not be joined by a rule, as a decision; None when there is none."""
        one, other = self.facts(left), self.facts(right)
        for mine, theirs in self._forbidden(left, right):
            low, high = sorted((mine.ref, theirs.ref))
            return self._decision("override", one, other, "separate", {"reason": self._reasons[low, high]})
        for veto in VETOES:
            if veto.name not in rule.past and (evidence := veto.compare(one, other)) is not None:
                return self._decision(veto.name, one, other, veto.verdict, {"against": rule.name, **evidence})
        return None

    def _forbidden(self, left: MentionKey, right: MentionKey) -> Iterator[tuple[MentionKey, MentionKey]]:
        """Overrides that keep two clusters apart."""
        if not self._apart:
            return
        other = self.find(right)
        for member in sorted(self._members[self.find(left)]):
            for enemy in sorted(self._apart.get(member, ())):
                if self.find(enemy) == other:
                    yield member, enemy

    def join(self, rule: str, left: MentionKey, right: MentionKey, evidence: Mapping[str, str]) -> None:
        """Merge two clusters and note why; nothing when they are one already."""
        keep, gone = self.find(left), self.find(right)
        if keep == gone:
            return
        self._note(rule, self._facts[keep].first, self._facts[gone].first, "merge", evidence)
        if len(self._members[keep]) < len(self._members[gone]):
            keep, gone = gone, keep
        self._parent[gone] = keep
        self._facts[keep].absorb(self._facts.pop(gone))
        self._members[keep] += self._members.pop(gone)

    def note(self, decision: Decision) -> None:
        """Keep a decision that changes nothing on the board."""
        self.decisions.append(decision)

    def _note(
        self, rule: str, left: MentionKey, right: MentionKey, verdict: Verdict, evidence: Mapping[str, str]
    ) -> None:
        low, high = sorted((left.ref, right.ref))
        self.decisions.append(Decision(rule, low, high, verdict, dict(evidence)))

    @staticmethod
    def _decision(rule: str, left: Facts, right: Facts, verdict: Verdict, evidence: Mapping[str, str]) -> Decision:
        low, high = sorted((left.first.ref, right.first.ref))
        return Decision(rule, low, high, verdict, dict(evidence))
