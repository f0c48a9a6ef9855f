from types import SimpleNamespace

import numpy as np
import pytest

from heldout.bundle.forward import predict_members
from heldout.evidence.early_stopping import StoppingRule, find_stop
from heldout.executors import LocalExecutor
from heldout.executors.local import Job
from heldout.ladder import Schedule
from heldout.nets import Net
from heldout.plan import COMPILE_SECONDS
from heldout.records import MIN_ROWS, Configuration, Hyper, Rung, Task
from heldout.stages.delivering import (
    Weights,
    _fit_temperature,
    _Kept,
    deliver,
    retrain_chosen,
    train_by_rule,
    train_longer,
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


def results(curves, weight=0.0):
    """What a watched training shows at one epoch: its curves so far."""
    curves = np.asarray(curves, np.float32)
    return SimpleNamespace(
        curves=np.stack([np.zeros_like(curves), curves], axis=2),
        params=(
            (np.full((len(curves), 2, 1), weight, np.float32), np.full((len(curves), 1), weight, np.float32)),
        ),
        memory=((),),
    )


def watch(curves, rule):
    """Run the watch over the curves of some networks; give where it stopped and what it kept."""
    curves = np.asarray(curves, np.float32)
    kept = _Kept(len(curves), rule)
    for epoch in range(1, curves.shape[1] + 1):
        so_far = np.where(np.arange(curves.shape[1]) < epoch, curves, np.nan)
        if kept.update(epoch, results(so_far, weight=float(epoch))):
            break
    return epoch, kept.epochs, [float(layers[0][0][0, 0]) for layers in kept.layers]


def patience(number, **changes):
    return StoppingRule("patience", number, **changes)


def test_the_best_weights_are_kept_and_patience_ends_the_training():
    assert watch([[5, 4, 3, 4, 4, 1]], patience(2)) == (5, [3], [3.0])
    assert watch([[5, 4, 3, 4, 4, 1]], patience(3)) == (6, [6], [6.0])
    assert watch([[5, 4, 3, 4, 4, 1]], StoppingRule("lecture")) == (4, [4], [4.0])
    assert watch([[5, 4, 3, 4, 4, 1]], StoppingRule("best")) == (6, [6], [6.0])


def test_below_min_delta_patience_runs_on_and_the_lowest_loss_is_still_kept():
    assert watch([[1.0, 0.995, 0.99, 0.985]], patience(3, min_delta=0.1)) == (4, [4], [4.0])


def test_a_network_that_diverges_keeps_its_last_sound_weights():
    assert watch([[np.nan, np.nan, np.nan]], patience(2)) == (1, [1], [1.0])
    assert watch([[2.0, 1.0, np.nan, np.nan]], patience(2)) == (4, [2], [2.0])


def test_all_members_must_have_stopped_and_each_keeps_its_own():
    assert watch([[1, 2, 3, 4], [5, 4, 3, 3.5]], patience(1)) == (4, [1, 3], [1.0, 3.0])
    # a network that stopped is not looked at again, though its loss falls later
    assert watch([[1, 2, 0, 0], [5, 4, 3, 3.5]], patience(1)) == (4, [1, 3], [1.0, 3.0])


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
    delivered, *_ = deliver_frame(make_frame(MIN_ROWS - 1).drop("price"), costs={"miss": 9.0})
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
    """An executor of some folds whose networks improve until a given epoch."""

    def __init__(self, best, *, n_folds=1):
        self.schedule = SimpleNamespace(checkpoints=(1, 2, 4, 8), n_epochs=8)
        self.tensors = SimpleNamespace(fit_rows=[0] * n_folds)
        self.best, self.stopped, self.calls = best, [], []

    def report(self, phase, done, total):
        self.calls.append((phase, done, total))

    def net_of(self, configuration):
        return Net("mlp", (2,), 1)

    def train_members(self, configuration, specs, *, ends=None, watch=None, progress=lambda done: None):
        curves = [[abs(epoch - self.best) for epoch in range(1, 9)]] * len(specs)
        shown = results(curves, weight=float(ends[-1]))
        if watch is None:
            progress(len(specs))
            self.stopped.append(ends)
            return shown
        for epoch in ends:
            shown = results(curves, weight=float(epoch))
            if watch(epoch, shown):
                break
        self.stopped.append(epoch)
        return shown


PLAIN = SimpleNamespace(hyper=Hyper(0.01, (0.0,), (0.0,), (0.0,)))
AT_TEST = SimpleNamespace(hyper=Hyper(0.01, (0.25,), (0.0,), (0.0,), scales_test=True))


def test_the_chosen_networks_are_trained_to_their_deployed_epoch():
    executor = FakeExecutor(0)
    weights = retrain_chosen(executor, PLAIN, 4, (0, 1, 2))
    assert executor.stopped == [(4,)]
    assert weights.epochs == (4, 4, 4)
    assert [spec.seed for spec in weights.specs] == [0, 1, 2]
    assert float(weights.layers[0][0][0][0, 0]) == 4.0


def test_by_a_rule_every_network_is_restored_to_the_epoch_it_keeps():
    executor = FakeExecutor(2, n_folds=2)
    weights = train_by_rule(executor, PLAIN, (0, 1, 2), patience(2))
    assert weights.epochs == (2,) * 6
    assert [(spec.seed, spec.fold) for spec in weights.specs[:3]] == [(0, 0), (0, 1), (1, 0)]
    assert all(float(layers[0][0][0, 0]) == 2.0 for layers in weights.layers)
    assert set(executor.stopped) == {4}
    assert executor.calls[-1] == ("delivery", 6, 6)


def test_best_stops_computing_after_a_third_of_the_epochs_without_a_lower_loss():
    executor = FakeExecutor(3)
    assert train_by_rule(executor, PLAIN, (0,), StoppingRule("best")).epochs == (3,)
    assert executor.stopped == [6]
    executor = FakeExecutor(7)
    assert train_by_rule(executor, PLAIN, (0,), StoppingRule("best")).epochs == (7,)
    assert executor.stopped == [8]


def test_keep_shares_of_dropout_at_test_stand_in_the_delivered_weights():
    for weights in (
        retrain_chosen(FakeExecutor(0), AT_TEST, 4, (0,)),
        train_by_rule(FakeExecutor(4), AT_TEST, (0,), StoppingRule("best")),
    ):
        ((weight, bias),) = weights.layers[0]
        assert float(weight[0, 0]) == 0.75 * 4.0
        assert float(bias[0]) == 4.0  # what is added is not multiplied


def test_a_bundle_predicts_what_the_engine_evaluated_with_dropout_at_the_test():
    reading, prepared, _, settings = prepare_frame(make_frame(200).drop("price"))
    folds = thin_folds(prepared)
    tensors = make_tensors(prepared, folds)
    executor = LocalExecutor(tensors, Schedule(32, 5, 12, (4, 12)))
    zeros = (0.0, 0.0)
    hyper = Hyper(0.02, dropout=(0.1, 0.5), l1=zeros, l2=zeros, scales_test=True)
    configuration = Configuration("rung 1 + dropout at test 0.5", Rung(1, (8,), 100, 0.02), (), hyper)
    run = executor.train(Job("remedies", (configuration,), (0, 1)))[0]
    weights = retrain_chosen(executor, configuration, 12, (0, 1))
    delivered = deliver(reading, prepared, tensors, weights, settings, folds=folds)
    truth = reading.target.values[delivered.order].astype(int)
    features = tuple(prepared.source.features[:, tensors.order])
    each = predict_members(delivered.bundle, features)  # [seeds x folds, M, 2]
    for seed in (0, 1):
        fold = tensors.order_fold
        own = each.reshape(2, len(folds), *each.shape[1:])[seed, fold, np.arange(len(fold))]
        losses = -np.log(own[np.arange(len(truth)), truth])
        np.testing.assert_allclose(losses, run.losses[-1, seed], rtol=1e-5, atol=1e-6)


def test_the_rule_named_by_the_user_decides_what_is_delivered():
    reading, prepared, _, settings = prepare_frame(make_frame(120).drop("price"))
    folds = thin_folds(prepared)
    tensors = make_tensors(prepared, folds)
    executor = LocalExecutor(tensors, Schedule(16, 6, 10, (1, 3, 10)))
    configuration = Configuration(
        "rung 1", Rung(1, (8,), 100, 0.05), (), Hyper(0.05, (0.0, 0.0), (0.0, 0.0), (0.0, 0.0))
    )
    specs = [MemberSpec(configuration.hyper, 0, fold) for fold in range(len(folds))]
    curves = executor.train_members(configuration, specs).curves[:, :, 1]
    for rule in (StoppingRule("best"), patience(1), StoppingRule("lecture")):
        weights = train_by_rule(executor, configuration, (0,), rule)
        if rule.name != "best":
            assert list(weights.epochs) == [find_stop(rule, curve).kept for curve in curves]
        for fold, epoch in enumerate(weights.epochs):
            wanted = retrain_chosen(executor, configuration, epoch, (0,)).layers[fold]
            for layer, same in zip(weights.layers[fold], wanted, strict=True):
                for array, other in zip(layer, same, strict=True):
                    np.testing.assert_array_equal(array, other)


def test_labels_share_one_temperature_and_steps_keep_their_head():
    lists = ["a;b", "a", "b;c", "c", "a;c", "b"] * 10
    delivered, prepared, tensors, _ = deliver_frame(
        make_frame(what=lists).drop("price"), target="what", label_rows=5
    )
    assert delivered.bundle.classes == ("a", "b", "c")
    assert tensors.sets is not None
    assert delivered.development.values.shape == delivered.development.labels.shape == (60, 3)
    assert delivered.bundle.temperature != 1.0
    assert prepared.reading.target.task is Task.MULTILABEL


def test_one_temperature_of_many_yes_and_no_is_that_of_a_binary_target():
    rng = np.random.default_rng(0)
    values = rng.random((50, 3))
    truth = (rng.random((50, 3)) < values).astype(float)
    pairs = np.stack([1 - values.ravel(), values.ravel()], axis=1)
    assert _fit_temperature(values, truth) == _fit_temperature(pairs, truth.ravel())


class LongerExecutor(FakeExecutor):
    """Networks whose loss falls by a tenth an epoch from 2.4 down to that of their best epoch."""

    def __init__(self, best, n_epochs):
        super().__init__(best)
        self.schedule.n_epochs = n_epochs

    def train_members(self, configuration, specs, *, ends=None, watch=None, progress=lambda done: None):
        curve = [0.1 * max(24 - epoch, 24 - self.best) for epoch in range(1, self.schedule.n_epochs + 1)]
        for epoch in ends:
            if watch(epoch, results([curve] * len(specs), weight=float(epoch))):
                break


class FakeWorkplace:
    """Hands out executors whose networks improve until a given epoch."""

    def __init__(self, best, *, has_time):
        self.best, self.has_time, self.asked, self.notes, self.schedules = best, has_time, [], [], []

    def can_afford(self, phase, seconds):
        self.asked.append((phase, seconds))
        return self.has_time

    def note(self, sentence):
        self.notes.append(sentence)

    def make_executor(self, tensors, schedule, *, kept):
        self.schedules.append(schedule)
        return LongerExecutor(self.best, schedule.n_epochs)


def train_late(best, *, epoch=8, n_folds=1, has_time=True, preset="standard"):
    """Deliver what three networks reached 1.6 with in eight epochs, lowest at `epoch`; more lower it up to `best`."""
    workplace = FakeWorkplace(best, has_time=has_time)
    crew = SimpleNamespace(
        plan=SimpleNamespace(schedule=Schedule(4, 2, 8, (1, 2, 4, 8)), preset=preset),
        seeds=(0, 1, 2),
        tensors=SimpleNamespace(fit_rows=[0] * n_folds),
        executor=SimpleNamespace(expect=lambda configuration, n_networks: 10.0 * n_networks),
        workplace=workplace,
    )
    curve = np.float32([[2.0, 1.8, 1.6], [1.7, 1.6, np.nan], [1.8, 1.7, 1.6]])
    run = SimpleNamespace(configuration=PLAIN, validation_curve=curve)
    choice = SimpleNamespace(name="rung 1", epoch=epoch)
    return train_longer(crew, SimpleNamespace(find=lambda name: run), choice), workplace


def test_networks_whose_loss_still_fell_at_the_end_are_trained_longer():
    weights, workplace = train_late(20)
    assert workplace.asked == [
        ("longer-training", COMPILE_SECONDS + 120.0)
    ]  # four times what three networks take
    assert workplace.schedules == [Schedule(4, 2, 24, workplace.schedules[0].checkpoints)]
    assert workplace.schedules[0].checkpoints[-1] == 24
    assert weights.epochs == (20, 20, 20)
    assert float(weights.layers[1][0][0][0, 0]) == 20.0
    assert "1.6 -> 0.4" in workplace.notes[0]
    assert "the shorter training" in workplace.notes[0]


@pytest.mark.parametrize(
    ("given", "note"),
    [
        ({"best": 20, "epoch": 6}, ""),  # three quarters of the epochs, and it rose again
        ({"best": 20, "n_folds": 2}, ""),
        ({"best": 20, "preset": "quick"}, ""),
        ({"best": 20, "has_time": False}, "the budget is used up"),
        (
            {"best": 8},
            "24 epochs brought nothing (lowest validation loss, mean of 2 networks",
        ),  # 1.6, as before
    ],
)
def test_otherwise_the_networks_of_the_study_are_delivered(given, note):
    weights, workplace = train_late(**given)
    assert weights is None
    assert len(workplace.notes) == bool(note)
    assert note in "".join(workplace.notes)
