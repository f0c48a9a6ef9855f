from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import log_loss
from sklearn.utils.class_weight import compute_class_weight

from heldout.errors import DataError
from heldout.records import MANY_OUTPUTS, Fold, Task
from heldout.tensors import TensorSource, build_tensors, constant_losses, share_labels
from train.made_tensors import FOLDS, N_ROWS, make_source

WEIGHT = np.linspace(0.5, 3.0, N_ROWS)


@pytest.mark.parametrize("task", list(Task))
def test_shapes_and_dtypes_are_those_of_the_record(task):
    made = build_tensors(make_source(task), FOLDS)
    assert made.features.shape == (2, N_ROWS, 5)
    assert made.target.shape == (2, N_ROWS)
    assert made.fit_rows.shape == made.fit_weight.shape == (2, 20)
    assert made.validation_rows.shape == made.validation_mask.shape == (2, 10)
    for array in (made.features, made.target, made.fit_weight, made.validation_mask):
        assert array.dtype == np.float32
    for array in (made.fit_rows, made.validation_rows, made.slot_unseen):
        assert array.dtype == np.int32
    for array in (made.target_scale, made.target_center, made.target_spread):
        assert array.dtype == np.float64
    assert made.order.dtype == made.order_fold.dtype == np.int64
    assert made.n_outputs == (3 if task in MANY_OUTPUTS else 1)
    assert (made.sets is not None) == (task is Task.MULTILABEL)


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_folds_come_back_out_of_the_padding(data):
    """Whatever the folds: real rows are the folds' rows, padding weighs nothing, the order is that of the folds."""
    folds = []
    for _ in range(data.draw(st.integers(1, 4))):
        rows = np.array(data.draw(st.permutations(range(N_ROWS))))
        cut = data.draw(st.integers(1, N_ROWS - 1))
        end = data.draw(st.integers(cut + 1, N_ROWS))
        folds.append(Fold(np.sort(rows[:cut]), np.sort(rows[cut:end])))
    source = make_source()
    source = replace(source, features=np.repeat(source.features[:1], len(folds), axis=0))
    made = build_tensors(source, tuple(folds))
    pooled = []
    for k, fold in enumerate(folds):
        np.testing.assert_array_equal(made.fit_rows[k][made.fit_weight[k] > 0], fold.fit)
        np.testing.assert_array_equal(made.validation_rows[k][made.validation_mask[k] > 0], fold.validation)
        assert set(made.fit_rows[k]) <= set(fold.fit)  # padding repeats a row of the same fold
        assert set(made.validation_rows[k]) <= set(fold.validation)
        pooled += [(int(row), k) for row in fold.validation]
    assert list(zip(made.order.tolist(), made.order_fold.tolist(), strict=True)) == pooled


def test_weights_of_each_fold_have_mean_one():
    made = build_tensors(make_source(weight=WEIGHT), FOLDS)
    for k, fold in enumerate(FOLDS):
        real = made.fit_weight[k, : len(fold.fit)]
        assert real.mean() == pytest.approx(1.0, rel=1e-6)
        np.testing.assert_allclose(real / real[0], WEIGHT[fold.fit] / WEIGHT[fold.fit[0]], rtol=1e-5)


@pytest.mark.parametrize("weight", [None, WEIGHT])
def test_balanced_classes_weigh_the_same(weight):
    source = make_source(Task.MULTICLASS, weight=weight, balanced=True)
    made = build_tensors(source, FOLDS)
    for k, fold in enumerate(FOLDS):
        classes, real = source.target[fold.fit], made.fit_weight[k, : len(fold.fit)]
        sums = [real[classes == index].sum() for index in range(3)]
        np.testing.assert_allclose(sums, len(fold.fit) / 3, rtol=1e-5)
        if weight is None:
            known = compute_class_weight("balanced", classes=np.arange(3), y=classes.astype(int))
            np.testing.assert_allclose(real, known[classes.astype(int)], rtol=1e-5)


def test_balancing_survives_a_class_that_a_fold_lacks():
    source = make_source(Task.MULTICLASS, balanced=True)
    fold = Fold(np.flatnonzero(source.target != 1), np.flatnonzero(source.target == 1))
    made = build_tensors(replace(source, features=source.features[:1]), (fold,))
    assert np.isfinite(made.fit_weight).all()


