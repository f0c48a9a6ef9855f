import numpy as np
import pytest

from heldout.records import Task
from heldout.stages.suite_training import SCHEDULE, list_configurations, play_tasks
from heldout.suite import PARTS, draw_task


def test_six_configurations_from_linear_to_remedied():
    found = list_configurations(8, 1)
    assert [item.rung.n_parameters for item in found[:4]] == [9, 41, 161, 1281]
    assert [item.remedies[0].name for item in found[4:]] == ["dropout", "l2"]


@pytest.mark.slow
@pytest.mark.parametrize("family", ["binary", "multi-class", "regression"])
def test_played_tasks_have_losses_that_agree_with_their_truth(family):
    tasks = [draw_task(family, 5, index) for index in range(2)]
    played = play_tasks(tasks, seeds=range(2), configurations=slice(0, 1))
    bounds = np.cumsum([0, *PARTS])
    for task, item in zip(tasks, played, strict=True):
        assert item.task is task
        run = item.runs[0]
        assert run.losses.shape == (len(SCHEDULE.checkpoints), 2, sum(PARTS))
        # the mean over drawn targets estimates the mean over the targets that could have been drawn
        for part in (2, 3):
            rows = slice(bounds[part], bounds[part + 1])
            drawn, expected = run.losses[-1, 0, rows].astype(float), item.expected[0][-1, 0, part]
            error = drawn.std() / np.sqrt(drawn.size)
            assert abs(drawn.mean() - expected) < 5 * error
        assert run.train_curve[0, -1] < run.train_curve[0, 0]
        if task.task is not Task.REGRESSION:
            skill = item.constant.mean() - run.losses[-1].mean()
            assert skill > -0.2
