"""The pure core: mentions in, companies and decisions out.

The answer depends on the set of mentions, shared postings and overrides and on nothing else: not on their order.
Every rule is played over blocks of clusters with a common key. In a block the best known cluster comes first and
takes a *seat*; each following one is held against the seats: it joins the only one it fits, takes a seat of its own
when it fits none, and goes to review when it fits several.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from jobdata_resources.resolution.board import Board
from jobdata_resources.resolution.company import Company, companies_of
from jobdata_resources.resolution.decision import Decision, Override, SharedPostings
from jobdata_resources.resolution.mention import CompanyMention, Facts, MentionKey, facts_of
from jobdata_resources.resolution.result import Resolution
from jobdata_resources.resolution.rules import RULES, Answer, Rule

__all__ = ["REVIEW_SEATS", "resolve"]

REVIEW_SEATS: Final = 8
"""Most seats one cluster is held against in a block, and so the most reviews it can cause there; keeps blocks of a
common core linear."""


def resolve(
    mentions: Iterable[CompanyMention],
    *,
    shared: Iterable[SharedPostings] = (),
    overrides: Iterable[Override] = (),
    earlier: Mapping[MentionKey, str] | None = None,
) -> Resolution:
    """Find out which mentions are one company.

    Args:
        mentions: accounts; several of one key are joined without a question.
        shared: pairs of accounts that published the same opening.
        overrides: verdicts of people; they win over every rule.
        earlier: company ids of the resolution before, so that a company keeps its id when more is known of it.

    Returns:
        The companies, which mention belongs to which, and every decision.
    """
    facts: dict[MentionKey, Facts] = {}
    joined: dict[MentionKey, list[CompanyMention]] = {}
    for mention in mentions:
        joined.setdefault(mention.key, []).append(mention)
    for key in sorted(joined):
        for mention in joined[key]:
            if key in facts:
                facts[key].absorb(facts_of(mention))
            else:
                facts[key] = facts_of(mention)
    board = Board(facts, overrides)
    pairs = _neighbours(shared)
    for rule in RULES:
        blocks = _shared_blocks(board, rule, pairs) if rule.shared else _keyed_blocks(board, rule)
        for block in blocks:
            _play(board, rule, block)
    companies = companies_of(board, joined, earlier or {})
    for decision in _entities_of_a_core(companies):
        board.note(decision)
    return Resolution(companies, sorted(set(board.decisions)))


def _neighbours(shared: Iterable[SharedPostings]) -> dict[str, set[str]]:
    pairs: dict[str, set[str]] = {}
    for one in shared:
        if one.count > 0:
            pairs.setdefault(one.left, set()).add(one.right)
            pairs.setdefault(one.right, set()).add(one.left)
    return pairs


def _keyed_blocks(board: Board, rule: Rule) -> Iterator[list[MentionKey]]:
    """Clusters by key of the rule, of two at least; taken before the rule changes anything."""
    blocks: dict[str, list[MentionKey]] = {}
    for facts, _ in board.clusters():
        for key in set(rule.keys(facts)):
            blocks.setdefault(key, []).append(facts.first)
    for key in sorted(blocks):
        if len(blocks[key]) > 1:
            yield blocks[key]


def _shared_blocks(board: Board, rule: Rule, pairs: Mapping[str, set[str]]) -> Iterator[list[MentionKey]]:
    """Every cluster that is no anchor, with the clusters that published postings of its own."""
    for facts, members in list(board.clusters()):
        if rule.anchor(facts):
            continue
        refs = sorted({ref for member in members for ref in pairs.get(member.ref, ())})
        others = [other for ref in refs if (other := board.by_ref(ref)) is not None]
        block = [other for other in others if rule.anchor(board.facts(other))]
        if block:
            yield [*block, facts.first]


def _play(board: Board, rule: Rule, block: Sequence[MentionKey]) -> None:
    """One block of one rule; see the module."""
    clusters = {board.find(key) for key in block}
    ordered = sorted(clusters, key=lambda key: (board.facts(key).weight, board.facts(key).first))
    seats = [key for key in ordered if rule.anchor(board.facts(key))]
    for key in ordered:
        if rule.anchor(board.facts(key)):
            continue
        fits = _fitting(board, rule, seats, key)
        merges = [(seat, answer) for seat, answer in fits if answer.verdict == "merge"]
        if len(fits) == 1 and merges:
            [(seat, answer)] = merges
            board.join(rule.name, seat, key, answer.evidence)
        elif fits:
            for seat, answer in fits:
                several = {"candidates": str(len(fits)) + ("+" if len(fits) == REVIEW_SEATS else "")}
                board.note(_review(board, rule, seat, key, answer, several if len(fits) > 1 else {}))
        elif rule.opens:
            seats.append(key)


def _fitting(board: Board, rule: Rule, seats: Sequence[MentionKey], key: MentionKey) -> list[tuple[MentionKey, Answer]]:
    """The seats a cluster fits, up to a limit; vetoed ones are noted and left out."""
    fits: list[tuple[MentionKey, Answer]] = []
    vetoed = 0
    seen: set[MentionKey] = set()
    for seat in seats:
        root = board.find(seat)
        if root in seen or root == board.find(key):
            continue
        seen.add(root)
        answer = rule.compare(board.facts(seat), board.facts(key))
        if answer is None:
            continue
        veto = board.veto(rule, seat, key)
        if veto is None:
            fits.append((seat, answer))
        else:
            board.note(veto)
            vetoed += 1
        if len(fits) == REVIEW_SEATS or vetoed == REVIEW_SEATS:
            break
    return _without_branches(board, fits)


def _without_branches(board: Board, fits: list[tuple[MentionKey, Answer]]) -> list[tuple[MentionKey, Answer]]:
    """A brand that fits a company and branches of it is the company's."""
    parents = {name for seat, _ in fits for name in board.facts(seat).legal if "|" not in name}
    return [
        (seat, answer)
        for seat, answer in fits
        if not (legal := board.facts(seat).legal)
        or not {name.partition("|")[0] for name in legal} <= parents
        or any("|" not in name for name in legal)
    ]


def _review(
    board: Board, rule: Rule, seat: MentionKey, key: MentionKey, answer: Answer, several: Mapping[str, str]
) -> Decision:
    low, high = sorted((board.facts(seat).first.ref, board.facts(key).first.ref))
    return Decision(rule.name, low, high, "review", {**answer.evidence, **several})


def _entities_of_a_core(companies: Sequence[Company]) -> Iterator[Decision]:
    """Say why registered companies of one core stay apart, each against the first of its core, and branches."""
    first: dict[str, Company] = {}
    by_id = {company.company_id: company for company in companies}
    for company in companies:
        if parent := by_id.get(company.parent_id):
            low, high = sorted((company.members[0].ref, parent.members[0].ref))
            yield Decision("branch_of", low, high, "separate", {"branch": company.name, "parent": parent.name})
        if company.kind != "legal":
            continue
        for core in company.cores:
            other = first.setdefault(core, company)
            if other is not company:
                low, high = sorted((company.members[0].ref, other.members[0].ref))
                names = {"core": core, "left": other.name, "right": company.name}
                yield Decision("same_core_other_entity", low, high, "separate", names)
