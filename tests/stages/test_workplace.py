import json
import time

import pytest

from heldout.events import Events
from heldout.folder import open_folder
from heldout.stages.workplace import Workplace
from train.made_tensors import SCHEDULE, make_tensors


class Shown:
    def __init__(self):
        self.events = []

    def show(self, event):
        self.events.append(event)

    def close(self):
        pass


@pytest.fixture
def place(tmp_path):
    with (
        open_folder(tmp_path / "study", resume=False, identity={}) as folder,
        Events(None, Shown()) as events,
    ):
        yield Workplace(folder, events, "identity")


def test_phases_are_timed_even_when_they_fail(place):
    def fail():
        with place.phase("training"):
            time.sleep(0.01)
            raise ValueError("stop")

    with pytest.raises(ValueError, match="stop"):
        fail()
    first = place.seconds["training"]
    assert first >= 0.01
    with place.phase("training"):
        pass
    assert place.seconds["training"] >= first


def test_a_new_phase_of_training_starts_its_own_count(place):
    for done in (1, 2, 4):
        place.report("ladder", done, 4)
    place.report("remedies", 1, 6)
    phases = [event["phase"] for event in place.events._display.events if event["kind"] == "phase"]
    assert phases == ["ladder", "remedies"]
    assert (place.events.phase, place.events.done, place.events.total) == ("remedies", 1, 6)


def test_shares_of_the_budget_become_deadlines(place):
    assert place.deadline(0.5) is None
    place.started, place.budget_seconds = 100.0, 60.0
    assert place.deadline(0.5) == 130.0


def test_a_cut_is_recorded_for_the_resumed_study(place):
    assert place.read_cut("ladder") is None
    place.write_cut("ladder", ["rung 3", "rung 4"])
    assert place.read_cut("ladder") == {"rung 3", "rung 4"}
    assert place.read_cut("remedies") is None
    assert json.loads((place.folder.path / "cut-ladder.json").read_text())["left_out"] == ["rung 3", "rung 4"]
    assert any("2 configurations were left out" in str(event) for event in place.events._display.events)


def test_only_kept_executors_store_their_runs(place):
    kept = place.make_executor(make_tensors(), SCHEDULE)
    passing = place.make_executor(make_tensors(), SCHEDULE, kept=False)
    assert kept._store is not None
    assert passing._store is None
    kept.n_trained, passing.n_trained = 3, 4
    kept.training_seconds["rung 0"] = 2.0
    assert place.n_networks == 7
    assert place.run_seconds == {"rung 0": 2.0}
