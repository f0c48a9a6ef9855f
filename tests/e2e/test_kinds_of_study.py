"""Studies of every kind the command line offers, each on a table whose answer is known."""

import json

import jsonschema
import numpy as np
import pandas as pd
import polars as pl
import pytest

import heldout as ho
from e2e.made_tables import (
    AUGMENTED,
    SMALL,
    SMALL_REMEDIES,
    make_binary,
    make_numbers,
    run_here,
    with_parts,
    write_table,
)
from e2e.test_whole_study import SCHEMA
from heldout.errors import DataError
from heldout.records import Task
from heldout.settings import Settings

UNPERMUTED = 260  # so many rows leave 208 for development, and a study of 200 needs no permutation test


def fit(source, place, **settings):
    study = ho.fit(source, Settings(**(SMALL | settings)), out=place / "study", progress="none")
    jsonschema.validate(study.answer_json(), SCHEMA)
    return study


@pytest.fixture(scope="module", autouse=True)
def few(few_permutations):
    """What differs between kinds of study depends neither on the length of the ladder nor on the permutations."""


# --------------------------------------------------------------------------------------------- own split, folds
@pytest.fixture(scope="module")
def folded(tmp_path_factory):
    """A study without declared parts, all remedies of a table among them: five folds and a sealed fifth."""
    frame, place = pd.DataFrame(make_binary(UNPERMUTED)), tmp_path_factory.mktemp("folds")
    return fit(frame, place, target="ill", single=True, remedies=AUGMENTED)


def test_without_parts_a_fifth_is_sealed_and_the_rest_is_folded(folded):
    split = folded.content.split
    assert (split.n_test, split.n_development, split.n_folds) == (52, 208, 5)
    assert folded.answer_json()["development_scores"][0]["n_rows"] == 208
    assert folded.answer_json()["test"]["scores"][0]["n_rows"] == 52


def test_the_baselines_stand_on_the_same_rows(folded):
    for baseline in folded.content.baselines:
        assert [score.n_rows for score in baseline.scores] == [52] * len(baseline.scores)
        assert baseline.sentence


def test_single_delivers_one_network_and_predicts(folded):
    from heldout.bundle import load_bundle

    assert len(load_bundle(folded.folder).members) == 1
    assert folded.predict(pd.DataFrame(make_binary(20, seed=8))).shape[0] == 20


# ---------------------------------------------------------------------------------------------------- by group
@pytest.fixture(scope="module")
def grouped(tmp_path_factory):
    """Three classes written as 0 to 4, three recordings of each subject; target map and settings from a file."""
    place = tmp_path_factory.mktemp("groups")
    rng = np.random.default_rng(4)
    subject = np.repeat(np.arange(87), 3)
    center = rng.normal(size=(87, 2))[subject]
    x = center + 0.2 * rng.normal(size=(261, 2))
    grade = np.digitize(
        center[:, 0] + 0.5 * center[:, 1] + 0.4 * rng.normal(size=261), (-0.9, -0.3, 0.3, 0.9)
    )
    columns = {
        "name": [f"rec_S{number:02d}_{row % 3}" for row, number in enumerate(subject)],
        "a": [f"{value:.3f}" for value in x[:, 0]],
        "b": [f"{value:.3f}" for value in x[:, 1]],
        "grade": list(grade),
    }
    write_table(place / "voice.csv", columns)
    (place / "heldout.toml").write_text(
        'preset = "quick"\ntarget = "grade"\n[target_map]\n"0" = "none"\n"1..2" = "some"\n"3..4" = "much"\n'
        + SMALL_REMEDIES
    )
    outcome = run_here(
        "fit", place / "voice.csv", "--group", r"name~S\d+", "--config", place / "heldout.toml",
        "--out", place / "study", "--json", "--quiet",
    )  # fmt: skip
    assert outcome.code == 0, outcome.err
    assert outcome.err == ""
    return place, outcome.json, columns


