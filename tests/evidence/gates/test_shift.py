import numpy as np
import pytest

from evidence.made_runs import make_settings
from heldout.errors import DataError
from heldout.evidence.gates import gate_shift


def draw(rng, *, n_fit=120, n_valid=80, distance=0.0, effect=0.0, unit=None):
    """One score that separates the sides by `distance`, as true probabilities, and losses that rise with it."""
    is_validation = np.arange(n_fit + n_valid) >= n_fit
    x = rng.normal(size=is_validation.size) + distance * is_validation
    odds = n_valid / n_fit * np.exp(distance * x - distance**2 / 2)
    losses = np.exp(effect * x[is_validation]) * rng.gamma(2.0, 0.25, (3, n_valid))
    units = np.arange(is_validation.size) if unit is None else unit
    return odds / (1 + odds), is_validation, units, losses.astype(np.float32)


def ask(case, n_valid=80, **more):
    score, is_validation, unit, losses = case
    return gate_shift(score, is_validation, unit, losses, make_settings(n_valid), **more)


def test_rows_that_look_alike_pass_at_the_promised_rate():
    rng = np.random.default_rng(0)
    cases = []
    for _ in range(200):
        case = draw(rng)
        # a classifier that learned nothing gives scores without a relation to the side
        cases.append((rng.random(200), *case[1:]))
    assert sum(ask(case).state == "fired" for case in cases) / 200 <= 0.025


def test_a_shift_of_one_standard_deviation_is_found():
    rng = np.random.default_rng(1)
    gates = [ask(draw(rng, distance=1.0, effect=0.5)) for _ in range(100)]
    assert sum(gate.state == "fired" for gate in gates) >= 98
    assert sum(gate.overrides for gate in gates) >= 95


def test_a_shift_that_cannot_move_the_loss_does_not_override():
    rng = np.random.default_rng(2)
    score, is_validation, unit, losses = draw(rng, n_fit=3000, n_valid=3000, distance=1.0)
    gate = gate_shift(score, is_validation, unit, np.full_like(losses, 0.3), make_settings(3000))
    assert (gate.state, gate.overrides) == ("fired", False)


def test_the_loss_at_the_fit_rows_distribution_is_found_by_weighting():
    rng = np.random.default_rng(3)
    score, is_validation, unit, losses = draw(rng, n_fit=4000, n_valid=4000, distance=0.7, effect=0.5)
    gate = gate_shift(score, is_validation, unit, losses, make_settings(4000))
    # E exp(x/2) is exp(1/8) without and exp(1/8 + 0.35) with the shift; mean of the gamma is 0.5
    expected = 0.5 * np.exp(1 / 8) * (np.exp(0.35) - 1)
    said = float(gate.sentence.split("would move by ")[1].split(" ")[0])
    assert said == pytest.approx(expected, abs=0.05)
    assert gate.overrides


def test_under_time_a_shift_is_a_finding():
    gate = ask(draw(np.random.default_rng(4), distance=2.0), ordered=True)
    assert (gate.state, gate.overrides) == ("fired", False)
    assert gate.sentence.startswith("Later rows differ from earlier ones")


def test_unknown_losses_may_move_by_anything():
    score, is_validation, unit, _ = draw(np.random.default_rng(5), distance=2.0)
    gate = gate_shift(score, is_validation, unit, None, make_settings(80))
    assert gate.overrides
    assert "is not known" in gate.sentence


def test_groups_widen_the_interval_and_few_of_them_give_none():
    rng = np.random.default_rng(6)
    many = draw(rng, distance=0.6, unit=np.repeat(np.arange(40), 5))
    few = draw(rng, distance=0.6, unit=np.repeat(np.arange(10), 20))
    assert ask(many).state in ("fired", "passed")
    assert ask(few).state == "not applicable"
    assert "under 30 groups" in ask(few).sentence.lower()


def test_few_rows_give_no_answer_and_shapes_must_agree():
    rng = np.random.default_rng(7)
    assert ask(draw(rng, n_valid=10), n_valid=10).state == "not applicable"
    score, is_validation, unit, losses = draw(rng)
    with pytest.raises(DataError, match="expected one of each per row"):
        gate_shift(score[:-1], is_validation, unit, losses, make_settings(80))
    with pytest.raises(DataError, match="for 80 validation rows among the scored ones"):
        gate_shift(score, is_validation, unit, losses[:, :-1], make_settings(80))