@pytest.mark.parametrize("weight", [None, WEIGHT])
@pytest.mark.parametrize("task", [Task.BINARY, Task.MULTICLASS])
def test_the_offset_turns_even_classes_into_their_shares(task, weight):
    source = make_source(task, weight=weight, balanced=True)
    made = build_tensors(source, FOLDS)
    assert made.output_offset.shape == (2, made.n_outputs)
    for k, fold in enumerate(FOLDS):
        counts = np.bincount(source.target[fold.fit].astype(int), minlength=source.n_classes) + 0.5
        offset = made.output_offset[k] if task is Task.MULTICLASS else np.append(0.0, made.output_offset[k])
        # balanced training gives every class the same share: logits of zero, before the offset
        prior = np.exp(offset) / np.exp(offset).sum()
        np.testing.assert_allclose(prior, counts / counts.sum(), rtol=1e-5)


@pytest.mark.parametrize("balanced", [False, True])
@pytest.mark.parametrize("task", [Task.BINARY, Task.MULTICLASS])
def test_the_offset_turns_what_was_learned_into_the_shares_that_are_expected(task, balanced):
    n_classes = 2 if task is Task.BINARY else 3
    expected = np.array([0.7, 0.3]) if n_classes == 2 else np.array([0.2, 0.5, 0.3])
    source = replace(make_source(task, balanced=balanced), shares=expected)
    made = build_tensors(source, FOLDS)
    for k, fold in enumerate(FOLDS):
        counts = np.bincount(source.target[fold.fit].astype(int), minlength=n_classes) + 0.5
        learned = np.zeros(n_classes) if balanced else np.log(counts / counts.sum())
        logits = learned[1:] - learned[0] if n_classes == 2 else learned
        shifted = logits + made.output_offset[k]
        found = 1 / (1 + np.exp(-shifted)) if n_classes == 2 else np.exp(shifted) / np.exp(shifted).sum()
        np.testing.assert_allclose(found, expected[1:] if n_classes == 2 else expected, rtol=0.02)


def test_the_constant_predictor_follows_the_expected_shares():
    source = replace(make_source(Task.MULTICLASS), shares=np.array([0.2, 0.5, 0.3]))
    losses = constant_losses(source, FOLDS)
    held = np.concatenate([source.target[fold.validation] for fold in FOLDS]).astype(int)
    np.testing.assert_allclose(losses, -np.log(np.array([0.2, 0.5, 0.3]))[held])


@pytest.mark.parametrize("task", list(Task))
def test_without_class_weights_nothing_is_taken_out(task):
    balanced = task is Task.REGRESSION  # a number has no classes to balance
    made = build_tensors(make_source(task, weight=WEIGHT, balanced=balanced), FOLDS)
    np.testing.assert_array_equal(made.output_offset, np.zeros((2, made.n_outputs)))


def test_classes_are_left_as_they_are():
    source = make_source(Task.MULTICLASS)
    made = build_tensors(source, FOLDS)
    np.testing.assert_array_equal(made.target, np.stack([source.target, source.target]))
    for array, value in ((made.target_scale, 1), (made.target_center, 0), (made.target_spread, 1)):
        np.testing.assert_array_equal(array, value)


def test_a_number_is_standardized_with_the_fit_rows_of_its_own_fold():
    source = make_source(Task.REGRESSION)
    made = build_tensors(source, FOLDS)
    for k, fold in enumerate(FOLDS):
        assert made.target[k, fold.fit].mean() == pytest.approx(0, abs=1e-6)
        assert made.target[k, fold.fit].std() == pytest.approx(1, rel=1e-6)
        back = made.target[k] * made.target_spread[k] + made.target_center[k]
        np.testing.assert_allclose(back, source.target, rtol=1e-5)
    # squared errors of all folds in one unit: that of the development rows' variance
    errors = (made.target[:, 3] - made.target[:, 8]) * made.target_scale
    np.testing.assert_allclose(errors, (source.target[3] - source.target[8]) / source.target.std(), rtol=1e-5)


