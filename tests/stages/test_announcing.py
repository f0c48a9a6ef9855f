import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest

import heldout
from heldout.cells import CHANGE_TO_NUMBERS
from heldout.events import Events, open_display
from heldout.records import Affected, Answer, Choice, ChosenVerdict, DroppedRate, LadderVerdict, RemedyResult
from heldout.stages import affecting
from heldout.stages.announcing import (
    say_answers,
    say_guess,
    tell_final,
    tell_ladder,
    tell_plan,
    tell_remedies,
    tell_rule,
)
from stages.made_data import make_frame, prepare_frame, read


@pytest.fixture
def told(tmp_path):
    """(workplace, what stands in their file)."""
    path = tmp_path / "events.jsonl"
    with Events(path, open_display("none"), clock=lambda: 0.0) as events:
        yield (
            SimpleNamespace(events=events),
            lambda: [json.loads(line) for line in path.read_text().splitlines()],
        )


def run_of(name):
    return SimpleNamespace(configuration=SimpleNamespace(name=name))


def answer(question, word, lean=""):
    return Answer(question, word, 0.1, 0.0, 0.2, 0.01, lean=lean)


def test_the_plan_tells_how_much_there_will_be_and_no_label(told):
    workplace, read = told
    rungs = [SimpleNamespace(index=at, n_parameters=10 * 4**at) for at in range(2)]
    plan = SimpleNamespace(
        preset="quick", rungs=rungs, n_seeds=3, n_folds=5, schedule=SimpleNamespace(n_epochs=40), seconds=12.5
    )
    split = SimpleNamespace(development=np.arange(80), test=np.arange(20), why_no_test="")
    judge = SimpleNamespace(
        task=SimpleNamespace(value="binary"), constant_losses=np.array([0.5, 0.7]), delta=0.012
    )
    tell_plan(workplace, SimpleNamespace(split=split), plan, judge, names=("a.csv", "y"))
    (event,) = read()
    assert (event["source"], event["target"], event["n_test"], event["weights"]) == (
        "a.csv",
        "y",
        20,
        [10, 40],
    )
    assert event["constant_loss"] == pytest.approx(0.6)


def test_a_verdict_names_every_size_with_its_answers(told):
    workplace, read = told
    per_rung = ((answer("overtrained", "no"), answer("underfit", "yes")), (answer("overtrained", "yes"),))
    verdict = LadderVerdict("overfits from", "HO101", 1, "It overfits.", per_rung)
    assert tell_ladder(workplace, verdict, [run_of("rung 0"), run_of("rung 1")]) is verdict
    (event,) = read()
    assert (event["configurations"], event["words"]) == (["rung 0", "rung 1"], ["underfit", "overtrained"])
    assert (event["about"], event["rung"], event["final"]) == ("ladder", 1, False)


def test_every_remedy_is_told_with_its_interval_and_nothing_where_there_is_none(told):
    workplace, read = told
    nan = float("nan")
    tell_remedies(
        workplace,
        [
            RemedyResult(
                "early_stopping", 0.0, "rung 1", (-0.1, -0.2, 0.0), (nan, nan, nan), "helps", "", "x"
            ),
            RemedyResult(
                "l2", 0.01, "rung 1 + l2 0.01", (0, 0, 0), (-0.02, -0.03, -0.01), "helps", "helps", "y"
            ),
        ],
    )
    first, second = read()
    assert (first["change"], second["change"], second["outcome"]) == (None, -0.02, "helps")


