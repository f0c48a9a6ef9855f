"""The area under the ROC curve against scikit-learn's, with ties."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import false_discovery_control, rankdata
from sklearn.metrics import roc_auc_score

from heldout.ranks import adjust_discoveries, find_auc, find_ranks


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=2, max_size=40))
def test_the_area_is_that_of_scikit_learn(pairs):
    score = np.array([float(value) for value, _ in pairs])
    positive = np.array([held for _, held in pairs])
    if 0 < positive.sum() < len(positive):
        assert find_auc(score, positive) == pytest.approx(roc_auc_score(positive, score))


def test_a_score_that_separates_has_all_of_it():
    assert find_auc(np.arange(4.0), np.array([False, False, True, True])) == 1.0


@settings(max_examples=25, deadline=None)
@given(st.lists(st.sampled_from([-1.0, 0.0, 0.5, 2.0, np.inf]), max_size=30))
def test_ranks_are_those_of_scipy(values):
    np.testing.assert_array_equal(find_ranks(np.array(values)), rankdata(values))


def test_ranks_of_unknown_values_are_unknown():
    assert np.isnan(find_ranks(np.array([1.0, np.nan]))).all()


def adjust_stupidly(p_values):
    """The step-up rule in words: the smallest q at which the value is among the rejected ones."""
    n = len(p_values)
    adjusted = []
    for p in p_values:
        above = [other for other in p_values if other >= p]
        adjusted.append(min([1.0, *(other * n / sum(o <= other for o in p_values) for other in above)]))
    return np.array(adjusted)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
@settings(max_examples=40, deadline=None)
def test_discoveries_are_adjusted_as_in_words_and_by_scipy(p_values):
    found = adjust_discoveries(np.array(p_values))
    assert np.allclose(found, adjust_stupidly(p_values))
    assert np.allclose(found, false_discovery_control(p_values))
