import numpy as np
import pytest

from heldout.errors import DataError
from heldout.evidence.permutation import find_permutation_p


def test_the_observed_value_counts_as_one_permutation():
    assert find_permutation_p(0.1, np.ones(199)) == 1 / 200
    assert find_permutation_p(2.0, np.ones(199)) == 1.0
    assert find_permutation_p(0.9, [0.5, 0.95], lower_is_better=False) == pytest.approx(2 / 3)


def test_ties_and_failed_permutations_count_against_us():
    assert find_permutation_p(0.5, [0.5, np.nan, 0.9]) == pytest.approx(3 / 4)


def test_it_is_valid_on_exchangeable_values():
    rng = np.random.default_rng(0)
    p = [find_permutation_p(draw[0], draw[1:]) for draw in rng.normal(size=(2000, 20))]
    assert np.mean(np.array(p) <= 0.05) <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / 2000)


def test_nothing_to_compare_with_is_refused():
    with pytest.raises(DataError, match="0 permutations"):
        find_permutation_p(0.5, [])
    with pytest.raises(DataError, match="observed value of nan"):
        find_permutation_p(float("nan"), [1.0])
