import numpy as np
import pytest
from scipy.stats import ttest_ind

from heldout.errors import DataError
from heldout.evidence.shift import adjust_discovery, domain_shift


def test_the_planted_column_is_found_with_its_size():
    rng = np.random.default_rng(0)
    old, new = rng.normal(5, 2, (400, 3)), rng.normal(5, 2, (200, 3))
    new[:, 1] += 2
    first, *rest = domain_shift(old, new, names=["a", "b", "c"])
    assert (first.name, first.is_shifted) == ("b", True)
    assert first.difference == pytest.approx(1.0, abs=0.2)
    assert not any(item.is_shifted for item in rest)


def test_the_p_value_is_welch():
    rng = np.random.default_rng(1)
    old, new = rng.normal(size=(50, 1)), rng.normal(0.3, 2, (40, 1))
    found = domain_shift(old, new, names=["a"])[0]
    assert found.p == pytest.approx(ttest_ind(old[:, 0], new[:, 0], equal_var=False).pvalue)


def test_more_missing_cells_are_a_shift_too():
    rng = np.random.default_rng(2)
    old, new = rng.normal(size=(300, 1)), rng.normal(size=(300, 1))
    new[:150] = np.nan
    found = domain_shift(old, new, names=["a"])[0]
    assert found.is_shifted
    assert found.missing_difference == pytest.approx(0.5)


def test_columns_without_values_or_spread():
    old, new = np.full((30, 3), 1.0), np.full((30, 3), 1.0)
    new[:, 1] = 2.0
    old[:, 2] = np.nan
    found = {item.name: item for item in domain_shift(old, new, names=["same", "moved", "gone"])}
    assert (found["same"].difference, found["same"].is_shifted) == (0.0, False)
    assert (found["moved"].difference, found["moved"].is_shifted) == (np.inf, True)
    assert np.isnan(found["gone"].difference)
    assert found["gone"].is_shifted
    few = domain_shift(np.ones((5, 1)), np.ones((5, 1)), names=["a"])[0]
    assert np.isnan(few.p)
    assert not few.is_shifted


def test_false_discoveries_are_few():
    rng = np.random.default_rng(3)
    named = []
    for _ in range(100):
        found = domain_shift(rng.normal(size=(60, 8)), rng.normal(size=(40, 8)), names="abcdefgh")
        named.append(any(item.is_shifted for item in found))
    assert np.mean(named) <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / 100)


def test_benjamini_hochberg_by_hand():
    assert adjust_discovery([0.01, 0.02, 0.9]) == pytest.approx((0.03, 0.03, 0.9))
    assert np.isnan(adjust_discovery([float("nan"), 0.5])[0])


def test_columns_must_agree():
    with pytest.raises(DataError, match="expected equal columns"):
        domain_shift(np.zeros((3, 2)), np.zeros((3, 1)), names=["a", "b"])
