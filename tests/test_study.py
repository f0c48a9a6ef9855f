import json
import types
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import heldout as ho
from heldout import study as study_module
from heldout.errors import DataError, StudyError, StudyInterrupted, UsageError
from heldout.records import Score
from heldout.settings import Settings
from heldout.stages.answers import ExternalScore, Study, Verdicts
from heldout.stages.codec import to_plain
from heldout.stages.saving import CONTENT_SCHEMA
from heldout.study import load
from report.example import make_regression_study, make_small_study, make_study

ROWS = [
    "x,colour,y",
    *(f"{row * 7 % 11}.5,{'red' if row % 3 else 'blue'},{'yes' if row % 2 else 'no'}" for row in range(40)),
]


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data.csv").write_text("\n".join(ROWS) + "\n")
    return tmp_path


def finish(folder, content):
    """Leave in a folder what a finished study leaves."""
    (folder / "content.json").write_text(json.dumps({"schema": CONTENT_SCHEMA, "content": to_plain(content)}))


def train_nothing(monkeypatch, *, failure=None):
    """Replace the main path by one that finishes at once; give the list of its calls."""
    calls = []

    def run_study(reading, settings, workplace, *, source, strict):
        calls.append(types.SimpleNamespace(reading=reading, settings=settings, source=source, strict=strict))
        if failure is not None:
            raise failure
        workplace.folder.write_json("study.json", {})
        finish(workplace.folder.path, make_small_study())

    monkeypatch.setattr(study_module, "run_study", run_study)
    return calls


def test_settings_are_given_as_record_or_by_name(place, monkeypatch):
    calls = train_nothing(monkeypatch)
    ho.fit("data.csv", target="y", seed=3, out="a", progress="none")
    ho.fit("data.csv", Settings(target="y", seed=3), out="b", progress="none")
    assert calls[0].settings == calls[1].settings
    with pytest.raises(UsageError, match="either settings or options, got both: target"):
        ho.fit("data.csv", Settings(target="y"), target="y")
    with pytest.raises(UsageError, match="setting 'sed'"):
        ho.fit("data.csv", target="y", sed=3)


def test_a_settings_file_is_an_option_and_names_given_win(place, monkeypatch):
    calls = train_nothing(monkeypatch)
    (place / "heldout.toml").write_text('target = "y"\nseed = 4\npreset = "quick"\n')
    ho.fit("data.csv", config="heldout.toml", seed=9, out="a", progress="none")
    assert (calls[0].settings.target, calls[0].settings.seed, calls[0].settings.preset) == ("y", 9, "quick")


def test_without_a_name_the_folder_follows_from_the_data_and_never_collides(place, monkeypatch):
    train_nothing(monkeypatch)
    folders = [ho.fit("data.csv", target="y", progress="none").folder for _ in range(3)]
    assert folders == [Path("runs/data"), Path("runs/data-2"), Path("runs/data-3")]
    frame = pl.read_csv(place / "data.csv")
    assert ho.fit(frame, target="y", progress="none").folder == Path("runs/frame")


def test_resume_takes_up_the_newest_and_a_finished_study_is_not_run_again(place, monkeypatch):
    calls = train_nothing(monkeypatch)
    ho.fit("data.csv", target="y", progress="none")
    again = ho.fit("data.csv", target="y", resume=True, progress="none")
    assert again.folder == Path("runs/data")
    assert len(calls) == 1


def test_a_study_refused_before_it_began_leaves_no_trace(place, monkeypatch):
    train_nothing(monkeypatch, failure=DataError("no split"))
    with pytest.raises(DataError, match="no split"):
        ho.fit("data.csv", target="y", out="runs/a", progress="none")
    assert not Path("runs/a").exists()
    train_nothing(monkeypatch)
    ho.fit("data.csv", target="y", out="runs/a", progress="none")  # the name is free


def test_a_study_stopped_early_keeps_its_folder(place, monkeypatch):
    train_nothing(monkeypatch, failure=StudyInterrupted(143))
    with pytest.raises(StudyInterrupted, match="143"):
        ho.fit("data.csv", target="y", out="runs/a", progress="none")
    assert Path("runs/a/identity.json").exists()
    train_nothing(monkeypatch)
    assert ho.fit("data.csv", target="y", out="runs/a", resume=True, progress="none").content


def test_strictness_and_the_name_of_the_source_reach_the_main_path(place, monkeypatch):
    calls = train_nothing(monkeypatch)
    ho.fit(place / "data.csv", target="y", out="a", strict=True, progress="none")
    assert calls[0].strict
    assert calls[0].source == "data.csv"


