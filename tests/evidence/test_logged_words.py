import numpy as np
import pytest

from heldout.evidence.logged_records import LoggedCurves, LoggedSettings
from heldout.evidence.logged_words import check_floor, describe_gap, judge_accuracy, suggest_logging

EPOCHS = np.arange(3.0)


def with_accuracy(values, source="a"):
    return LoggedCurves(source, EPOCHS, EPOCHS, accuracy_epochs=EPOCHS, val_accuracy=np.array(values))


def test_fall_of_accuracy_is_told_with_its_bounds():
    told = judge_accuracy([with_accuracy([0.8, 0.889, 0.850])], EPOCHS, LoggedSettings(n_validation=25_000))
    assert told.sentence == (
        "Accuracy: 0.889 at epoch 1, 0.850 at the last one: it falls too; it changes by -3.9 points "
        "(-4.4 to -3.4; harm begins below -1)."
    )
    assert (told.question, told.answer, told.estimate) == ("accuracy", "yes", pytest.approx(0.039))


def test_small_fall_is_excluded_or_undecided_by_the_rows():
    curves = [with_accuracy([0.8, 0.889, 0.888])]
    many = judge_accuracy(curves, EPOCHS, LoggedSettings(n_validation=25_000))
    assert many.answer == "no"
    assert "a rising loss alone means over-confidence" in many.sentence
    few = judge_accuracy(curves, EPOCHS, LoggedSettings(n_validation=500))
    assert few.answer == "undecided"
    assert "neither shown nor excluded" in few.sentence


def test_seeds_that_disagree_widen_the_bound():
    settings = LoggedSettings(n_validation=25_000)
    curves = [with_accuracy([0.9, 0.9, 0.70]), with_accuracy([0.9, 0.9, 0.89])]
    assert judge_accuracy(curves, EPOCHS, settings).answer == "undecided"


def test_accuracy_of_all_seeds_or_none():
    bare, one = LoggedCurves("b", EPOCHS, EPOCHS), with_accuracy([0.8, 0.9, 0.7])
    assert judge_accuracy([one, bare], EPOCHS, LoggedSettings()) is None
    unknown = judge_accuracy([one], EPOCHS, LoggedSettings())
    assert unknown.answer == "undecided"
    assert "without the number of validation rows" in unknown.sentence
    assert judge_accuracy([one], np.array([7.0, 8.0]), LoggedSettings()) is None


def test_loss_too_high_for_its_accuracy_is_a_warning():
    """A sigmoid before a loss that expects logits: 0.588 with 85.8 % right cannot be calibrated."""
    curve = LoggedCurves("a", EPOCHS, EPOCHS, EPOCHS, np.array([0.6, 0.59, 0.588]), train_accuracy=0.858)
    known = LoggedSettings(n_validation=20_000, n_classes=2)
    assert "squashed twice" in check_floor([curve], known)
    assert check_floor([curve], LoggedSettings(n_validation=20_000)) == ""
    honest = LoggedCurves("a", EPOCHS, EPOCHS, EPOCHS, np.array([0.6, 0.4, 0.35]), train_accuracy=0.858)
    assert check_floor([honest], known) == ""


def test_advice_and_gap():
    bare = LoggedCurves("b", EPOCHS, EPOCHS)
    assert describe_gap([bare]) == ""
    assert len(suggest_logging([bare])) == 5
    assert "4 more seeds" in suggest_logging([bare])[1]
