"""Recorders against stand-ins; fixtures/make_fixtures.py runs them inside real Keras and Lightning."""

import types

import numpy as np
import pytest

import heldout
from heldout.adapters.per_example import read_archive
from heldout.callbacks import KerasRecorder, LightningRecorder, LossRecorder, find_row_losses
from heldout.errors import DataError, UsageError


class FakeTensor:
    """A tensor that must be detached and moved before it can be read."""

    def __init__(self, values, *, ready=""):
        self.values, self.ready = np.asarray(values), ready

    def detach(self):
        return FakeTensor(self.values, ready="detached")

    def cpu(self):
        return self.values if self.ready == "detached" else pytest.fail("moved before it was detached")


class FakeModel:
    built = False

    def __init__(self):
        self.synced, self.modes, self.epoch = 0, [], 0

    def jax_state_sync(self):
        self.synced += 1
        self.epoch += 1

    def __call__(self, x, *, training):
        self.modes.append(training)
        return np.full((len(x), 1), 0.5 + 0.1 * self.epoch)

    def count_params(self):
        return 17


def naive_losses(target, predicted):
    return [-np.log(p if y == 1 else 1 - p) for y, p in zip(target, predicted, strict=True)]


def test_row_losses_agree_with_the_formula():
    y, p = [0, 1, 1], [0.2, 0.9, 0.4]
    np.testing.assert_allclose(find_row_losses(y, p, task="binary"), naive_losses(y, p))
    both = np.array([[1 - q, q] for q in p])
    np.testing.assert_allclose(find_row_losses(y, both, task="multiclass"), naive_losses(y, p))
    assert find_row_losses([1.0, 3.0], [[1.5], [1.0]], task="regression").tolist() == [0.25, 4.0]


def test_sure_and_wrong_costs_a_logit_of_fifteen():
    assert find_row_losses([0], [1.0], task="binary")[0] == pytest.approx(15.0, abs=1e-5)


@pytest.mark.parametrize(
    ("target", "predicted", "task", "error", "words"),
    [
        ([0], [0.5], "ranking", UsageError, "unknown task 'ranking'"),
        ([0, 1], [0.5], "binary", DataError, r"predictions of shape \(1,\) for 2 rows"),
        ([0, 1], [0.5, 0.5], "multiclass", DataError, r"predictions of shape \(2,\) for 2 rows"),
        ([0, 1], [0.5, -3.0], "binary", DataError, "predictions run from -3 to 0.5"),
        ([0, 1], [0.5, np.nan], "binary", DataError, "probabilities were expected"),
    ],
)
def test_predictions_that_do_not_fit(target, predicted, task, error, words):
    with pytest.raises(error, match=words):
        find_row_losses(target, predicted, task=task)


def test_plain_loop_writes_what_diagnose_reads(tmp_path):
    rng = np.random.default_rng(0)
    rows = rng.exponential(1.0, 300)
    recorder = LossRecorder(tmp_path / "a.npz", constant_loss=0.69, unit=["p1"] * 150 + ["p2"] * 150)
    for epoch, level in enumerate([0.6, 0.3, 0.9], start=1):
        recorder.record(epoch, train_losses=FakeTensor([0.5, 0.3]), val_losses=FakeTensor(level * rows))
    archive = read_archive(recorder.save())
    np.testing.assert_allclose(archive.losses[0, :, 0], np.outer([0.6, 0.3, 0.9], rows), rtol=1e-6)
    assert archive.train_losses.tolist() == [[[pytest.approx(0.4)] * 3]]
    assert np.unique(archive.unit).size == 2
    assert heldout.diagnose(tmp_path / "a.npz").word == "cannot tell"  # two patients are too few


def test_loop_mistakes(tmp_path):
    recorder = LossRecorder(tmp_path / "a.npz")
    with pytest.raises(
        DataError, match="1 validation losses at epoch 1: expected one per row, not their mean"
    ):
        recorder.record(1, val_losses=0.5)
    recorder.record(1, val_losses=[0.5, 0.6])
    with pytest.raises(DataError, match="3 validation losses at epoch 2, 2 before"):
        recorder.record(2, val_losses=[0.5, 0.6, 0.7])
    with pytest.raises(DataError, match="epoch 1 after epoch 1"):
        recorder.record(1, val_losses=[0.5, 0.6])
    with pytest.raises(DataError, match="1 epochs recorded: at least two are needed"):
        recorder.save()
    with pytest.raises(UsageError, match="unknown task 'x'"):
        LossRecorder(tmp_path / "a.npz", task="x")


def test_keras_protocol(tmp_path):
    recorder = LossRecorder(tmp_path / "k.npz", task="binary")
    watch, model = KerasRecorder(recorder, validation=(np.zeros((4, 2)), [0, 1, 1, 0])), FakeModel()
    watch.set_model(model)
    watch.set_params({"epochs": 2})
    watch.on_train_begin()
    for epoch in range(2):
        watch.on_epoch_begin(epoch)  # a hook that does nothing
        watch.on_epoch_end(epoch, {"loss": 0.5})
    watch.on_train_end()
    found = read_archive(tmp_path / "k.npz")
    assert found.epochs.tolist() == [1, 2]
    assert found.n_parameters.tolist() == [17]
    assert (model.synced, model.modes) == (2, [False, False])
    np.testing.assert_allclose(found.losses[0, 0, 0], naive_losses([0, 1, 1, 0], [0.6] * 4), rtol=1e-6)
    with pytest.raises(AttributeError, match="KerasRecorder has no attribute 'fit'"):
        watch.fit  # noqa: B018
    with pytest.raises(UsageError, match="the recorder has no task"):
        KerasRecorder(LossRecorder(tmp_path / "x.npz"), validation=([], []))


def test_lightning_protocol(tmp_path):
    recorder = LossRecorder(tmp_path / "l.npz")
    watch = LightningRecorder(
        recorder, validation=lambda net: FakeTensor([net.level, 1.0]), training=lambda net: [0.1]
    )
    weight = types.SimpleNamespace(numel=lambda: 5)
    watch.setup("trainer", "module", stage="fit")
    for epoch, checking in ((0, True), (0, False), (1, False)):
        net = types.SimpleNamespace(level=0.5 + epoch, parameters=lambda: [weight, weight])
        watch.on_validation_end(types.SimpleNamespace(sanity_checking=checking, current_epoch=epoch), net)
    watch.on_train_batch_end("anything", batch=1)  # a hook that does nothing
    watch.on_fit_end("trainer", net)
    watch.teardown("trainer")
    found = read_archive(tmp_path / "l.npz")
    assert found.losses[0, :, 0].tolist() == [[0.5, 1.0], [1.5, 1.0]]
    assert found.n_parameters.tolist() == [10]
    assert (watch.state_dict(), watch.load_state_dict({})) == ({}, None)
    with pytest.raises(AttributeError, match="LightningRecorder has no attribute 'fit'"):
        watch.fit  # noqa: B018


def test_recorders_are_found_from_the_package():
    assert heldout.callbacks.LossRecorder is LossRecorder
