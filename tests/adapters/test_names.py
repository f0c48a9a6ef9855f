import numpy as np
import pytest

from heldout.adapters.names import find_columns, rank_name, split_words
from heldout.adapters.record import RawLog, Roles, Series
from heldout.errors import DataError, UsageError


def log(*names):
    return RawLog("a.csv", tuple(Series(name, np.ones(3), np.arange(3)) for name in names))


@pytest.mark.parametrize(
    ("names", "val", "train", "epoch"),
    [
        ("epoch loss val_loss", "val_loss", "loss", "epoch"),
        ("Epoch trainLoss valLoss", "valLoss", "trainLoss", "Epoch"),
        ("train_loss_step train_loss_epoch val_loss epoch step", "val_loss", "train_loss_epoch", "epoch"),
        ("Loss/train Loss/val", "Loss/val", "Loss/train", ""),
        ("training_nll validation_nll ep", "validation_nll", "training_nll", "ep"),
        ("val_loss val_mse loss mse", "val_loss", "loss", ""),
        ("dev/cross_entropy train/cross_entropy", "dev/cross_entropy", "train/cross_entropy", ""),
        ("val_loss train_box_loss train_cls_loss", "val_loss", "", ""),
        ("eval_loss learning_rate epoch", "eval_loss", "", "epoch"),
    ],
)
def test_columns_by_name(names, val, train, epoch):
    found = find_columns(log(*names.split()), Roles(), Roles())
    assert (found.roles.val_loss, found.roles.train_loss, found.roles.epoch) == (val, train, epoch)
    assert "guessed by name" in found.shown


def test_given_names_win_and_are_not_called_guessed():
    raw = log("a", "b", "val_loss", "when")
    found = find_columns(raw, Roles("b", "a", epoch="when"), Roles())
    assert (found.roles.val_loss, found.roles.train_loss, found.roles.epoch) == ("a", "b", "when")
    assert found.shown == "val_loss = a, train_loss = b, epoch = when"


@pytest.mark.parametrize(
    ("names", "words"),
    [
        ("val_loss_a val_loss_b", "'val_loss_a', 'val_loss_b' could each be the validation loss"),
        ("eval_squad_loss eval_mnli_loss loss", "could each be the validation loss"),
        (
            "val_loss train_loss training_loss",
            "'train_loss', 'training_loss' could each be the training loss",
        ),
        ("loss accuracy", "no validation loss among 'loss', 'accuracy'"),
        ("loss val_accuracy", "no validation loss among"),
        ("loss val_loss val_loss#2", "two columns are called 'val_loss'"),
    ],
)
def test_ambiguous_or_missing_is_refused(names, words):
    with pytest.raises(DataError, match=words):
        find_columns(log(*names.split()), Roles(), Roles())


def test_test_rows_are_never_taken_for_validation():
    with pytest.raises(DataError, match="no validation loss") as refusal:
        find_columns(log("loss", "test_loss"), Roles(), Roles())
    assert "'test_loss' looks like test rows" in refusal.value.hint
    assert (
        find_columns(log("loss", "test_loss"), Roles(val_loss="test_loss"), Roles()).roles.val_loss
        == "test_loss"
    )


def test_column_that_does_not_exist():
    with pytest.raises(UsageError, match="a.csv: no column 'val_los' for --val-loss") as refusal:
        find_columns(log("val_loss"), Roles(val_loss="val_los"), Roles())
    assert "'val_loss'" in refusal.value.hint


def test_accuracy_given_as_loss():
    with pytest.raises(DataError, match="'val_acc' was given as val_loss, but its name says accuracy"):
        find_columns(log("loss", "val_acc"), Roles(val_loss="val_acc"), Roles())


def test_words_and_ranks():
    assert split_words("ValidationLoss") == ("validation", "loss")
    assert rank_name("val_train_loss") is None
    assert rank_name("evaluate") is None
    assert rank_name("val_accuracy") == ("validation", "accuracy", 0)
