from types import SimpleNamespace

import numpy as np
import pytest

from heldout.bundle.forward import predict_members
from heldout.stages.delivering import (
    LEAST_CALIBRATION_ROWS,
    Weights,
    _BestSoFar,
    deliver,
    retrain_chosen,
    train_on_all,
)
from heldout.stages.preparing import make_tensors, thin_folds
from heldout.train.program import MemberSpec
from stages.made_data import make_frame, prepare_frame


def make_weights(tensors, *, n_seeds=2, scale=0.5, seed=0):
    rng = np.random.default_rng(seed)
    n_folds, n_inputs = len(tensors.fit_rows), tensors.features.shape[2]
    specs = tuple(MemberSpec(None, number, fold) for number in range(n_seeds) for fold in range(n_folds))
    layers = tuple(
        (
            (
                scale * rng.normal(size=(n_inputs, tensors.n_outputs)).astype(np.float32),
                np.zeros(tensors.n_outputs, np.float32),
            ),
        )
        for _ in specs
    )
    return Weights(specs, layers, tuple(range(1, len(specs) + 1)))


def deliver_frame(frame=None, **settings):
    reading, prepared, _, chosen = prepare_frame(frame, **settings)
    folds = thin_folds(prepared)
    tensors = make_tensors(prepared, folds)
    weights = make_weights(tensors)
    return deliver(reading, prepared, tensors, weights, chosen, folds=folds), prepared, tensors, weights


def results(losses, weight=0.0):
    """What a watched training shows at one checkpoint: two validation rows and one of padding."""
    losses = np.asarray(losses, np.float32)
    each = np.repeat(losses[:, None, None], 3, axis=2)
    each[:, :, 2] = np.nan  # padding is never looked at
    return SimpleNamespace(
        losses=each,
        params=(
            (np.full((len(losses), 2, 1), weight, np.float32), np.full((len(losses), 1), weight, np.float32)),
        ),
    )


def watch(curve, *, patience, min_delta=0.0):
    """Run the watch over a curve of one network; give where it stopped and what it kept."""
    best = _BestSoFar(1, patience, min_delta)
    mask = np.array([True, True, False])
    for index, loss in enumerate(curve):
        shown = results([loss], weight=float(index))
        shown.losses = np.repeat(shown.losses, len(curve), axis=1)
        if best.update(index, shown, mask):
            break
    return index, best.index[0], float(best.layers[0][0][0][0, 0])


def test_the_best_weights_are_kept_and_patience_ends_the_training():
    assert watch([5, 4, 3, 4, 4, 1], patience=2) == (4, 2, 2.0)
    assert watch([5, 4, 3, 4, 4, 1], patience=3) == (5, 5, 5.0)


def test_an_improvement_below_min_delta_is_none():
    assert watch([1.0, 0.995, 0.99, 0.985], patience=3, min_delta=0.1) == (3, 0, 0.0)


def test_a_network_that_diverges_keeps_its_first_weights():
    assert watch([np.nan, np.nan, np.nan], patience=2) == (2, 0, 0.0)
    assert watch([np.nan, 2.0, np.nan, np.nan], patience=2) == (3, 1, 1.0)


def test_all_members_must_have_stopped():
    best = _BestSoFar(2, 1, 0.0)
    mask = np.array([True, True, False])
    stops = []
    for index, pair in enumerate(([1, 5], [2, 4], [3, 3], [4, 3.5])):
        shown = results(pair)
        shown.losses = np.repeat(shown.losses, 4, axis=1)
        stops.append(best.update(index, shown, mask))
    assert stops == [False, False, False, True]
    assert best.index == [0, 2]


def test_the_bundle_holds_every_network_with_its_fold():
    delivered, prepared, tensors, weights = deliver_frame()
    assert len(delivered.bundle.members) == 10
    assert [member.fold for member in delivered.bundle.members] == [0, 1, 2, 3, 4] * 2
    assert [member.state for member in delivered.bundle.members] == [0, 1, 2, 3, 4] * 2
    assert delivered.epoch == 5  # the median of 1 to 10
    assert delivered.bundle.classes == ("no", "yes")
    np.testing.assert_array_equal(delivered.order, prepared.split.development[tensors.order])


