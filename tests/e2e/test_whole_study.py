"""One study of a binary table from the command line to predictions, looked at from all sides."""

import json
import re
import shutil
import zipfile
from importlib.resources import files

import jsonschema
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import heldout as ho
from e2e.made_tables import load_answer, make_binary, read_rows, run_apart, run_here, write_table
from heldout.errors import BundleError, DataError, StudyError
from heldout.records import Task

SCHEMA = json.loads(
    (files("heldout") / "report" / "schemas" / "study.schema.json").read_text(encoding="utf-8")
)


def read_all(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file() and path.name != ".lock"}


@pytest.fixture
def new_rows(tmp_path):
    columns = make_binary(40, seed=9)
    del columns["ill"]
    return write_table(tmp_path / "new.csv", columns)


def test_the_answer_is_one_object_of_the_published_schema(finished):
    _, outcome = finished
    jsonschema.validate(outcome.json, SCHEMA)
    answer = outcome.json
    assert answer["complete"]
    assert answer["target"]["classes"] == ["no", "yes"]
    assert answer["test"]["scores"][0]["n_rows"] == 60
    assert answer["development_scores"][0]["n_rows"] == 60
    assert {item["name"] for item in answer["baselines"]} == {"constant", "linear", "gradient boosting"}
    assert [item["question"] for item in answer["verdict"]["chosen"]["answers"]] == [
        "skill",
        "overtrained",
        "too big",
        "underfit",
        "memorising",
    ]


def test_the_answer_stands_on_standard_output_and_nothing_else(finished):
    _, outcome = finished
    assert len(outcome.out.splitlines()) == 1
    assert "ladder" in outcome.err


def test_the_scores_are_plausible_and_their_intervals_hold_them(finished):
    answer = finished[1].json
    for item in (*answer["test"]["scores"], *answer["development_scores"]):
        assert item["low"] <= item["value"] <= item["high"]
    accuracy = answer["test"]["scores"][0]
    assert accuracy["metric"] == "accuracy"
    assert (
        accuracy["value"] > 0.65
    )  # the rule is nearly linear and its noise moderate: guessing gives about 0.55


def test_the_folder_holds_what_a_reader_needs(finished):
    folder, _ = finished
    names = {path.name for path in folder.iterdir()}
    assert names >= {
        "bundle.zip",
        "report.html",
        "verdict.json",
        "study.json",
        "split.json",
        "audit.json",
        "test.json",
    }
    curves = pl.read_parquet(folder / "curves" / "curves.parquet")
    assert curves.columns == ["configuration", "seed", "epoch", "train_loss", "val_loss"]
    assert curves["configuration"].n_unique() >= 6
    assert not list(folder.rglob(".heldout-tmp-*"))
    assert (folder.parent / ".journal.jsonl").read_text().count('"study": "parts"') == 1


def test_the_split_followed_the_column(finished):
    split = json.loads((finished[0] / "split.json").read_text())
    assert split["test"] == list(range(240, 300))
    assert split["folds"][0]["validation"] == list(range(180, 240))
    assert len(split["folds"]) == 1


def test_the_split_column_is_neither_a_feature_nor_a_finding(finished):
    folder, outcome = finished
    recipe = json.loads((folder / "recipe.json").read_text())
    assert "not used: the split column" in json.dumps(recipe, ensure_ascii=False)
    assert not [item for item in outcome.json["findings"] if item["column"] == "part"]


def test_no_test_label_stands_in_the_folder_outside_the_scores(finished):
    content = json.loads((finished[0] / "content.json").read_text())["content"]
    assert content["target"]["values"]["values"] == []


def test_the_report_is_one_small_file_without_a_request(finished):
    page = (finished[0] / "report.html").read_text(encoding="utf-8")
    assert len(page.encode()) < 1_000_000
    outside = re.sub(r'xmlns(:\w+)?="[^"]*"', "", page)
    assert not re.search(r"""(src|href)\s*=\s*["']?\s*(https?:)?//""", outside)
    assert not re.search(r"url\(\s*['\"]?(?!#|data:)", outside)
    assert "@import" not in outside
    assert "<script src" not in outside


def test_the_report_can_be_written_again_elsewhere(finished, tmp_path):
    before = (finished[0] / "report.html").read_bytes()
    outcome = run_here("report", finished[0])
    assert outcome.code == 0, outcome.err
    assert (finished[0] / "report.html").read_bytes() == before
    outcome = run_here("report", finished[0], "--out", tmp_path / "page.html")
    assert outcome.code == 0, outcome.err
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    figures = re.compile(r'<p class="files">.*?</p>')  # only a page beside the charts' files links to them
    elsewhere, beside = (figures.sub("", text).split() for text in (page, before.decode("utf-8")))
    assert elsewhere == beside
    assert 'href="charts/' not in page


