import numpy as np
import pytest

from heldout.demos import DemoRequest
from heldout.demos.training import build_data, predict_networks, take_seeds, train_networks
from heldout.errors import StudyInterrupted
from heldout.ladder import Schedule
from heldout.records import Fold, RemedyUse, Rung, Task
from heldout.remedies import apply_remedies

RUNG = Rung(0, (4,), 21, 0.01)
SCHEDULE = Schedule(16, 2, 4, (1, 2, 4))


@pytest.fixture(scope="module")
def rows():
    rng = np.random.default_rng(0)
    x = rng.standard_normal((80, 3)).astype(np.float32)
    return x, (x[:, 0] > 0).astype(float)


@pytest.fixture(scope="module")
def data(rows):
    folds = [Fold(np.arange(32), np.arange(64, 80)), Fold(np.arange(32, 64), np.arange(64, 80))]
    return build_data(*rows, task=Task.BINARY, folds=folds)


@pytest.fixture(scope="module")
def trained(data, tmp_path_factory):
    seen = []
    request = DemoRequest(tmp_path_factory.mktemp("demo"), report=lambda *what: seen.append(what))
    configurations = [apply_remedies(RUNG, ()), apply_remedies(RUNG, (RemedyUse("dropout", 0.5, "at test"),))]
    networks = train_networks(data, SCHEDULE, configurations, seeds=(0, 1), request=request, phase="p")
    return networks, seen


def test_progress_counts_networks(trained):
    assert trained[1][-1] == ("p", 8, 8)


def test_tolerance_is_that_of_a_study(data):
    assert data.judge.delta == pytest.approx(0.02 * data.constant_loss)


def test_predictions_give_the_recorded_losses(trained, data, rows):
    for networks in trained[0]:
        outputs = predict_networks(networks, rows[0][64:])[:, :, 0]  # seeds outer, folds inner
        signs = np.where(rows[1][64:] > 0, 1.0, -1.0)
        losses = np.logaddexp(0.0, -outputs * signs).reshape(2, 32)
        assert np.allclose(networks.run.losses[-1], losses, atol=1e-5)


def test_folds_read_as_seeds(trained, data, tmp_path):
    networks = train_networks(
        data, SCHEDULE, [apply_remedies(RUNG, ())], seeds=(0,), request=DemoRequest(tmp_path)
    )[0]
    run = take_seeds(networks, data)
    assert run.losses.shape == (3, 2, 16)
    assert np.array_equal(run.losses[:, 0], networks.run.losses[:, 0, :16])
    assert np.array_equal(run.losses[:, 1], networks.run.losses[:, 0, 16:])


def test_stop_is_asked_for_between_groups(data, tmp_path):
    def stop():
        raise StudyInterrupted(130)

    with pytest.raises(StudyInterrupted, match="130"):
        train_networks(
            data,
            SCHEDULE,
            [apply_remedies(RUNG, ())],
            seeds=(0,),
            request=DemoRequest(tmp_path, check_stop=stop),
        )
