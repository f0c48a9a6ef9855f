import dataclasses

import numpy as np
import polars as pl
import pytest

from heldout.errors import DataError, RecipeError, UsageError
from heldout.records import Severity
from heldout.stages import preparing
from heldout.stages.preparing import (
    encode_other_rows,
    learned_target,
    make_tensors,
    plan_training,
    split_rows,
    thin_folds,
)
from stages.made_data import declare_parts, make_frame, prepare_frame, read


def test_every_development_row_is_validated_once():
    _, prepared, _, _ = prepare_frame()
    rows = np.concatenate([fold.validation for fold in prepared.folds])
    assert sorted(rows) == list(range(60))
    assert prepared.source.features.shape[:2] == (5, 60)
    assert prepared.source.features.dtype == np.float32
    assert np.isfinite(prepared.source.features).all()


def test_folds_count_within_the_development_rows():
    frame = make_frame(part=declare_parts()).drop("price")
    frame = frame.with_columns(pl.col("part").reverse())  # the test rows come first in the table
    _, prepared, _, _ = prepare_frame(frame, split="part")
    assert prepared.split.test.tolist() == list(range(15))
    assert prepared.folds[0].validation.tolist() == list(range(15))
    assert prepared.folds[0].fit.tolist() == list(range(15, 45))


def test_each_state_is_fitted_on_its_own_fold_alone():
    frame = make_frame().drop("price")
    _, plain, _, _ = prepare_frame(frame)
    held = plain.split.folds[0].validation
    x = frame["x"].to_numpy().copy()
    x[held] += 3.0
    reading, settings = read(frame.with_columns(pl.Series("x", x.round(4))))
    # the same folds, other cells in the rows that the first fold holds out
    columns = preparing.type_columns(reading, plain.split, settings)
    changed = preparing.encode_rows(reading, plain.split, columns, settings)
    others = plain.folds[0].fit
    np.testing.assert_array_equal(changed.source.features[0][others], plain.source.features[0][others])
    assert not np.array_equal(changed.source.features[1][others], plain.source.features[1][others])


def frame_of_shares():
    """300 rows: a fifth ill among the fit rows, half among the declared validation rows."""
    frame = make_frame(300).drop("price")
    part = ["train"] * 180 + ["validation"] * 60 + ["test"] * 60
    ill = ["yes" if k % 5 == 0 else "no" for k in range(180)] + ["yes", "no"] * 60
    return frame.with_columns(pl.Series("ill", ill), pl.Series("part", part))


def test_probabilities_follow_declared_validation_rows_that_hold_other_shares():
    _, prepared, findings, _ = prepare_frame(frame_of_shares(), split="part")
    np.testing.assert_allclose(prepared.source.shares, [0.5, 0.5])
    assert "HO255" in {finding.code for finding in findings if finding.severity is Severity.WARNING}
    _, kept, _, _ = prepare_frame(frame_of_shares(), split="part", class_shares="fit")
    assert kept.source.shares is None


def test_without_declared_test_rows_the_test_has_the_shares_of_the_fit_rows():
    frame = frame_of_shares().filter(pl.col("part") != "test")
    _, prepared, findings, _ = prepare_frame(frame, split="part")
    assert prepared.source.shares is None
    assert "HO255" in {finding.code for finding in findings if finding.severity is Severity.WARNING}
    asked = prepare_frame(frame, split="part", class_shares="validation")[1].source.shares
    np.testing.assert_allclose(asked, [0.5, 0.5])


def test_shares_that_differ_by_chance_are_followed_only_when_asked():
    frame = make_frame(part=declare_parts()).drop("price")
    assert prepare_frame(frame, split="part")[1].source.shares is None
    asked = prepare_frame(frame, split="part", class_shares="validation")[1].source.shares
    held = frame["ill"].to_numpy()[30:45] == "yes"
    np.testing.assert_allclose(asked[1], (held.sum() + 0.5) / 16)


@pytest.mark.parametrize(
    ("asked", "frame"),
    [
        ({}, make_frame().drop("price")),  # no declared validation rows
        ({"split": "part", "target": "z", "task": "regression"}, make_frame(part=declare_parts())),
    ],
)
def test_shares_of_validation_rows_need_classes_and_such_rows(asked, frame):
    with pytest.raises(UsageError, match="class_shares = validation needs classes"):
        prepare_frame(frame, class_shares="validation", **asked)


def test_a_smaller_subset_lies_in_a_larger_one_and_validation_stays():
    _, prepared, _, _ = prepare_frame()
    whole, half, some = (thin_folds(prepared, n_fit=n_fit) for n_fit in (None, 24, 10))
    for k in range(5):
        assert len(half[k].fit) == 24
        assert len(some[k].fit) == 10
        assert set(some[k].fit) <= set(half[k].fit) <= set(whole[k].fit)
        np.testing.assert_array_equal(some[k].validation, whole[k].validation)
    assert [fold.fit.tolist() for fold in thin_folds(prepared, n_fit=24)] == [
        fold.fit.tolist() for fold in half
    ]


