import numpy as np
import pytest
from scipy.stats import binomtest

from heldout.errors import DataError
from heldout.evidence.intervals import (
    bound_auc,
    bound_auc_within,
    bound_bootstrap,
    bound_grouped_share,
    bound_mean_auc,
    bound_mean_loss,
    bound_share,
    draw_bags,
    summarise_bags,
)
from heldout.evidence.paired import index_units
from heldout.ranks import find_auc


@pytest.mark.parametrize(("k", "n"), [(0, 1), (1, 1), (14, 16), (12, 16), (0, 50), (437, 1000)])
def test_shares_agree_with_scipy(k, n):
    expected = binomtest(k, n).proportion_ci(0.95, "exact")
    assert bound_share(k, n) == pytest.approx((expected.low, expected.high), abs=1e-9)


def test_impossible_counts_are_refused():
    with pytest.raises(DataError, match="3 right of 2 rows"):
        bound_share(3, 2)


def test_singletons_leave_a_share_nearly_exact_and_families_widen_it():
    rng = np.random.default_rng(0)
    hits = (rng.uniform(size=200) < 0.8).astype(float)
    low, high, effective = bound_grouped_share(hits, index_units(np.arange(200)))
    exact = bound_share(hits.sum(), 200)
    assert effective == pytest.approx(200, rel=0.02)
    assert (low, high) == pytest.approx(exact, abs=0.01)
    copies = np.repeat(hits[:50], 4)
    low, high, effective = bound_grouped_share(copies, index_units(np.repeat(np.arange(50), 4)))
    assert effective == pytest.approx(50, rel=0.1)
    assert high - low > 1.8 * np.ptp(bound_share(copies.sum(), 200))


def test_few_or_unanimous_groups():
    assert np.isnan(bound_grouped_share(np.ones(27), index_units(np.arange(27) % 9))[0])
    low, high, effective = bound_grouped_share(np.ones(40), index_units(np.arange(40) % 10))
    assert (low, high, effective) == (pytest.approx(bound_share(10, 10)[0]), 1.0, 10.0)


def test_grouped_shares_cover():
    rng = np.random.default_rng(1)
    covered, naive, n = 0, 0, 300
    for _ in range(n):
        family = rng.beta(1.6, 0.7, 20)  # mean 0.696, strongly alike within a family
        unit = np.repeat(np.arange(20), 5)
        hits = (rng.uniform(size=100) < family[unit]).astype(float)
        low, high, _ = bound_grouped_share(hits, index_units(unit))
        covered += low <= 1.6 / 2.3 <= high
        low, high = bound_share(hits.sum(), 100)
        naive += low <= 1.6 / 2.3 <= high
    assert covered / n >= 0.935 - 2 * np.sqrt(0.05 * 0.95 / n)
    assert naive / n < 0.9


def slow_delong(score, positive):
    pos, neg = score[positive], score[~positive]
    kernel = [[(p > q) + 0.5 * (p == q) for q in neg] for p in pos]
    kernel = np.array(kernel, dtype=float)
    s10, s01 = kernel.mean(axis=1).var(ddof=1), kernel.mean(axis=0).var(ddof=1)
    return kernel.mean(), s10 / len(pos) + s01 / len(neg)


@pytest.mark.parametrize("ties", [False, True])
def test_delong_equals_the_u_statistic(ties):
    rng = np.random.default_rng(2)
    positive = rng.uniform(size=80) < 0.4
    score = rng.normal(size=80) + positive
    score = np.round(score, 0) if ties else score
    auc, variance = slow_delong(score, positive)
    assert find_auc(score, positive) == pytest.approx(auc)
    half = 1.959964 * np.sqrt(variance) / (auc * (1 - auc))
    center = np.log(auc / (1 - auc))
    expected = [1 / (1 + np.exp(-(center + side * half))) for side in (-1, 1)]
    assert bound_auc(score, positive) == pytest.approx(expected, abs=1e-6)
    influence = bound_mean_auc([(score, positive)], index_units(np.arange(80)))
    assert influence == pytest.approx(expected, abs=0.005)