def test_each_chart_lies_beside_as_numbers_and_specification(finished):
    folder = finished[0] / "charts"
    names = {path.stem.removesuffix(".vl") for path in folder.iterdir()}
    assert names >= {"ladder", "sizes", "learning", "remedies", "scores"}
    for name in names:
        assert json.loads((folder / f"{name}.vl.json").read_text(encoding="utf-8"))["config"]
        assert len((folder / f"{name}.csv").read_text(encoding="utf-8").splitlines()) > 1


def test_the_same_command_again_is_refused_and_changes_nothing(finished, tables):
    folder, _ = finished
    before = read_all(folder)
    outcome = run_here("fit", tables / "parts.csv", "--target", "ill", "--split", "part", "--out", folder)
    assert outcome.code == 3
    assert "holds a study already; it is never overwritten" in outcome.err
    assert "--resume" in outcome.err
    assert read_all(folder) == before


def test_resuming_a_finished_study_gives_its_answer(finished, tables):
    folder, outcome = finished
    again = run_here(
        "fit", tables / "parts.csv", "--target", "ill", "--split", "part", "--config", tables / "small.toml",
        "--out", folder, "--resume", "--json",
    )  # fmt: skip
    assert again.code == 0, again.err
    assert again.json == outcome.json


def test_resuming_with_other_settings_names_the_difference(finished, tables):
    outcome = run_here(
        "fit", tables / "parts.csv", "--target", "ill", "--split", "part", "--config", tables / "small.toml",
        "--out", finished[0], "--resume", "--seed", "5",
    )  # fmt: skip
    assert outcome.code == 3
    assert "settings.seed: was 0, now 5" in outcome.err


def test_resuming_with_other_data_is_refused(finished, tables, tmp_path):
    text = (tables / "parts.csv").read_text().replace(",yes,", ",no,", 1)
    (tmp_path / "parts.csv").write_text(text)
    outcome = run_here(
        "fit", tmp_path / "parts.csv", "--target", "ill", "--split", "part", "--config", tables / "small.toml",
        "--out", finished[0], "--resume",
    )  # fmt: skip
    assert outcome.code == 3
    assert "data: was" in outcome.err


def test_a_gate_that_is_not_met_is_exit_code_four(finished, tables):
    word = finished[1].json["verdict"]["chosen"]["word"]
    same = (
        "fit", tables / "parts.csv", "--target", "ill", "--split", "part", "--config", tables / "small.toml",
        "--out", finished[0], "--resume",
    )  # fmt: skip
    refused = run_here(*same, "--require", f"verdict!={word}")
    assert refused.code == 4
    assert f"but the verdict is {word!r}" in refused.err
    assert refused.out  # the study is finished and its answer given
    assert run_here(*same, "--require", f"verdict=={word}").code == 0


def test_a_misspelt_gate_costs_no_study(tables, tmp_path):
    outcome = run_here(
        "fit", tables / "ill.csv", "--target", "ill", "--out", tmp_path / "a", "--require", "verdict!=fine"
    )
    assert outcome.code == 2
    assert not (tmp_path / "a").exists()


# ---------------------------------------------------------------------------------------------- predictions
def predict_csv(finished, path, *options):
    outcome = run_here("predict", finished[0], path, *options)
    assert outcome.code == 0, outcome.err
    return pl.read_csv(outcome.out.encode())


def test_predictions_are_the_same_in_python_on_the_command_line_and_in_a_fresh_process(finished, tables):
    here = predict_csv(finished, tables / "parts.csv")
    apart = run_apart("predict", finished[0], tables / "parts.csv")
    assert pl.read_csv(apart.out.encode()).equals(here)
    study = ho.load(finished[0])
    frame = study.predict(str(tables / "parts.csv"))
    assert frame.height == here.height == 300
    for name in (column for column in here.columns if column.startswith("p_") or "probab" in column):
        np.testing.assert_array_equal(frame[name].to_numpy(), here[name].to_numpy())
    assert frame.columns == here.columns


def test_predictions_agree_with_the_score_of_the_test(finished, tables):
    predicted = predict_csv(finished, tables / "parts.csv")
    truth = pl.read_csv(tables / "parts.csv")["ill"][240:]
    label = next(name for name in predicted.columns if predicted[name].dtype == pl.String)
    accuracy = float((predicted[label][240:] == truth).mean())
    assert accuracy == pytest.approx(finished[1].json["test"]["scores"][0]["value"], abs=1e-12)


