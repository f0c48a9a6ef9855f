import math

import numpy as np
import pytest

from heldout.errors import UsageError
from heldout.evidence.curve_rule import (
    WIDTH,
    CurveRule,
    bound_accuracy_drop,
    bound_row_variance,
    find_rows_needed,
    find_threshold,
)

DELTA = 0.02 * math.log(2)


def test_film_reviews_of_2019():
    """A real Keras log of IMDB, one seed, 25,000 rows: threshold 0.039, and 0.020 at the onset."""
    rule = CurveRule("log-loss", DELTA, 25_000)
    assert find_threshold(rule, 0.535, best=0.28) == pytest.approx(0.0388, abs=1e-4)
    assert find_threshold(rule, 0.035, best=0.28) == pytest.approx(0.0203, abs=1e-4)


def test_threshold_is_the_formula():
    rule = CurveRule("log-loss", 0.01, 400, 4, 0.0009)
    assert find_threshold(rule, 0.2, best=0.5) == 0.01 + 1.8 * math.sqrt(9 * 0.2 / 400 + 0.0009 / 4)


@pytest.mark.parametrize("loss", ["log-loss", "squared error"])
@pytest.mark.parametrize("excess", [0.02, 0.1, 0.7])
def test_rows_needed_is_the_smallest_number(loss, excess):
    rule = CurveRule(loss, DELTA, 1, 3, 1e-6)
    needed = find_rows_needed(rule, excess, best=0.4)

    def is_over(rows):
        return excess > find_threshold(CurveRule(loss, DELTA, rows, 3, 1e-6), excess, best=0.4)

    assert is_over(needed + 1)
    assert needed == 16 or not is_over(needed - 1)


def test_no_rows_help_against_seeds():
    assert find_rows_needed(CurveRule("log-loss", DELTA, 1, 2, 10.0), 0.5, best=0.4) == 0


def test_unknown_loss_is_refused():
    with pytest.raises(UsageError, match="no bound is known for the loss 'dice'"):
        bound_row_variance("dice", 0.1, best=0.3)


def test_accuracy_bound_covers_independent_rows():
    """Two independent samples are the worst case; the bound fails in at most 5 % of them."""
    rng = np.random.default_rng(0)
    m = 300
    before, after = rng.binomial(m, 0.8, 4000) / m, rng.binomial(m, 0.8, 4000) / m
    lows = [
        bound_accuracy_drop(float(a), float(b), n_validation=m)[0] for a, b in zip(before, after, strict=True)
    ]
    assert 0.01 < np.mean(np.array(lows) > 0) < 0.05
    assert WIDTH == 1.8


def simulate_excess(rng, *, m, scale, n_epochs=12):
    """A logistic truth; later epochs are more confident by a common factor, so log-loss rises and rows agree."""
    z = rng.normal(size=m) * 1.5
    y = rng.random(m) < 1 / (1 + np.exp(-z))
    factors = np.linspace(1.0, scale, n_epochs)
    logits = z[None] * factors[:, None] + rng.normal(size=(n_epochs, m)) * 0.05
    return np.logaddexp(0, np.where(y, -logits, logits)).mean(axis=1)


@pytest.mark.parametrize(("m", "scale"), [(60, 1.5), (500, 1.5)])
def test_false_alarms_where_the_truth_is_within_the_tolerance(m, scale):
    rng = np.random.default_rng(1)
    truth = simulate_excess(rng, m=400_000, scale=scale)
    assert truth[-1] - truth.min() < 0.025  # hardly above the tolerance
    alarms = 0
    for _ in range(400):
        curve = simulate_excess(rng, m=m, scale=scale)
        excess = float(curve[-1] - curve.min())
        alarms += excess > find_threshold(CurveRule("log-loss", 0.025, m), excess, best=float(curve.min()))
    assert alarms / 400 <= 0.05


def test_power_where_the_rise_is_large():
    rng = np.random.default_rng(2)
    shown = 0
    for _ in range(200):
        curve = simulate_excess(rng, m=2000, scale=5.0)
        excess = float(curve[-1] - curve.min())
        shown += excess > find_threshold(CurveRule("log-loss", DELTA, 2000), excess, best=float(curve.min()))
    assert shown / 200 > 0.95
