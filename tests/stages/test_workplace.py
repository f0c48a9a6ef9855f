import json
import time
from contextlib import suppress
from dataclasses import replace

import pytest

from heldout.events import Events, record_end
from heldout.executors.local import Job
from heldout.folder import open_folder
from heldout.records import RemedyUse
from heldout.stages.workplace import Workplace
from train.made_tensors import SCHEDULE, make_configuration, make_tensors


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


def test_starts_are_counted_by_their_beginnings(tmp_path):
    counted = []
    for resume in (False, True, True):
        with open_folder(tmp_path / "study", resume=resume, identity={}) as folder:
            sink = Events(folder.path / "events.jsonl", Shown())
            with suppress(KeyError), sink as events, record_end(events):
                counted.append(Workplace(folder, events, "identity").n_starts)
                raise KeyError
    assert counted == [1, 2, 3]


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
    place.reserved = 40.0  # delivery, test and report
    assert place.deadline(0.5) == 120.0


def test_what_does_not_fit_is_left_out_for_good(place):
    assert place.can_afford("controls", 1e9)  # without a budget
    place.started, place.budget_seconds, place.reserved = time.monotonic(), 60.0, 10.0
    assert place.can_afford("controls", 40.0)
    assert not place.can_afford("controls", 55.0)
    assert not place.can_afford("controls", 0.0)  # a resumed study gives the same bits


def test_a_cut_is_recorded_for_the_resumed_study(place):
    assert place.read_cut("ladder") is None
    place.write_cut("ladder", ["rung 3", "rung 4"])
    assert place.read_cut("ladder") == {"rung 3", "rung 4"}
    assert place.read_cut("remedies") is None
    assert json.loads((place.folder.path / "cut-ladder.json").read_text())["left_out"] == ["rung 3", "rung 4"]
    assert any("2 configurations were left out" in str(event) for event in place.events._display.events)


def test_a_part_that_is_cut_leaves_out_no_configuration_and_says_none(place):
    place.write_cut("by-heart", [])
    assert place.read_cut("by-heart") == frozenset()
    assert place.left_out == []
    assert not any("left out" in str(event) for event in place.events._display.events)


def test_only_kept_executors_store_their_runs(place):
    kept = place.make_executor(make_tensors(), SCHEDULE)
    passing = place.make_executor(make_tensors(), SCHEDULE, kept=False)
    assert kept._around.store is not None
    assert passing._around.store is None
    kept.n_trained, passing.n_trained = 3, 4
    kept.training_seconds["rung 0"] = 2.0
    assert place.n_networks == 7
    assert place.run_seconds == {"rung 0": 2.0}


def test_the_curves_of_trained_networks_stand_in_the_event_file(tmp_path):
    configuration = make_configuration("rung 1 + l2 0.01", l2=(0.01, 0.01))
    configuration = replace(configuration, remedies=(RemedyUse("l2", 0.01),))
    path = tmp_path / "events.jsonl"
    with (
        open_folder(tmp_path / "study", resume=False, identity={}) as folder,
        Events(path, Shown()) as events,
    ):
        place = Workplace(folder, events, "identity")
        executor = place.make_executor(make_tensors(), SCHEDULE)
        executor.train(Job("ladder", (configuration,), (4,)))
        executor.train(Job("ladder", (configuration,), (4,)))  # read from the store: nothing new to tell
        apart = place.make_executor(make_tensors(), SCHEDULE, kept=False)
        apart.train(Job("permuted", (configuration,), (5,)))  # a control is no part of the comparison
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    curves = [line for line in lines if line["kind"] == "curves"]
    assert [(line["phase"], line["seed"], line["fold"]) for line in curves] == [
        ("ladder", 4, 0),
        ("ladder", 4, 1),
    ]
    assert curves[0]["configuration"] == "rung 1 + l2 0.01"
    assert curves[0]["remedies"] == ["l2 0.01"]
    assert curves[0]["weights"] == configuration.rung.n_parameters
    assert len(curves[0]["train"]) == len(curves[0]["validation"]) == SCHEDULE.n_epochs