def test_predictions_do_not_depend_on_the_order_or_the_company_of_rows(finished, tables, tmp_path):
    header, rows = read_rows(tables / "parts.csv")
    order = np.random.default_rng(0).permutation(len(rows))
    (tmp_path / "mixed.csv").write_text("\n".join([header, *(rows[row] for row in order)]) + "\n")
    (tmp_path / "one.csv").write_text(f"{header}\n{rows[17]}\n")
    whole = ho.load(finished[0]).predict(str(tables / "parts.csv"))
    mixed = ho.load(finished[0]).predict(str(tmp_path / "mixed.csv"))
    one = ho.load(finished[0]).predict(str(tmp_path / "one.csv"), allow_shift=True)
    for name in set(whole.columns) - {"row", "line"}:
        assert mixed[name].to_list() == [whole[name][int(row)] for row in order], name
        assert one[name][0] == whole[name][17], name


def test_frames_give_what_the_file_gives(finished, tables):
    study = ho.load(finished[0])
    from_path = study.predict(str(tables / "parts.csv"))
    text = pl.read_csv(tables / "parts.csv", infer_schema_length=0)
    for frame in (text, text.to_pandas(), pa.table({name: text[name].to_list() for name in text.columns})):
        given = study.predict(frame)
        assert type(given) is type(frame)
        values = (
            pl.from_arrow(given)
            if isinstance(given, pa.Table)
            else pl.DataFrame(given if isinstance(given, pl.DataFrame) else dict(given))
        )
        for name in set(from_path.columns) - {"row", "line"}:
            assert values[name].to_list() == from_path[name].to_list(), name


def test_numbers_in_a_pandas_frame_are_the_numbers_of_the_file(finished, tables):
    frame = pd.read_csv(tables / "parts.csv")
    study = ho.load(finished[0])
    given, wanted = study.predict(frame), study.predict(str(tables / "parts.csv"))
    for name in set(wanted.columns) - {"row", "line"}:
        assert list(given[name]) == wanted[name].to_list()


def test_columns_that_are_not_needed_may_be_absent_or_added(finished, new_rows):
    assert predict_csv(finished, new_rows).height == 40  # neither target nor split column is there


def test_a_missing_column_is_refused_by_name(finished, tmp_path):
    columns = make_binary(20, seed=9)
    path = write_table(tmp_path / "new.csv", {name: columns[name] for name in ("age", "colour")})
    outcome = run_here("predict", finished[0], path)
    assert outcome.code == 3
    assert "dose" in outcome.err
    assert outcome.out == ""


def test_unseen_categories_and_missing_cells_are_predicted_and_counted(finished, tmp_path):
    columns = make_binary(40, seed=9)
    columns["colour"][2], columns["age"][5] = "violet", ""
    path = write_table(tmp_path / "new.csv", columns)
    outcome = run_here("predict", finished[0], path, "--flags", "--json")
    assert outcome.code == 0, outcome.err
    flags = outcome.json["columns"]["flags"]
    assert "unseen" in flags[2]
    assert "missing" in flags[5]
    assert not flags[0]
    notes = " ".join(outcome.json["notes"])
    assert "colour" in notes, notes


def test_another_unit_or_kind_is_refused_unless_allowed(finished, tmp_path):
    columns = make_binary(60, seed=9)
    columns["age"] = [f"{1000 * float(value):.0f}" for value in columns["age"]]
    path = write_table(tmp_path / "unit.csv", columns)
    outcome = run_here("predict", finished[0], path)
    assert outcome.code == 3
    assert "age" in outcome.err
    assert "--allow-shift" in outcome.err or "allow_shift" in outcome.err
    assert run_here("predict", finished[0], path, "--allow-shift").code == 0
    columns["age"] = ["young"] * 60
    outcome = run_here("predict", finished[0], write_table(tmp_path / "kind.csv", columns))
    assert outcome.code == 3
    assert "age" in outcome.err


@pytest.mark.parametrize("name", ["out.csv", "out.parquet", "out.jsonl"])
def test_predictions_can_be_written_in_three_formats(finished, new_rows, tmp_path, name):
    outcome = run_here("predict", finished[0], new_rows, "--out", tmp_path / name)
    assert outcome.code == 0, outcome.err
    assert "40 predictions" in outcome.err
    readers = {"csv": pl.read_csv, "parquet": pl.read_parquet, "jsonl": pl.read_ndjson}
    assert readers[name.partition(".")[2]](tmp_path / name).height == 40


def test_the_bundle_alone_predicts_the_same(finished, new_rows, tmp_path):
    shutil.copy(finished[0] / "bundle.zip", tmp_path / "moved.zip")
    assert ho.predict(tmp_path / "moved.zip", new_rows).lines.tolist() == list(range(2, 42))
    alone = run_here("predict", tmp_path / "moved.zip", new_rows)
    assert alone.out == run_here("predict", finished[0], new_rows).out


