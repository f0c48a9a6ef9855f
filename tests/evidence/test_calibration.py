import numpy as np
import pytest

from heldout.errors import DataError, UsageError
from heldout.evidence.calibration import (
    apply_temperature,
    choose_threshold,
    conformal_half_width,
    fit_temperature,
    measure_calibration,
)


def test_the_planted_temperature_is_found():
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 2, (5000, 3))
    honest = apply_temperature(logits, 1.0)
    labels = np.array([rng.choice(3, p=p / p.sum()) for p in np.exp(honest)])
    assert fit_temperature(apply_temperature(logits, 1 / 2.5), labels) == pytest.approx(2.5, rel=0.08)


def test_temperature_never_makes_the_loss_worse_and_stays_finite():
    log_p = np.log(np.array([[0.9, 0.1], [0.2, 0.8]]))
    assert 0.04 < fit_temperature(log_p, [0, 1]) <= 1.0
    with np.errstate(divide="ignore"):
        assert np.isfinite(fit_temperature(np.log([[1.0, 0.0], [1.0, 0.0]]), [0, 1]))
    with pytest.raises(UsageError, match="temperature 0"):
        apply_temperature(log_p, 0)
    with pytest.raises(DataError, match="for 1 labels"):
        fit_temperature(log_p, [0])


def test_the_threshold_for_costs_is_the_best_on_calibrated_probabilities():
    rng = np.random.default_rng(1)
    p = rng.uniform(size=20_000)
    positive = rng.uniform(size=20_000) < p
    found = choose_threshold({"miss": 5, "false_alarm": 1}, p, positive)
    assert found.threshold == pytest.approx(1 / 6)
    assert found.cost < min(found.cost_at_half, found.cost_never, found.cost_always)
    grid = [(5 * (positive & (p < t)) + (~positive & (p >= t))).mean() for t in np.linspace(0.05, 0.6, 12)]
    assert found.cost <= min(grid) * 1.02


def test_costs_are_counted_by_hand():
    found = choose_threshold({"miss": 3, "false_alarm": 1}, [0.3, 0.3, 0.1, 0.1], [True, False, True, False])
    assert (found.cost, found.cost_at_half, found.cost_never, found.cost_always) == (1.0, 1.5, 1.5, 0.5)


@pytest.mark.parametrize("costs", [{}, {"miss": 1}, {"miss": 1, "false_alarm": 0}, {"miss": 1, "alarm": 1}])
def test_wrong_costs_are_refused(costs):
    with pytest.raises(UsageError, match="expected two positive numbers"):
        choose_threshold(costs, [0.5], [True])


def test_wrong_shapes_are_refused():
    with pytest.raises(DataError, match="expected one per row"):
        choose_threshold({"miss": 1, "false_alarm": 1}, [0.5], [True, False])
    with pytest.raises(DataError, match="expected one per row"):
        measure_calibration([0.5], [])


def test_conformal_intervals_cover_what_they_say():
    rng = np.random.default_rng(2)
    covered = []
    for _ in range(200):
        width = conformal_half_width(rng.standard_t(3, 50), level=0.9)
        covered.append((np.abs(rng.standard_t(3, 50)) <= width).mean())
    assert 0.9 - 0.01 <= np.mean(covered) <= 0.9 + 0.04


def test_conformal_refusals():
    assert conformal_half_width(np.arange(1.0, 10.0), level=0.9) == 9.0
    with pytest.raises(DataError, match="needs at least 9"):
        conformal_half_width(np.ones(8), level=0.9)
    with pytest.raises(DataError, match="1 of 2 residuals are not numbers"):
        conformal_half_width([1.0, np.nan])
    with pytest.raises(UsageError, match="level 90"):
        conformal_half_width([1.0], level=90)


def test_honest_probabilities_have_a_small_error_and_shifted_ones_a_large_one():
    rng = np.random.default_rng(3)
    p = rng.uniform(size=4000)
    happened = rng.uniform(size=4000) < p
    good = measure_calibration(p, happened)
    bad = measure_calibration(np.clip(p + 0.2, 0, 1), happened)
    assert good.error < 0.03 < bad.low < bad.error < bad.high
    assert good.count.sum() == 4000
    assert len(good.count) == 10
    assert np.isnan(measure_calibration(p[:20], happened[:20]).low)


def test_calibration_with_groups_is_less_sure():
    rng = np.random.default_rng(4)
    p = np.repeat(rng.uniform(size=60), 10)
    happened = np.repeat(rng.uniform(size=60), 10) < p
    alone = measure_calibration(p, happened)
    grouped = measure_calibration(p, happened, unit=np.repeat(np.arange(60), 10))
    assert grouped.high - grouped.low > alone.high - alone.low
