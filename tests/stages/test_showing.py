"""What is answered for what, the worst rows, and what the evidence lacks; by hand and against known truth."""

import math
from dataclasses import replace

import numpy as np
import pytest

from heldout.evidence.score import score_predictions
from heldout.records import Baseline, Prediction, Score, Severity, Split, Target, Task
from heldout.stages.showing import (
    compare_numbers,
    count_confusions,
    list_mistakes,
    score_labels,
    take_examples,
    weigh_evidence,
)
from stages.made_data import prepare_frame

TARGET = Target("ill", Task.BINARY, "", ("no", "yes"), np.zeros(0), np.zeros(0, np.int64))
NUMBER = Target("price", Task.REGRESSION, "", (), np.zeros(0), np.zeros(0, np.int64))
NAN = math.nan


def make_split(n_test):
    rows = np.arange(10)
    return Split(
        (), rows, np.arange(n_test), rows, "", False, False, "too few rows" if not n_test else "", "", 0
    )


def score(value, low, high, metric="accuracy"):
    return Score(metric, value, low, high, 100, 100, "exact")


def test_confusions_are_counted_by_truth_and_answer():
    truth, labels = np.array([0.0, 0, 1, 1, 1]), np.array([0, 1, 1, 1, 0])
    found = count_confusions(TARGET, truth, labels=labels, unit=np.arange(5), rows="these")
    assert found.counts == ((1, 1), (1, 2))
    assert found.right[0] == pytest.approx((0.5, 0.0126, 0.9874), abs=1e-4)
    assert found.rows == "these"


def test_a_class_without_rows_and_few_groups_have_no_interval():
    found = count_confusions(
        TARGET, np.zeros(4), labels=np.array([0, 0, 0, 1]), unit=np.array([0, 0, 1, 1]), rows=""
    )
    assert all(math.isnan(value) for value in found.right[1])
    assert found.right[0][0] == 0.75
    assert math.isnan(found.right[0][1])


def test_groups_widen_the_interval_of_a_class():
    rng = np.random.default_rng(0)
    unit = np.repeat(np.arange(40), 5)
    labels = np.repeat(rng.random(40) < 0.7, 5).astype(int)  # whole groups right or wrong
    truth = np.ones(200)
    grouped = count_confusions(TARGET, truth, labels=labels, unit=unit, rows="").right[1]
    alone = count_confusions(TARGET, truth, labels=labels, unit=np.arange(200), rows="").right[1]
    assert grouped[2] - grouped[1] > 1.8 * (alone[2] - alone[1])


def test_mistakes_are_wrong_answers_the_surest_first():
    truth = np.array([0.0, 1, 1, 0])
    values = np.array([[0.9, 0.1], [0.8, 0.2], [0.99, 0.01], [0.4, 0.6]])
    labels = values.argmax(axis=1)
    found = list_mistakes(TARGET, truth, prediction=Prediction(values, labels), lines=np.array([2, 3, 4, 5]))
    assert [(item.line, item.truth, item.answer) for item in found] == [
        (4, "yes", "no"),
        (3, "yes", "no"),
        (5, "no", "yes"),
    ]
    assert found[0].loss == pytest.approx(-math.log(0.01))


def test_mistakes_of_numbers_are_the_largest_errors_and_at_most_twenty():
    values = np.arange(30.0)[:, None]
    found = list_mistakes(
        NUMBER, np.zeros(30), prediction=Prediction(values, np.zeros(0, np.int32)), lines=np.arange(30)
    )
    assert len(found) == 20
    assert (found[0].line, found[0].truth, found[0].answer, found[0].loss) == (29, "0", "29", 29.0)


def test_numbers_are_compared_in_bins_and_their_intervals_cover():
    rng = np.random.default_rng(0)
    inside = total = 0
    for _ in range(40):
        predicted = rng.normal(size=300)
        found = compare_numbers(predicted + rng.normal(size=300), predicted, has_groups=False)
        assert found is not None
        assert [item.n_rows for item in found.bins] == [30] * 10
        inside += sum(item.low <= item.predicted <= item.high for item in found.bins)
        total += 10
    assert 0.92 <= inside / total <= 0.98


def test_few_numbers_are_not_compared_and_groups_get_no_interval():
    assert compare_numbers(np.zeros(29), np.zeros(29), has_groups=False) is None
    found = compare_numbers(np.arange(100.0), np.arange(100.0), has_groups=True)
    assert found is not None
    assert all(math.isnan(item.low) for item in found.bins)


def weigh(test=(), *, development=(), baselines=(), openings=0, n_test=5, **more):
    found = weigh_evidence(
        make_split(n_test), development, test, baselines=baselines, openings=openings, **more
    )
    return {item.code: item for item in found}


def test_a_study_with_everything_passes():
    better = Baseline("linear", (), (-0.1, -0.2, -0.01), "")
    found = weigh((score(0.8, 0.7, 0.9),), development=(score(0.82, 0.78, 0.86),), baselines=(better,))
    assert [item.title.split(":")[0] for item in found.values()] == ["passed"] * 4


