from dataclasses import replace

import jax
import numpy as np
import pytest

from heldout.records import Task
from heldout.train.program import (
    MemberSpec,
    compile_program,
    count_devices,
    cut_units,
    group_size,
    make_mesh,
    put_data,
    run_members,
    stack_members,
)
from train.made_tensors import (
    CHECKPOINTS,
    FOLDS,
    N_EPOCHS,
    assert_same_bits,
    list_arrays,
    make_hyper,
    make_shape,
    make_tensors,
    take_members,
)
from train.naive_training import train_naively

SHAPE = make_shape()
TENSORS = make_tensors()
PLAIN = make_hyper()
MIXED = make_hyper(dropout=(0.1, 0.4), l1=(1e-3, 1e-2), l2=(1e-2, 1e-3), label_smoothing=0.1)
ENDLESS = make_hyper(learning_rate=float("inf"))


@pytest.fixture(scope="module")
def data():
    return put_data(TENSORS)


@pytest.fixture(scope="module")
def company(data):
    """Four different members trained together: the results that others are compared with."""
    specs = [
        MemberSpec(PLAIN, 0, 0),
        MemberSpec(PLAIN, 1, 1),
        MemberSpec(MIXED, 2, 0),
        MemberSpec(MIXED, 0, 1),
    ]
    return specs, run_members(SHAPE, specs, data, CHECKPOINTS)


# ------------------------------------------------------------------------------------ against plain numpy
PENALIZED = make_hyper(l1=(0.01, 0.03), l2=(0.03, 0.01), label_smoothing=0.2)


def compare_with_numpy(task, weight, hypers):
    tensors, shape = make_tensors(task, weight=weight), make_shape(task)
    specs = [MemberSpec(hyper, seed, fold) for hyper in hypers for seed, fold in ((3, 0), (4, 1))]
    results = run_members(shape, specs, put_data(tensors), CHECKPOINTS)
    assert results.alive.all()
    for index, spec in enumerate(specs):
        params, curves, losses = train_naively(
            shape, tensors, spec.hyper, seed=spec.seed, fold=spec.fold, n_epochs=N_EPOCHS
        )
        got = [part[index] for layer in results.params for part in layer]
        for one, other in zip(got, params, strict=True):
            np.testing.assert_allclose(one, other, rtol=2e-3, atol=2e-4)
        np.testing.assert_allclose(results.curves[index], curves, rtol=1e-3, atol=1e-4)
        held = len(FOLDS[spec.fold].validation)
        np.testing.assert_allclose(results.losses[index, -1, :held], losses, rtol=2e-3, atol=2e-4)
    return results


@pytest.mark.parametrize("task", list(Task))
def test_training_equals_plain_numpy(task):
    # a row of weight zero is like a row that is not there
    weight = np.r_[0.0, 3.0, np.linspace(0.2, 2.0, 28)]
    results = compare_with_numpy(task, weight, [PLAIN, PENALIZED])
    assert not np.allclose(results.weights[0][0], results.weights[0][2], atol=1e-2)  # the penalties matter


def test_padding_rows_weigh_nothing(data):
    """The second fold is padded: its padding may hold any rows and its validation padding any rows too."""
    assert (TENSORS.fit_weight[1] == 0).any()
    assert (TENSORS.validation_mask[1] == 0).any()
    fit, held = TENSORS.fit_rows.copy(), TENSORS.validation_rows.copy()
    fit[1, TENSORS.fit_weight[1] == 0] = 29
    held[1, TENSORS.validation_mask[1] == 0] = 29
    other = put_data(replace(TENSORS, fit_rows=fit, validation_rows=held))
    specs = [MemberSpec(PLAIN, 0, 1)]
    one, two = (run_members(SHAPE, specs, arrays, CHECKPOINTS) for arrays in (data, other))
    np.testing.assert_array_equal(one.curves, two.curves)
    np.testing.assert_array_equal(one.weights[0], two.weights[0])


# ------------------------------------------------------------------------------------ company and chunks
def test_two_runs_give_the_same_bits(data, company):
    specs, results = company
    assert np.isfinite(results.curves).all()
    assert_same_bits(run_members(SHAPE, specs, data, CHECKPOINTS), results)