def test_a_changed_bundle_is_refused(finished, new_rows, tmp_path):
    data = bytearray((finished[0] / "bundle.zip").read_bytes())
    data[len(data) // 2] ^= 1
    (tmp_path / "bundle.zip").write_bytes(bytes(data))
    with pytest.raises(BundleError, match=r"bundle\.zip"):
        ho.predict(tmp_path / "bundle.zip", new_rows)
    assert run_here("predict", tmp_path / "bundle.zip", new_rows).code == 3


def test_the_bundle_has_the_promised_members(finished):
    with zipfile.ZipFile(finished[0] / "bundle.zip") as bundle:
        assert {item.filename for item in bundle.infolist()} == {
            "manifest.json", "recipe.json", "recipe.safetensors", "weights.safetensors", "rows.safetensors",
            "example.jsonl", "README.md",
        }  # fmt: skip
        assert all(item.compress_type == zipfile.ZIP_STORED for item in bundle.infolist())


# ------------------------------------------------------------------------------------- external validation
def test_rows_of_another_source_are_scored_and_journalled(finished, tmp_path):
    folder = tmp_path / "study"
    shutil.copytree(finished[0], folder)
    path = write_table(tmp_path / "elsewhere.csv", make_binary(120, seed=30))
    first = run_here("score", folder, path, "--json")
    assert first.code == 0, first.err
    assert first.json["n_rows"] == 120
    accuracy = first.json["scores"][0]
    assert accuracy["metric"] == "accuracy"
    assert accuracy["low"] < accuracy["value"] < accuracy["high"]
    second = run_here("score", folder, path)
    assert "this very table was scored once before" in second.out
    assert len((tmp_path / ".journal.jsonl").read_text().splitlines()) == 2


def test_the_studys_own_rows_are_no_external_validation(finished, tables, tmp_path):
    shutil.copytree(finished[0], tmp_path / "study")
    outcome = run_here("score", tmp_path / "study", tables / "parts.csv")
    assert "the rows the study was made of" in outcome.out


def test_unknown_labels_in_external_rows_are_refused(finished, tmp_path):
    shutil.copytree(finished[0], tmp_path / "study")
    columns = make_binary(60, seed=30)
    columns["ill"] = ["perhaps"] * 60
    path = write_table(tmp_path / "elsewhere.csv", columns)
    outcome = run_here("score", tmp_path / "study", path)
    assert outcome.code == 3
    assert "perhaps" in outcome.err
    assert not (tmp_path / ".journal.jsonl").exists()


def test_external_rows_without_any_target_are_refused(finished, tmp_path):
    shutil.copytree(finished[0], tmp_path / "study")
    columns = make_binary(60, seed=30) | {"ill": [""] * 60}
    path = write_table(tmp_path / "elsewhere.csv", columns)
    with pytest.raises(DataError, match="'ill' has no value"):
        ho.score(tmp_path / "study", path)


# -------------------------------------------------------------------------------------------------- python
def test_a_loaded_study_says_what_the_command_line_says(finished):
    folder, outcome = finished
    study = ho.load(folder)
    assert study.answer_json() == load_answer(folder) == outcome.json
    assert study.score.metric == "accuracy"
    assert study.score.value == outcome.json["test"]["scores"][0]["value"]
    assert study.content.target.task is Task.BINARY
    assert str(study.verdict).startswith(outcome.json["verdict"]["chosen"]["sentence"][:30])
    board = study.leaderboard()
    assert sum(candidate.chosen for candidate in board) == 1
    assert len(str(study).splitlines()) <= 25
    assert outcome.json["verdict"]["chosen"]["code"] in study._repr_html_()


def test_a_study_moved_elsewhere_still_opens(finished, new_rows, tmp_path):
    shutil.copytree(finished[0], tmp_path / "moved")
    study = ho.load(tmp_path / "moved")
    assert study.report(tmp_path / "r.html").read_bytes()
    assert study.predict(str(new_rows)).height == 40
    assert study.content.study_folder == str(tmp_path / "moved")


def test_a_damaged_record_is_refused(finished, tmp_path):
    shutil.copytree(finished[0], tmp_path / "study")
    record = tmp_path / "study" / "content.json"
    record.write_text(record.read_text()[:-100])
    with pytest.raises(StudyError, match="damaged"):
        ho.load(tmp_path / "study")
    record.write_text('{"schema": "heldout/content/99"}')
    with pytest.raises(StudyError, match="another schema"):
        ho.load(tmp_path / "study")
