"""Scoring rows with known targets."""

from dataclasses import replace

import numpy as np
import pytest

from heldout.bundle import predict_table, score_table
from heldout.errors import DataError
from heldout.records import Target, Task

NOTHING = np.zeros(0, np.int64)


@pytest.fixture(scope="module")
def target(frame):
    values = (frame.num == "ill").to_numpy(np.float64)
    values[5] = np.nan
    return Target("num", Task.BINARY, "two classes", ("well", "ill"), values, np.array([5]))


def test_log_loss_of_each_row_with_a_target(bundle, table, target):
    scored = score_table(bundle, table, target)
    values = predict_table(bundle, table).prediction.values
    rows = [row for row in range(len(values)) if row != 5]
    assert scored.rows.tolist() == rows
    for at, row in enumerate(rows):
        assert scored.losses[at] == -np.log(values[row, int(target.values[row])])
        assert scored.hits[at] == ((values[row, 1] >= 0.4) == (target.values[row] == 1))


def test_classes_are_matched_by_name(bundle, table, target):
    swapped = replace(target, classes=("ill", "well"), values=1 - target.values)
    one, other = score_table(bundle, table, target), score_table(bundle, table, swapped)
    assert one.losses.tobytes() == other.losses.tobytes()
    assert (one.truth == other.truth).all()


def test_fewer_classes_are_fine_and_others_are_refused(bundle, table, target):
    only = replace(target, classes=("ill",), values=np.zeros(len(target.values)))
    assert (score_table(bundle, table, only).truth == 1).all()
    with pytest.raises(
        DataError, match=r"holds \{'well', 'sick'\}, the bundle knows \{'well', 'ill'\}; unknown: \{'sick'"
    ):
        score_table(bundle, table, replace(target, classes=("well", "sick")))
    with pytest.raises(DataError, match="was read as regression, the bundle predicts binary"):
        score_table(bundle, table, replace(target, task=Task.REGRESSION, classes=()))


def test_squared_errors_in_standard_deviations(numbers, table):
    truth = np.linspace(90, 110, len(table.lines))
    scored = score_table(numbers, table, Target("num", Task.REGRESSION, "", (), truth, NOTHING))
    np.testing.assert_allclose(scored.losses, ((scored.prediction.values[:, 0] - truth) / 10) ** 2)
    assert scored.hits.size == 0
    assert scored.prediction.low.shape == truth.shape


def test_logarithm_needs_positive_targets(numbers, table):
    members = tuple(replace(member, target_center=4.0, target_spread=0.1) for member in numbers.members)
    made = replace(numbers, members=members, target_log=True, target_spread=0.5)
    truth = np.linspace(40, 60, len(table.lines))
    target = Target("num", Task.REGRESSION, "", (), truth, NOTHING)
    scored = score_table(made, table, target)
    expected = ((np.log(scored.prediction.values[:, 0]) - np.log(truth)) / 0.5) ** 2
    np.testing.assert_allclose(scored.losses, expected)
    with pytest.raises(DataError, match=r"the target 'num' is .*0\.0.*, but its logarithm was learned"):
        score_table(made, table, replace(target, values=truth - 40))