def test_a_validation_row_is_predicted_by_networks_that_had_not_fitted_it():
    delivered, prepared, tensors, _ = deliver_frame()
    bundle = delivered.bundle
    for at in (0, 17, 59):
        row, fold = int(tensors.order[at]), int(tensors.order_fold[at])
        assert row not in prepared.folds[fold].fit
        features = tuple(prepared.source.features[:, [row]])
        own = [index for index, member in enumerate(bundle.members) if member.fold == fold]
        each = predict_members(bundle, features)[own]
        plain = each.mean(axis=0)[0]
        tempered = plain ** (1 / bundle.temperature)
        np.testing.assert_allclose(delivered.development.values[at], tempered / tempered.sum(), rtol=1e-6)


def test_single_delivers_the_first_network_alone():
    delivered, *_ = deliver_frame(single=True)
    assert [(member.seed, member.fold) for member in delivered.bundle.members] == [(0, 0)]
    assert len(delivered.development.values) == 60


def test_probabilities_are_calibrated_by_one_temperature():
    delivered, *_ = deliver_frame()
    assert delivered.bundle.temperature != 1.0
    np.testing.assert_allclose(delivered.development.values.sum(axis=1), 1)
    assert set(delivered.development.labels) <= {0, 1}


def test_too_few_rows_are_not_calibrated():
    delivered, *_ = deliver_frame(make_frame(LEAST_CALIBRATION_ROWS - 1).drop("price"), costs={"miss": 9.0})
    assert delivered.bundle.temperature == 1.0
    assert delivered.bundle.costs == ()


def test_stated_costs_set_the_threshold():
    delivered, *_ = deliver_frame(costs={"miss": 3.0, "false_alarm": 1.0})
    assert delivered.bundle.costs == (3.0, 1.0)
    assert delivered.bundle.threshold == pytest.approx(0.25)
    np.testing.assert_array_equal(delivered.development.labels, delivered.development.values[:, 1] >= 0.25)


def test_a_regression_gets_intervals_that_hold_nine_tenths_of_the_rows():
    delivered, prepared, *_ = deliver_frame(make_frame(200).drop("ill"), target="price", task="regression")
    bundle, rows = delivered.bundle, delivered.development
    truth = prepared.source.target[np.searchsorted(prepared.split.development, delivered.order)]
    inside = ((truth >= rows.low) & (truth <= rows.high)).mean()
    assert 0.88 <= inside <= 0.95
    np.testing.assert_allclose(rows.high - rows.low, 2 * bundle.half_width)
    assert bundle.target_spread == pytest.approx(prepared.source.target.std())


class FakeExecutor:
    """An executor of one fold whose networks improve until a given checkpoint."""

    def __init__(self, best_index):
        self.schedule = SimpleNamespace(checkpoints=(1, 2, 4, 8))
        self.tensors = SimpleNamespace(fit_rows=[0], validation_mask=np.array([[1.0, 1.0, 0.0]]))
        self.best_index, self.stopped, self.calls = best_index, [], []

    def report(self, phase, done, total):
        self.calls.append((phase, done, total))

    def train_members(self, configuration, specs, *, stop_at=None, watch=None, progress=lambda done: None):
        if watch is None:
            progress(len(specs))
            self.stopped.append(stop_at)
            return results([0.0] * len(specs), weight=float(stop_at))
        shown = None
        for index in range(4):
            shown = results([abs(index - self.best_index)] * len(specs), weight=float(index))
            shown.losses = np.repeat(shown.losses, 4, axis=1)
            if watch(index, shown):
                self.stopped.append(index)
                break
        return shown


def test_the_chosen_networks_are_trained_to_their_deployed_epoch():
    executor = FakeExecutor(0)
    weights = retrain_chosen(executor, SimpleNamespace(hyper=None), 4, (0, 1, 2))
    assert executor.stopped == [3]  # epoch 4 is the third checkpoint
    assert weights.epochs == (4, 4, 4)
    assert [spec.seed for spec in weights.specs] == [0, 1, 2]


def test_on_all_rows_every_network_is_restored_to_its_best_epoch():
    executor = FakeExecutor(1)
    weights = train_on_all(executor, SimpleNamespace(hyper=None), (0, 1, 2), patience=2, min_delta=0.0)
    assert weights.epochs == (2, 2, 2)
    assert all(float(layers[0][0][0, 0]) == 1.0 for layers in weights.layers)
    assert executor.calls[-1] == ("delivery", 3, 3)
