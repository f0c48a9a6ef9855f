"""What a log leaves open is refused or told: scores called losses, axes of two units, lists of unequal length."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heldout.adapters import read_logs
from heldout.adapters.doubts import doubt_jump, doubt_loss
from heldout.errors import DataError

NONE = np.zeros(0)
FALLS = np.array([0.7, 0.5, 0.3, 0.1])


def doubt(validation, train=NONE, **said):
    return doubt_loss(np.array(validation), train, name="val_loss", source="a", **said)


@pytest.mark.parametrize(
    "values",
    [
        np.linspace(0.5, 0.998, 20),  # straight to the ceiling
        1 - 0.5 * np.exp(-np.arange(20) / 3),  # slowing down
        0.5 + 0.25 * (1 - np.exp(-np.arange(20) / 3)),  # slowing down far below the ceiling
        [0.5, 0.49, 0.8, 0.93, 0.92],  # a dip, and a small fall at the end
        [50.0, 80.0, 95.0],  # percent
    ],
)
def test_scores_without_a_training_loss_are_refused(values):
    with pytest.raises(DataError, match="a: 'val_loss' rises from (0.5|50) .* or a score such as accuracy"):
        doubt(values)


def test_falling_training_loss_or_the_user_speaks_for_a_loss():
    rise = [0.5, 0.8, 0.9, 0.99]
    assert "taken to be a loss, as the training loss falls" in doubt(rise, FALLS)
    assert "taken to be a loss, as --loss says" in doubt(rise, is_said=True)
    assert "--val-loss COLUMN" in doubt(rise, FALLS)
    with pytest.raises(DataError, match="or a score"):
        doubt(rise, FALLS[::-1])


def test_speeding_rise_far_from_the_ceiling_is_believed_and_told():
    assert "taken to be a loss, by its name" in doubt([0.3, 0.32, 0.36, 0.45, 0.6])


@pytest.mark.parametrize(
    "values",
    [[0.69, 0.4, 0.5, 0.95], [0.5, 0.8, 1.3], [0.5, 0.4, 0.3], [-0.5, 0.1, 0.9], [0.5], [3.0, 20.0, 90.0]],
)
def test_curves_of_losses_are_not_doubted(values):
    assert doubt(values) == ""


@settings(max_examples=30, deadline=None)
@given(st.floats(0.01, 0.9), st.floats(1.0, 9.0), st.integers(2, 30))
def test_losses_above_one_are_never_doubted(start, end, n):
    assert doubt(np.concatenate([np.linspace(start, end, n), [1.01]])) == "" or end <= 1


def test_accuracy_column_read_as_loss_is_refused():
    log = {
        "epoch": [1, 2, 3],
        "train_loss": [0.6, 0.4, 0.2],
        "val_loss": [0.5, 0.7, 0.8],
        "val_acc": [50, 70, 80],
    }
    with pytest.raises(DataError, match="'val_loss' and 'val_acc' have the same values: an accuracy twice"):
        read_logs([log])
    assert read_logs([log | {"val_acc": [50, 70, 81]}]).curves[0].val_accuracy[-1] == 0.81


def test_axis_that_goes_on_in_steps_is_refused():
    epochs = [*range(1, 10), 3900, 4290, 4680]
    with pytest.raises(DataError, match="epoch jumps from 9 to 3900, in steps of 1 before: epochs and steps"):
        read_logs([{"epoch": epochs, "val_loss": np.linspace(2, 1, 12).tolist()}])


@pytest.mark.parametrize(
    ("at", "words"),
    [
        ([1, 10, 100, 1000, 10_000, 100_000], ""),  # checkpoints on a logarithmic axis
        ([0, 1, 100, 200, 300], ""),
        ([0.5, 1, 1.5, 2, 2, 3], ""),
        ([1, 2, 3, 4, 5, 60, 61, 62], "'epoch' leaves out 5 to 60"),
        ([1, 2, 3, 4, 5, 60], "'epoch' leaves out 5 to 60"),
    ],
)
def test_axes_of_one_unit(at, words):
    found = doubt_jump(np.array(at, dtype=float), range(len(at)), axis="epoch", source="a")
    assert found.startswith(words)
    assert bool(found) == bool(words)


def test_nan_cells_are_counted():
    found = read_logs([{"epoch": [1, 2, 3, 4], "val_loss": [0.5, float("nan"), 0.4, 0.6]}])
    assert "'val_loss' is nan at 1 of 4 positions (first at 2): taken as not measured" in " ".join(
        found.notes
    )


def test_keras_validated_every_third_epoch():
    history = {
        "loss": np.linspace(0.9, 0.1, 13).tolist(),
        "val_loss": [0.5, 0.4, 0.6, 0.9],
        "val_acc": [0.1] * 4,
    }
    found = read_logs([history | {"acc": [0.1] * 13}])
    assert found.curves[0].epochs.tolist() == found.curves[0].accuracy_epochs.tolist() == [3, 6, 9, 12]
    assert "13 values of 'loss' and 4 of 'val_loss': taken to be validated every 3 epochs" in " ".join(
        found.notes
    )


def test_history_with_epochs_is_spaced_on_them():
    class History:
        history = {"loss": [0.9, 0.7, 0.5, 0.3], "val_loss": [0.5, 0.4]}
        epoch = (0, 1, 2, 3)

    assert read_logs([History()]).curves[0].epochs.tolist() == [1, 3]


@pytest.mark.parametrize(
    "log",
    [
        {"train_loss": [0.9] * 12, "val_loss": [0.5, 0.4, 0.6, 0.9]},  # no Keras
        {"loss": [0.9] * 12, "val_loss": [0.5] * 9},  # no k
        {"loss": [0.9] * 12, "val_loss": [0.5, 0.4]},  # k is 5 or 6
    ],
)
def test_other_lists_of_unequal_length_are_refused(log, tmp_path):
    (tmp_path / "log.json").write_text(json.dumps(log))
    with pytest.raises(DataError, match="12 values of '.*loss' and [0-9] of 'val_loss': at which epochs"):
        read_logs([tmp_path / "log.json"])


def test_none_keeps_its_place_and_a_first_validation_is_told():
    log = {"loss": [0.9, 0.7, 0.5, 0.3], "val_loss": [None, 0.5, None, 0.4]}
    assert read_logs([log]).curves[0].epochs.tolist() == [2, 4]
    log = {"loss": [0.9, 0.7], "val_loss": [0.8, 0.7, 0.6]}
    assert (
        "2 values of 'loss' and 3 of 'val_loss', no epochs: both are counted from 1."
        in read_logs([log]).notes
    )


def test_one_training_given_twice_is_refused(tmp_path):
    log = {"loss": [0.9, 0.7], "val_loss": [0.8, 0.7]}
    for name in ("a.json", "b.json"):
        (tmp_path / name).write_text(json.dumps(log))
    with pytest.raises(DataError, match=r"a.json and .*b.json hold the same values throughout: one training"):
        read_logs([tmp_path / "a.json", tmp_path / "b.json"])
    assert len(read_logs([log, log | {"loss": [0.9, 0.71]}]).curves) == 2
