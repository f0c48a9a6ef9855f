import numpy as np
import pytest

from heldout.records import Task
from heldout.suite import FAMILIES, N_VALIDATION, draw_task


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_draws_rows_with_their_truth(family):
    task = draw_task(family, 3, 5)
    sizes = task.sizes
    assert task.family == family
    assert len(task.features) == len(task.target) == sizes.n_fit + sizes.n_validation + sizes.n_fresh
    assert len(task.truth) == sizes.n_validation + sizes.n_fresh
    assert task.unit.shape == (N_VALIDATION,)
    assert np.isfinite(task.features).all()
    seen = task.target[sizes.n_fit :]
    if task.task is Task.REGRESSION:
        noise = seen - task.truth[:, 0]
        np.testing.assert_allclose(noise.mean(), 0, atol=0.15)
        np.testing.assert_allclose(noise.var() / task.truth[:, 1].mean(), 1, atol=0.3)
    else:
        np.testing.assert_allclose(task.truth.sum(axis=1), 1)
        for label in range(task.truth.shape[1]):
            np.testing.assert_allclose((seen == label).mean(), task.truth[:, label].mean(), atol=0.05)


@pytest.mark.parametrize("family", FAMILIES)
def test_probabilities_are_calibrated(family):
    """Rows whose stated chance is high have the class more often, by as much as stated."""
    tasks = [draw_task(family, 1, index) for index in range(4)]
    if tasks[0].task is Task.REGRESSION:
        found = np.concatenate([t.target[t.sizes.n_fit :] for t in tasks])
        stated = np.concatenate([t.truth[:, 0] for t in tasks])
        slope = np.cov(found, stated)[0, 1] / stated.var()
        np.testing.assert_allclose(slope, 1, atol=0.05)
        return
    found = np.concatenate([t.target[t.sizes.n_fit :] == 1 for t in tasks])
    stated = np.concatenate([t.truth[:, 1] for t in tasks])
    for low in (0.0, 0.25, 0.5, 0.75):
        rows = (stated >= low) & (stated < low + 0.25)
        if rows.sum() > 500:
            np.testing.assert_allclose(found[rows].mean(), stated[rows].mean(), atol=0.03)


def test_a_task_depends_on_family_seed_and_index_alone():
    one, same = draw_task("binary", 2, 7), draw_task("binary", 2, 7)
    np.testing.assert_array_equal(one.features, same.features)
    for other in (draw_task("binary", 3, 7), draw_task("binary", 2, 8), draw_task("imbalanced", 2, 7)):
        assert one.features.shape != other.features.shape or (one.features != other.features).any()


def test_the_rare_class_is_rare_and_there():
    task = draw_task("imbalanced", 0, 0)
    np.testing.assert_allclose(task.truth[:, 1].mean(), 0.05, atol=0.01)
    assert task.target[: task.sizes.n_fit].sum() >= 2


def test_families_are_not_torn_and_alike():
    task = draw_task("grouped", 0, 1)
    np.testing.assert_array_equal(np.bincount(task.unit), 4)
    rows = task.features[task.sizes.n_fit : task.sizes.n_fit + N_VALIDATION, 0].reshape(-1, 4)
    within, between = rows.var(axis=1, ddof=1).mean(), rows.mean(axis=1).var(ddof=1)
    np.testing.assert_allclose(between / (between + within * 3 / 4), 0.5 + 0.5 / 4, atol=0.1)


def test_rows_in_time_remember_their_neighbours():
    task = draw_task("time", 0, 0)
    start = task.sizes.n_fit
    noise = task.target[start : start + N_VALIDATION] - task.truth[:N_VALIDATION, 0]
    assert np.corrcoef(noise[1:], noise[:-1])[0, 1] > 0.4
    np.testing.assert_array_equal(task.unit, np.arange(N_VALIDATION) // 20)