def test_what_is_lacking_is_said():
    open_end = Baseline("linear", (), (-0.1, -0.2, 0.01), "")
    found = weigh(
        (score(0.5, 0.4, 0.6),), development=(score(0.8, 0.7, 0.9),), baselines=(open_end,), openings=2
    )
    assert "opened 2 times before" in found["HO401"].sentence
    assert found["HO403"].title == "a simpler method is not beaten"
    assert "-0.200 to +0.010" in found["HO403"].sentence
    assert found["HO404"].severity is Severity.WARNING
    assert "do not overlap: accuracy on test rows 0.500 (0.400 to 0.600)" in found["HO404"].sentence
    assert "no row was sealed: too few rows" in weigh(n_test=0)["HO402"].sentence
    assert "opened once before" in weigh((score(0.5, 0.4, 0.6),), openings=1)["HO401"].sentence


@pytest.mark.parametrize(
    ("difference", "action"),
    [((0.07, -0.8, 0.96), "ask how the test rows differ"), ((-0.02, -0.3, 0.1), "before rows that no study")],
)
def test_skill_that_the_test_rows_do_not_show_never_passes(difference, action):
    scores = (score(0.72, 0.30, 0.97),), (score(0.86, 0.74, 0.94),)  # overlapping intervals
    constant = (Baseline("constant", (), difference, ""),)
    found = weigh(scores[0], development=scores[1], baselines=constant, has_skill=True)["HO404"]
    assert found.severity is Severity.WARNING
    assert "better than a constant guess, on the test rows it is not" in found.sentence
    assert action in found.action
    without = weigh(scores[0], development=scores[1], baselines=constant)["HO404"]
    assert without.title.startswith("passed")  # nothing was claimed that could be contradicted


def test_test_rows_that_are_known_are_not_untouched():
    found = weigh((score(0.9, 0.8, 1.0),), n_known=4)["HO402"]
    assert found.severity is Severity.WARNING
    assert "4 of 5 sealed rows are no untouched ones" in found.sentence


def test_what_cannot_be_asked_does_not_apply():
    constant = Baseline("constant", (), (-0.1, -0.2, -0.05), "")
    found = weigh(development=(score(0.8, 0.7, 0.9),), baselines=(constant,))
    assert {code for code, item in found.items() if item.title.startswith("not applicable")} == {
        "HO401",
        "HO403",
        "HO404",
    }
    unsure = weigh((score(0.5, NAN, NAN),), development=(score(0.9, 0.8, 1.0),))
    assert unsure["HO404"].title.startswith("not applicable")


def test_intervals_of_the_same_number_rarely_fail_to_overlap():
    from heldout.evidence.intervals import bound_share

    rng = np.random.default_rng(0)
    apart = 0
    for _ in range(400):
        first, second = (rng.binomial(n, 0.8) / n for n in (60, 240))
        ends = (score(first, *bound_share(first * 60, 60)), score(second, *bound_share(second * 240, 240)))
        apart += weigh((ends[0],), development=(ends[1],))["HO404"].title == "development and test disagree"
    assert apart / 400 < 0.01


def test_examples_are_taken_of_pictures_and_never_of_tables():
    _, prepared, _, _ = prepare_frame()
    assert take_examples(prepared) is None
    layout = replace_layout("picture", (4, 4, 1))
    pictures = np.arange(48, dtype=np.float32).reshape(1, 3, 4, 4, 1)
    taken = take_examples(
        replace(prepared, source=replace(prepared.source, features=pictures, layout=layout))
    )
    assert taken is not None
    assert taken.shape == (2, 4, 4, 1)
    assert taken.dtype == np.float32


def replace_layout(kind, shape):
    from heldout.records import InputLayout

    return InputLayout(kind, shape)


# ---------------------------------------------------------------------------------------------------- several labels
LABELS = Target("ill", Task.MULTILABEL, "", ("cough", "fever"), np.zeros(0), np.zeros(0, np.int64))


def test_each_label_is_scored_as_a_yes_or_no_of_its_own():
    rng = np.random.default_rng(0)
    truth = (rng.random((200, 2)) < [0.2, 0.6]).astype(float)
    chances = np.clip(0.6 * truth + 0.4 * rng.random((200, 2)), 0, 1)
    prediction = Prediction(chances, (chances >= 0.5).astype(np.int32))
    table = score_labels(LABELS, truth, prediction=prediction, unit=np.arange(200), rows="rows")
    assert [item.name for item in table.labels] == ["fever", "cough"]  # the most frequent first
    for item in table.labels:
        at = LABELS.classes.index(item.name)
        auc, f1 = score_predictions(
            truth[:, at],
            chances[:, at],
            metrics=("auc", "f1"),
            task=Task.BINARY,
            labels=prediction.labels[:, at],
        )
        assert item.auc == (auc.value, auc.low, auc.high)
        assert item.f1 == (f1.value, f1.low, f1.high)
        assert (item.n_rows, item.n_with, item.n_answered) == (
            200,
            truth[:, at].sum(),
            prediction.labels[:, at].sum(),
        )


def test_the_worst_rows_of_labels_show_both_lists():
    chances = np.array([[0.9, 0.1], [0.99, 0.9], [0.4, 0.2]])
    truth = np.array([[1.0, 0.0], [0.0, 0.0], [1.0, 0.0]])
    prediction = Prediction(chances, (chances >= 0.5).astype(np.int32))
    worst = list_mistakes(LABELS, truth, prediction=prediction, lines=np.array([7, 8, 9]))
    assert [(item.line, item.truth, item.answer) for item in worst] == [
        (8, "(none)", "cough; fever"),
        (9, "cough", "(none)"),
    ]
    assert worst[0].loss == pytest.approx(-np.log(0.01) - np.log(0.1))
