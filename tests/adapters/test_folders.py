import pytest

from heldout.adapters.folders import list_logs, peek_bytes
from heldout.errors import DataError


def touch(folder, *names):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("x")


def names(folder):
    return [path.relative_to(folder).as_posix() for path in list_logs(folder)]


@pytest.mark.parametrize(
    ("files", "found"),
    [
        (["b/metrics.csv", "a/metrics.csv", "a/other.csv"], ["a/metrics.csv", "b/metrics.csv"]),
        (["s1.csv", "s0.csv"], ["s0.csv", "s1.csv"]),
        (["tb/train/events.out.tfevents.1", "tb/validation/events.out.tfevents.1"], ["tb"]),
        (["v0/events.out.tfevents.1", "v1/events.out.tfevents.1"], ["v0", "v1"]),
        (["1/run/metrics/val_loss", "1/run/params/lr"], ["1/run/metrics"]),
        (
            ["checkpoint-500/trainer_state.json", "checkpoint-1500/trainer_state.json"],
            ["checkpoint-1500/trainer_state.json"],
        ),
        (["trainer_state.json", "checkpoint-500/trainer_state.json"], ["trainer_state.json"]),
    ],
)
def test_one_log_per_training(tmp_path, files, found):
    touch(tmp_path, *files)
    assert names(tmp_path) == found


def test_empty_and_crowded_folders(tmp_path):
    with pytest.raises(DataError, match="holds no log"):
        list_logs(tmp_path)
    touch(tmp_path, *(f"{number}.csv" for number in range(101)))
    with pytest.raises(DataError, match="holds 101 logs, at most 100"):
        list_logs(tmp_path)


def test_peeking_at_nothing(tmp_path):
    assert peek_bytes(tmp_path / "none", 4) == b""
