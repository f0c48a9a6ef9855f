import numpy as np
import pytest

from evidence.made_runs import make_settings
from heldout.errors import DataError
from heldout.evidence.gates import find_calibrated_loss, gate_loss_floor, gate_training_loss
from heldout.records import Task


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def draw(rng, *, n_rows=300, sharpness=4.0, noise=0.0, scale=1.0, twice=False, n_seeds=3):
    """Labels drawn with known probabilities and turned with probability `noise`; outputs true up to scale and noise."""
    z = sharpness * rng.normal(size=n_rows)
    p = noise + (1 - 2 * noise) * sigmoid(z)
    y = rng.random(n_rows) < p
    logit = scale * (np.log(p / (1 - p)) + rng.normal(0, 0.3, (n_seeds, n_rows)))
    q = sigmoid(sigmoid(logit)) if twice else sigmoid(logit)
    hits = (
        logit > 0
    ) == y  # squashing twice keeps the order; the user's accuracy takes the middle of the first
    return -np.log(np.where(y, q, 1 - q)).astype(np.float32), hits


def count(n=100, **case):
    rng = np.random.default_rng(5)
    return sum(gate_loss_floor(*draw(rng, **case), make_settings(300)).state == "fired" for _ in range(n))


def test_the_published_case_of_outputs_squashed_twice_is_caught_from_its_log():
    """Training accuracy 85.8 % with loss 0.588: a published baseline that fed a sigmoid into a loss with a sigmoid."""
    gate = gate_training_loss(0.588, 0.858, n_rows=20_000, n_classes=2)
    assert (gate.code, gate.state, gate.overrides) == ("HO310", "fired", True)
    assert gate.estimate == pytest.approx(0.588 - find_calibrated_loss(0.858, 2))
    assert "squashed twice" in gate.action


def test_outputs_squashed_twice_are_caught_from_rows():
    assert count(twice=True, sharpness=4.0) >= 95


@pytest.mark.parametrize("noise", [0.0, 0.1, 0.2, 0.3])
@pytest.mark.parametrize("scale", [0.5, 1.0, 3.0])
def test_honest_outputs_pass_whatever_the_label_noise_and_their_confidence(noise, scale):
    assert count(n=30, noise=noise, scale=scale) == 0


@pytest.mark.parametrize("noise", [0.0, 0.1, 0.3])
def test_calibrated_outputs_never_have_more_than_the_calibrated_loss(noise):
    rng = np.random.default_rng(6)
    for _ in range(20):
        losses, hits = draw(rng, n_rows=5000, noise=noise, n_seeds=1)
        gate = gate_training_loss(float(losses.mean()), float(hits.mean()), n_rows=5000, n_classes=2)
        assert gate.state == "passed"


def test_many_classes_have_their_own_ceiling():
    rng = np.random.default_rng(7)
    n_rows, n_classes = 400, 10
    y = rng.integers(0, n_classes, n_rows)
    first = np.full((n_rows, n_classes), 0.01)
    guess = np.where(rng.random(n_rows) < 0.8, y, rng.integers(0, n_classes, n_rows))
    first[np.arange(n_rows), guess] = 0.91
    second = np.exp(first) / np.exp(first).sum(axis=1, keepdims=True)
    hits = (guess == y)[None]
    settings = make_settings(n_rows, task=Task.MULTICLASS)
    honest, squashed = (
        gate_loss_floor(-np.log(p[np.arange(n_rows), y])[None].astype(np.float32), hits, settings)
        for p in (first, second)
    )
    assert (honest.state, squashed.state) == ("passed", "fired")


def test_hardly_better_than_guessing_says_nothing():
    gate = gate_training_loss(0.69, 0.53, n_rows=1000, n_classes=2)
    assert gate.state == "not applicable"
    assert (
        gate_training_loss(0.69, 0.60, n_rows=1000, n_classes=2, low_accuracy=0.65).state == "not applicable"
    )


def test_numbers_and_hopeless_networks_are_not_asked():
    losses, hits = draw(np.random.default_rng(0))
    assert gate_loss_floor(losses, hits, make_settings(300, task=Task.REGRESSION)).state == "not applicable"
    nothing = gate_loss_floor(losses, np.zeros_like(hits), make_settings(300))
    assert nothing.sentence == "No row was predicted rightly."


def test_the_calibrated_loss_is_that_of_even_guessing_at_chance():
    for n_classes in (2, 5, 10):
        assert find_calibrated_loss(1 / n_classes, n_classes) == pytest.approx(np.log(n_classes))
        assert find_calibrated_loss(1.0, n_classes) == 0.0
    with pytest.raises(DataError, match="expected a share from 0 to 1 and at least two classes"):
        find_calibrated_loss(0.5, 1)
