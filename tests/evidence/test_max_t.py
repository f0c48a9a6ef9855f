import numpy as np
import pytest
from scipy import stats

from heldout.errors import DataError
from heldout.evidence.max_t import (
    adjust_max_t,
    contrast_changes,
    contrast_groups,
    draw_signs,
    find_limit,
)
from heldout.evidence.paired import compare_paired, index_units


def draw(n_rows=60, n_groups=5, *, seed=0):
    rng = np.random.default_rng(seed)
    members = rng.random((n_groups, n_rows)) < 0.3
    return rng.exponential(size=n_rows), members


def test_single_rows_give_welchs_t():
    values, members = draw()
    found = contrast_groups(values, members, index_units(range(60)), seed=0, n_draws=3)
    for index, rows in enumerate(members):
        expected = stats.ttest_ind(values[rows], values[~rows], equal_var=False)
        assert found.t[index] == pytest.approx(expected.statistic, rel=1e-4)
        assert found.difference[index] == pytest.approx(values[rows].mean() - values[~rows].mean(), rel=1e-4)
        assert found.difference[index] / found.se[index] == pytest.approx(found.t[index], rel=1e-6)


def test_every_draw_is_the_statistic_of_some_order_of_the_rows():
    values = np.array([0.0, 1.0, 5.0, 2.0, 9.0])
    members = np.array([[True, True, False, False, False]])
    found = contrast_groups(values, members, index_units(range(5)), seed=1, n_draws=300)
    pairs = [(a, b) for a in range(5) for b in range(a)]
    possible = [
        stats.ttest_ind(values[list(pair)], np.delete(values, list(pair)), equal_var=False).statistic
        for pair in pairs
    ]
    distance = np.abs(found.null - np.array(possible)[None]).min(axis=1)
    assert distance.max() < 1e-3
    # all ten splits occur about equally often
    assert np.bincount(np.abs(found.null - np.array(possible)[None]).argmin(axis=1)).min() > 15


def test_equal_units_are_permuted_whole():
    """With units of two equal values, a group that holds whole units never sees one of them torn apart."""
    singles = np.array([0.0, 1.0, 10.0, 3.0, 4.0])
    units = index_units(np.repeat([5, 2, 9, 7, 0], 2))
    members = np.repeat([True, False, False, True, False], 2)[None]
    found = contrast_groups(np.repeat(singles, 2), members, units, seed=0, n_draws=100)
    possible = set()
    for a in range(5):
        for b in range(a):
            inside = np.repeat(singles[[a, b]], 2)
            outside = np.repeat(np.delete(singles, [a, b]), 2)
            possible.add(round(float(stats.ttest_ind(inside, outside, equal_var=False).statistic), 2))
    assert {round(float(value), 2) for value in found.null[:, 0]} <= possible


def test_units_of_other_sizes_stay_where_they_are():
    unit = np.repeat(np.arange(24), [1] * 12 + [2] * 12)
    values, big = unit.astype(float), unit >= 12
    found = contrast_groups(values, big[None], index_units(unit), seed=0, n_draws=20)
    assert found.null[:, 0] == pytest.approx(
        found.t[0], rel=1e-4
    )  # big units only change places with big ones
    half = np.isin(unit, [*range(6), *range(12, 18)])
    found = contrast_groups(values, half[None], index_units(unit), seed=0, n_draws=20)
    assert np.ptp(found.null) > 1


def naive_flip(values, rows, unit, signs):
    flipped = (values - values.mean()) * signs[unit]
    inside, outside = flipped[rows].mean(), flipped[~rows].mean()
    influence = np.where(rows, (flipped - inside) / rows.sum(), -(flipped - outside) / (~rows).sum())
    sums = np.bincount(unit, weights=influence)
    return (inside - outside) / np.sqrt(len(sums) / (len(sums) - 1) * (sums**2).sum())


def test_unequal_units_are_flipped_whole():
    values, members = draw(55, seed=3)
    unit = np.repeat(np.arange(10), np.arange(1, 11))  # no two of one size
    units = index_units(unit)
    found = contrast_groups(values, members, units, seed=4, n_draws=6)
    signs = np.concatenate(list(draw_signs(units.n_units, 6, 4)))
    for index, rows in enumerate(members):
        assert found.t[index] == pytest.approx(
            naive_flip(values, rows, units.code, np.ones(units.n_units)), rel=1e-3
        )
        for draw_index in range(6):
            expected = naive_flip(values, rows, units.code, signs[draw_index])
            assert found.null[draw_index, index] == pytest.approx(expected, rel=1e-3, abs=1e-3)