def test_a_multiclass_target_map_from_a_file(grouped):
    _, answer, _ = grouped
    jsonschema.validate(answer, SCHEMA)
    assert answer["target"]["task"] == "multiclass"
    assert set(answer["target"]["classes"]) == {"none", "some", "much"}


def test_a_group_pattern_keeps_every_subject_on_one_side(grouped):
    place, _, columns = grouped
    split = json.loads((place / "study" / "split.json").read_text())
    subject = np.array([name[4:7] for name in columns["name"]])
    parts = [split["test"], *(fold["validation"] for fold in split["folds"])]
    assert sum(len(rows) for rows in parts) == 261
    seen = [set(subject[rows]) for rows in parts]
    assert all(not one & other for i, one in enumerate(seen) for other in seen[i + 1 :])
    for fold in split["folds"]:
        assert not set(subject[fold["fit"]]) & set(subject[fold["validation"]])


def test_intervals_count_groups_not_rows(grouped):
    _, answer, _ = grouped
    for item in (*answer["test"]["scores"], *answer["development_scores"]):
        assert item["n_units"] * 3 == item["n_rows"]


def test_probabilities_of_all_classes_are_predicted(grouped):
    place, answer, _ = grouped
    frame = ho.load(place / "study").predict(str(place / "voice.csv"))
    shares = frame.select(pl.selectors.float()).to_numpy()
    assert shares.shape == (261, 3)
    np.testing.assert_allclose(shares.sum(axis=1), 1, atol=1e-6)


def test_an_external_score_uses_the_target_map(grouped, tmp_path):
    place, _, columns = grouped
    changed = columns | {"a": [f"{float(value) + 0.01:.3f}" for value in columns["a"]]}
    path = write_table(tmp_path / "other.csv", changed)
    outcome = run_here(
        "score",
        place / "study" / "bundle.zip",
        path,
        "--config",
        place / "heldout.toml",
        "--group",
        r"name~S\d+",
        "--json",
    )
    assert outcome.code == 0, outcome.err
    assert outcome.json["scores"][0]["n_units"] == 87


# ---------------------------------------------------------------------------------------------------- by time
@pytest.fixture(scope="module")
def timed(tmp_path_factory):
    """A slow wave with noise, one row a day: tomorrow is much like today."""
    place = tmp_path_factory.mktemp("time")
    n_rows = UNPERMUTED
    rng = np.random.default_rng(5)
    day = pd.date_range("2021-01-01", periods=n_rows).strftime("%Y-%m-%d")
    temperature = np.cumsum(rng.normal(size=n_rows))
    order = rng.permutation(n_rows)  # rows stand in any order in the file
    columns = {
        "day": day[order],
        "wind": [f"{value:.7f}" for value in rng.normal(size=n_rows)],
        "temperature": [f"{value:.3f}" for value in temperature[order]],
    }
    frame = pl.DataFrame({name: list(cells) for name, cells in columns.items()})
    return fit(frame, place, target="temperature", time="day", task="regression"), frame


def test_time_goes_forward_from_fit_to_validation_to_test(timed):
    study, frame = timed
    split = json.loads((study.folder / "split.json").read_text())
    day = frame["day"].to_numpy()
    assert study.content.split.ordered
    for fold in split["folds"]:
        assert day[fold["fit"]].max() < day[fold["validation"]].min()
        assert day[fold["validation"]].max() < day[split["test"]].min()


def test_persistence_is_a_baseline_that_beats_a_network_which_cannot_know(timed):
    study, _ = timed
    persistence = next(item for item in study.content.baselines if item.name == "persistence")
    assert persistence.scores[0].value < study.score.value  # rmse
    assert "persistence predictor is better" in persistence.sentence
    assert "worse than repeating the last value" in " ".join(study.answer_text().split())


