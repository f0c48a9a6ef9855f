import numpy as np
import pytest

from heldout.errors import DataError
from heldout.records import Task
from heldout.suite.record import (
    MadeTask,
    Sizes,
    draw_classes,
    flip_share,
    integrate_losses,
    integrate_misses,
    make_task,
    read_logits,
)

SIZES = Sizes(2, 3, 4)


def made(truth, kind):
    n_seen = SIZES.n_validation + SIZES.n_fresh
    return MadeTask(
        "x",
        "",
        kind,
        SIZES,
        np.zeros((9, 1), np.float32),
        np.zeros(9),
        np.tile(truth, (n_seen, 1)),
        np.arange(3),
    )


def test_classes_are_drawn_as_often_as_their_probability_says():
    probability = np.tile([0.2, 0.5, 0.3], (30_000, 1))
    drawn = draw_classes(np.random.default_rng(0), probability)
    np.testing.assert_allclose(np.bincount(drawn.astype(int)) / 30_000, [0.2, 0.5, 0.3], atol=0.01)


def test_flipped_shares_stay_probabilities():
    flipped = flip_share(np.array([[0.7, 0.2, 0.1]]), 0.3)
    np.testing.assert_allclose(flipped.sum(), 1.0)
    np.testing.assert_allclose(flipped[0, 0], 0.7 * 0.7 + 0.3 * 0.15)


def test_logits_are_read_back_from_losses():
    logits = np.linspace(-14, 14, 9)
    np.testing.assert_allclose(read_logits(np.logaddexp(0, -logits).astype(np.float32)), logits, rtol=2e-2)


def test_binary_losses_are_averaged_over_the_two_labels():
    logits = np.linspace(-3, 3, 7)
    found = integrate_losses(made([0.3, 0.7], Task.BINARY), np.logaddexp(0, -logits)[None].astype(np.float32))
    expected = 0.7 * np.logaddexp(0, -logits) + 0.3 * np.logaddexp(0, logits)
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_losses_of_several_classes_are_weighted():
    views = np.arange(21, dtype=np.float32).reshape(3, 7)
    found = integrate_losses(made([0.5, 0.25, 0.25], Task.MULTICLASS), views)
    np.testing.assert_allclose(found, 0.5 * views[0] + 0.25 * views[1] + 0.25 * views[2])


def test_wrong_answers_are_counted_over_the_targets_that_rows_could_have():
    logits = np.array([-3, -1, -0.1, 0.1, 1, 2, 3.0])
    views = np.logaddexp(0, -logits)[None].astype(np.float32)
    task = made([0.3, 0.7], Task.BINARY)
    np.testing.assert_allclose(
        integrate_misses(task, views, np.ones(2)), np.where(logits > 0, 0.3, 0.7), rtol=1e-6
    )
    balanced = integrate_misses(task, views, np.array([0.5 / 0.3, 0.5 / 0.7]))
    np.testing.assert_allclose(balanced, 0.5, rtol=1e-6)
    three = np.array([[2.0, 0.1, 3.0], [1.0, 2.0, 0.5], [0.4, 0.5, 0.6]], np.float32)
    found = integrate_misses(made([0.2, 0.3, 0.5], Task.MULTICLASS), np.tile(three, 3)[:, :7], np.ones(3))
    np.testing.assert_allclose(found[:3], [0.5, 0.8, 0.7], rtol=1e-6)  # classes 2, 0 and 1 are named


def test_squared_errors_get_the_noise_added():
    found = integrate_losses(made([0.0, 2.0], Task.REGRESSION), np.ones((1, 7), np.float32), 0.5)
    np.testing.assert_allclose(found, 2.0)


def test_wrong_numbers_of_rows_are_refused():
    with pytest.raises(DataError, match="8 rows made for 'x': expected 9"):
        make_task("x", "", SIZES, features=np.zeros((8, 1)), truth=np.zeros((9, 2)), target=np.zeros(9))
