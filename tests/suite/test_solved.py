import numpy as np

from heldout.suite import draw_double_descent, draw_polynomials


def test_validation_losses_of_polynomials_estimate_their_truth():
    made = draw_polynomials(np.random.default_rng(3), 20_000)
    np.testing.assert_allclose(made.losses.mean(axis=2)[:2], made.truth[:2], rtol=0.1)


def test_the_truth_prefers_a_cubic_for_a_cubic():
    best = [int(draw_polynomials(np.random.default_rng(seed), 30).truth.argmin()) for seed in range(40)]
    assert best.count(1) > 30


def test_random_features_have_a_second_descent():
    made = draw_double_descent(np.random.default_rng(0), 200, n_seeds=3)
    truth, sizes = made.truth.mean(axis=1), np.array(made.sizes)
    peak = truth[(sizes >= 0.7 * made.n_fit) & (sizes <= 1.4 * made.n_fit)].max()
    assert peak > 2 * truth[sizes < made.n_fit / 2].min()
    assert peak > 2 * truth[-1]


def test_validation_losses_of_random_features_estimate_their_truth():
    made = draw_double_descent(np.random.default_rng(1), 4000, n_seeds=2)
    calm = made.truth < 3
    np.testing.assert_allclose(made.losses.mean(axis=2)[calm], made.truth[calm], rtol=0.15)
