import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from heldout.errors import DataError
from heldout.evidence.paired import (
    bound_mean,
    compare_all_pairs,
    compare_paired,
    find_p_above,
    index_units,
    raise_seed_variance,
    sum_units,
)


def slow_statistic(d, unit, t_quantile):
    """The formulas of the specification, written as loops."""
    n_seeds, m = d.shape
    labels = sorted(set(unit))
    n_units = len(labels)
    mu = sum(d[s][i] for s in range(n_seeds) for i in range(m)) / (n_seeds * m)
    u = [sum(d[s][i] for s in range(n_seeds)) / n_seeds for i in range(m)]
    v = [sum(d[s][i] for i in range(m)) / m for s in range(n_seeds)]
    rows = sum(sum(u[i] - mu for i in range(m) if unit[i] == g) ** 2 for g in labels)
    rows *= n_units / (n_units - 1) / m**2
    if n_seeds == 1:
        return mu, rows, n_units - 1
    rest = 0.0
    for s in range(n_seeds):
        for g in labels:
            rest += sum(d[s][i] - u[i] - v[s] + mu for i in range(m) if unit[i] == g) ** 2
    interaction = rest * n_units / (n_seeds - 1) / (n_units - 1) / m**2 / n_seeds
    seeds = sum((value - mu) ** 2 for value in v) / (n_seeds - 1) / n_seeds
    row_part = max(0.0, rows - interaction) + interaction
    seed_part = max(0.0, seeds - interaction)
    total = max(row_part + seed_part, rows)
    return mu, total, total**2 / (row_part**2 / (n_units - 1) + seeds**2 / (n_seeds - 1))


@pytest.mark.parametrize("n_seeds", [1, 3, 5])
@pytest.mark.parametrize("grouped", [False, True])
def test_equals_the_written_out_formulas(n_seeds, grouped):
    rng = np.random.default_rng(n_seeds)
    d = rng.normal(0.3, 1, (n_seeds, 16)) + rng.normal(0, 0.5, (n_seeds, 1)) + rng.normal(0, 1, 16)
    unit = [5, 5, 9, 1, 1, 1, 7, 8, 9, 3, 3, 2, 4, 4, 4, 6] if grouped else list(range(16))
    mu, total, df = slow_statistic(d, unit, None)
    bounds = compare_paired(d, unit)
    assert float(bounds.mean) == pytest.approx(mu)
    assert float(bounds.se) ** 2 == pytest.approx(total)
    assert float(bounds.df) == pytest.approx(df)
    assert float(bounds.row_variance + bounds.seed_variance) == pytest.approx(total)


def test_is_the_specification_without_groups():
    rng = np.random.default_rng(1)
    d = rng.normal(size=(4, 30)) + rng.normal(size=30)
    mu, u, v = d.mean(), d.mean(axis=0), d.mean(axis=1)
    residual = ((d - u - v[:, None] + mu) ** 2).sum() / (3 * 29)
    ex = max(0, u.var(ddof=1) - residual / 4)
    sd = max(0, v.var(ddof=1) - residual / 30)
    variance = max(ex / 30 + sd / 4 + residual / 120, u.var(ddof=1) / 30)
    df = variance**2 / ((ex / 30 + residual / 120) ** 2 / 29 + (v.var(ddof=1) / 4) ** 2 / 3)
    bounds = compare_paired(d, np.arange(30))
    assert float(bounds.se) == pytest.approx(np.sqrt(variance))
    assert float(bounds.df) == pytest.approx(df)


def test_one_seed_is_the_paired_t_test():
    from scipy.stats import ttest_1samp

    d = np.random.default_rng(2).normal(0.2, 1, 40)
    expected = ttest_1samp(d, 0).confidence_interval(0.90)
    bounds = compare_paired(d[None], np.arange(40))
    assert (float(bounds.low), float(bounds.high)) == pytest.approx((expected.low, expected.high))
    assert float(find_p_above(bounds, 0.0)) == pytest.approx(ttest_1samp(d, 0, alternative="greater").pvalue)


def test_leading_axes_equal_single_calls_and_blocks_do_not_matter(monkeypatch):
    rng = np.random.default_rng(3)
    d = rng.normal(size=(3, 4, 2, 12)).astype(np.float32)
    unit = np.arange(12) // 3
    whole = compare_paired(d, unit)
    monkeypatch.setattr("heldout.evidence.paired.BLOCK_ELEMENTS", 30)
    pieces = compare_paired(d, unit)
    assert whole.mean.shape == (3, 4)
    np.testing.assert_allclose(pieces.low, whole.low)
    assert float(compare_paired(d[1, 2], unit).high) == pytest.approx(float(whole.high[1, 2]))


