import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.made_runs import make_run, make_settings
from heldout.errors import DataError
from heldout.evidence.crossfit import (
    assemble_choice,
    average_outside,
    deploy_run,
    has_diverged,
    make_crossfit_folds,
)


@given(
    st.lists(st.integers(0, 8), min_size=2, max_size=60).filter(lambda u: len(set(u)) > 1), st.integers(0, 5)
)
def test_units_are_never_cut_and_no_fold_is_empty(unit, seed):
    folds = make_crossfit_folds(unit, seed)
    for label in set(unit):
        assert len({int(f) for f, u in zip(folds, unit, strict=True) if u == label}) == 1
    assert set(folds.tolist()) == set(range(min(5, len(set(unit)))))


def test_folds_follow_the_seed_only():
    np.testing.assert_array_equal(
        make_crossfit_folds(np.arange(50), 1), make_crossfit_folds(np.arange(50), 1)
    )
    assert (make_crossfit_folds(np.arange(50), 1) != make_crossfit_folds(np.arange(50), 2)).any()


def test_large_units_are_spread():
    unit = np.concatenate([np.zeros(15), np.ones(12), np.arange(2, 60)])
    sizes = np.bincount(make_crossfit_folds(unit, 0))
    assert sizes.tolist() == [17] * 5


def test_means_outside_folds_by_hand():
    found = average_outside(np.array([[1.0, 2, 3, 10]]), np.array([0, 0, 1, 1]))
    np.testing.assert_allclose(found, [[6.5, 1.5]])


def test_the_epoch_of_a_row_never_depends_on_its_own_fold_or_seed():
    rng = np.random.default_rng(0)
    losses = rng.normal(1, 1, (6, 3, 40)).astype(np.float32)
    settings = make_settings(40)
    before = deploy_run(make_run(losses), settings)
    changed = losses.copy()
    changed[:, :, before.folds == 2] = rng.normal(1, 5, changed[:, :, before.folds == 2].shape)
    after = deploy_run(make_run(changed), settings)
    np.testing.assert_array_equal(after.epochs[:, 2], before.epochs[:, 2])
    changed = losses.copy()
    changed[:, 1] = rng.normal(1, 5, changed[:, 1].shape)
    np.testing.assert_array_equal(deploy_run(make_run(changed), settings).epochs[1], before.epochs[1])


def test_deployed_losses_equal_a_loop():
    losses = np.random.default_rng(1).normal(1, 1, (6, 3, 23)).astype(np.float32)
    found = deploy_run(make_run(losses), make_settings(23))
    for i in range(23):
        outside = found.folds != found.folds[i]
        for s in range(3):
            others = [other for other in range(3) if other != s]
            epoch = losses[:, others][:, :, outside].astype(float).mean(axis=(1, 2)).argmin()
            assert found.losses[s, i] == losses[epoch, s, i]
    assert found.best == losses.astype(float).mean(axis=(1, 2)).argmin()


def test_the_choice_among_configurations_is_made_outside_the_fold():
    rng = np.random.default_rng(2)
    settings = make_settings(30)
    runs = [make_run(rng.normal(1, 1, (2, 4, 30))) for _ in range(3)]
    deployed = [deploy_run(run, settings) for run in runs]
    losses = assemble_choice(deployed, n_seeds=3)
    assert losses.shape == (3, 30)
    for i in range(30):
        for s in range(3):
            scores = [item.outside[s, item.folds[i]] for item in deployed]
            assert losses[s, i] == deployed[int(np.argmin(scores))].losses[s, i]


def test_cross_fitting_removes_the_optimism_of_the_best_of_many():
    rng = np.random.default_rng(3)
    settings = make_settings(40)
    naive, honest = [], []
    for _ in range(60):
        found = deploy_run(make_run(1 + rng.normal(0, 1, (20, 1, 40))), settings)
        naive.append(found.run.losses[found.best].mean())
        honest.append(found.losses.mean())
    assert np.mean(naive) < 0.8
    assert abs(np.mean(honest) - 1) < 0.06


def test_a_lucky_seed_does_not_make_a_flat_curve_look_overtrained():
    rng = np.random.default_rng(4)
    settings = make_settings(200)
    honest, rows_only = [], []
    for _ in range(60):
        seeds = rng.normal(0, 0.03, (15, 3, 1))
        losses = 1 + seeds + rng.normal(0, 0.01, (15, 3, 200))
        found = deploy_run(make_run(losses), settings)
        honest.append(found.losses.mean())
        rows_only.append(losses.mean(axis=(1, 2)).min())
    assert abs(np.mean(honest) - 1) < 0.008
    assert np.mean(rows_only) < 0.98, "the luck must be there to be removed"


def test_refusals_say_what_is_wrong():
    settings = make_settings(4)
    with pytest.raises(DataError, match="belong to one unit"):
        make_crossfit_folds([1, 1], 0)
    with pytest.raises(DataError, match=r"losses of shape \(1, 1, 3\) for 4 validation rows"):
        deploy_run(make_run(np.zeros((1, 1, 3))), settings)
    broken = make_run(np.zeros((1, 1, 4)), diverged=True)
    with pytest.raises(DataError, match="diverged and cannot be judged"):
        deploy_run(broken, settings)
    with pytest.raises(DataError, match="0 candidates for a choice"):
        assemble_choice([], n_seeds=1)


def test_a_loss_that_is_not_finite_counts_as_diverged():
    losses = np.zeros((2, 1, 3))
    assert not has_diverged(make_run(losses))
    losses[0, 0, 0] = np.inf
    assert has_diverged(make_run(losses))