def test_member_alone_equals_member_in_company(data, company):
    specs, results = company
    for index, spec in enumerate(specs):
        alone = run_members(SHAPE, [spec], data, CHECKPOINTS)
        assert_same_bits(alone, take_members(results, [index]))


def test_position_in_the_group_changes_no_bit(data, company):
    specs, results = company
    wanted = take_members(results, [2])
    full = [MemberSpec(MIXED, 50 + index, index % 2) for index in range(group_size())]
    for position in (0, 1, group_size() // 2, group_size() - 1):
        group = [*full[:position], specs[2], *full[position + 1 :]]
        got = run_members(SHAPE, group, data, CHECKPOINTS)
        assert_same_bits(take_members(got, [position]), wanted)


def test_results_come_in_the_order_given(data, company):
    specs, results = company
    turned = run_members(SHAPE, specs[::-1], data, CHECKPOINTS)
    assert_same_bits(take_members(turned, [3, 2, 1, 0]), results)


def test_training_in_chunks_changes_no_bit(data, company):
    specs, results = company
    seen = []

    def watch(epoch, so_far):
        seen.append((CHECKPOINTS.index(epoch), so_far))
        return False

    assert_same_bits(run_members(SHAPE, specs, data, CHECKPOINTS, watch=watch), results)
    assert [index for index, _ in seen] == list(range(len(CHECKPOINTS)))
    for index, so_far in seen:
        np.testing.assert_array_equal(so_far.losses[:, : index + 1], results.losses[:, : index + 1])
        assert np.isnan(so_far.losses[:, index + 1 :]).all()
        assert np.isnan(so_far.curves[:, CHECKPOINTS[index] :]).all()


def test_watch_stops_where_it_says(data, company):
    specs, results = company
    stopped = run_members(
        SHAPE, specs, data, CHECKPOINTS, watch=lambda epoch, so_far: epoch == CHECKPOINTS[1]
    )
    asked = run_members(SHAPE, specs, data, CHECKPOINTS, ends=CHECKPOINTS[:2])
    assert_same_bits(stopped, asked)
    np.testing.assert_array_equal(asked.curves[:, : CHECKPOINTS[1]], results.curves[:, : CHECKPOINTS[1]])
    assert np.isnan(asked.curves[:, CHECKPOINTS[1] :]).all()
    assert (asked.weights[0] != results.weights[0]).any()


def test_it_stops_at_any_epoch_whether_a_checkpoint_or_not(data, company):
    specs, results = company
    last = next(epoch for epoch in range(2, CHECKPOINTS[-1]) if epoch not in CHECKPOINTS)
    asked = run_members(SHAPE, specs, data, CHECKPOINTS, ends=(last,))
    np.testing.assert_array_equal(asked.curves[:, :last], results.curves[:, :last])
    assert np.isnan(asked.curves[:, last:]).all()
    seen = []
    each = tuple(range(1, last + 1))
    watched = run_members(
        SHAPE, specs, data, CHECKPOINTS, ends=each, watch=lambda epoch, so_far: seen.append(epoch)
    )
    assert seen == list(each)
    assert_same_bits(watched, asked)


def test_seed_fold_and_hyper_each_make_a_difference(company):
    _, results = company
    assert len(np.unique(results.curves[:, -1, 0])) == len(results.curves)


def test_padding_members_record_nothing(data):
    padding = run_members(SHAPE, [MemberSpec(PLAIN, 0, 0, active=False)], data, CHECKPOINTS)
    assert not padding.alive.any()
    assert np.isnan(padding.curves).all()
    assert np.isnan(padding.losses).all()


def test_too_large_a_group_is_refused(data):
    specs = [MemberSpec(PLAIN, 0, 0)] * (group_size() + 1)
    with pytest.raises(ValueError, match=f"at most {group_size()} members, got {group_size() + 1}"):
        run_members(SHAPE, specs, data, CHECKPOINTS)


def test_members_are_split_over_all_devices():
    assert make_mesh().size == count_devices()
    assert group_size() % count_devices() == 0


# --------------------------------------------------------------------------------------------- divergence
def test_a_diverging_member_is_frozen_and_flagged(data, company):
    specs, results = company
    group = [specs[0], MemberSpec(ENDLESS, 5, 0), *specs[1:]]
    got = run_members(SHAPE, group, data, CHECKPOINTS)
    assert got.alive.tolist() == [True, False, True, True, True]
    assert not np.isfinite(got.curves[1]).any()
    assert np.isnan(got.losses[1]).all()
    unchanged = run_members(SHAPE, [MemberSpec(make_hyper(learning_rate=0.0), 5, 0)], data, CHECKPOINTS)
    np.testing.assert_array_equal(got.weights[0][1], unchanged.weights[0][0])  # the last sound weights


def test_a_diverging_member_changes_no_bit_of_the_others(data, company):
    specs, results = company
    group = [specs[0], MemberSpec(ENDLESS, 5, 0), *specs[1:], MemberSpec(ENDLESS, 6, 1)]
    got = take_members(run_members(SHAPE, group, data, CHECKPOINTS), [0, 2, 3, 4])
    assert_same_bits(got, results)
    for array in (got.curves, got.losses, *list_arrays(got)):
        assert np.isfinite(array).all()


# --------------------------------------------------------------------------------- what is recorded, on which rows
def evaluate(results, index, rows, fold):
    """Losses of some rows with the final weights, in numpy, without any mask."""
    hidden = TENSORS.features[fold, rows].astype(np.float64)
    for layer in range(len(results.weights)):
        hidden = hidden @ results.weights[layer][index] + results.params[layer][1][index]
        if layer < len(results.weights) - 1:
            hidden = np.maximum(hidden, 0)
    z, y = hidden[:, 0], TENSORS.target[fold, rows]
    return np.logaddexp(0, z) - y * z, (z > 0) == (y > 0.5)


def test_losses_are_those_of_the_final_weights_without_dropout_or_penalty(company):
    specs, results = company
    for index, spec in enumerate(specs):
        train, _ = evaluate(results, index, FOLDS[spec.fold].fit, spec.fold)
        held, hits = evaluate(results, index, FOLDS[spec.fold].validation, spec.fold)
        np.testing.assert_allclose(results.curves[index, -1, 0], train.mean(), rtol=1e-5)
        np.testing.assert_allclose(results.curves[index, -1, 1], held.mean(), rtol=1e-5)
        np.testing.assert_allclose(results.losses[index, -1, : len(held)], held, rtol=1e-4, atol=1e-6)
        np.testing.assert_array_equal(results.hits[index, -1, : len(held)], hits)


def test_checkpoints_agree_with_the_curve(company):
    specs, results = company
    for index, spec in enumerate(specs):
        mask = TENSORS.validation_mask[spec.fold]
        means = (results.losses[index] * mask).sum(axis=1) / mask.sum()
        np.testing.assert_allclose(means, results.curves[index, np.array(CHECKPOINTS) - 1, 1], rtol=1e-6)


def test_validation_rows_change_no_weight(data, company):
    specs, results = company
    features, target = TENSORS.features.copy(), TENSORS.target.copy()
    features[0, FOLDS[0].validation] += 100.0
    target[0, FOLDS[0].validation] = 1 - target[0, FOLDS[0].validation]
    other = put_data(replace(TENSORS, features=features, target=target))
    got = run_members(SHAPE, [specs[0], specs[2]], other, CHECKPOINTS)
    wanted = take_members(results, [0, 2])
    for one, two in zip(list_arrays(got), list_arrays(wanted), strict=True):
        np.testing.assert_array_equal(one, two)
    np.testing.assert_array_equal(got.curves[:, :, 0], wanted.curves[:, :, 0])
    assert (got.curves[:, :, 1] != wanted.curves[:, :, 1]).all()


def test_other_folds_features_change_nothing(data, company):
    specs, results = company
    features = TENSORS.features.copy()
    features[1] += 1.0
    got = run_members(SHAPE, [specs[0]], put_data(replace(TENSORS, features=features)), CHECKPOINTS)
    assert_same_bits(got, take_members(results, [0]))


@pytest.fixture(scope="module")
def variants():
    """The real target and its opposite, on the device."""
    return put_data(TENSORS, targets=np.stack([TENSORS.target, 1 - TENSORS.target]))


def test_compiling_ahead_leaves_nothing_to_compile(variants, caplog):
    with jax.log_compiles(), caplog.at_level("WARNING"):
        compile_program(SHAPE, variants, CHECKPOINTS)
        assert [text for text in caplog.messages if text.startswith("Compiling jit(advance)")]
        caplog.clear()
        run_members(SHAPE, [MemberSpec(PLAIN, 0, 0)], variants, CHECKPOINTS)
    assert not [text for text in caplog.messages if text.startswith("Compiling jit(advance)")]


def test_a_variant_is_another_target(variants, company):
    specs, results = company
    both = [replace(specs[0], variant=variant) for variant in (0, 1)]
    got = run_members(SHAPE, both, variants, CHECKPOINTS)
    flipped = put_data(replace(TENSORS, target=1 - TENSORS.target))
    assert_same_bits(take_members(got, [0]), take_members(results, [0]))
    assert_same_bits(take_members(got, [1]), run_members(SHAPE, specs[:1], flipped, CHECKPOINTS))


# ------------------------------------------------------------------------------------------------- shared programs
def test_unused_units_stay_zero_and_change_nothing(data):
    narrow = replace(SHAPE.net, widths=(2,))
    specs = [MemberSpec(MIXED, 3, 0, net=narrow), MemberSpec(PLAIN, 3, 1, net=narrow)]
    got = run_members(SHAPE, specs, data, CHECKPOINTS)
    for unused in (got.weights[0][:, :, 2:], got.params[0][1][:, 2:], got.weights[1][:, 2:]):
        assert (unused == 0).all()
    cut = cut_units(got, narrow)
    assert [weight.shape[1:] for weight in cut.weights] == [(5, 2), (2, 1)]
    assert [layer[1].shape[1:] for layer in cut.params] == [(2,), (1,)]
    assert (cut.weights[0] != 0).any()
    held = FOLDS[0].validation
    np.testing.assert_allclose(
        cut.losses[0, -1, : len(held)], evaluate(cut, 0, held, 0)[0], rtol=1e-4, atol=1e-6
    )


def test_using_all_units_is_the_same_as_naming_none(data, company):
    specs, results = company
    got = run_members(SHAPE, [replace(spec, net=SHAPE.net) for spec in specs], data, CHECKPOINTS)
    assert_same_bits(got, results)


# ------------------------------------------------------------------------------------------------------- arrays
def test_members_are_stacked_in_order():
    members = stack_members(
        [MemberSpec(PLAIN, 5, 0), MemberSpec(MIXED, 6, 1, variant=2, active=False)], SHAPE
    )
    assert members.seed.tolist() == [5, 6]
    assert members.fold.tolist() == [0, 1]
    assert members.variant.tolist() == [0, 2]
    assert members.active.tolist() == [True, False]
    np.testing.assert_allclose(members.dropout, [[0, 0], [0.1, 0.4]])


def test_blocks_are_numbered_and_plain_features_belong_to_none():
    slots = np.array([2, 2, 2, -1, 4], np.int32)
    made = put_data(replace(TENSORS, slot_unseen=slots))
    assert made.block_of.tolist() == [0, 0, 0, -1, 1]
    assert made.is_unseen.tolist() == [0, 0, 1, 0, 1]
    assert float(made.n_blocks) == 2


def test_training_curve_reads_a_fixed_choice_of_real_rows():
    made = put_data(TENSORS)
    np.testing.assert_array_equal(made.watch_rows, TENSORS.fit_rows)
    np.testing.assert_array_equal(made.watch_mask, TENSORS.fit_weight > 0)
    many = np.arange(20_000, dtype=np.int32)[None]
    weight = np.ones((1, 20_000), np.float32)
    made = put_data(
        replace(
            TENSORS,
            features=np.zeros((1, 20_000, 1), np.float32),
            fit_rows=many,
            fit_weight=weight,
            slot_unseen=np.array([-1], np.int32),
        )
    )
    rows = np.asarray(made.watch_rows[0])
    assert len(rows) < 20_000
    assert (np.diff(rows) > 0).all()
    assert (rows[0], rows[-1]) == (0, 19_999)