def test_groups_of_equal_values_have_no_statistic():
    members = np.array([[True] * 5 + [False] * 5])
    found = contrast_groups(np.ones(10), members, index_units(range(10)), seed=0, n_draws=5)
    assert found.t[0] == 0
    assert (found.null == 0).all()


def test_scale_and_shift_of_the_values_do_not_matter():
    values, members = draw()
    units = index_units(range(60))
    one = contrast_groups(values, members, units, seed=0, n_draws=20)
    other = contrast_groups(1e6 + 1e-3 * values, members, units, seed=0, n_draws=20)
    assert other.t == pytest.approx(one.t, rel=1e-3)
    assert other.difference == pytest.approx(1e-3 * one.difference, rel=1e-3)


def test_p_values_and_limit_agree():
    rng = np.random.default_rng(0)
    null = rng.normal(size=(999, 20)).astype(np.float32)
    limit = find_limit(null, 0.05)
    assert adjust_max_t(np.array([limit * 1.001]), null)[0] <= 0.05
    assert adjust_max_t(np.array([limit * 0.99]), null)[0] > 0.05
    assert find_limit(null, 0.0001) == np.inf
    assert adjust_max_t(np.array([1e9]), null)[0] == pytest.approx(0.001)


def test_groups_must_fit_the_rows():
    with pytest.raises(DataError, match=r"groups of shape \(1, 4\) and 3 units for 3 rows"):
        contrast_groups(np.zeros(3), np.ones((1, 4), bool), index_units(range(3)), seed=0)
    with pytest.raises(DataError, match="row 1 has no finite loss"):
        contrast_groups(np.array([0.0, np.nan]), np.ones((1, 2), bool), index_units(range(2)), seed=0)
    with pytest.raises(DataError, match="group 0 has no rows of 2"):
        contrast_groups(np.zeros(2), np.zeros((1, 2), bool), index_units(range(2)), seed=0)


def test_one_group_of_changes_is_the_paired_statistic():
    change = np.random.default_rng(0).normal(size=(5, 40))
    rows = np.arange(40) < 25
    found = contrast_changes(change, rows[None], index_units(range(40)), seed=0, alpha=0.05)
    expected = compare_paired(change[:, rows], np.arange(25))
    assert found.mean[0] == pytest.approx(float(expected.mean))
    # one group needs hardly any correction
    assert found.low[0] == pytest.approx(float(expected.low), abs=0.25 * float(expected.se))


def test_many_groups_widen_the_bounds():
    rng = np.random.default_rng(1)
    change, members = rng.normal(size=(5, 200)), rng.random((100, 200)) < 0.3
    units = index_units(range(200))
    one = contrast_changes(change, members[:1], units, seed=0, alpha=0.05)
    many = contrast_changes(change, members, units, seed=0, alpha=0.05)
    assert many.low[0] < one.low[0]
    assert many.high[0] > one.high[0]
    assert many.p_up[0] >= one.p_up[0]


@pytest.mark.parametrize("grouped", [False, True])
def test_changes_without_effect_are_rarely_called(grouped):
    """Family-wise error over 40 overlapping groups, rows and seeds both random; nominal 5 %."""
    false, n_sets = 0, 80
    for index in range(n_sets):
        rng = np.random.default_rng(index)
        unit = np.repeat(np.arange(60), 1 + rng.integers(0, 4, 60)) if grouped else np.arange(150)
        units = index_units(unit)
        by_unit = rng.standard_t(5, size=units.n_units)[unit] * grouped
        change = by_unit + rng.standard_t(5, size=unit.size) + 0.5 * rng.normal(size=(5, unit.size))
        change += 0.1 * rng.normal(size=(5, 1))
        members = rng.random((40, unit.size)) < 0.3
        found = contrast_changes(change, members, units, seed=index, alpha=0.05)
        false += bool((found.low > 0).any())
    assert false / n_sets <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / n_sets)
