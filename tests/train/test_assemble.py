from dataclasses import replace

import numpy as np
import pytest

from heldout.records import Outcome, Task
from heldout.train.assemble import assemble_run, join_results, join_seeds
from heldout.train.program import MemberResults
from train.made_tensors import FOLDS, list_arrays, make_configuration, make_tensors, take_members

N_SEEDS, N_FOLDS, EPOCHS, MARKS = 3, 2, 5, (1, 2, 5)
N_HELD = sum(len(fold.validation) for fold in FOLDS)


def make_results(tensors, *, seed=0):
    """Random records of 3 seeds x 2 folds; the padding of the validation rows holds what must not be read."""
    rng = np.random.default_rng(seed)
    n = N_SEEDS * N_FOLDS
    losses = rng.random((n, len(MARKS), tensors.validation_rows.shape[1])).astype(np.float32)
    for member in range(n):
        losses[member][:, tensors.validation_mask[member % N_FOLDS] == 0] = np.nan
    return MemberResults(
        curves=rng.random((n, EPOCHS, 2)).astype(np.float32),
        losses=losses,
        hits=rng.random(losses.shape) < 0.5,
        alive=np.ones(n, bool),
        params=(
            (rng.normal(size=(n, 5, 4)).astype(np.float32), np.zeros((n, 4), np.float32)),
            (rng.normal(size=(n, 4, 1)).astype(np.float32), np.zeros((n, 1), np.float32)),
        ),
    )


@pytest.fixture(params=[Task.BINARY, Task.REGRESSION])
def case(request):
    tensors = make_tensors(request.param)
    results = make_results(tensors)
    return tensors, results, assemble_run(make_configuration(), results, tensors, MARKS, N_SEEDS)


def test_folds_are_pooled_row_by_row(case):
    tensors, results, run = case
    assert run.losses.shape == (len(MARKS), N_SEEDS, N_HELD)
    assert run.losses.dtype == np.float32
    places = [0, 0]
    for m, (row, fold) in enumerate(zip(tensors.order, tensors.order_fold, strict=True)):
        place, places[fold] = places[fold], places[fold] + 1
        assert tensors.validation_rows[fold, place] == row
        for seed in range(N_SEEDS):
            member = seed * N_FOLDS + fold
            wanted = results.losses[member, :, place] * tensors.target_scale[fold] ** 2
            np.testing.assert_allclose(run.losses[:, seed, m], wanted, rtol=1e-6)
            if tensors.task is not Task.REGRESSION:
                np.testing.assert_array_equal(run.hits[:, seed, m], results.hits[member, :, place])


def test_regression_folds_are_brought_to_common_units(case):
    tensors, _, run = case
    if tensors.task is Task.REGRESSION:
        assert len(set(tensors.target_scale)) == 2  # else the scale would show nowhere
        assert run.hits.shape == (0, 0, 0)
    else:
        assert set(tensors.target_scale) == {1.0}


def test_curves_are_means_over_folds_and_over_rows(case):
    tensors, results, run = case
    scale = tensors.target_scale**2
    held = [len(fold.validation) for fold in FOLDS]
    for seed in range(N_SEEDS):
        of_folds = [results.curves[seed * N_FOLDS + fold] * scale[fold] for fold in range(N_FOLDS)]
        np.testing.assert_allclose(
            run.train_curve[seed], (of_folds[0][:, 0] + of_folds[1][:, 0]) / 2, rtol=1e-5
        )
        pooled = (held[0] * of_folds[0][:, 1] + held[1] * of_folds[1][:, 1]) / N_HELD
        np.testing.assert_allclose(run.validation_curve[seed], pooled, rtol=1e-5)


def test_pooled_curve_agrees_with_pooled_rows():
    """If every member's curve is the mean of its rows, so is the pooled curve."""
    tensors = make_tensors(Task.REGRESSION)
    results = make_results(tensors)
    curves = results.curves.copy()
    curves[:, np.array(MARKS) - 1, 1] = np.nanmean(results.losses, axis=2)
    run = assemble_run(make_configuration(), replace(results, curves=curves), tensors, MARKS, N_SEEDS)
    at_marks = run.validation_curve[:, run.checkpoints - 1]
    np.testing.assert_allclose(at_marks.T, run.losses.mean(axis=2), rtol=1e-5)


def test_a_diverged_member_is_named_and_leaves_the_other_seeds_alone():
    tensors = make_tensors()
    results = make_results(tensors)
    whole = assemble_run(make_configuration(), results, tensors, MARKS, N_SEEDS)
    alive, losses, curves = np.arange(6) != 3, results.losses.copy(), results.curves.copy()
    losses[3], curves[3] = np.nan, np.nan  # seed 1, fold 1
    broken = replace(results, alive=alive, losses=losses, curves=curves)
    run = assemble_run(make_configuration(), broken, tensors, MARKS, N_SEEDS)
    assert [outcome is Outcome.DIVERGED for outcome in run.outcomes] == [False] * 3 + [True] + [False] * 2
    np.testing.assert_array_equal(run.losses[:, [0, 2]], whole.losses[:, [0, 2]])
    np.testing.assert_array_equal(np.isnan(run.losses[0, 1]), tensors.order_fold == 1)
    assert np.isnan(run.validation_curve[1]).all()
    assert np.isfinite(run.validation_curve[[0, 2]]).all()


def test_weights_are_summed_up_per_member_and_layer():
    tensors = make_tensors()
    results = make_results(tensors)
    results.weights[0][2, :, :2] = 0.0
    run = assemble_run(make_configuration(), results, tensors, MARKS, N_SEEDS)
    assert run.zero_share.shape == run.weight_norm.shape == (6, 2)
    assert run.zero_share[2].tolist() == [0.5, 0.0]
    assert run.zero_share[[0, 1, 3, 4, 5]].sum() == 0
    for member in range(6):
        for layer in range(2):
            flat = results.weights[layer][member].ravel()
            assert run.weight_norm[member, layer] == pytest.approx(sum(float(w) ** 2 for w in flat) ** 0.5)
    assert run.n_rows == 20
    assert run.checkpoints.tolist() == list(MARKS)


def test_groups_are_joined_in_order():
    results = make_results(make_tensors())
    joined = join_results([take_members(results, [0, 1, 2, 3]), take_members(results, [4, 5])])
    for name in ("curves", "losses", "hits", "alive"):
        np.testing.assert_array_equal(getattr(joined, name), getattr(results, name))
    for one, other in zip(list_arrays(joined), list_arrays(results), strict=True):
        np.testing.assert_array_equal(one, other)


def test_seeds_added_later_give_the_record_of_all_seeds_at_once():
    tensors = make_tensors()
    results = make_results(tensors)
    whole = assemble_run(make_configuration(), results, tensors, MARKS, N_SEEDS)
    first, more = (
        assemble_run(
            make_configuration(), take_members(results, places), tensors, MARKS, len(places) // N_FOLDS
        )
        for places in ([0, 1], [2, 3, 4, 5])
    )
    joined = join_seeds((first, more))
    for name, value in vars(whole).items():
        if isinstance(value, np.ndarray):
            np.testing.assert_array_equal(getattr(joined, name), value, err_msg=name)
    assert joined.outcomes == whole.outcomes
