"""Scoring rows with known targets."""

from dataclasses import replace

import numpy as np
import pytest

from bundle.conftest import N_ROWS
from heldout.bundle import predict_table, score_table
from heldout.cells import read_target
from heldout.errors import DataError
from heldout.records import Target, Task
from heldout.sources import encode_cells

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


def test_labels_are_scored_row_by_row(labels, table):
    cells = [("a; b", "c", "", "b", "c; zebra")[at % 5] for at in range(N_ROWS)]
    target = read_target(encode_cells("num", cells), task="multilabel", classes=labels.classes)
    scored = score_table(labels, table, target, allow_shift=True)
    assert len(scored.rows) == N_ROWS - N_ROWS // 5
    assert scored.truth[0].tolist() == [1, 1, 0]
    chances = scored.prediction.values
    wanted = -np.log(np.where(scored.truth > 0.5, chances, 1 - chances)).sum(axis=1)
    np.testing.assert_allclose(scored.losses, wanted, rtol=1e-9)
    np.testing.assert_array_equal(scored.hits, (scored.truth == scored.prediction.labels).all(axis=1))
    assert "labels unknown to the network are not scored: 'zebra' 24" in target.why


def test_labels_in_another_order_and_classes_are_refused(labels, table):
    cells = [("a; b", "c", "b")[at % 3] for at in range(N_ROWS)]
    turned = read_target(encode_cells("num", cells), task="multilabel", classes=("c", "b", "a"))
    with pytest.raises(DataError, match="has the labels {'c', 'b', 'a'}, the bundle knows {'a', 'b', 'c'}"):
        score_table(labels, table, turned)
    single = read_target(encode_cells("num", ["a", "b", "c"] * (N_ROWS // 3)))
    with pytest.raises(DataError, match="was read as multiclass, the bundle predicts multilabel"):
        score_table(labels, table, single)
