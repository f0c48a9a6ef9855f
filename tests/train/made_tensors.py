"""Small tensors for the tests of the training: one set of shapes, so that programs are compiled once."""

from dataclasses import replace

import numpy as np

from heldout.executors.local import FINAL_RATE
from heldout.ladder import Schedule
from heldout.nets import Net
from heldout.records import MANY_OUTPUTS, Configuration, Fold, Hyper, Rung, Task
from heldout.tensors import TensorSource, build_tensors
from heldout.train.member import Shape

N_ROWS, N_INPUTS, WIDTHS = 30, 5, (4,)
BATCH, N_STEPS, N_EPOCHS = 8, 3, 6
CHECKPOINTS = (1, 3, 6)
SCHEDULE = Schedule(BATCH, N_STEPS, N_EPOCHS, CHECKPOINTS)
# folds of unequal sizes, so that fit and validation rows are padded; the last batch of an epoch wraps around
FOLDS = (
    Fold(np.arange(10, 30), np.arange(10)),
    Fold(np.r_[0:10, 18:25], np.arange(10, 18)),
)
# labels of the sets 0 to 3; no row has none of them but those of set 0
SETS = np.array([[False, False, False], [True, False, False], [False, True, True], [True, True, True]])


def make_source(task=Task.BINARY, *, weight=None, balanced=False, n_classes=None):
    rng = np.random.default_rng(7)
    features = rng.normal(size=(len(FOLDS), N_ROWS, N_INPUTS)).astype(np.float32)
    score = features[0, :, 0] - 0.5 * features[0, :, 1] + 0.3 * rng.normal(size=N_ROWS)
    if task is Task.REGRESSION:
        target, count = 50.0 + 10.0 * score, 0
    elif task is Task.BINARY:
        target, count = (score > 0).astype(float), 2
    elif task is Task.MULTILABEL:
        target, count = np.digitize(score, [-0.5, 0.0, 0.5]).astype(float), 3
    else:
        target, count = np.digitize(score, [-0.5, 0.5]).astype(float), 3
    unseen = np.full(N_INPUTS, -1, np.int32)
    sets = SETS if task is Task.MULTILABEL else None
    return TensorSource(features, target, task, n_classes or count, weight, balanced, unseen, sets=sets)


def make_tensors(task=Task.BINARY, *, weight=None, **changes):
    return replace(build_tensors(make_source(task, weight=weight), FOLDS), **changes)


def make_shape(task=Task.BINARY, **changes):
    n_outputs = 3 if task in MANY_OUTPUTS else 1
    net = Net("mlp", (N_INPUTS,), n_outputs, changes.pop("widths", WIDTHS))
    return replace(Shape(net, task, BATCH, N_STEPS, N_EPOCHS, FINAL_RATE), **changes)


# a linear model trained on whole folds until nothing changes any more
LINEAR = Rung(0, (), N_INPUTS + 1, 0.03)
LONG = make_shape(widths=(), batch_size=20, n_steps=1, n_epochs=4000, final_rate=0.001)


def make_hyper(**changes):
    zeros = (0.0,) * (len(WIDTHS) + 1)
    return replace(Hyper(0.03, dropout=zeros, l1=zeros, l2=zeros), **changes)


def make_configuration(name="rung 1", **changes):
    rung = Rung(1, WIDTHS, (N_INPUTS + 1) * WIDTHS[0] + WIDTHS[0] + 1, 0.03)
    return Configuration(name, rung, (), make_hyper(**changes))


def assert_same_bits(one, other):
    """Two results of `run_members` hold the same bits; NaN equals NaN."""
    for name in ("curves", "losses", "hits", "alive"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name), err_msg=name, strict=True)
    for a, b in zip(list_arrays(one), list_arrays(other), strict=True):
        np.testing.assert_array_equal(a, b, strict=True)


def list_arrays(results):
    """All trained arrays of some members."""
    return [array for layer in (*results.params, *results.memory) for array in layer]


def take_members(results, index):
    """The results of some members only."""
    return replace(
        results,
        **{name: getattr(results, name)[index] for name in ("curves", "losses", "hits", "alive")},
        params=tuple(tuple(array[index] for array in layer) for layer in results.params),
        memory=tuple(tuple(array[index] for array in layer) for layer in results.memory),
    )