def test_prediction_intervals_come_with_a_regression(timed):
    study, frame = timed
    assert study.content.target.task is Task.REGRESSION
    assert study.content.interval.n_rows == study.content.split.n_test
    given = study.predict(frame.head(30), allow_shift=True)
    low, high = (next(given[name] for name in given.columns if word in name) for word in ("low", "high"))
    assert (low < high).all()


# ------------------------------------------------------------------------- own test file, weights, costs, logs
@pytest.fixture(scope="module")
def later(tmp_path_factory):
    """The user's own test file, three of whose rows are copies of fitted rows; weights and stated costs."""
    place = tmp_path_factory.mktemp("later")
    columns, test = make_binary(208), make_binary(60, seed=77)
    for name in ("age", "dose", "colour"):
        test[name][:3] = columns[name][:3]
    write_table(place / "data.csv", columns | {"weight": [1 + row % 3 for row in range(208)]})
    write_table(place / "later.csv", test | {"weight": [1] * 60})
    (place / "heldout.toml").write_text(f'sample_weight = "weight"\npreset = "quick"\n{SMALL_REMEDIES}')
    outcome = run_here(
        "fit", place / "data.csv", "--target", "ill", "--test", place / "later.csv", "--config", place / "heldout.toml",
        "--class-weight", "balanced", "--cost-miss", "9", "--cost-false-alarm", "1", "--metric", "balanced_accuracy",
        "--out", place / "study", "--json", "--progress", "none",
    )  # fmt: skip
    assert outcome.code == 0, outcome.err
    return place, outcome.json


def test_the_users_test_file_is_the_test(later):
    _, answer = later
    jsonschema.validate(answer, SCHEMA)
    assert answer["test"]["scores"][0]["n_rows"] == 60
    assert answer["test"]["scores"][0]["metric"] == answer["metric"] == "balanced accuracy"


def test_copies_are_flagged_and_the_score_is_given_without_them(later):
    _, answer = later
    assert answer["test"]["scores_without_copies"][0]["n_rows"] == 57
    assert any("cop" in item["sentence"] for item in answer["findings"]) or any(
        "cop" in note for note in json.dumps(answer).split('"')
    )


def test_stated_costs_move_the_threshold(later):
    from heldout.bundle import load_bundle

    place, _ = later
    bundle = load_bundle(place / "study")
    assert bundle.threshold == pytest.approx(0.1)  # false alarm / (false alarm + miss)
    frame = ho.load(place / "study").predict(str(place / "later.csv"))
    chance = frame.select(pl.selectors.float())
    ill = next(chance[name] for name in chance.columns if "yes" in name)
    label = next(frame[name] for name in frame.columns if frame[name].dtype == pl.String)
    assert ((ill >= 0.1) == (label == "yes")).all()


def test_the_weight_is_no_feature(later):
    recipe = (later[0] / "study" / "recipe.json").read_text()
    assert "not used: the sample weight" in recipe


def test_a_logarithmic_target_comes_back_in_its_own_unit(tmp_path):
    columns = with_parts(make_numbers(positive=True))
    study = fit(
        pd.DataFrame(columns), tmp_path, target="price", split="part", target_log=True, task="regression"
    )
    given = study.predict(pd.DataFrame(columns))
    price = np.array(columns["price"], float)
    predicted = next(given[name].to_numpy(float) for name in given.columns if name not in ("row", "line"))
    assert (predicted > 0).all()
    error = np.sqrt(np.mean((predicted - price)[240:] ** 2))
    assert error == pytest.approx(study.score.value, rel=1e-6)
    assert error < 0.6 * price.std()


def test_a_target_without_a_logarithm_is_refused(tmp_path):
    columns = make_numbers(60)
    with pytest.raises(DataError, match="has no logarithm"):
        fit(pd.DataFrame(columns), tmp_path, target="price", target_log=True, task="regression")
    assert not (tmp_path / "study").exists()


