import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heldout.adapters import Roles, read_logs
from heldout.errors import DataError

HEADER = "epoch,train_loss,val_loss\n"


@pytest.fixture
def write(tmp_path):
    def write(text, name="log.csv"):
        (tmp_path / name).write_text(text)
        return tmp_path / name

    return write


def read(path, **roles):
    return read_logs([path], roles=Roles(**roles))


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.tuples(st.floats(0.01, 9), st.floats(0.01, 9)), min_size=2, max_size=8),
    st.randoms(use_true_random=False),
)
def test_sparse_rows_read_as_dense_ones(values, random):
    """Training and validation on rows of their own, in either order within an epoch, give the same curves."""
    dense = {"epoch": [], "train_loss": [], "val_loss": []}
    sparse = {"epoch": [], "train_loss": [], "val_loss": []}
    values = [(5.0 - 0.5 * position, val) for position, (_, val) in enumerate(values)]
    for epoch, (train, val) in enumerate(values):
        for name, value in zip(dense, (epoch, train, val), strict=True):
            dense[name].append(value)
        for row in random.sample([(epoch, train, None), (epoch, None, val)], 2):
            for name, value in zip(sparse, row, strict=True):
                sparse[name].append(value)
    one, other = read_logs([dense]).curves[0], read_logs([sparse]).curves[0]
    for name in ("epochs", "val_loss", "train_epochs", "train_loss"):
        assert getattr(one, name).tolist() == getattr(other, name).tolist()


def test_forward_filled_cells_are_left_out(write):
    """A frame was forward-filled before it was saved: the old value stands beside the new training loss."""
    text = "epoch,step,train_loss,val_loss\n0,9,0.9,\n0,9,0.9,0.8\n"
    text += "1,19,0.7,0.8\n1,19,0.7,0.6\n2,29,0.5,0.6\n2,29,0.5,0.7\n"
    found = read(write(text))
    assert found.curves[0].val_loss.tolist() == [0.8, 0.6, 0.7]
    assert "Repeats of 'val_loss' (forward-filled cells) were left out." in found.notes


def test_rounded_plateau_is_told(write):
    rows = "".join(f"{epoch},0.{90 - epoch},0.5\n" for epoch in range(10))
    assert "repeats its previous value at 9 of 10" in " ".join(read(write(HEADER + rows)).notes)


def test_several_validations_an_epoch_use_the_step(write):
    text = "epoch,step,train_loss,val_loss\n0,5,0.9,0.8\n0,10,0.8,0.7\n1,15,0.7,0.6\n"
    found = read(write(text))
    assert (found.curves[0].axis, found.curves[0].epochs.tolist()) == ("step", [5, 10, 15])
    assert "several times an epoch" in " ".join(found.notes)


def test_two_values_at_one_epoch_without_step(write):
    with pytest.raises(DataError, match=r"log.csv, line 3: a second value 0.7 of 'val_loss' at 0"):
        read(write(HEADER + "0,0.9,0.8\n0,0.8,0.7\n"))


def test_several_training_losses_are_averaged(write):
    found = read(write(HEADER + "0,0.9,\n0,0.7,0.8\n1,0.5,0.7\n"))
    assert found.curves[0].train_loss == pytest.approx([0.8, 0.5])
    assert "several values at one position" in " ".join(found.notes)


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ("0,0.9,0.8\n1,0.8,oops\n", r"log.csv, line 3, column 'val_loss': 'oops', expected a number"),
        ("0,0.9,0.8\n1,0.8,0.7\n2,nan,nan\n", r"line 4, column 'val_loss': nan at 2: the training diverged"),
        ("0,0.9,0.8\n1,0.8,inf\n2,0.7,0.7\n", r"line 3, column 'val_loss': inf at 1: the training diverged"),
        ("0,0.9,0.8\n1,0.8,0.7\n0,0.9,0.8\n", r"line 4: epoch goes back from 1 to 0"),
        ("0,0.9,0.8\n,0.8,0.7\n", r"line 3: 'val_loss' has a value, 'epoch' has none"),
        ("0,0.9,0.8\nx,0.8,0.7\n", r"line 3, column 'epoch': 'x', expected a number"),
        ("0,0.9,nan\n1,0.8,nan\n", r"column 'val_loss' has no finite value"),
    ],
)
def test_broken_cells_are_refused_with_their_place(write, rows, words):
    with pytest.raises(DataError, match=words):
        read(write(HEADER + rows))


def test_nan_between_values_means_not_measured(write):
    found = read(write(HEADER + "0,0.9,0.8\n1,0.8,nan\n2,0.7,0.6\n3,0.6,nan\n"))
    assert found.curves[0].epochs.tolist() == [0, 2]


def test_scores_that_rise_are_no_losses(write):
    rows = "".join(f"{epoch},0.{50 + 4 * epoch},0.{50 + 3 * epoch}\n" for epoch in range(10))
    with pytest.raises(
        DataError, match="'a' rises from 0.5 to 0.86 and 'b' from 0.5 to 0.77: scores, not losses"
    ):
        read(write("epoch,a,b\n" + rows), train_loss="a", val_loss="b")


def test_rising_validation_beside_a_falling_training_is_a_loss(write):
    rows = "".join(f"{epoch},0.{90 - 4 * epoch},0.{50 + 3 * epoch}\n" for epoch in range(10))
    assert read(write(HEADER + rows)).curves[0].val_loss[-1] == 0.77


def test_seed_column_gives_one_curve_each(write):
    text = "seed,epoch,train_loss,val_loss\n" + "".join(
        f"{seed},{epoch},0.5,0.{seed}{epoch}1\n" for seed in (3, 5) for epoch in range(3)
    )
    found = read(write(text))
    assert [curve.source.rpartition(" (")[2] for curve in found.curves] == ["seed 3)", "seed 5)"]
    assert found.curves[1].val_loss.tolist() == [0.501, 0.511, 0.521]


def test_folds_are_no_seeds_unless_said(write):
    path = write("fold,epoch,val_loss\n0,0,0.5\n0,1,0.4\n1,0,0.6\n1,1,0.4\n")
    with pytest.raises(DataError, match="2 folds: each is validated on other rows"):
        read(path)
    assert len(read(path, seed="fold").curves) == 2


def test_no_epoch_column_counts_rows(write):
    found = read(write("train_loss,val_loss\n0.9,0.8\n0.8,\n0.7,0.6\n"))
    assert found.curves[0].epochs.tolist() == [1, 3]
    assert "rows are counted as epochs" in " ".join(found.notes)


def test_percent_and_nonsense_accuracy(write):
    head = "epoch,val_loss,val_acc\n"
    assert read(write(head + "0,0.5,81\n1,0.4,90.5\n")).curves[0].val_accuracy.tolist() == [0.81, 0.905]
    found = read(write(head + "0,0.5,-3\n1,0.4,2\n"))
    assert found.curves[0].val_accuracy.size == 0
    assert "no accuracy, left out" in " ".join(found.notes)


def test_half_epoch_only_where_the_mean_runs(write):
    assert np.array_equal(read(write(HEADER + "0,0.9,0.8\n1,0.8,0.7\n")).curves[0].train_epochs, [0, 1])
    keras = write("epoch,loss,val_loss\n0,0.9,0.8\n1,0.8,0.7\n")
    assert np.array_equal(read(keras).curves[0].train_epochs, [-0.5, 0.5])
