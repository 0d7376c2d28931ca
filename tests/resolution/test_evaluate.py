"""Pairwise precision and recall against pairs that are listed one by one."""

from __future__ import annotations

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from jobdata_resources.resolution import evaluate

_GROUPS = st.dictionaries(st.integers(0, 12), st.integers(0, 4), max_size=12)


@given(_GROUPS, _GROUPS)
def test_counts_equal_listed_pairs(predicted: dict[int, int], truth: dict[int, int]) -> None:
    def pairs(groups: dict[int, int]) -> set[tuple[int, int]]:
        items = sorted(set(groups) & set(truth))
        return {pair for pair in combinations(items, 2) if groups[pair[0]] == groups[pair[1]]}

    score = evaluate(predicted, truth)
    assert score.true == len(pairs(truth))
    assert score.predicted == len(pairs(predicted))
    assert score.together == len(pairs(truth) & pairs(predicted))


def test_nothing_to_find_is_no_failure() -> None:
    score = evaluate({}, {"a": 1, "b": 2})
    assert (score.precision, score.recall) == (1.0, 1.0)