def test_the_choice_is_told_with_its_reason(told):
    workplace, read = told
    choice = Choice("rung 1", 9, "rung 2", "The simplest.", (), (0.4, 0.3, 0.5), 0.39)
    ladder, chosen = (
        LadderVerdict("undecided", "HO103", -1, "Open.", ()),
        ChosenVerdict("good fit", "HO110", "Good.", ()),
    )
    tell_final(workplace, SimpleNamespace(ladder=ladder, chosen=chosen, choice=choice))
    first, event = read()
    assert (first["about"], first["word"], first["final"]) == ("ladder", "undecided", True)
    assert (event["about"], event["word"], event["configuration"], event["why"]) == (
        "chosen",
        "good fit",
        "rung 1",
        "The simplest.",
    )


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        ((), ""),
        ((answer("overtrained", "no"),), "none of these"),
        ((answer("overtrained", "yes"), answer("too big", "yes")), "overtrained, too big"),
        ((answer("overtrained", "undecided"), answer("underfit", "no")), "undecided: overtrained?"),
    ],
)
def test_answers_become_one_phrase(answers, words):
    assert say_answers(answers) == words


def test_whose_rows_a_rule_takes_is_told_line_by_line(told, monkeypatch):
    workplace, read = told
    rate = DroppedRate("sex = female", 12, 40, 0.05, (6.0, 2.0, 18.0), 0.001)
    shown = Affected("drop", True, 14, 80, (rate,), 1, None, "The rule drops 14 of 80 rows.", ("keep them",))
    monkeypatch.setattr(affecting, "preview_rule", lambda *given: shown)
    tell_rule(workplace, SimpleNamespace(reading=None), None)
    notes = [event["text"] for event in read() if event["kind"] == "note"]
    assert notes == [
        "The rule drops 14 of 80 rows.",
        "  sex = female: 12 of 40 rows (30.0 %), rest 5.0 %",
        "  instead: keep them",
    ]
    kept = next(event for event in read() if event["kind"] == "outliers")
    assert [kept[name] for name in ("groups", "flagged", "rows")] == [["sex = female"], [12], [40]]


def test_whom_a_rule_takes_rows_from_is_told_of_real_rows(told):
    workplace, read = told
    frame = make_frame(300).drop("price")
    extreme = (frame["colour"].to_numpy() == "red") & (np.arange(300) % 4 == 0)
    dose = np.where(extreme, 500.0, np.random.default_rng(1).normal(10, 2, 300)).round(3)
    _, prepared, _, chosen = prepare_frame(frame.with_columns(pl.Series("dose", dose)), outliers="drop")
    tell_rule(workplace, prepared, chosen)
    kept = next(event for event in read() if event["kind"] == "outliers")
    assert "colour = red" in kept["groups"]
    assert len(kept["alternatives"]) == 3


def test_without_a_rule_nothing_is_told(told):
    workplace, read = told
    _, prepared, _, chosen = prepare_frame(make_frame(120))
    tell_rule(workplace, prepared, chosen)
    assert not read()


@pytest.mark.parametrize(
    ("values", "asked", "is_told"),
    [
        ([str(row % 7) for row in range(60)], {}, True),
        ([str(row % 7) for row in range(60)], {"task": "classification"}, False),
        ([str(row % 7) for row in range(60)], {"task": "regression"}, False),
        ([str(row % 2) for row in range(60)], {}, False),
        (["abc"[row % 3] for row in range(60)], {}, False),
    ],
)
def test_few_whole_numbers_taken_for_classes_are_told_with_the_way_out(values, asked, is_told):
    reading, *_ = read(make_frame(ill=values).drop("price"), **asked)
    told = say_guess(reading.target)
    assert bool(told) is is_told
    if is_told:
        assert "'ill' is taken for 7 classes" in told
        assert told.endswith("if these are amounts, stop and say --task regression")


def test_the_words_of_a_guess_stand_where_the_target_is_read_and_nowhere_else():
    grades = [str(row % 5) for row in range(95)] + ["7"] * 5
    _, _, findings, _ = prepare_frame(make_frame(100, ill=grades).drop("price"))
    (balance,) = (item for item in findings if item.code == "HO203")
    assert balance.action.startswith(f"if these are amounts {CHANGE_TO_NUMBERS}; else ")
    source = Path(heldout.__file__).parent
    literal = f'"{CHANGE_TO_NUMBERS}"'
    written = [path for path in source.rglob("*.py") if literal in path.read_text(encoding="utf-8")]
    assert [path.relative_to(source).as_posix() for path in written] == ["cells/target.py"]