def test_a_validation_file(tmp_path):
    write_table(tmp_path / "data.csv", make_binary(160))
    write_table(tmp_path / "val.csv", make_binary(60, seed=50))
    plan = run_here(
        "fit",
        tmp_path / "data.csv",
        "--target",
        "ill",
        "--validation",
        tmp_path / "val.csv",
        "--dry-run",
        "--json",
    )
    assert plan.code == 0, plan.err
    assert plan.json["split"]["n_validation"] == 60
    assert plan.json["split"]["n_folds"] == 1


def test_a_target_map_on_the_command_line(tmp_path):
    columns = make_binary(60)
    columns["ill"] = [row % 5 for row in range(60)]
    write_table(tmp_path / "data.csv", columns)
    look = run_here(
        "look",
        tmp_path / "data.csv",
        "--target",
        "ill",
        "--target-map",
        "0=no",
        "--target-map",
        "1..4=yes",
        "--json",
    )
    assert look.code == 0, look.err
    assert look.json["target"]["classes"] == ["no", "yes"]


def test_a_dry_run_says_what_it_costs_and_leaves_nothing(tables, tmp_path):
    outcome = run_here(
        "fit", tables / "ill.csv", "--target", "ill", "--dry-run", "--out", tmp_path / "x", "--json"
    )
    assert outcome.code == 0, outcome.err
    assert outcome.json["schema"] == "heldout/plan/1"
    assert 0 < outcome.json["seconds"][0] < outcome.json["seconds"][1]
    assert outcome.json["n_networks"] > 100
    assert not (tmp_path / "x").exists()
    assert "Nothing was trained" in run_here("fit", tables / "ill.csv", "--target", "ill", "--dry-run").out


def test_strict_refuses_a_critical_finding_before_training(tmp_path):
    columns = make_binary(120)
    columns["answer"] = ["positive" if word == "yes" else "negative" for word in columns["ill"]]
    path = write_table(tmp_path / "data.csv", columns)
    outcome = run_here("fit", path, "--target", "ill", "--strict", "--out", tmp_path / "study")
    assert outcome.code == 3
    assert "answer" in outcome.err
    assert not (tmp_path / "study").exists()
    look = run_here("look", path, "--target", "ill", "--strict")
    assert look.code == 3
    assert look.out


# ------------------------------------------------------------------------------------------------- odd sizes
def test_sixteen_rows_cannot_tell_and_give_no_score(tmp_path):
    columns = {name: cells[:16] for name, cells in make_binary(60).items()}
    study = fit(pd.DataFrame(columns), tmp_path, target="ill")
    answer = study.answer_json()
    assert answer["verdict"]["chosen"]["word"] == "cannot tell"
    assert answer["development_scores"] == []
    assert answer["test"] is None or answer["test"]["scores"] == []
    assert study.score is None
    assert "annot tell" in study.answer_text()
    assert study.content.split.why_no_test == "there are 16 usable rows; a sealed test set needs 200"


def test_two_columns(tmp_path):
    columns = {name: cells for name, cells in with_parts(make_numbers()).items() if name != "rooms"}
    study = fit(pd.DataFrame(columns), tmp_path, target="price", split="part")
    assert study.content.chosen.word
    assert study.score.metric == "rmse"


@pytest.mark.slow
def test_two_thousand_columns(tmp_path):
    rng = np.random.default_rng(6)
    values = rng.normal(size=(300, 1999)).round(1)
    frame = pl.DataFrame({f"x{column}": values[:, column] for column in range(1999)})
    frame = frame.with_columns(pl.Series("y", np.where(values[:, 0] > 0, "up", "down")))
    frame = frame.with_columns(pl.Series("part", ["train"] * 180 + ["validation"] * 60 + ["test"] * 60))
    assert len(ho.look(frame, target="y").json()["columns"]) == 2001
    study = fit(frame, tmp_path, target="y", split="part")
    assert study.score.n_rows == 60
    assert (study.folder / "report.html").stat().st_size < 1_000_000
    assert study.predict(frame).shape[0] == 300