def test_perfect_order_has_the_exact_bound_of_disjoint_pairs():
    score, positive = np.arange(40.0), np.arange(40) >= 25
    assert bound_auc(score, positive) == pytest.approx(bound_share(15, 15))
    assert np.isnan(bound_mean_auc([(score, positive)], index_units(np.arange(40)))[0])


def test_bootstrap_t_covers_skewed_losses_better_than_t():
    rng = np.random.default_rng(3)
    units, n, covered = index_units(np.arange(30)), 200, 0
    for i in range(n):
        losses = rng.exponential(1.0, 30) ** 1.5
        low, high = bound_mean_loss(losses, units, seed=i)
        covered += low <= 1.3293 <= high  # gamma(2.5)
    assert covered / n >= 0.935 - 2 * np.sqrt(0.065 * 0.935 / n)


def test_many_units_use_student_and_groups_widen():
    rng = np.random.default_rng(4)
    losses = rng.exponential(1.0, 3000)
    low, high = bound_mean_loss(losses, index_units(np.arange(3000)), seed=0)
    half = 1.9608 * losses.std(ddof=1) / np.sqrt(3000)
    assert (low, high) == pytest.approx((losses.mean() - half, losses.mean() + half), abs=1e-4)
    grouped = bound_mean_loss(np.repeat(losses[:60], 5), index_units(np.repeat(np.arange(60), 5)), seed=0)
    single = bound_mean_loss(np.repeat(losses[:60], 5), index_units(np.arange(300)), seed=0)
    assert np.ptp(grouped) > 1.7 * np.ptp(single)


def test_no_spread_gives_no_interval():
    assert np.isnan(bound_mean_loss(np.full(40, 0.3), index_units(np.arange(40)), seed=0)[0])
    assert np.isnan(summarise_bags(np.full(10, 0.5))[0])
    assert np.isnan(summarise_bags(np.array([1.0, np.nan, np.nan]))[0])


def test_bags_hold_as_many_units_and_the_mean_is_found():
    bags = np.concatenate(list(draw_bags(7, seed=0)))
    assert bags.shape == (1000, 7)
    assert (bags.sum(axis=1) == 7).all()
    values = np.random.default_rng(5).normal(size=(100, 1))
    low, high = bound_bootstrap(values, lambda sums: sums[:, 0] / 100, seed=1)
    assert low < values.mean() < high
    assert high - low == pytest.approx(2 * 1.96 * values.std() / 10, rel=0.1)


def test_losses_that_are_all_but_equal_give_no_interval():
    losses = 3e19 * (1 + 1e-9 * np.random.default_rng(0).normal(size=40))
    assert np.isnan(bound_mean_loss(losses, index_units(np.arange(40)), seed=0)).all()


def test_the_area_within_strata_counts_no_pair_of_two_strata_and_its_interval_covers():
    rng, covered = np.random.default_rng(3), 0
    stratum, positive = np.repeat([0, 1, 2], [60, 40, 20]), np.tile([True, False, False, True], 30)
    units = index_units(np.arange(120))
    for _ in range(200):
        score = rng.normal(size=120) + 0.8 * positive + 5.0 * stratum
        area, low, high = bound_auc_within(score, positive, stratum, units)
        covered += low <= 0.7142 <= high  # the normal distribution function at 0.8 / sqrt(2)
    assert 184 <= covered <= 198
    pairs = [score[(stratum == k) & positive][:, None] > score[(stratum == k) & ~positive] for k in range(3)]
    sizes = [sum(part.shape) for part in pairs]
    weights = [part.size / size for part, size in zip(pairs, sizes, strict=True)]
    assert area == pytest.approx(np.average([part.mean() for part in pairs], weights=weights))
    whole = bound_auc_within(score, positive, np.zeros(120, int), units)
    assert whole[1:] == pytest.approx(bound_auc(score, positive), abs=0.002)