@pytest.mark.parametrize("grouped", [False, True])
def test_all_pairs_equal_single_comparisons_with_unequal_seeds(grouped):
    rng = np.random.default_rng(4)
    unit = np.arange(24) // 2 if grouped else np.arange(24)
    losses = [rng.normal(size=(s, 24)).astype(np.float32) for s in (5, 3, 5)]
    pairs = compare_all_pairs(losses, unit, widen=1.15)
    for a in range(3):
        for b in range(3):
            common = min(len(losses[a]), len(losses[b]))
            difference = losses[a][:common].astype(float) - losses[b][:common]
            single = compare_paired(difference, unit, widen=1.15)
            assert pairs.mean[a, b] == pytest.approx(float(single.mean), abs=1e-12)
            assert pairs.se[a, b] == pytest.approx(float(single.se), abs=1e-7)
            if a != b:
                assert pairs.df[a, b] == pytest.approx(float(single.df))


@given(st.lists(st.integers(0, 4), min_size=3, max_size=12), st.integers(1, 4))
def test_renaming_units_and_reordering_rows_change_nothing(unit, n_seeds):
    rng = np.random.default_rng(len(unit))
    d = rng.normal(size=(n_seeds, len(unit)))
    order = rng.permutation(len(unit))
    one = compare_paired(d, unit)
    other = compare_paired(d[:, order], 100 - 7 * np.asarray(unit)[order])
    assert float(other.mean) == pytest.approx(float(one.mean), abs=1e-12)
    assert float(other.se) == pytest.approx(float(one.se))


def test_one_unit_leaves_everything_open_and_no_spread_closes_it():
    bounds = compare_paired(np.array([[1.0, 2.0]]), [3, 3])
    assert (float(bounds.low), float(bounds.high)) == (-np.inf, np.inf)
    equal = compare_paired(np.full((3, 4), 0.5), np.arange(4))
    assert (float(equal.low), float(equal.high)) == (0.5, 0.5)
    assert float(find_p_above(equal, 0.1)) == 0.0
    assert float(find_p_above(equal, 0.5)) == 1.0


def test_unit_sums_by_hand():
    units = index_units([10, 20, 10, 30])
    np.testing.assert_array_equal(sum_units(np.array([[1.0, 2, 3, 4]]), units), [[4, 2, 4]])
    assert units.n_units == 3


def test_bounds_of_a_mean_widen_with_the_level():
    low, high = bound_mean(0.0, 1.0, df=1e9, alpha=0.025)
    assert (float(low), float(high)) == pytest.approx((-1.95996, 1.95996), abs=1e-4)


def test_refuses_what_it_cannot_compare():
    with pytest.raises(DataError, match=r"differences of shape \(2, 3\) for 4 rows"):
        compare_paired(np.zeros((2, 3)), np.arange(4))
    with pytest.raises(DataError, match="1 loss differences are not finite"):
        compare_paired(np.array([[0.0, np.inf]]), [0, 1])
    with pytest.raises(DataError, match="expected one unit per validation row"):
        index_units([])


def test_false_claims_between_identical_configurations_stay_rare():
    rng = np.random.default_rng(5)
    n_studies, m, n_seeds = 400, 60, 5
    noise = rng.normal(size=(n_studies, n_seeds, m))
    seeds = rng.normal(0, 0.3, (n_studies, n_seeds, 1))
    bounds = compare_paired(noise + seeds, np.arange(m))
    false = float((bounds.low > 0).mean())
    assert false <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / n_studies)
    naive = compare_paired((noise + seeds).mean(axis=1, keepdims=True), np.arange(m))
    assert float((naive.low > 0).mean()) > 2 * 0.05, (
        "rows alone must be seen to fail, else the test shows nothing"
    )


def test_a_floor_for_the_seed_variance_never_narrows():
    d = np.random.default_rng(6).normal(size=(3, 20))
    bounds = compare_paired(d, np.arange(20))
    given = {"n_seeds": 3, "n_units": 20}
    assert raise_seed_variance(bounds, 0.0, **given) is bounds
    wider = raise_seed_variance(bounds, 1.0, **given)
    assert float(wider.low) < float(bounds.low)
    assert float(wider.df) <= float(bounds.df)
    assert float(wider.se) ** 2 == pytest.approx(float(bounds.row_variance) + 1.0)
    assert raise_seed_variance(compare_paired(d[:1], np.arange(20)), 1.0, n_seeds=1, n_units=20).se < 1