def test_many_validation_rows_are_sampled(monkeypatch):
    monkeypatch.setattr(preparing, "MOST_VALIDATION_ROWS", 5)
    _, prepared, _, _ = prepare_frame()
    for fold, whole in zip(thin_folds(prepared), prepared.folds, strict=True):
        assert len(fold.validation) == 5
        assert set(fold.validation) <= set(whole.validation)


def test_tensors_have_the_shapes_of_the_folds():
    _, prepared, _, settings = prepare_frame()
    tensors = make_tensors(prepared, thin_folds(prepared))
    assert tensors.features.shape[0] == len(tensors.fit_rows) == 5
    assert sorted(tensors.order) == list(range(60))
    plan = plan_training(prepared, settings)
    assert plan.n_folds == 5
    assert plan.n_fit == plan.n_fit_all == max(len(fold.fit) for fold in prepared.folds)


def test_sealed_rows_are_encoded_like_the_others():
    frame = make_frame(part=declare_parts()).drop("price")
    _, prepared, _, _ = prepare_frame(frame, split="part")
    states = encode_other_rows(prepared, prepared.split.test)
    assert len(states) == 1
    assert states[0].shape == (15, prepared.source.features.shape[2])
    again = encode_other_rows(prepared, prepared.split.development)[0]
    np.testing.assert_array_equal(again, prepared.source.features[0])


def test_a_logarithmic_target_is_learned_as_its_logarithm():
    frame = make_frame().with_columns(pl.col("price").abs() + 0.5)
    reading, settings = read(frame, target="price", task="regression", target_log=True)
    np.testing.assert_allclose(learned_target(reading.target, settings), np.log(frame["price"].to_numpy()))
    plain, settings = read(frame, target="price", task="regression")
    np.testing.assert_array_equal(learned_target(plain.target, settings), frame["price"].to_numpy())


def test_weights_and_balance_reach_the_tensors():
    frame = make_frame(weight=[1.0, 3.0] * 30).drop("price")
    _, prepared, _, _ = prepare_frame(frame, sample_weight="weight", class_weight="balanced")
    assert prepared.source.weight.tolist() == [1.0, 3.0] * 30
    assert prepared.source.balanced
    tensors = make_tensors(prepared, prepared.folds)
    target = tensors.target[0][tensors.fit_rows[0]]
    weight = tensors.fit_weight[0]
    assert weight[target == 1].sum() == pytest.approx(weight[target == 0].sum(), rel=1e-5)


def test_strict_refuses_the_first_critical_finding():
    frame = make_frame(120).drop("price")
    frame = frame.with_columns(pl.col("ill").replace({"yes": "positive", "no": "negative"}).alias("result"))
    _, _, findings, _ = prepare_frame(frame)
    critical = [item for item in findings if item.severity is Severity.CRITICAL]
    assert any(item.column == "result" for item in critical)
    with pytest.raises(DataError, match=critical[0].code):
        prepare_frame(frame, strict=True)


def test_the_audit_sees_no_test_label(monkeypatch):
    monkeypatch.setattr(
        "heldout.stages.reading.fingerprint_table", lambda table: "ab" * 32
    )  # it seeds the folds
    frame = make_frame(part=declare_parts()).drop("price")
    turned = frame.with_columns(
        pl.when(pl.col("part") == "test")
        .then(pl.col("ill").replace({"yes": "no", "no": "yes"}))
        .otherwise(pl.col("ill"))
        .alias("ill")
    )
    first = prepare_frame(frame, split="part")[2]
    second = prepare_frame(turned, split="part")[2]
    assert [dataclasses.astuple(item) for item in first] == [dataclasses.astuple(item) for item in second]


def test_the_split_depends_on_the_split_seed_alone():
    frame = make_frame(260).drop("price")
    tests = []
    for seeds in ({"seed": 0}, {"seed": 3}, {"split_seed": 1}):
        reading, settings = read(frame, **seeds)
        tests.append(split_rows(reading, settings).test.tolist())
    assert tests[0] == tests[1] != tests[2]


def test_what_is_asked_of_a_column_reaches_its_recipe():
    rng = np.random.default_rng(0)
    reads = ["".join(rng.choice(list("ACGT"), 30)) for _ in range(60)]
    frame = make_frame().drop("price").with_columns(pl.Series("read", reads))
    _, prepared, _, _ = prepare_frame(frame, columns={"read": {"kind": "sequence", "strands": "both"}})
    layout = prepared.source.layout
    assert layout is not None
    assert [part.both_strands for part in layout.parts if part.letters] == [True]
    with pytest.raises(RecipeError, match="column 'x' is read as number; strands belongs to a sequence"):
        prepare_frame(frame, columns={"x": {"strands": "both"}})