def test_validation_rows_do_not_enter_the_standardization():
    source = make_source(Task.REGRESSION)
    target = source.target.copy()
    target[FOLDS[0].validation] += 1e4
    one, other = (build_tensors(replace(source, target=t), FOLDS) for t in (source.target, target))
    assert one.target_center[0] == other.target_center[0]
    assert one.target_spread[0] == other.target_spread[0]
    np.testing.assert_array_equal(one.target[0, FOLDS[0].fit], other.target[0, FOLDS[0].fit])


def test_a_target_that_does_not_vary_is_refused():
    source = make_source(Task.REGRESSION)
    target = source.target.copy()
    target[FOLDS[1].fit] = 4.0
    with pytest.raises(DataError, match="the target does not vary among the fit rows of a fold"):
        build_tensors(replace(source, target=target), FOLDS)


# ------------------------------------------------------------------------------------------------ constant predictor
@pytest.mark.parametrize("weight", [None, WEIGHT])
@pytest.mark.parametrize("task", [Task.BINARY, Task.MULTICLASS])
def test_constant_loss_is_that_of_the_class_shares(task, weight):
    source = make_source(task, weight=weight)
    losses = constant_losses(source, FOLDS)
    wanted = []
    for fold in FOLDS:
        counts = [0.5] * source.n_classes  # half a row for every class
        for row in fold.fit:
            counts[int(source.target[row])] += 1.0  # weights steer the training; losses count every row once
        share = np.array(counts) / sum(counts)
        labels = list(range(source.n_classes))
        wanted += [log_loss([source.target[row]], [share], labels=labels) for row in fold.validation]
    np.testing.assert_allclose(losses, wanted, rtol=1e-9)


@pytest.mark.parametrize("weight", [None, WEIGHT])
def test_constant_loss_of_a_number_is_its_squared_distance_to_the_mean(weight):
    source = make_source(Task.REGRESSION, weight=weight)
    wanted = []
    for fold in FOLDS:
        mean = source.target[fold.fit].mean()  # weights steer the training; losses count every row once
        wanted += [(source.target[row] - mean) ** 2 / source.target.var() for row in fold.validation]
    np.testing.assert_allclose(constant_losses(source, FOLDS), wanted, rtol=1e-9)


def test_a_class_that_a_fold_lacks_has_a_finite_loss():
    source = TensorSource(
        np.zeros((1, 4, 1), np.float32),
        np.array([0.0, 0.0, 0.0, 1.0]),
        Task.BINARY,
        2,
        None,
        False,
        np.full(1, -1, np.int32),
    )
    losses = constant_losses(source, (Fold(np.arange(3), np.array([3])),))
    assert losses.tolist() == pytest.approx([np.log(4.0 / 0.5)])


def test_constant_loss_of_labels_is_the_sum_over_their_shares():
    source = make_source(Task.MULTILABEL)
    wanted = []
    for fold in FOLDS:
        share = share_labels(source.sets[source.target[fold.fit].astype(int)])
        for row in fold.validation:
            held = source.sets[int(source.target[row])]
            wanted.append(-sum(np.log(p if yes else 1 - p) for p, yes in zip(share, held, strict=True)))
    np.testing.assert_allclose(constant_losses(source, FOLDS), wanted, rtol=1e-9)


def test_the_constant_loss_of_many_rows_is_the_sum_of_the_labels_entropies():
    """R0 of several labels, as the verdict's tolerance rests on it."""
    rng = np.random.default_rng(0)
    share = np.array([0.5, 0.2, 0.05])
    held = rng.random((20_000, 3)) < share
    sets, number = np.unique(held, axis=0, return_inverse=True)
    target = number.reshape(-1).astype(float)
    unseen = np.full(1, -1, np.int32)
    source = TensorSource(
        np.zeros((1, 20_000, 1), np.float32), target, Task.MULTILABEL, 3, None, False, unseen, sets=sets
    )
    losses = constant_losses(source, (Fold(np.arange(10_000), np.arange(10_000, 20_000)),))
    entropy = -(share * np.log(share) + (1 - share) * np.log(1 - share)).sum()
    assert losses.mean() == pytest.approx(entropy, rel=0.02)


def test_a_label_that_a_fold_lacks_has_a_finite_loss():
    assert 0 < share_labels(np.zeros((9, 1), bool))[0] < 0.1
    assert 0.9 < share_labels(np.ones((9, 1), bool))[0] < 1