# -------------------------------------------------------------------------------------------------- results
@pytest.fixture(params=[make_study, make_small_study, make_regression_study])
def study(request, tmp_path):
    finish(tmp_path, request.param())
    return load(tmp_path)


def test_a_study_shows_itself_without_computing(study):
    assert len(study.answer_text().splitlines()) <= 25
    assert study.answer_json()["schema"] == "heldout/study/1"
    assert str(study) == study.answer_text()
    assert study._repr_html_().startswith('<div class="heldout"')
    page = study.report()
    assert page == study.folder / "report.html"
    assert page.read_text(encoding="utf-8").lower().startswith("<!doctype html")


def test_a_report_takes_the_place_of_a_report_and_of_nothing_else(study, tmp_path, monkeypatch):
    # where it lies is tested, not what it shows
    monkeypatch.setattr("heldout.report.charts.draw_charts", lambda content: {})
    place = tmp_path / "notes.txt"
    place.write_text("my own notes")
    with pytest.raises(StudyError, match="is there and is no report") as refusal:
        study.report(place)
    assert "--out" in refusal.value.hint
    assert place.read_text() == "my own notes"
    page = study.report(tmp_path / "page.html")
    assert study.report(page) == page


def test_the_score_is_that_of_the_test_else_of_development():
    content = make_study()
    assert Study(Path(), content).score is content.test_scores[0]
    from dataclasses import replace

    without = replace(content, test_scores=())
    assert Study(Path(), without).score is without.development_scores[0]
    assert Study(Path(), replace(without, development_scores=())).score is None


def test_the_leaderboard_is_the_choices(study):
    board = study.leaderboard()
    assert board == (() if study.content.choice is None else study.content.choice.candidates)


def test_both_verdicts_are_said_the_chosen_one_first():
    content = make_study()
    lines = str(Study(Path(), content).verdict).splitlines()
    assert lines[0] == content.chosen.sentence
    assert lines[-1] == content.ladder.sentence
    assert str(Verdicts(None, None)) == ""


def test_html_in_a_verdict_is_text(tmp_path):
    from dataclasses import replace

    finish(tmp_path, replace(make_study(), name="<script>alert(1)</script>", source="<b>.csv"))
    assert "<script>" not in load(tmp_path)._repr_html_()


def test_an_unfinished_study_cannot_be_opened(tmp_path):
    with pytest.raises(StudyError, match="holds no finished study"):
        load(tmp_path)
    with pytest.raises(StudyError, match="holds no finished study"):
        load(tmp_path / "none")


def test_an_external_score_is_told_with_its_notes():
    nan = float("nan")
    scored = ExternalScore(
        (Score("accuracy", 0.8, 0.7, 0.9, 50, 50, "exact"), Score("auc", 0.9, nan, nan, 50, 50, "none")),
        ("scored before",),
        50,
        "new.csv",
    )  # fmt: skip
    text = scored.text()
    assert text.splitlines()[0] == "new.csv: 50 rows scored"
    assert "accuracy 0.8" in text
    assert "note: scored before" in text
    told = scored.json()
    assert told["schema"] == "heldout/score/1"
    assert told["scores"][1]["low"] is None
    json.dumps(told, allow_nan=False)


def test_looking_and_planning_train_nothing(place):
    look = ho.look("data.csv", target="y")
    assert "colour" in look.text()
    assert look.json()["schema"] == "heldout/look/1"
    plan = study_module.dry_run("data.csv", target="y", preset="quick")
    assert "Nothing was trained" in plan.text()
    json.dumps(plan.json(), allow_nan=False)
    assert not (place / "runs").exists()


def test_frames_of_every_kind_are_read_alike(place):
    import pandas as pd
    import pyarrow as pa

    text = pl.read_csv("data.csv", infer_schema_length=0)
    frames = [text, text.to_pandas(), pa.table({name: text[name].to_list() for name in text.columns})]
    looks = [ho.look(frame, target="y").json() for frame in frames]
    assert looks[0] == looks[1] == looks[2]
    numbers = [
        ho.look(frame, target="y").json() for frame in (pd.read_csv("data.csv"), pl.read_csv("data.csv"))
    ]
    assert [c["kind"] for c in numbers[0]["columns"]] == [c["kind"] for c in looks[0]["columns"]]
    assert np.array_equal(
        [c["kind"] for c in numbers[1]["columns"]], [c["kind"] for c in looks[0]["columns"]]
    )
